package simulate_test

import (
	"testing"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

// year is leads over a year, answered and closed, as many as a benchmark asks for.
const year = `
from: 2025-01-06
until: 2025-12-31
per_week: 1950
zone: Europe/Berlin
hours: {8-18: 10, 19-23: 3, 0-7: 1}
weekdays: {mon-fri: 5, sat-sun: 1}
mix:
  source: {demo_request: 3, webinar: 3, content_download: 4, referral: 1}
  country: {DE: 5, US: 6, ES: 2, FR: 1, unknown: 1}
  language: {de: 5, en: 6, es: 2, unknown: 1}
  company.employees: {20: 3, 300: 4, 2000: 2, unknown: 1}
  company.industry: {finance: 1, health: 1, software: 4}
  seniority: {vp: 1, director: 1, manager: 4}
  deal_value: {5000: 3, 30000: 2, 120000: 1}
  currency: {EUR: 1}
answers: {accepted: 5m, contacted: 7m, never: 3}
closes: {after: 3d, share: 100}
`

// BenchmarkRun runs 100,000 leads, with what their owners do, through a policy.
func BenchmarkRun(b *testing.B) {
	s, err := simulate.ParseSpec([]byte(year))
	if err != nil {
		b.Fatal(err)
	}
	h := s.Generate(1)
	for name, path := range map[string]string{"twenty": "../../bench/policies/twenty.yaml", "tamarisk": "../../examples/tamarisk"} {
		p, _, err := policy.Load(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := simulate.Run(b.Context(), h, routing.New(p), simulate.Config{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*h.Leads), "µs/lead")
		})
	}
}
