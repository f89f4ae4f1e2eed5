package routing_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// company is a policy of n reps in 5 teams with a cascade, a table, a ruleset and
// guards, as a real one would have.
func company(t failer, n int) *routing.Planner {
	var reps strings.Builder
	for i := range n {
		fmt.Fprintf(&reps, "  r%04d: {team: t%d, level: %s, country: %s, language: [%s, en], industry: %s, product: %s}\n",
			i, i%5, []string{"senior", "mid", "junior", "sdr"}[i%4], []string{"DE", "PL", "US"}[i%3],
			[]string{"de", "pl", "en-GB"}[i%3], []string{"finance", "health", "any"}[i/4%3], []string{"core", "risk"}[i/2%2])
	}
	return planner(t, `
calendars: {berlin: {zone: Europe/Berlin, hours: Mon-Fri 09:00-18:00}, newyork: {zone: America/New_York, hours: Mon-Fri 08:30-18:00}}
teams: {t0: {calendar: berlin}, t1: {calendar: berlin}, t2: {calendar: berlin}, t3: {calendar: newyork}, t4: {calendar: berlin}}
caps: {senior: {open: 25, day: 6}, sdr: {hour: 8}}
reps:
`+reps.String()+`
define: {regulated: 'company.industry in ["health", "finance"]', customer: account.status == "customer"}
bands: {tier: {of: value, small: <10000, mid: <=50000, large: rest}}
score:
  fit: {points: [{30: company.employees >= 50}, {25: regulated}, {20: 'seniority in ["vp", "c_level"]'}], bands: {weak: <50, strong: rest}}
  intent: {points: [{80: source == "demo_request"}, {40: source == "event"}], bands: {low: <30, medium: <70, high: rest}}
pools:
  specialists: {who: {level: [senior, mid]}, match: [country, language, company.industry, product], relax: [product], ledger: closers}
  senior: {who: {level: senior}, match: [country, language], relax: [language], fair_by: value}
  mid: {who: {level: mid}, match: [country, language], relax: [language], ledger: closers}
  sdr: {who: {level: sdr}, match: [language], relax: [language], pick: least_loaded}
slas: {demo: {accepted: {10m: remind, 20m: to_backup}, contacted: {target: 15m, 30m: reassign}}}
guards: [{name: health, when: company.industry == "health", then: '"health" in rep.industry'}]
rules:
  - {name: junk, when: email_disposable, to: disqualify}
  - {name: same-person, when: duplicate, to: [last_owner, next]}
  - {name: customer, when: customer, to: [owner, backup]}
  - {name: same-company, to: [company_owner, next]}
  - name: matrix
    table: [intent, fit]
    rows:
      high, strong: {use: deals, sla: demo}
      high, weak: {to: sdr, sla: demo}
      medium, any: {to: sdr}
      low, any: {to: nurture}
rulesets:
  deals:
    - {name: specialist, when: regulated && value >= 10000.0, to: [specialists, next]}
    - {name: size, table: [tier], rows: {small: {to: mid}, mid: {to: [mid, senior]}, large: {to: [senior, mid]}, any: {to: mid}}}
`)
}

const typical = `{"source":"demo_request","country":"DE","language":"de","deal_value":80000,"seniority":"vp",
	"email":"eva@bank.example","company":{"employees":800,"industry":"finance"},"product":"core"}`

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{10, 40, 200, 1000} {
		pl := company(b, n)
		in := routing.Input{Facts: facts(b, typical), At: monday}
		b.Run(fmt.Sprintf("reps=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pl.Plan(in)
			}
		})
	}
}

// BenchmarkPlanAbsent is BenchmarkPlan while a fifth of the reps is in meetings.
func BenchmarkPlanAbsent(b *testing.B) {
	for _, n := range []int{40, 1000} {
		pl := company(b, n)
		in := routing.Input{Facts: facts(b, typical), At: monday}
		for i := 0; i < n; i += 5 {
			in.Absent = append(in.Absent, routing.Absence{Rep: fmt.Sprintf("r%04d", i), Until: monday.Add(time.Hour).UnixMilli()})
		}
		b.Run(fmt.Sprintf("reps=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pl.Plan(in)
			}
		})
	}
}

// BenchmarkTamarisk plans a typical lead with the 40-rep policy of the examples, and
// writes the record.
func BenchmarkTamarisk(b *testing.B) {
	p, _, err := policy.Load("../../examples/tamarisk")
	require.NoError(b, err)
	pl, in := routing.New(p), routing.Input{Facts: facts(b, typical), At: monday}
	b.Run("plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			pl.Plan(in)
		}
	})
	plan := pl.Plan(in)
	b.Run("draft", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			raw, err := plan.Draft().Encode()
			require.NoError(b, err)
			b.ReportMetric(float64(len(raw)), "bytes")
		}
	})
}

// BenchmarkManyRules plans a lead that the last of many rules takes.
func BenchmarkManyRules(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		var rules strings.Builder
		for i := range n {
			fmt.Fprintf(&rules, "  - {name: r%d, when: source == \"s%d\" && country == \"DE\", to: ana}\n", i, i)
		}
		pl := planner(b, "reps: {ana: {}}\nrules:\n"+rules.String())
		in := routing.Input{Facts: facts(b, fmt.Sprintf(`{"source":"s%d","country":"DE"}`, n-1)), At: monday}
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pl.Plan(in)
			}
		})
	}
}

func BenchmarkDraft(b *testing.B) {
	for _, n := range []int{40, 1000} {
		p := company(b, n).Plan(routing.Input{Facts: facts(b, typical), At: monday})
		b.Run(fmt.Sprintf("reps=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				raw, err := p.Draft().Encode()
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(raw)), "bytes")
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	p := company(b, 40).Plan(routing.Input{Facts: facts(b, typical), At: monday})
	_, draft, grant := newOffice().take(b, "L-1", p)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := routing.Decide(draft, grant); err != nil {
			b.Fatal(err)
		}
	}
}
