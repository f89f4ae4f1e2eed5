package accounts_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/lead"
)

// names are made of syllables, and of words that many have: like a CRM, not like chance.
func name(i int) string {
	syllables := []string{"ka", "lo", "mer", "tin", "vas", "dor", "pel", "ran", "sig", "hub", "nor", "wex", "zan", "bri", "cal", "fen"}
	common := []string{"Systems", "Logistics", "Bank", "Consulting", "Maschinenbau", "Foods", "Energy", "Software", "Pharma", "Group"}
	forms := []string{"GmbH", "Inc.", "Ltd", "S.A.", "AG", "Sp. z o.o.", "B.V.", "AB"}
	var b strings.Builder
	for n, x := 0, i*7919+13; n < 3; n, x = n+1, x/16+i {
		b.WriteString(syllables[x%16])
	}
	stem := strings.ToUpper(b.String()[:1]) + b.String()[1:]
	if i%3 == 0 {
		stem += " " + strings.ToUpper(syllables[i%16][:1]) + syllables[(i/16)%16] + syllables[(i/7)%16]
	}
	return stem + " " + common[i%10] + " " + forms[i%8]
}

func country(i int) string { return []string{"DE", "US", "FR", "GB", "PL"}[i%5] }

func large(n int) *accounts.Index {
	x := accounts.New()
	for i := range n {
		x.Put(lead.Account{ID: fmt.Sprint("A-", i), Name: name(i), Domains: []string{fmt.Sprintf("company%d.com", i)}, Owner: "eva", Country: country(i)},
			accounts.Version{Offset: int64(i)})
	}
	return x
}

const many = 100_000

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := large(many)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/many, "B/account")
		runtime.KeepAlive(x)
	}
}

func BenchmarkMatch(b *testing.B) {
	x := large(many)
	for _, c := range []struct {
		name string
		make func(i int) lead.Lead
	}{
		{"domain", func(i int) lead.Lead { return lead.Lead{EmailDomain: fmt.Sprintf("company%d.com", i*37%many)} }},
		{"name", func(i int) lead.Lead {
			return lead.Lead{Company: lead.Company{Name: name(i * 37 % many)}, Country: country(i * 37 % many)}
		}},
		{"misspelt", func(i int) lead.Lead {
			n := name(i * 37 % many)
			return lead.Lead{Company: lead.Company{Name: n[:2] + "x" + n[3:]}, Country: country(i * 37 % many)}
		}},
		{"unknown", func(i int) lead.Lead {
			return lead.Lead{EmailDomain: "unknown.example", Company: lead.Company{Name: "Quuxiplorp Systems " + fmt.Sprint(i)}, Country: "DE"}
		}},
		{"nothing", func(int) lead.Lead { return lead.Lead{EmailDomain: "gmail.com"} }},
	} {
		b.Run(c.name, func(b *testing.B) {
			leads := make([]lead.Lead, 1024)
			for i := range leads {
				leads[i] = c.make(i)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				l := leads[i%1024]
				x.Match(&l, limits)
			}
		})
	}
}
