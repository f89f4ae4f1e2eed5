package policydiff_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policydiff"
	"leadrouter/pkg/tryout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var monday = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

func parse(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: shop\n" + text)})
	require.NotNil(t, p, "%v", issues)
	return p
}

// shop is a policy in which a test changes one thing.
const shop = `
calendars: {berlin: {zone: Europe/Berlin}}
teams: {south: {calendar: berlin}}
reps: {ana: {team: south, country: ES, backup: ben}, ben: {country: US}}
define: {big: company.employees > 500}
bands: {bulk_size: {of: company.employees, small: <50, large: rest}}
score: {fit: {points: [{30: email_free}], bands: {weak: <20, strong: rest}}}
waiting: {after: {15m: tell_manager}}
pools: {local: {who: all, match: [country]}}
guards: [{name: g, when: country == "ES", then: '"ES" in rep.country'}]
slas: {quick: {for: true, contacted: {target: 1h, 2h: reassign}}}
rules:
  - {name: a, when: email_free, to: nurture}
  - {name: b, table: [country], rows: {ES: {to: [ana]}, any: {to: local}}}
  - {name: c, to: all}
`

func changes(t *testing.T, old, fresh string) []string {
	t.Helper()
	var out []string
	for _, c := range policydiff.Compare(parse(t, old), parse(t, fresh)) {
		c.Place = ""
		out = append(out, c.String())
	}
	return out
}

func TestCompare(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, from, to, want string }{
		{"condition", "when: email_free", "when: email_disposable", "~ rule a  when: email_free -> email_disposable  "},
		{"destination", "to: nurture", "to: [{to: ana, hold: 5m, even_if: [full, off_shift], match: [country]}]", "~ rule a  to: [nurture] -> [ana match [country] hold 5m0s even if full even if off shift, wait]  "},
		{"no condition", "when: email_free, to: nurture", "to: [ana, next]", "~ rule a  to: [nurture] -> [ana, next]  "},
		{"trial", "{name: a,", "{mode: shadow, from: 2026-01-01, name: a,", "~ rule a  from: none -> 2026-01-01  "},
		{"row", "ES: {to: [ana]}", "ES: {to: [ana], watch: true, sla: quick}", "~ row b: ES  sla: none -> quick  "},
		{"pool", "match: [country]}}", "match: [country], pick: ranked}}", "~ pool local  pick: round_robin -> ranked  "},
		{"weight", "{team: south,", "{team: south, weight: 3,", "~ rep ana  weight: 1 -> 3  "},
		{"cap", "{team: south,", "{team: south, open: 3,", "~ rep ana  open: none -> 3  "},
		{"column", "country: ES,", "country: [ES, PT],", "~ rep ana  country: [ES] -> [ES, PT]  "},
		{"backup", ", backup: ben", "", "~ rep ana  backup: ben -> none  "},
		{"calendar", "{team: south,", "{", "~ rep ana  calendar: berlin -> none  "},
		{"days off", "{team: south,", "{team: south, off: [2026-12-24, 2026-12-27..2027-01-05],", "~ rep ana  off: none -> [2026-12-24, 2026-12-27..2027-01-05]  "},
		{"feed", "{team: south,", "{team: south, feed: 'https://calendar.example/private-4711',", "~ rep ana  feed: none -> https://calendar.example/...  "},
		{"guard", `when: country == "ES",`, "when: email_free,", `~ guard g  when: country == "ES" -> email_free  `},
		{"clock", "2h: reassign", "1d: [remind, reassign]", "~ SLA quick  contacted: target 1h0m0s, 2h0m0s reassign -> target 1h0m0s, 1d remind reassign  "},
		{"band", "small: <50", "small: <80", "~ band bulk_size  small: <50 -> <80  "},
		{"define", "big: company.employees > 500", "big: company.employees > 800", "~ define big  is: company.employees > 500 -> company.employees > 800  "},
		{"points", "{30: email_free}", "{40: email_free}", "~ score fit  points: [{30: email_free}] -> [{40: email_free}]  "},
		{"patience", "15m: tell_manager", "20m: tell_manager", "~ waiting waiting  after: {15m: tell_manager} -> {20m: tell_manager}  "},
		{"renamed", "name: c", "name: d", "- rule c  "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fresh := replaceOnce(t, shop, tt.from, tt.to)
			got := changes(t, shop, fresh)
			require.Contains(t, got, tt.want)
			require.Len(t, changes(t, fresh, shop), len(got), "as many the other way")
		})
	}
	require.Empty(t, changes(t, shop, shop))
}

func replaceOnce(t *testing.T, text, from, to string) string {
	t.Helper()
	for i := range len(text) - len(from) {
		if text[i:i+len(from)] == from {
			return text[:i] + to + text[i+len(from):]
		}
	}
	require.Fail(t, "not there", from)
	return ""
}

// TestPlaces: a rule that others moved down has not changed; two that swapped have.
func TestPlaces(t *testing.T) {
	t.Parallel()
	const rules = "reps: {ana: {}}\nrules:\n%s  - {name: rest, to: all}\n"
	one, two := "  - {name: one, when: email_free, to: ana}\n", "  - {name: two, when: test, to: ana}\n"
	require.Equal(t, []string{"+ rule two  "}, changes(t, fmt.Sprintf(rules, one), fmt.Sprintf(rules, two+one)))
	require.Equal(t, []string{"~ rule two  place: 2 -> 1  ", "~ rule one  place: 1 -> 2  "},
		changes(t, fmt.Sprintf(rules, one+two), fmt.Sprintf(rules, two+one)))
}

func leads(t *testing.T, raw ...string) []lead.Lead {
	t.Helper()
	var out []lead.Lead
	for _, r := range raw {
		l, err := lead.Parse([]byte(r))
		require.NoError(t, err)
		out = append(out, l)
	}
	return out
}

func TestOwners(t *testing.T) {
	t.Parallel()
	fresh := replaceOnce(t, shop, "ES: {to: [ana]}", "ES: {to: [nurture]}")
	moved, err := policydiff.Owners(parse(t, shop), parse(t, fresh),
		leads(t, `{"id":"1","country":"ES"}`, `{"id":"2","country":"US"}`), tryout.Config{At: monday})
	require.NoError(t, err)
	require.Equal(t, []policydiff.Moved{{
		Lead: "1",
		Old:  policydiff.Answer{Outcome: "assigned", Rep: "ana", Rule: "b", Row: "ES"},
		New:  policydiff.Answer{Outcome: "nurture", Rule: "b", Row: "ES"},
	}}, moved)
	require.Equal(t, "ana by b", moved[0].Old.String())
	require.Equal(t, "waiting", policydiff.Answer{Outcome: "waiting"}.String())
}

func TestSample(t *testing.T) {
	t.Parallel()
	p := parse(t, `
reps: {ana: {country: ES}}
bands: {staff: {of: company.employees, small: <50, big: rest}}
rules:
  - {name: again, when: duplicate, to: [last_owner, next]}
  - {name: big, when: staff == "big", to: ana}
  - {name: product, table: [product], rows: {core: {to: ana}, any: {to: [next]}}}
  - {name: never, when: use_case == "audit", to: ana}
  - {name: rest, when: known(country), to: {to: all, match: [country]}}
`)
	got := policydiff.Sample(p, leads(t, `{"id":"1","product":"core"}`, `{"id":"2","country":"ES"}`, `{"id":"3"}`), monday)
	require.Equal(t, policydiff.Findings{
		Leads: 3, NeverSeen: []string{"company.employees", "use_case"},
		Idle: []string{"again", "big", "never"},
	}, got)

	plain := parse(t, "reps: {ana: {}}\nrules: [{name: a, when: country == \"ES\", to: ana}, {name: b, when: known(country), to: ana}]\n")
	got = policydiff.Sample(plain, leads(t, `{"id":"1","country":"ES"}`, `{"id":"2","country":"US"}`, `{"id":"3"}`), monday)
	require.Equal(t, policydiff.Findings{Leads: 3, LastOnly: []string{"2"}, NoRule: []string{"3"}}, got)
}

func ExampleCompare() {
	old, _ := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: p\nreps: {ana: {}, ben: {}}\nrules: [{name: all, to: all}]\n")})
	fresh, _ := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: p\nreps: {ana: {}, ben: {}}\nrules: [{name: all, to: [ben, ana]}]\n")})
	for _, change := range policydiff.Compare(old, fresh) {
		fmt.Println(change)
	}
	// Output: ~ rule all  to: [all, wait] -> [ben, ana, wait]  policy.yaml:3
}
