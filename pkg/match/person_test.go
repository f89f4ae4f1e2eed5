package match_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

// meeting is what becomes of two persons: whether a key finds one from the other, and whether
// they are the same.
type meeting struct {
	by    string // of the surest key that both have; empty: they do not meet
	score int
}

func meet(e *match.Encoder, a, b match.Person) meeting {
	x, y := e.Encode(a), e.Encode(b)
	m := meeting{score: e.Same(x.Sketch, y.Sketch)}
	for _, k := range x.Keys {
		if slices.Contains(y.Keys, k) {
			m.by = k.By
			break
		}
	}
	return m
}

func encoder() *match.Encoder { return match.NewEncoder([]byte("of the tests")) }

// requireSame that b is found from a by the kind of key, and taken for the same.
func requireSame(t *testing.T, a, b match.Person, by string) {
	t.Helper()
	m := meet(encoder(), a, b)
	require.GreaterOrEqual(t, m.score, match.Duplicate, "%+v\n%+v", a, b)
	require.Equal(t, by, m.by, "%+v\n%+v", a, b)
}

// requireDifferent that nobody takes one for the other, even where they meet.
func requireDifferent(t *testing.T, a, b match.Person) {
	t.Helper()
	m := meet(encoder(), a, b)
	require.Less(t, m.score, match.Duplicate, "%+v\n%+v", a, b)
}

func TestSamePerson(t *testing.T) {
	t.Parallel()
	keller := match.Person{FirstName: "Anna", LastName: "Keller", Company: "acme.com"}
	for name, c := range map[string]struct {
		a, b match.Person
		by   string
	}{
		"address alone": {match.Person{Email: "jo.x@acme.com"}, match.Person{Email: " Jo.X@ACME.com. "}, "email"},
		"address, dots and tags": {
			match.Person{Email: "jo.weber@gmail.com", FirstName: "Jo"}, match.Person{Email: "joweber+shop@googlemail.com", LastName: "Weber"}, "email",
		},
		"address, married since": {
			match.Person{Email: "anna@web.example", FirstName: "Anna", LastName: "Keller"},
			match.Person{Email: "anna@web.example", FirstName: "Anna", LastName: "Schmidt"},
			"email",
		},
		"house": {
			match.Person{LastName: "Keller", Street: "Hauptstr. 5", City: "Berlin", Country: "DE"},
			match.Person{FirstName: "Anna", LastName: "Keller", Street: "Hauptstr 5", City: "Berlin", Country: "DE"},
			"name",
		},
		"phone alone": {match.Person{Phone: "+49 30 123456"}, match.Person{Phone: "+4930123456"}, "phone"},
		"phone, one name": {
			match.Person{Phone: "+4930123456", LastName: "Keller"}, match.Person{Phone: "+4930123456", FirstName: "Anna", LastName: "Keller"}, "phone",
		},
		"shared mailbox of one person": {
			match.Person{Email: "info@acme.com", FirstName: "Anna", LastName: "Keller"},
			match.Person{Email: "info@acme.com", FirstName: "Anna", LastName: "Keller"},
			"email",
		},
		"company by domain and by name": {
			keller, match.Person{FirstName: "Anna", LastName: "Keller", Company: "ACME GmbH & Co. KG"}, "name",
		},
		"slips in both names": {
			keller, match.Person{FirstName: "Ana", LastName: "Keler", Company: "Acme"}, "name",
		},
		"letters that changed places": {
			match.Person{FirstName: "Georg", LastName: "Kaur", Company: "acme.com"},
			match.Person{FirstName: "Georg", LastName: "Kuar", Company: "acme.com"},
			"name",
		},
		"slip in the company": {
			match.Person{FirstName: "Anna", LastName: "Keller", Company: "Siemens AG"},
			match.Person{FirstName: "Anna", LastName: "Keler", Company: "Simens"},
			"name",
		},
		"initial":     {keller, match.Person{FirstName: "A.", LastName: "Keller", Company: "acme.com"}, "name"},
		"swapped":     {keller, match.Person{FirstName: "Keller", LastName: "Anna", Company: "acme.com"}, "name"},
		"call name":   {match.Person{FirstName: "Bob", LastName: "Keller", Company: "acme.com"}, match.Person{FirstName: "Robert", LastName: "Keller", Company: "acme.com"}, "name"},
		"postal code": {match.Person{FirstName: "Anna", LastName: "Keller", PostalCode: "SW1A 1AA"}, match.Person{FirstName: "Anna", LastName: "Keller", PostalCode: "sw1a1aa"}, "name"},
		"date of birth, year mistyped": {
			match.Person{FirstName: "Anna", LastName: "Keller", City: "Berlin", Birth: "1984-03-12"},
			match.Person{FirstName: "Anna", LastName: "Keller", City: "Berlin", Birth: "1948-03-12"},
			"name",
		},
		"house and date of birth, both names changed": {
			match.Person{FirstName: "Anna", LastName: "Keller", Street: "Hauptstr. 5", City: "Berlin", PostalCode: "10115", Birth: "1984-03-12"},
			match.Person{FirstName: "Bo", LastName: "Lind", Street: "Hauptstr. 5", City: "Berlin", PostalCode: "10115", Birth: "1984-03-12"},
			"name",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireSame(t, c.a, c.b, c.by)
		})
	}
}

func TestDifferentPersons(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ a, b match.Person }{
		"shared mailbox": {
			match.Person{Email: "info@acme.com", FirstName: "Anna", LastName: "Keller"},
			match.Person{Email: "info@acme.com", FirstName: "Bernd", LastName: "Schmidt"},
		},
		"shared mailbox, nothing else": {match.Person{Email: "sales@acme.com"}, match.Person{Email: "sales@acme.com"}},
		"an address that two gave": {
			match.Person{Email: "third.floor@acme.com", FirstName: "Anna", LastName: "Keller"},
			match.Person{Email: "third.floor@acme.com", FirstName: "Bernd", LastName: "Schmidt"},
		},
		"all that colleagues share": {
			match.Person{Email: "info@acme.com", Phone: "+4930123456", FirstName: "Anna", LastName: "Keller", Company: "acme.com", City: "Berlin", PostalCode: "10115", Street: "Hauptstr. 5"},
			match.Person{Email: "info@acme.com", Phone: "+4930123456", FirstName: "Bernd", LastName: "Schmidt", Company: "acme.com", City: "Berlin", PostalCode: "10115", Street: "Hauptstr. 5"},
		},
		"colleagues of one first name": {
			match.Person{Phone: "+4930123456", FirstName: "Anna", LastName: "Keller", Company: "acme.com"},
			match.Person{Phone: "+4930123456", FirstName: "Anna", LastName: "Schmidt", Company: "acme.com"},
		},
		"colleagues of one last name": {
			match.Person{Email: "j.smith@internationalbank.com", FirstName: "John", LastName: "Smith", Company: "internationalbank.com"},
			match.Person{Email: "k.smith@internationalbank.com", FirstName: "Karen", LastName: "Smith", Company: "internationalbank.com"},
		},
		"a couple": {
			match.Person{Phone: "+4930123456", FirstName: "Anna", LastName: "Keller", Street: "Hauptstr. 5", City: "Berlin", PostalCode: "10115"},
			match.Person{Phone: "+4930123456", FirstName: "Bernd", LastName: "Keller", Street: "Hauptstr. 5", City: "Berlin", PostalCode: "10115"},
		},
		"namesakes at two companies": {
			match.Person{FirstName: "Anna", LastName: "Keller", Company: "Siemens"},
			match.Person{FirstName: "Anna", LastName: "Keller", Company: "Bosch"},
		},
		"namesakes in one city": {
			match.Person{FirstName: "Anna", LastName: "Keller", City: "Berlin", Country: "DE"},
			match.Person{FirstName: "Anna", LastName: "Keller", City: "Berlin", Country: "DE"},
		},
		"namesakes at one mail provider": {
			match.Person{Email: "thomas.mueller1@gmail.com", FirstName: "Thomas", LastName: "Müller"},
			match.Person{Email: "thomas.mueller77@gmail.com", FirstName: "Thomas", LastName: "Müller"},
		},
		"a phone number to get past the form": {
			match.Person{Phone: "0000000", City: "Berlin"}, match.Person{Phone: "0000000", City: "Berlin"},
		},
		"addresses with the same pairs of letters": {match.Person{Email: "jo11@acme.com"}, match.Person{Email: "jo111@acme.com"}},
		"nothing known": {match.Person{}, match.Person{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireDifferent(t, c.a, c.b)
		})
	}
}

func TestNamesOfTheWorld(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{ // first and last name, and how else they are written
		{"Jürgen", "Müller", "Juergen", "Mueller"},
		{"Jürgen", "Müller", "Jurgen", "Muller"},
		{"Søren", "Kjærgård", "Soren", "Kjaergard"},
		{"Łukasz", "Wójcik", "Lukasz", "Wojcik"},
		{"Jiří", "Dvořák", "Jiri", "Dvorak"},
		{"Nguyễn", "Thị Hồng", "Nguyen", "Thi Hong"},
		{"José María", "Núñez", "Jose Maria", "Nunez"},
		{"Anna Maria", "García Márquez", "Anna", "Garcia"},
		{"João", "Conceição", "Joao", "Conceicao"},
		{"Élodie", "Lefèvre", "ELODIE", "LEFEVRE"},
		{"Ştefan", "Ionescu", "Stefan", "Ionescu"},
		{"Çağla", "Yıldız", "Cagla", "Yildiz"},
		{"Sinéad", "O'Connor", "Sinead", "OConnor"},
		{"Þór", "Guðmundsson", "Thor", "Gudmundsson"},
		{"Александр", "Иванов", "Alexander", "Ivanov"},
		{"Ольга", "Кузнецова", "Olga", "Kuznetsova"},
		{"Олександр", "Шевченко", "Oleksandr", "Shevchenko"},
		{"Γιώργος", "Παπαδόπουλος", "Giorgos", "Papadopoulos"},
		{"小明", "王", "Xiaoming", "Wang"},
		{"伟", "张", "Wei", "Zhang"},
		{"さくら", "たなか", "Sakura", "Tanaka"},
		{"サクラ", "タナカ", "さくら", "たなか"},
		{"민준", "김", "Minjun", "Gim"},
		{"ＡＮＮＡ", "Ｋｅｌｌｅｒ", "Anna", "Keller"},
		{"राहुल", "शर्मा", "राहुल", "शर्मा"},
		{"محمد", "الحسن", "محمد", "الحسن"},
		{"דוד", "כהן", "דוד", "כהן"},
		{"สมชาย", "ใจดี", "สมชาย", "ใจดี"},
		{"გიორგი", "ბერიძე", "Giorgi", "Beridze"},
		{"Արմեն", "Սարգսյան", "Armen", "Sargsyan"},
		{"e\u0301lodie", "lefe\u0300vre", "Élodie", "Lefèvre"},
	} {
		a := match.Person{FirstName: c[0], LastName: c[1], Company: "acme.com"}
		b := match.Person{FirstName: c[2], LastName: c[3], Company: "acme.com"}
		requireSame(t, a, b, "name")
	}
}

// TestScriptsThatDoNotReadAlike: a name in two scripts may look as if it were two names. That
// does not speak against an address that is equal.
func TestScriptsThatDoNotReadAlike(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"محمد", "الحسن", "Mohammed", "Al-Hasan"},
		{"花子", "田中", "Hanako", "Tanaka"},
		{"דוד", "כהן", "David", "Cohen"},
	} {
		a := match.Person{Email: "m17@acme.com", FirstName: c[0], LastName: c[1]}
		b := match.Person{Email: "m17@acme.com", FirstName: c[2], LastName: c[3]}
		requireSame(t, a, b, "email")
	}
}

func TestSharedMailboxes(t *testing.T) {
	t.Parallel()
	for local := range strings.FieldsSeq(`info INFO sales office support2 info.de sales-emea info+web kontakt buero
		vertrieb contacto ventas accueil contato vendas amministrazione biuro obchod myynti salg bilgi prodazhi`) {
		m := match.Person{Email: local + "@acme.com"}
		require.Less(t, meet(encoder(), m, m).score, match.Duplicate, local)
	}
	for _, local := range []string{"informatica.rossi", "salesman", "jo.info", "m.sales"} {
		m := match.Person{Email: local + "@acme.com"}
		require.GreaterOrEqual(t, meet(encoder(), m, m).score, match.Duplicate, local)
	}
}

func TestPersonOf(t *testing.T) {
	t.Parallel()
	free := true
	l := lead.Lead{
		Email: "jo@weber-bank.de", EmailDomain: "weber-bank.de", Phone: "+4930123456", FirstName: "Jo", LastName: "Weber",
		Company: lead.Company{Name: "Weber Bank AG"}, Country: "DE", Region: "BE", City: "Berlin", PostalCode: "10115",
		Attributes: map[string]any{"street": "Hauptstr. 5", "date_of_birth": "1984-03-12", "seats": int64(3)},
	}
	want := match.Person{
		Email: "jo@weber-bank.de", Phone: "+4930123456", FirstName: "Jo", LastName: "Weber", Company: "weber-bank.de",
		Street: "Hauptstr. 5", City: "Berlin", PostalCode: "10115", Region: "BE", Country: "DE", Birth: "1984-03-12",
	}
	require.Empty(t, cmp.Diff(want, match.PersonOf(&l)))

	l.EmailFree, l.Attributes = &free, map[string]any{"street": true}
	want.Company, want.Street, want.Birth = "Weber Bank AG", "", ""
	require.Empty(t, cmp.Diff(want, match.PersonOf(&l)), "a mail provider is nobody's employer; what is no text is nothing")
}

// drawPerson draws somebody of whom some things are known.
func drawPerson(t *rapid.T) match.Person {
	maybe := func(name string, of ...string) string { return rapid.SampledFrom(append(of, "")).Draw(t, name) }
	return match.Person{
		Email:     maybe("email", "jo.weber@acme.com", "info@acme.com", "x17@mail.example"),
		Phone:     maybe("phone", "+4930123456", "+14155550100"),
		FirstName: maybe("first", "Jo", "Anna Maria", "Bob", "Александр", "J."),
		LastName:  maybe("last", "Weber", "de la Cruz", "Weber-Keller", "王", "Jo"),
		Company:   maybe("company", "acme.com", "Acme GmbH", "Ромашка"),
		Street:    maybe("street", "Hauptstr. 5", "5 Main Street"),
		City:      maybe("city", "Berlin", "Köln"),
		Country:   maybe("country", "DE", "US"),
		Birth:     maybe("birth", "1984-03-12", "19840213"),
	}
}

func TestSameIsSymmetric(t *testing.T) {
	t.Parallel()
	e := encoder()
	rapid.Check(t, func(t *rapid.T) {
		a, b := e.Encode(drawPerson(t)).Sketch, e.Encode(drawPerson(t)).Sketch
		require.Equal(t, e.Same(a, b), e.Same(b, a))
	})
}

func TestSamePersonIsCertain(t *testing.T) {
	t.Parallel()
	e := encoder()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPerson(t), drawPerson(t)
		a.Email, a.FirstName = "jo.weber@acme.com", "Jo"
		x := e.Encode(a)
		require.Empty(t, cmp.Diff(x, e.Encode(a)), "equal persons have equal prints")
		self := e.Same(x.Sketch, x.Sketch)
		require.Greater(t, self, lead.Certain*99/100)
		require.LessOrEqual(t, self, lead.Certain)
		require.LessOrEqual(t, e.Same(x.Sketch, e.Encode(knownOf(a, b)).Sketch), self, "nobody of whom no more is known is more like one than oneself")
	})
}

// A last name that the mail address confirms makes it surer that it is the same person than
// none does.
func TestWhoTellsMoreMayBeMoreLikeOne(t *testing.T) {
	t.Parallel()
	e := encoder()
	jo := match.Person{Email: "jo.weber@acme.com", FirstName: "Jo", Country: "US"}
	weber := jo
	weber.LastName, weber.Phone, weber.City = "Weber", "+4930123456", "Berlin"
	self := e.Same(e.Encode(jo).Sketch, e.Encode(jo).Sketch)
	more := e.Same(e.Encode(jo).Sketch, e.Encode(weber).Sketch)
	require.Greater(t, more, self)
	require.LessOrEqual(t, more, lead.Certain)
}

// knownOf is b, as far as as much is known of a.
func knownOf(a, b match.Person) match.Person {
	for _, field := range []struct {
		a string
		b *string
	}{
		{a.Email, &b.Email},
		{a.Phone, &b.Phone},
		{a.FirstName, &b.FirstName},
		{a.LastName, &b.LastName},
		{a.Company, &b.Company},
		{a.Street, &b.Street},
		{a.City, &b.City},
		{a.Country, &b.Country},
		{a.Birth, &b.Birth},
	} {
		if field.a == "" {
			*field.b = ""
		}
	}
	return b
}

func TestKeys(t *testing.T) {
	t.Parallel()
	e := encoder()
	require.Empty(t, e.Encode(match.Person{}).Keys)
	require.Empty(t, e.Encode(match.Person{FirstName: "Anna", Country: "DE", Email: "no address"}).Keys)
	rapid.Check(t, func(t *rapid.T) {
		keys := e.Encode(drawPerson(t)).Keys
		require.LessOrEqual(t, len(keys), match.MaxKeys)
		seen := map[string]bool{}
		for i, k := range keys {
			require.Len(t, k.Digest, 11)
			require.False(t, seen[k.Digest], "each digest once")
			seen[k.Digest] = true
			require.Contains(t, []string{"email", "phone", "name"}, k.By)
			if i > 0 && k.By != "name" {
				require.Equal(t, "email", keys[i-1].By, "the surest come first")
			}
		}
	})
}

// TestNamesakesAmongMany: of many persons with frequent names at few companies hardly any is
// taken for another.
func TestNamesakesAmongMany(t *testing.T) {
	t.Parallel()
	e := encoder()
	first := strings.Fields("Anna Maria Thomas Michael Peter Paul Laura Julia Jan Lena Max Felix Lisa Sarah David Eva Hans Klara Otto Ida")
	last := strings.Fields(`Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf
		Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann Köhler Maier König`)
	companies := strings.Fields(`Siemens Bosch Lufthansa Allianz Henkel Continental Beiersdorf Fresenius Merck Adidas Puma Zalando Covestro
		Infineon Symrise Vonovia Brenntag Sartorius Qiagen Porsche Rheinmetall Daimler`)
	holders := map[string][]int{}
	prints := make([]match.Print, 0, len(first)*len(last))
	mistaken := 0
	for i, f := range first {
		for j, l := range last {
			n := len(prints)
			p := e.Encode(match.Person{
				Email: fmt.Sprintf("%c%s%d@mail.example", f[0], l, n), FirstName: f, LastName: l,
				Company: companies[(i*7+j)%len(companies)], City: []string{"Berlin", "Hamburg", "Köln"}[(i+j)%3],
			})
			met := map[int]bool{}
			for _, k := range p.Keys {
				for _, other := range holders[k.Digest] {
					if !met[other] && e.Same(p.Sketch, prints[other].Sketch) >= match.Duplicate {
						mistaken++
					}
					met[other] = true
				}
				holders[k.Digest] = append(holders[k.Digest], n)
			}
			prints = append(prints, p)
		}
	}
	require.Less(t, mistaken, len(prints)/50)
}
