package enrich_test

import (
	"testing"

	"leadrouter/pkg/enrich"
	"leadrouter/pkg/lead"
)

// BenchmarkEnrich is what the router pays for a lead, on one core.
func BenchmarkEnrich(b *testing.B) {
	for name, l := range map[string]lead.Lead{
		"typical": {
			ID: "L-1", Email: "jo.17@weber-bank.de", Phone: "+493090182000", JobTitle: "VP Risk", PostalCode: "10115",
			Company: lead.Company{Name: "Weber Bank"},
		},
		"national":  {ID: "L-1", Email: "jo@weber.example", Phone: "030 9018-2000", Country: "DE"},
		"extension": {ID: "L-1", Phone: "+49 30 9018 2000 ext. 17"},
		"no number": {ID: "L-1", Phone: "call me", Country: "DE"},
		"mail":      {ID: "L-1", Email: "jo.17@weber-bank.de"},
		"phone":     {ID: "L-1", Phone: "+14155552671"},
		"title":     {ID: "L-1", JobTitle: "Senior Vice President, Global Sales"},
		"title de":  {ID: "L-1", JobTitle: "Geschäftsführer Vertrieb"},
		"nothing":   {ID: "L-1"},
	} {
		b.Run(name, func(b *testing.B) {
			e := enrich.New(enrich.Config{})
			b.ReportAllocs()
			for b.Loop() {
				fresh := l
				e.Enrich(&fresh)
			}
		})
	}
}

// BenchmarkNew is what a start of the router, and of every command that reads leads, takes.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		enrich.New(enrich.Config{})
	}
}
