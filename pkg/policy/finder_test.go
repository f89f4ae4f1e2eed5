package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// drawCondition is a condition with atoms of every form, or without.
func drawCondition(t *rapid.T) string {
	word := func(name string, n int) string { return fmt.Sprintf("%s%d", name, rapid.IntRange(0, n).Draw(t, name)) }
	part := func() string {
		switch rapid.IntRange(0, 8).Draw(t, "form") {
		case 0:
			return fmt.Sprintf("source == %q", word("s", 5))
		case 1:
			return fmt.Sprintf("product in [%q, %q]", word("p", 3), word("p", 3))
		case 2:
			return "vip"
		case 3:
			return "!vip"
		case 4:
			return fmt.Sprintf("(source == %q || source == %q)", word("s", 5), word("s", 5))
		case 5:
			return fmt.Sprintf("(source == %q || value > 5)", word("s", 5))
		case 6:
			return fmt.Sprintf("attributes.plan == %q", word("a", 2))
		case 7:
			return fmt.Sprintf("value > %d", rapid.IntRange(0, 9).Draw(t, "bound"))
		default:
			return "known(product)"
		}
	}
	parts := make([]string, rapid.IntRange(1, 3).Draw(t, "parts"))
	for i := range parts {
		parts[i] = part()
	}
	return strings.Join(parts, " && ")
}

func drawFacts(t *rapid.T) lead.Facts {
	f := lead.Facts{}
	maybe := func(name string, v any) {
		if rapid.Bool().Draw(t, name) {
			f[name] = v
		}
	}
	maybe("source", fmt.Sprintf("s%d", rapid.IntRange(0, 5).Draw(t, "source")))
	maybe("product", fmt.Sprintf("p%d", rapid.IntRange(0, 3).Draw(t, "product")))
	maybe("deal_value", float64(rapid.IntRange(0, 9).Draw(t, "value")))
	maybe("attributes.plan", rapid.SampledFrom([]any{"a0", "a1", int64(3), true, []string{"a0"}}).Draw(t, "plan"))
	maybe("email_free", rapid.Bool().Draw(t, "free"))
	return f
}

// TestCandidates: whatever rule holds for a lead is found, in order, and none twice.
func TestCandidates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := "policy: x\nreps: {ana: {}}\ndefine: {vip: email_free && known(source)}\nrules:\n"
		for i := range rapid.IntRange(1, 60).Draw(t, "rules") {
			text += fmt.Sprintf("  - {name: r%d, when: '%s', to: [ana, next]}\n", i, drawCondition(t))
		}
		p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
		require.NotNil(t, p, "%v", issues)
		for range 5 {
			b := p.Bind(drawFacts(t), monday)
			var want, got []string
			for _, r := range p.Rules {
				if r.When.Eval(b) == policy.True {
					want = append(want, r.Name)
				}
			}
			cursor, last := p.Entry("").Candidates(b), -1
			for r := cursor.Next(); r != nil; r = cursor.Next() {
				var at int
				_, err := fmt.Sscanf(r.Name, "r%d", &at)
				require.NoError(t, err)
				require.Greater(t, at, last)
				last = at
				if r.When.Eval(b) == policy.True {
					got = append(got, r.Name)
				}
			}
			require.Equal(t, want, got)
		}
	})
}

// TestRowsAreFound: a long table gives the row that going through it gives.
func TestRowsAreFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := "policy: x\nreps: {ana: {}}\nrules:\n  - name: t\n    table: [source, product]\n    rows:\n"
		seen := map[string]bool{}
		var cells [][2]string
		for range rapid.IntRange(1, 40).Draw(t, "rows") {
			cell := func(name string) string {
				return rapid.SampledFrom([]string{"any", name + "0", name + "1", name + "2", name + "3", name + "4"}).Draw(t, name)
			}
			row := [2]string{cell("s"), cell("p")}
			covered := false
			for _, c := range cells {
				covered = covered || (c[0] == "any" || c[0] == row[0]) && (c[1] == "any" || c[1] == row[1])
			}
			key := row[0] + ", " + row[1]
			if seen[key] || covered {
				continue
			}
			seen[key], cells = true, append(cells, row)
			text += fmt.Sprintf("      %s: {to: ana}\n", key)
		}
		if !seen["any, any"] {
			text += "      any, any: {to: ana}\n"
			cells = append(cells, [2]string{"any", "any"})
		}
		p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
		if p == nil {
			t.Skip(issues.Error()) // several rows together may hide one
		}
		f := drawFacts(t)
		value := func(name string) string { s, _ := f[name].(string); return s }
		for i, c := range cells {
			if (c[0] == "any" || c[0] == value("source")) && (c[1] == "any" || c[1] == value("product")) {
				require.Equal(t, p.Rules[0].Table.Rows[i], p.Rules[0].Table.Find(p.Bind(f, monday)))
				return
			}
		}
	})
}

// TestEntry: a ruleset by its name, the rules of the policy otherwise.
func TestEntry(t *testing.T) {
	t.Parallel()
	p := tamarisk(t)
	require.Equal(t, p.Rules, p.Entry("").Rules)
	require.Equal(t, p.Rules, p.Entry("gone").Rules)
	require.Equal(t, "deals", p.Entry("deals").Name)
}
