package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// tamarisk is the policy with 40 reps.
func tamarisk(t testing.TB) *policy.Policy {
	p, _, err := policy.Load(examples + "/tamarisk")
	require.NoError(t, err)
	return p
}

// germanFinance is a lead that goes through most of tamarisk.
func germanFinance() lead.Facts {
	return lead.Facts{
		"source": "demo_request", "country": "DE", "language": "de", "deal_value": 80000.0, "seniority": "vp",
		"company.employees": int64(800), "company.industry": "finance", "test": false, "bulk": false,
		"company.domain": "weber.example", "email_free": false, "email_disposable": false,
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		tamarisk(b)
	}
}

// BenchmarkBind measures what a lead costs that every rule, mark, guard and SLA is
// asked about.
func BenchmarkBind(b *testing.B) {
	p := tamarisk(b)
	facts := germanFinance()
	b.ReportAllocs()
	for b.Loop() {
		x := p.Bind(facts, monday)
		for _, r := range p.Rules {
			if r.When.Eval(x) == policy.True && r.Table != nil {
				r.Table.Find(x)
			}
		}
		for _, m := range p.Marks {
			m.When.Eval(x)
		}
		for _, g := range p.Guards {
			g.Allows(x)
		}
		for _, s := range p.SLAs {
			s.For.Eval(x)
		}
		for _, pool := range p.Pools {
			for _, a := range pool.Match {
				a.Covers(x)
			}
		}
		p.Shift(monday)
		p.Roster(monday)
	}
}

// manyRules is a policy with n rules, none of which but the last matches.
func manyRules(t testing.TB, n int) *policy.Policy {
	var text strings.Builder
	text.WriteString("policy: many\nreps: {ana: {}}\nrules:\n")
	for i := range n {
		fmt.Fprintf(&text, "  - {name: r%d, when: source == \"s%d\" && value > %d, to: ana}\n", i, i, i)
	}
	text.WriteString("  - {name: rest, to: all}\n")
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text.String())})
	require.NoError(t, issues.Err())
	return p
}

func BenchmarkParseThousandRules(b *testing.B) {
	for b.Loop() {
		manyRules(b, 1_000)
	}
}

func BenchmarkWalkThousandRules(b *testing.B) {
	p := manyRules(b, 1_000)
	facts := germanFinance()
	b.ReportAllocs()
	for b.Loop() {
		x := p.Bind(facts, monday)
		for _, r := range p.Rules {
			if r.When.Eval(x) == policy.True {
				break
			}
		}
	}
}
