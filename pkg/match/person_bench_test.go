package match_test

import (
	"testing"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

func typical() *lead.Lead {
	no := false
	return &lead.Lead{
		ID: "L-17", Email: "jo.weber@weber-bank.example", EmailDomain: "weber-bank.example", EmailFree: &no,
		Phone: "+493012345678", FirstName: "Johanna", LastName: "Weber",
		Company: lead.Company{Name: "Weber Bank AG", Domain: "weber-bank.example"},
		Country: "DE", City: "Berlin", PostalCode: "10115",
	}
}

func BenchmarkEncode(b *testing.B) {
	e := match.NewEncoder([]byte("secret"))
	cyrillic := typical()
	cyrillic.FirstName, cyrillic.LastName, cyrillic.City = "Александр", "Достоевский", "Москва"
	for name, l := range map[string]*lead.Lead{"typical": typical(), "cyrillic": cyrillic} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.Encode(match.PersonOf(l))
			}
		})
	}
}

func BenchmarkSame(b *testing.B) {
	e := match.NewEncoder([]byte("secret"))
	p := e.Encode(match.PersonOf(typical()))
	b.ReportAllocs()
	for b.Loop() {
		e.Same(p.Sketch, p.Sketch)
	}
}
