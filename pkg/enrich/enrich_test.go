package enrich_test

import (
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/enrich"
	"leadrouter/pkg/lead"
)

// parse reads a lead as its sender sent it.
func parse(t testing.TB, raw string) lead.Lead {
	t.Helper()
	l, err := lead.Parse([]byte(raw))
	require.NoError(t, err)
	return l
}

// place is what is known of where a lead is, and from where: "DE from phone".
func place(l lead.Lead) map[string]string {
	out := map[string]string{}
	for name, v := range map[string]string{"country": l.Country, "region": l.Region, "timezone": l.Timezone, "language": l.Language} {
		if v == "" {
			continue
		}
		out[name] = v
		if l.Evidence != nil && l.Evidence.From[name] != "" {
			out[name] += " from " + l.Evidence.From[name]
		}
	}
	return out
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	at := netip.MustParseAddr("203.0.113.9")
	e := enrich.New(enrich.Config{Locate: func(a netip.Addr) (enrich.Place, bool) {
		return enrich.Place{Country: "AU", Region: "QLD", Timezone: "Australia/Brisbane"}, a == at
	}})
	type m = map[string]string
	for raw, want := range map[string]m{
		`{"id":"1"}`:                                                        {},
		`{"id":"1","phone":"+49 30 90182000"}`:                              {"country": "DE from phone", "timezone": "Europe/Berlin from phone", "language": "de from country"},
		`{"id":"1","phone":"+1 415 555 2671"}`:                              {"country": "US from phone", "region": "CA from phone", "timezone": "America/Los_Angeles from region", "language": "en from country"},
		`{"id":"1","phone":"+1 514 555 2671"}`:                              {"country": "CA from phone", "region": "QC from phone", "timezone": "America/Toronto from region", "language": "fr from country"},
		`{"id":"1","phone":"+55 11 3071 2345"}`:                             {"country": "BR from phone", "region": "SP from phone", "timezone": "America/Sao_Paulo from region", "language": "pt from country"},
		`{"id":"1","phone":"+7 383 212 34 56"}`:                             {"country": "RU from phone", "timezone": "Asia/Novosibirsk from phone", "language": "ru from country"},
		`{"id":"1","email":"jo@acme.co.uk"}`:                                {"country": "GB from email", "timezone": "Europe/London from country", "language": "en from country"},
		`{"id":"1","email":"jo@acme.co.uk","phone":"+33 1 42 68 53 00"}`:    {"country": "FR from phone", "timezone": "Europe/Paris from phone", "language": "fr from country"},
		`{"id":"1","email":"jo@firma.pl","phone":"22 123 45 67"}`:           {"country": "PL from email", "timezone": "Europe/Warsaw from phone", "language": "pl from country"},
		`{"id":"1","postal_code":"EH1 1YZ"}`:                                {"country": "GB from postal_code", "region": "SCT from postal_code", "timezone": "Europe/London from country", "language": "en from country"},
		`{"id":"1","postal_code":"H2Y 1C6"}`:                                {"country": "CA from postal_code", "region": "QC from postal_code", "timezone": "America/Toronto from region", "language": "fr from country"},
		`{"id":"1","postal_code":"D-80331"}`:                                {"country": "DE from postal_code", "region": "BY from postal_code", "timezone": "Europe/Berlin from country", "language": "de from country"},
		`{"id":"1","postal_code":"80331"}`:                                  {},
		`{"id":"1","country":"US","postal_code":"80331"}`:                   {"country": "US", "region": "CO from postal_code", "timezone": "America/Denver from region", "language": "en from country"},
		`{"id":"1","country":"US","postal_code":"78701-1234"}`:              {"country": "US", "region": "TX from postal_code", "timezone": "America/Chicago from region", "language": "en from country"},
		`{"id":"1","country":"ES","postal_code":"08001"}`:                   {"country": "ES", "region": "CT from postal_code", "timezone": "Europe/Madrid from country", "language": "es from country"},
		`{"id":"1","country":"CH","postal_code":"1204"}`:                    {"country": "CH", "timezone": "Europe/Zurich from country", "language": "fr from country"},
		`{"id":"1","country":"CH"}`:                                         {"country": "CH", "timezone": "Europe/Zurich from country"},
		`{"id":"1","country":"US"}`:                                         {"country": "US", "language": "en from country"},
		`{"id":"1","country":"US","region":"TX","phone":"+1 212 555 2671"}`: {"country": "US", "region": "TX", "timezone": "America/Chicago from region", "language": "en from country"},
		`{"id":"1","country":"FR","phone":"+49 30 90182000"}`:               {"country": "FR", "timezone": "Europe/Paris from country", "language": "fr from country"},
		`{"id":"1","country":"DE","language":"en","timezone":"UTC"}`:        {"country": "DE", "language": "en", "timezone": "UTC"},
		`{"id":"1","ip":"203.0.113.9"}`:                                     {"country": "AU from ip", "region": "QLD from ip", "timezone": "Australia/Brisbane from region", "language": "en from country"},
		`{"id":"1","attributes":{"client_ip":"::ffff:203.0.113.9"}}`:        {"country": "AU from ip", "region": "QLD from ip", "timezone": "Australia/Brisbane from region", "language": "en from country"},
		`{"id":"1","ip":"203.0.113.9","country":"NZ"}`:                      {"country": "NZ", "timezone": "Pacific/Auckland from country", "language": "en from country"},
		`{"id":"1","ip":"10.0.0.1"}`:                                        {},
		`{"id":"1","ip":"not an address"}`:                                  {},
		`{"id":"1","ip":17}`:                                                {},
		`{"id":"1","email":"jo@startup.io","phone":"call me"}`:              {},
	} {
		l := parse(t, raw)
		e.Enrich(&l)
		require.Equal(t, want, place(l), raw)
	}
}

// TestSenderKnows: nothing that the sender has said is changed, but for how addresses and
// numbers are written.
func TestSenderKnows(t *testing.T) {
	t.Parallel()
	l := parse(t, `{"id":"1","email":"Jo@Acme.de","phone":"+49 30 90182000","country":"FR","region":"IDF","timezone":"Asia/Tokyo","language":"ja",
		"job_title":"CEO","seniority":"junior","job_function":"it","email_free":true,"email_disposable":true,"company":{"domain":"other.example"}}`)
	want := l
	want.Email, want.Phone = "jo@acme.de", "+493090182000"
	enrich.New(enrich.Config{}).Enrich(&l)
	require.Equal(t, want, l)
}

// TestTwice: what was enriched is not changed by it again, and Facts says the same.
func TestTwice(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	l := parse(t, `{"id":"1","email":"Jo@Acme.de","phone":"+1 (415) 555-2671 ext. 17","job_title":"VP Sales"}`)
	facts := l.Facts()
	e.Enrich(&l)
	require.Equal(t, "17", l.Attributes["phone_extension"])
	again := l
	e.Enrich(&again)
	require.Equal(t, l, again)
	e.Facts(facts)
	for name := range l.Evidence.From {
		require.Equal(t, l.Facts()[name], facts[name], name)
	}
	nothing := lead.Facts{"intent": "high"}
	e.Facts(nothing)
	require.Equal(t, lead.Facts{"intent": "high"}, nothing)
}

// TestManyAtATime: sections of a batch are enriched side by side.
func TestManyAtATime(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	var group sync.WaitGroup
	for _, phone := range []string{"+49 30 90182000", "+1 415 555 2671", "+81 3 3224 9999", "+44 20 7946 0958"} {
		for range 4 {
			group.Go(func() {
				l := lead.Lead{ID: "1", Phone: phone, Email: "jo@acme.example", JobTitle: "Head of Sales"}
				e.Enrich(&l)
				if l.Country == "" || l.Seniority != "director" {
					t.Errorf("not enriched: %+v", l)
				}
			})
		}
	}
	group.Wait()
}

// TestPeopleOfTheWorld: names and companies stay as they are written, in whichever script.
func TestPeopleOfTheWorld(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	names := []string{
		"Siobhán Ó Súilleabháin", "Jörg-Peter Müller-Lüdenscheidt", "Łukasz Żółć", "Αλέξανδρος Γεωργίου", "Екатерина Иванова", "محمد الزهراني",
		"יונתן כהן-לוי", "प्रियंका शर्मा", "渡辺 美咲", "欧阳 志明", "김 서연", "สมชาย ศรีสุวรรณ", "გიორგი ბერიძე", "Նարեկ Սարգսյան", "Nguyễn Thị Ánh",
		"José de la Cruz y Vega", "Şebnem Çağlar", "Þórdís Ægisdóttir", "O'Brien", "😀Kim",
	}
	companies := []string{
		"Müller & Söhne GmbH & Co. KG", "Acme Ltd", "Acme Inc.", "Société Générale S.A.", "Dupont SARL", "Rossi S.r.l.", "García S.L.U.", "Silva Ltda.",
		"Jansen B.V.", "Nowak Sp. z o.o.", "Volvo AB", "Novo A/S", "Equinor ASA", "Nokia Oyj", "Novák s.r.o.", "Kovács Kft.", "Popescu S.R.L.", "Yılmaz A.Ş.",
		"Παπαδόπουλος Α.Ε.", "ООО «Ромашка»", "ТОВ Мрія", "株式会社日立", "北京科技有限公司", "(주)삼성", "شركة الاتصالات ذ.م.م", "כהן בע\"מ", "Công ty TNHH Sao Mai",
	}
	for i, name := range names {
		first, last, _ := strings.Cut(name, " ")
		l := lead.Lead{ID: "1", FirstName: first, LastName: last, Email: "x@acme.example"}
		e.Enrich(&l)
		require.Equal(t, []string{first, last}, []string{l.FirstName, l.LastName}, i)
	}
	for _, company := range companies {
		l := lead.Lead{ID: "1", Company: lead.Company{Name: company}, JobTitle: "CEO"}
		e.Enrich(&l)
		require.Equal(t, company, l.Company.Name)
		require.Equal(t, "c_level", l.Seniority)
	}
}

// TestEvidenceHoldsNothingPersonal: it goes into the decision log.
func TestEvidenceHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	l := parse(t, `{"id":"1","email":"eva.weber@acme.de","phone":"+49 30 90182000 ext 17","ip":"203.0.113.9","job_title":"CEO","postal_code":"10115"}`)
	enrich.New(enrich.Config{}).Enrich(&l)
	sources := []string{"email", "phone", "postal_code", "ip", "country", "region", "job_title"}
	for name, from := range l.Evidence.From {
		known, ok := lead.Lookup(name)
		require.True(t, ok && !known.Personal, name)
		require.Contains(t, sources, from)
	}
}

// TestTables: every zone of the tables is one that calendars know, for every country.
func TestTables(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	zones, tongues := 0, 0
	for i := range 26 * 26 {
		country := string([]byte{'A' + byte(i/26), 'A' + byte(i%26)})
		l := lead.Lead{ID: "1", Country: country}
		e.Enrich(&l)
		if l.Timezone != "" {
			zones++
			require.True(t, calendar.IsZone(l.Timezone), "%s: %s", country, l.Timezone)
		}
		if l.Language != "" {
			tongues++
			require.Equal(t, l.Language, parse(t, `{"id":"1","language":"`+l.Language+`"}`).Language, country)
		}
	}
	require.Greater(t, zones, 200)
	require.Greater(t, tongues, 200)
}
