package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// TestTablesGiveEveryType: a cell is read as what the lead's name holds.
func TestTablesGiveEveryType(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{
		"policy.yaml": []byte(`
policy: types
reps: {ana: {}}
tables: {t: {file: t.csv, key: [country], gives: [company.employees, deal_value, account.strategic, tags, segment]}}
rules:
  - {name: a, when: company.employees > 5 && deal_value > 1.0 && account.strategic && "vip" in tags && segment == "big", to: ana}
  - {name: rest, to: all}
`),
		"t.csv": []byte("country,company.employees,deal_value,account.strategic,tags,segment\nDE,10,2.5,true,vip new,big\nFR,,,false,,\n"),
	})
	require.NoError(t, issues.Err())
	german := p.Bind(lead.Facts{"country": "DE"}, monday)
	for name, want := range map[string]any{
		"company.employees": int64(10), "deal_value": 2.5, "account.strategic": true, "tags": []string{"vip", "new"}, "segment": "big",
	} {
		got, known := german.Value(name)
		require.True(t, known, name)
		require.Equal(t, want, got, name)
	}
	require.Equal(t, policy.True, p.Rules[0].When.Eval(german))
	french := p.Bind(lead.Facts{"country": "FR"}, monday)
	for _, name := range []string{"company.employees", "deal_value", "tags", "segment"} {
		_, known := french.Value(name)
		require.False(t, known, "an empty cell gives no %s", name)
	}
	own := p.Bind(lead.Facts{"country": "DE", "company.employees": int64(3), "tags": []string{"old"}}, monday)
	require.Equal(t, policy.False, p.Rules[0].When.Eval(own), "what came with the lead stays")
}

// TestTablesRefuseOtherTypes: a cell that is none of them is told at its place.
func TestTablesRefuseOtherTypes(t *testing.T) {
	t.Parallel()
	for cell, message := range map[string]string{
		"many,1,true": "t.csv:2:4: `many` is not a number",
		"1,NaN,true":  "t.csv:2:6: `NaN` is not a number",
		"1,1,maybe":   "t.csv:2:8: `maybe` is neither true nor false",
	} {
		_, issues := policy.Parse(map[string][]byte{
			"policy.yaml": []byte("policy: types\nreps: {ana: {}}\nrules: [{name: a, when: account.strategic, to: ana}]\n" +
				"tables: {t: {file: t.csv, key: [country], gives: [company.employees, deal_value, account.strategic]}}\n"),
			"t.csv": []byte("country,company.employees,deal_value,account.strategic\nDE," + cell + "\n"),
		})
		require.ErrorContains(t, issues.Err(), message)
	}
}

// TestWaitingIsANumber: whichever kind of number the author writes.
func TestWaitingIsANumber(t *testing.T) {
	t.Parallel()
	first := func(source string, facts lead.Facts) (float64, bool) {
		p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: w\nreps: {ana: {}}\nwaiting: {first: '" + source + "'}\n" +
			"score: {intent: {points: [{80: source == \"event\"}]}}\nrules: [{name: rest, to: all}]\n")})
		require.NoError(t, issues.Err())
		return p.Waiting.First.Eval(p.Bind(facts, monday))
	}
	for _, c := range []struct {
		source string
		facts  lead.Facts
		want   float64
		known  bool
	}{
		{"score", lead.Facts{"source": "event"}, 80, true},
		{"value", lead.Facts{"deal_value": 12.5}, 12.5, true},
		{"value", lead.Facts{}, 0, false},
		{"company.employees * 2", lead.Facts{"company.employees": int64(4)}, 8, true},
		{"company.employees / 0", lead.Facts{"company.employees": int64(4)}, 0, false},
		{"size(tags)", lead.Facts{"tags": []string{"a", "b"}}, 2, true},
		{"tags.exists(t, t == \"a\") ? 2.5 : 1.0", lead.Facts{"tags": []string{"b"}}, 1, true},
	} {
		got, known := first(c.source, c.facts)
		require.Equal(t, c.known, known, c.source)
		require.InDelta(t, c.want, got, 0, c.source)
	}
}

// TestBindingKnowsMore: names that the policy does not ask for are there as they came.
func TestBindingKnowsMore(t *testing.T) {
	t.Parallel()
	p, _ := condition(t, "true")
	b := p.Bind(lead.Facts{"city": "Bonn", "company.employees": int64(4)}, monday)
	require.Equal(t, monday, b.At())
	require.Equal(t, "Bonn", b.Text("city"))
	require.Empty(t, b.Text("region"))
	require.Empty(t, b.Text("company.employees"), "no text")
	require.Nil(t, (*policy.Cond)(nil).Atoms())
	require.Nil(t, (*policy.Cond)(nil).Missing(b))
	require.Equal(t, policy.True, (*policy.Cond)(nil).Eval(b))
}

// TestHiddenBehindATable: a rule is hidden by one whose every row ends, and by no
// other.
func TestHiddenBehindATable(t *testing.T) {
	t.Parallel()
	const hidden = "no lead gets here: `one` in line 4 takes whatever this rule would"
	for rows, want := range map[string]string{
		"{DE: {to: ana}, any: {to: all}}":          hidden,
		"{DE: {to: [ana, next]}, any: {to: all}}":  "",
		"{DE: {to: ana}, any: {to: [all, next]}}":  "",
		"{DE: {to: nurture}, any: {to: [review]}}": hidden,
	} {
		_, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: h\nreps: {ana: {}}\nrules:\n" +
			"  - {name: one, when: email_free, table: [country], rows: " + rows + "}\n" +
			"  - {name: two, when: email_free && company.employees > 5, to: ana}\n  - {name: rest, to: all}\n")})
		require.NoError(t, issues.Err())
		if want == "" {
			require.Empty(t, issues, rows)
			continue
		}
		require.Contains(t, issues.Error(), want, rows)
	}
}
