package intake_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/intake"
)

func TestMap(t *testing.T) {
	t.Parallel()
	m := mapOf(t, `
columns:
  Land: {field: country, values: {BRD: Germany, unbekannt: ""}}
  Plätze: {field: attributes.seats, type: number}
  PLZ: attributes.zip
  Kunde seit: {field: attributes.since, type: date}
  Aktiv: {field: attributes.active, type: yes_no}
  Themen: {field: attributes.topics, type: list}
  Kundennummer: {field: attributes.number, type: text}
constants: {channel: partner, country: AT, attributes.campaign: autumn}
ignore: [Umsatz]
blank: ["-", k. A.]
dates: dmy
timezone: Europe/Berlin
delimiter: ";"
`)
	const header = "id;LAND;Plätze;PLZ;Kunde seit;Aktiv;Themen;Kundennummer;Umsatz;E-Mail;Rest\n"
	all := read(t, "leads.csv", header+
		"1;BRD;1.200,50;01067;03/04/2026;nein;a, b;42;99;ana@x.example;r\n"+
		"2;unbekannt;-;k. a.;;;;;;;\n", intake.Config{Map: m})
	require.NoError(t, all[0].Err)
	require.JSONEq(t, `{
		"id": "1", "country": "DE", "channel": "partner", "email": "ana@x.example",
		"attributes": {"seats": 1200.50, "zip": "01067", "since": "2026-04-02T22:00:00Z", "active": false,
			"topics": ["a", "b"], "number": "42", "campaign": "autumn", "rest": "r"}
	}`, string(all[0].Data))
	require.NoError(t, all[1].Err)
	require.JSONEq(t, `{"id": "2", "country": "AT", "channel": "partner", "attributes": {"campaign": "autumn"}}`, string(all[1].Data),
		"a constant stands in where no column says anything")
}

func TestMapDecidesAboutTheRest(t *testing.T) {
	t.Parallel()
	const file = "id,country,odd\n1,DE,x\n"
	require.JSONEq(t, `{"id":"1","country":"DE"}`, string(one(t, "leads.csv", file, intake.Config{Map: mapOf(t, "rest: ignore")}).Data))
	rec := one(t, "leads.csv", file, intake.Config{Map: mapOf(t, "automatic: false")})
	require.Contains(t, string(rec.Data), `"attributes":{"country":"DE","id":1,"odd":"x"}`)
	rec = one(t, "leads.csv", "k,Land\n1,DE\n", intake.Config{Map: mapOf(t, "columns: {Land: country}\nautomatic: false\nrest: ignore")})
	require.Equal(t, "DE", rec.Lead.Country)
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	rec := one(t, "leads.csv", "id,Stra\xdfe,last name\n1,K\xf6ln \x80,M\xfcller\n", intake.Config{Map: mapOf(t, "encoding: windows-1252")})
	require.JSONEq(t, `{"id":"1","last_name":"Müller","attributes":{"strasse":"Köln €"}}`, string(rec.Data))
}

func TestWrongMaps(t *testing.T) {
	t.Parallel()
	for yaml, why := range map[string]string{
		"columns: {A: contry}":                           `column "A": "contry" is not a field of a lead; for anything else write attributes.NAME`,
		"columns: {A: country, B: country}":              `columns "A" and "B" both give country`,
		"columns: {A: {field: country, type: text}}":     "country has a type already; `type` is for attributes",
		"columns: {A: {field: attributes.x, type: int}}": `type "int" is none of text, number, yes_no, date, list`,
		"columns: {A: {feld: country}}":                  `"feld" is not known of a column; want field, values or type`,
		"constants: {contry: DE}":                        `constants: "contry" is not a field of a lead`,
		"colums: {}":                                     "field colums not found",
		"decimal: komma":                                 `decimal: "komma" is none of point, comma`,
		"dates: ymd":                                     `dates: "ymd" is none of dmy, mdy`,
		"rest: drop":                                     `rest: "drop" is none of attributes, ignore`,
		"encoding: ebcdic":                               `encoding: "ebcdic" is none of iso-8859-1, iso-8859-15, utf-8, windows-1252`,
		"timezone: Berlin":                               `timezone: "Berlin" is not an IANA time zone`,
		"delimiter: '::'":                                `delimiter: "::" is not one character or tab`,
		"columns: [a]":                                   "cannot unmarshal",
	} {
		_, err := intake.ParseMap([]byte(yaml))
		require.ErrorContains(t, err, why, yaml)
	}
	_, err := intake.ParseMap([]byte("decimal: x\ndates: y\n"))
	require.ErrorContains(t, err, "decimal")
	require.ErrorContains(t, err, "dates", "all problems at once")
	_, err = intake.ReadMap("nowhere.yaml")
	require.ErrorContains(t, err, "read map: open nowhere.yaml")
}

// shared is a file of the data that is not part of the repository.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	dir := os.Getenv("LEADROUTER_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(dir, "data", name))
	if err != nil {
		t.Skip("no shared data: ", err)
	}
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// Every one of the 7,392 leads of a real export goes through its map.
func TestRealExport(t *testing.T) {
	t.Parallel()
	file := shared(t, "x-education/leads_oldest80.csv.gz")
	m, err := intake.ReadMap(filepath.Join("..", "..", "examples", "maps", "x-education.yaml"))
	require.NoError(t, err)
	r, err := intake.NewReader(file, file.Name(), intake.Config{Map: m})
	require.NoError(t, err)
	sources, countries, ids := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, rec := range drain(t, r) {
		require.NoError(t, rec.Err)
		sources[rec.Lead.Source]++
		countries[rec.Lead.Country]++
		ids[rec.Lead.ID] = true
		for _, leak := range []string{"converted", "tags", "lead_quality", "last_activity"} {
			require.NotContains(t, rec.Lead.Attributes, leak, "it is not known when the lead comes in")
		}
	}
	require.Len(t, ids, 7392)
	require.Equal(t, 5137, countries["IN"])
	require.Equal(t, 60, countries["US"])
	require.Greater(t, sources["organic_search"], 3000)
	require.Equal(t, 451, sources["referral"])
}

func TestExportWithoutMap(t *testing.T) {
	t.Parallel()
	file := shared(t, "realestate-funnel/Leads.csv")
	r, err := intake.NewReader(file, file.Name(), intake.Config{})
	require.NoError(t, err)
	all := drain(t, r)
	require.Len(t, all, 5000)
	for _, rec := range all {
		require.NoError(t, rec.Err)
		require.NotEmpty(t, rec.Lead.Channel)
		require.False(t, rec.Lead.CreatedAt.IsZero())
	}
	require.Equal(t, "LEAD-003407", all[0].Lead.ID)
}
