package intake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"leadrouter/pkg/intake"
)

// field reads a file of one cell and returns the lead's data, or why there is none.
func field(t testing.TB, header, cell, yaml string) (map[string]any, error) {
	t.Helper()
	all := read(t, "leads.csv", "id\t"+header+"\n1\t"+cell+"\n", intake.Config{Map: mapOf(t, yaml)})
	require.Len(t, all, 1)
	if all[0].Err != nil {
		return nil, all[0].Err
	}
	var data map[string]any
	dec := json.NewDecoder(strings.NewReader(string(all[0].Data)))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&data))
	return data, nil
}

func TestNumbersAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"12500": "12500", "12500.50": "12500.50", "12,500": "12500", "1,234,567": "1234567", "1.234.567": "1234567",
		"1,234.56": "1234.56", "1.234,56": "1234.56", "12,5": "12.5", "12.5": "12.5", "0.125": "0.125", "0,125": "0.125",
		"1234,500": "1234.500", "12 500": "12500", "12\u00a0500": "12500", "12\u202f500,25": "12500.25", "12'500": "12500",
		"12’500.5": "12500.5", "007": "7", "0": "0", "000": "0", " 42 ": "42",
	} {
		data, err := field(t, "deal value", text, "")
		require.NoError(t, err, text)
		require.Equal(t, json.Number(want), data["deal_value"], text)
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		"12.500":    `leads.csv:2: deal_value "12.500" can be read in two ways; say decimal: point or decimal: comma in the map`,
		"12,5k":     `leads.csv:2: deal_value "12,5k" is not a number`,
		"a lot":     `deal_value "a lot" is not a number`,
		"1,23,456":  "is not a number",
		"1.2.3":     "is not a number",
		"1,234.5.6": "is not a number",
		"12,":       "is not a number",
		".5":        "is not a number",
		"-":         "is not a number",
		"1e5":       "is not a number",
		"0x10":      "is not a number",
		"NaN":       "is not a number",
		"--5":       "is not a number",
		"-5":        "deal_value: is not between 0 and",
		"$900":      "is in dollars of an unnamed kind",
	} {
		_, err := field(t, "deal value", text, "")
		require.ErrorContains(t, err, why, text)
	}
}

func TestDecimalMarkOfTheMap(t *testing.T) {
	t.Parallel()
	for yaml, want := range map[string]string{"decimal: point": "12.500", "decimal: comma": "12500"} {
		data, err := field(t, "deal value", "12.500", yaml)
		require.NoError(t, err)
		require.Equal(t, json.Number(want), data["deal_value"])
	}
	_, err := field(t, "deal value", "1.234,56", "decimal: point")
	require.ErrorContains(t, err, "is not a number")
}

func TestCurrencyInTheAmount(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"€ 1.234,50": "EUR 1234.50", "900 £": "GBP 900", "USD 12,500": "USD 12500", "12 500 CHF": "CHF 12500"} {
		data, err := field(t, "deal value", text, "")
		require.NoError(t, err, text)
		require.Equal(t, want, fmt.Sprint(data["currency"], " ", data["deal_value"]))
	}
	for _, rows := range []string{"id\tcurrency\tdeal value\n1\tEUR\t£900\n", "id\tdeal value\tcurrency\n1\t£900\tEUR\n"} {
		all := read(t, "leads.csv", rows, intake.Config{})
		require.ErrorContains(t, all[0].Err, "the same line in", "two currencies in one row")
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	const berlin = "timezone: Europe/Berlin"
	for _, tc := range []struct{ text, yaml, want string }{
		{"2026-11-24", "", "2026-11-24T00:00:00Z"},
		{"2026-11-24", berlin, "2026-11-23T23:00:00Z"},
		{"2026-11-24T10:00:00+02:00", berlin, "2026-11-24T08:00:00Z"},
		{"2026-11-24 10:00", "", "2026-11-24T10:00:00Z"},
		{"24.11.2026", "", "2026-11-24T00:00:00Z"},
		{"4.3.2026 9:05", "", "2026-03-04T09:05:00Z"},
		{"24/11/2026", "", "2026-11-24T00:00:00Z"},
		{"11/24/2026 3:04 PM", "", "2026-11-24T15:04:00Z"},
		{"03/03/2026", "", "2026-03-03T00:00:00Z"},
		{"03/04/2026", "dates: dmy", "2026-04-03T00:00:00Z"},
		{"03/04/2026", "dates: mdy", "2026-03-04T00:00:00Z"},
		{"24 Nov 2026", "", "2026-11-24T00:00:00Z"},
		{"November 24, 2026", "", "2026-11-24T00:00:00Z"},
	} {
		data, err := field(t, "created", tc.text, tc.yaml)
		require.NoError(t, err, tc.text)
		require.Equal(t, tc.want, data["created_at"], tc.text)
	}
	for text, why := range map[string]string{
		"03/04/2026": "can be read in two ways; say dates: dmy or dates: mdy in the map",
		"31/31/2026": "is not a date", "yesterday": "is not a date", "2026-02-30": "is not a date", "1776-07-04": "created_at: is not between the years",
	} {
		_, err := field(t, "created", text, "")
		require.ErrorContains(t, err, why, text)
	}
	_, err := field(t, "created", "11/24/2026", "dates: dmy")
	require.ErrorContains(t, err, "is not a date", "the map says days come first")
}

func TestCountries(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"DE": "DE", "de": "DE", "DEU": "DE", "Germany": "DE", "Deutschland": "DE", "Allemagne": "DE", "Alemania": "DE",
		"UK": "GB", "USA": "US", "United States": "US", "u.s.": "US", "Côte d’Ivoire": "CI", "COTE D'IVOIRE": "CI", "Ivory Coast": "CI",
		"Trinidad and Tobago": "TT", "Hong Kong": "HK", "Türkei": "TR", "Turkey": "TR", "The Netherlands": "NL", "Czech Republic": "CZ", "South Korea": "KR",
	} {
		data, err := field(t, "country", text, "")
		require.NoError(t, err, text)
		require.Equal(t, want, data["country"], text)
	}
	for _, text := range []string{"unknown", "Asia/Pacific Region", "Europe", "150", "XX", "Atlantis"} {
		_, err := field(t, "country", text, "")
		require.ErrorContains(t, err, "is not a country; translate it under `values` in the map", text)
	}
}

// Every country is known by the name that English, German, French and Spanish
// give it.
func TestEveryCountryByName(t *testing.T) {
	t.Parallel()
	rows, want := "id\tcountry\n", []string(nil)
	for _, tag := range []language.Tag{language.English, language.German, language.French, language.Spanish} {
		for code := range strings.FieldsSeq("AT BE BR CA CH CN CZ DK EG ES FI FR GB GR HU IE IN IT JP KE MX NL NO NZ PL PT RO SE SG TH UA US VN ZA") {
			rows += fmt.Sprintf("%d\t%s\n", len(want), display.Regions(tag).Name(language.MustParseRegion(code)))
			want = append(want, code)
		}
	}
	for i, rec := range read(t, "leads.csv", rows, intake.Config{}) {
		require.NoError(t, rec.Err)
		require.Equal(t, want[i], rec.Lead.Country)
	}
}

func TestYesNo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"Yes": true, "y": true, "1": true, "TRUE": true, "x": true, "No": false, "n": false, "0": false, "false": false} {
		data, err := field(t, "test", text, "")
		require.NoError(t, err)
		require.Equal(t, want, data["test"])
	}
	_, err := field(t, "test", "maybe", "")
	require.ErrorContains(t, err, `test "maybe" is neither yes nor no`)
}

// What looks like a number and is a name stays text.
func TestLooseAttributes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"40": json.Number("40"), "1.5": json.Number("1.5"), "-3": json.Number("-3"),
		"01067": "01067", "4915112345678901": "4915112345678901", "12,500": "12,500", "1e5": "1e5", "Yes": "Yes", "+49": "+49",
	} {
		data, err := field(t, "odd", text, "")
		require.NoError(t, err)
		require.Equal(t, map[string]any{"odd": want}, data["attributes"], text)
	}
}
