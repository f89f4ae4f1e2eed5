package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// hostile parses a policy whose one condition is the source.
func hostile(source string) (*policy.Policy, policy.Issues) {
	text := "policy: hostile\nreps: {ana: {}}\nrules:\n  - {name: asked, when: '" + strings.ReplaceAll(source, "'", "''") +
		"', to: [ana, next]}\n  - {name: rest, to: all}\n"
	return policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
}

// nested repeats a text around an inner one.
func nested(open, inner, closing string, n int) string {
	return strings.Repeat(open, n) + inner + strings.Repeat(closing, n)
}

// TestHostileConditionsAreRefused: what could keep a router busy never gets into a
// policy, and says why.
func TestHostileConditionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ source, message string }{
		"loops in loops":         {"tags.all(a, tags.all(b, tags.all(c, a != b && b != c)))", "this may take too long"},
		"a loop that doubles":    {"tags.map(a, tags.map(b, a + b)).exists(l, l.exists(x, x == 'a'))", "this may take too long"},
		"a loop over a product":  {"tags.map(a, tags).exists(l, l.exists(x, tags.exists(y, x + y == 'a')))", "this may take too long"},
		"a regex in loops":       {"tags.exists(a, tags.exists(b, a.matches(b)))", "this may take too long"},
		"a regex of a thousand":  {`country.matches("(a{1000}){1000}")`, "not a regular expression"},
		"repeats of repeats":     {`country.matches("((a{100}){100}){100}")`, "not a regular expression"},
		"a regex without an end": {`country.matches("(((((")`, "not a regular expression"},
		"deep parentheses":       {nested("(", "email_free", ")", 5_000), "longer than 10000 characters"},
		"deep negations":         {nested("!(", "email_free", ")", 1_000), "more than 100 levels"},
		"deep lists":             {nested("[", "1", "]", 2_000) + " == []", "more than 100 levels"},
		"too long":               {"email_free" + strings.Repeat(" || email_free", 5_000), "longer than 10000 characters"},
		"a loop over a map":      {`{"a": 1, "b": 2}.exists(k, k == country)`, "going through a map"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, issues := hostile(c.source)
			require.Nil(t, p)
			require.ErrorContains(t, issues.Err(), c.message)
		})
	}
}

// TestCostlyConditionsAreUnknown: what a check lets through and an unusual lead makes
// dear is cut off while it runs, and does not match.
func TestCostlyConditionsAreUnknown(t *testing.T) {
	t.Parallel()
	p, issues := hostile(`tags.exists(a, a.matches("^(a|aa)+$")) || tags.exists(a, a.contains("zzz"))`)
	require.NoError(t, issues.Err())
	tags := make([]string, 3_000) // far more than a lead may have
	for i := range tags {
		tags[i] = strings.Repeat("a", 3_000) + fmt.Sprint(i)
	}
	when := p.Rules[0].When
	require.Equal(t, policy.Unknown, when.Eval(p.Bind(lead.Facts{"tags": tags}, monday)))
	require.Equal(t, policy.True, when.Eval(p.Bind(lead.Facts{"tags": []string{"b", "aaa"}}, monday)))
	require.Equal(t, policy.False, when.Eval(p.Bind(lead.Facts{"tags": []string{"b"}}, monday)))
}

// TestRegexesAreLinear: a pattern that makes other engines explode is one that a long
// text answers at once, with the cost of its length.
func TestRegexesAreLinear(t *testing.T) {
	t.Parallel()
	p, issues := hostile(`company.name.matches("^(a+)+$")`)
	require.NoError(t, issues.Err())
	long := strings.Repeat("a", 50_000) + "!"
	require.Equal(t, policy.False, p.Rules[0].When.Eval(p.Bind(lead.Facts{"company.name": long}, monday)))
}
