package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// naive holds a rule against every one before it.
func naive(before []*Rule, rule *Rule) *Rule {
	for _, b := range before {
		_, never := impossible(b.When.claims)
		if never || !b.When.exact || !b.closes() {
			continue
		}
		if b.When.Source == rule.When.Source ||
			!slices.ContainsFunc(b.When.claims, func(k claim) bool { return !implies(rule.When.claims, &k) }) {
			return b
		}
	}
	return nil
}

// The index finds the rule that looking at all of them finds.
func TestTakersAreThoseOfALongLook(t *testing.T) {
	t.Parallel()
	atoms := []string{
		`country == "DE"`, `country == "ES"`, `country in ["DE", "AT"]`, `country != "US"`, `source == "demo_request"`,
		`source in ["event", "demo_request"]`, `company.employees > 50`, `company.employees >= 500`, `company.employees == 7`,
		`test`, `!test`, `product.contains("x")`, `country in ["AT", "DE", "ES"]`,
	}
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		text.WriteString("policy: x\nreps: {ana: {}}\nrules:\n")
		for i := range rapid.IntRange(2, 14).Draw(t, "rules") {
			when := rapid.SliceOfN(rapid.SampledFrom(atoms), 1, 3).Draw(t, "when")
			to := rapid.SampledFrom([]string{"ana", "ana", "[ana, next]"}).Draw(t, "to")
			fmt.Fprintf(&text, "  - {name: r%d, when: '%s', to: %s}\n", i, strings.Join(when, " && "), to)
		}
		p, issues := Parse(map[string][]byte{"policy.yaml": []byte(text.String())})
		require.NoError(t, issues.Err())
		takers := newTakers()
		for i, rule := range p.Rules {
			if _, never := impossible(rule.When.claims); never {
				continue
			}
			require.Same(t, naive(p.Rules[:i], rule), takers.hides(rule), "%s\n%s", rule.Name, text.String())
			takers.add(rule)
		}
	})
}
