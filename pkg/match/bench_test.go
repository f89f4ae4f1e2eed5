package match_test

import (
	"testing"

	"leadrouter/pkg/match"
)

func BenchmarkCompanyName(b *testing.B) {
	names := []string{"Acme Inc.", "Müller Maschinenbau GmbH & Co. KG", "Northwind Traders", "ООО «Ромашка Групп»", "华为技术有限公司", "International Business Machines Corporation"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		match.CompanyName(names[i%len(names)])
	}
}

func BenchmarkSimilarCompanies(b *testing.B) {
	x := match.CompanyName("Mueller Maschinenbau Sued GmbH")
	for _, other := range []string{"Müller Maschinenbau GmbH & Co. KG", "Northwind Traders", "Weber Maschinenbau Holding", "ООО «Ромашка Групп»"} {
		y := match.CompanyName(other)
		b.Run(other, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				match.SimilarCompanies(x, y)
			}
		})
	}
}
