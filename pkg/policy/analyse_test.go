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

// drawClaims is a conjunction of simple comparisons.
func drawClaims(t *rapid.T) string {
	parts := make([]string, rapid.IntRange(1, 3).Draw(t, "parts"))
	for i := range parts {
		if rapid.Bool().Draw(t, "text") {
			parts[i] = rapid.SampledFrom([]string{
				`source == "a"`, `source != "a"`, `source in ["a", "b"]`, `source == "c"`, `source > "a"`, "email_free", "!email_free",
			}).Draw(t, "part")
			continue
		}
		op := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "op")
		parts[i] = fmt.Sprintf("company.employees %s %d", op, rapid.IntRange(0, 3).Draw(t, "bound"))
	}
	return strings.Join(parts, " && ")
}

// TestWarningsAreRight: of what is said never to hold, or to be hidden, no lead is an
// example.
func TestWarningsAreRight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprintf("policy: x\nreps: {ana: {}}\nrules:\n  - {name: one, when: '%s', to: ana}\n  - {name: two, when: '%s', to: ana}\n  - {name: rest, to: all}\n",
			drawClaims(t), drawClaims(t))
		p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
		require.NotNil(t, p, "%v", issues)
		never, hidden := map[int]bool{}, map[int]bool{}
		for _, i := range issues {
			never[i.Pos.Line] = never[i.Pos.Line] || strings.Contains(i.Message, "never holds")
			hidden[i.Pos.Line] = hidden[i.Pos.Line] || strings.Contains(i.Message, "no lead gets here")
		}
		for _, source := range []any{"a", "b", "c", nil} {
			for _, employees := range []any{int64(-1), int64(0), int64(1), int64(2), int64(3), int64(4), nil} {
				for _, free := range []any{true, false, nil} {
					f := lead.Facts{}
					for name, v := range map[string]any{"source": source, "company.employees": employees, "email_free": free} {
						if v != nil {
							f[name] = v
						}
					}
					b := p.Bind(f, monday)
					one, two := p.Rules[0], p.Rules[1]
					require.False(t, never[one.Pos.Line] && one.When.Eval(b) == policy.True, "%v", f)
					require.False(t, never[two.Pos.Line] && two.When.Eval(b) == policy.True, "%v", f)
					if hidden[two.Pos.Line] && two.When.Eval(b) == policy.True {
						require.Equal(t, policy.True, one.When.Eval(b), "%v", f)
					}
				}
			}
		}
	})
}

// TestMissingFromTable: what a table would have filled in is missing all the same.
func TestMissingFromTable(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{
		"policy.yaml": []byte("policy: x\nreps: {ana: {}}\ntables: {named: {file: named.csv, key: [company.domain], gives: [account.strategic]}}\n" +
			"rules: [{name: a, when: account.strategic, to: all}]\n"),
		"named.csv": []byte("company.domain,account.strategic\nweber.example,true\n"),
	})
	require.NotNil(t, p, "%v", issues)
	b := p.Bind(lead.Facts{"company.domain": "other.example"}, monday)
	require.Equal(t, []string{"account.strategic"}, p.Rules[0].When.Missing(b))
}
