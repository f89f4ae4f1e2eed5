package match_test

import (
	"testing"

	"leadrouter/pkg/match"
)

func TestCases(t *testing.T) {
	e := match.NewEncoder([]byte("k"))
	type P = match.Person
	for _, c := range []struct {
		name string
		a, b P
	}{
		{"same email only", P{Email: "jo.x@acme.com"}, P{Email: "jo.x@acme.com"}},
		{"same email, names clearly different", P{Email: "office2000@acme.com", FirstName: "Anna", LastName: "Keller"}, P{Email: "office2000@acme.com", FirstName: "Bernd", LastName: "Schmidt"}},
		{"gmail dots", P{Email: "jo.weber@gmail.com", FirstName: "Jo"}, P{Email: "joweber+x@googlemail.com", LastName: "Weber"}},
		{"phone only", P{Phone: "+4930123456"}, P{Phone: "+4930123456"}},
		{"phone, other names", P{Phone: "+4930123456", FirstName: "Anna", LastName: "Keller", Company: "acme.com"}, P{Phone: "+4930123456", FirstName: "Bernd", LastName: "Schmidt", Company: "acme.com"}},
		{"info@ + switchboard + city, other names", P{Email: "info@acme.com", Phone: "+4930123456", FirstName: "Anna", LastName: "Keller", Company: "acme.com", City: "Berlin", PostalCode: "10115"}, P{Email: "info@acme.com", Phone: "+4930123456", FirstName: "Bernd", LastName: "Schmidt", Company: "acme.com", City: "Berlin", PostalCode: "10115"}},
		{"info@ same name", P{Email: "info@acme.com", FirstName: "Anna", LastName: "Keller", Company: "acme.com"}, P{Email: "info@acme.com", FirstName: "Anna", LastName: "Keller", Company: "acme.com"}},
		{"info@ nothing else", P{Email: "info@acme.com", Company: "acme.com"}, P{Email: "info@acme.com", Company: "acme.com"}},
		{"spouses", P{Phone: "+4930123456", FirstName: "Anna", LastName: "Keller", City: "Berlin", PostalCode: "10115", Street: "Hauptstr. 5"}, P{Phone: "+4930123456", FirstName: "Bernd", LastName: "Keller", City: "Berlin", PostalCode: "10115", Street: "Hauptstr. 5"}},
		{"name+company", P{FirstName: "Anna", LastName: "Keller", Company: "Acme GmbH"}, P{FirstName: "Anna", LastName: "Keller", Company: "acme.com"}},
		{"name typo+company", P{FirstName: "Ana", LastName: "Keler", Company: "Acme GmbH"}, P{FirstName: "Anna", LastName: "Keller", Company: "Acme"}},
		{"name typo+company typo", P{FirstName: "Anna", LastName: "Keler", Company: "Siemens AG"}, P{FirstName: "Anna", LastName: "Keller", Company: "Simens"}},
		{"name, other company", P{FirstName: "Anna", LastName: "Keller", Company: "Siemens"}, P{FirstName: "Anna", LastName: "Keller", Company: "Bosch"}},
		{"name+city", P{FirstName: "Anna", LastName: "Keller", City: "Berlin", Country: "DE"}, P{FirstName: "Anna", LastName: "Keller", City: "Berlin", Country: "DE"}},
		{"name+postal", P{FirstName: "Anna", LastName: "Keller", PostalCode: "10115"}, P{FirstName: "Anna", LastName: "Keller", PostalCode: "10115"}},
		{"Müller", P{FirstName: "Jürgen", LastName: "Müller", Company: "Bäcker"}, P{FirstName: "Juergen", LastName: "Mueller", Company: "Baecker"}},
		{"cyrillic", P{FirstName: "Александр", LastName: "Иванов", Company: "Ромашка"}, P{FirstName: "Alexander", LastName: "Ivanov", Company: "Romashka"}},
		{"initial", P{FirstName: "A.", LastName: "Keller", Company: "acme"}, P{FirstName: "Anna", LastName: "Keller", Company: "acme"}},
		{"swapped", P{FirstName: "Keller", LastName: "Anna", Company: "acme"}, P{FirstName: "Anna", LastName: "Keller", Company: "acme"}},
		{"married, same mail", P{Email: "anna@web.de", FirstName: "Anna", LastName: "Keller"}, P{Email: "anna@web.de", FirstName: "Anna", LastName: "Schmidt"}},
		{"colleagues near mail", P{Email: "j.smith@internationalbank.com", FirstName: "John", LastName: "Smith", Company: "internationalbank.com"}, P{Email: "k.smith@internationalbank.com", FirstName: "Karen", LastName: "Smith", Company: "internationalbank.com"}},
		{"namesakes gmail", P{Email: "thomas.mueller1@gmail.com", FirstName: "Thomas", LastName: "Mueller"}, P{Email: "thomas.mueller77@gmail.com", FirstName: "Thomas", LastName: "Mueller"}},
		{"colleague same first", P{Phone: "+4930123456", FirstName: "Anna", LastName: "Keller", Company: "acme.com"}, P{Phone: "+4930123456", FirstName: "Anna", LastName: "Schmidt", Company: "acme.com"}},
		{"Bob", P{FirstName: "Bob", LastName: "Keller", Company: "acme.com"}, P{FirstName: "Robert", LastName: "Keller", Company: "acme.com"}},
		{"double name", P{FirstName: "Anna Maria", LastName: "García Márquez", Company: "acme.com"}, P{FirstName: "Anna", LastName: "Garcia", Company: "acme.com"}},
		{"chinese", P{FirstName: "小明", LastName: "王", Company: "华为"}, P{FirstName: "Xiaoming", LastName: "Wang", Company: "Huawei"}},
		{"arabic", P{FirstName: "محمد", LastName: "الحسن", Company: "acme"}, P{FirstName: "Mohammed", LastName: "Al-Hasan", Company: "acme"}},
		{"greek", P{FirstName: "Γιώργος", LastName: "Παπαδόπουλος", Company: "acme"}, P{FirstName: "Giorgos", LastName: "Papadopoulos", Company: "acme"}},
	} {
		a, b := e.Encode(c.a), e.Encode(c.b)
		by := ""
		for _, k := range b.Keys {
			for _, l := range a.Keys {
				if k == l && by == "" {
					by = k.By
				}
			}
		}
		t.Logf("%-45s %-6s %5d  %d", c.name, by, e.Same(a.Sketch, b.Sketch), len(b.Keys))
	}
}
