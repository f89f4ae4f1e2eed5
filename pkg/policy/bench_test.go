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

// BenchmarkManyRules finds the rule of a lead among ever more: the time stays.
func BenchmarkManyRules(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000} {
		p := manyRules(b, n)
		facts := germanFinance()
		facts["source"] = fmt.Sprintf("s%d", n-1)
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x := p.Bind(facts, monday)
				rules := p.Entry("").Candidates(x)
				for r := rules.Next(); r.When.Eval(x) != policy.True; r = rules.Next() {
					continue
				}
			}
		})
	}
}

// BenchmarkManyRows looks a lead up in a CSV table.
func BenchmarkManyRows(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		var rows strings.Builder
		rows.WriteString("company.domain,country,team_of\nweber.example,,b7\n")
		for i := range n {
			fmt.Fprintf(&rows, "d%d.example,DE,a%d\n", i, i%100)
		}
		p, issues := policy.Parse(map[string][]byte{
			"policy.yaml": []byte("policy: many\nreps: {ana: {}}\ntables: {named: {file: named.csv, key: [company.domain, country], gives: [team_of]}}\n" +
				"rules: [{name: a, when: team_of == \"b7\", to: ana}, {name: b, to: all}]\n"),
			"named.csv": []byte(rows.String()),
		})
		require.NoError(b, issues.Err())
		facts := germanFinance()
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.Equal(b, policy.True, p.Rules[0].When.Eval(p.Bind(facts, monday)))
			}
		})
	}
}
