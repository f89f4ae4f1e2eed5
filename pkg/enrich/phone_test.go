package enrich_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/enrich"
	"leadrouter/pkg/lead"
)

func TestPhones(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	for _, tt := range []struct {
		text, country string
		want          enrich.Phone
	}{
		{"+493090182000", "", enrich.Phone{E164: "+493090182000", Country: "DE"}},
		{"+49 (0)30 9018-2000", "", enrich.Phone{E164: "+493090182000", Country: "DE"}},
		{"030 / 90 18 20 00", "DE", enrich.Phone{E164: "+493090182000", Country: "DE"}},
		{"0049 30 90182000", "DE", enrich.Phone{E164: "+493090182000", Country: "DE"}},
		{"tel:+49-30-90182000", "", enrich.Phone{E164: "+493090182000", Country: "DE"}},
		{"(415) 555-2671 x 17", "US", enrich.Phone{E164: "+14155552671", Country: "US", Extension: "17"}},
		{"(416) 555-2671", "US", enrich.Phone{E164: "+14165552671", Country: "CA"}},
		{"1-800-FLOWERS", "US", enrich.Phone{E164: "+18003569377", Country: "US"}},
		{"＋８１ ３ ３２２４ ９９９９", "", enrich.Phone{E164: "+81332249999", Country: "JP"}},
		{"٠٥٠١٢٣٤٥٦٧", "SA", enrich.Phone{E164: "+966501234567", Country: "SA"}},
		{"+39 06 6982 1234", "", enrich.Phone{E164: "+390669821234", Country: "VA"}},
		{"8 (495) 123-45-67", "RU", enrich.Phone{E164: "+74951234567", Country: "RU"}},
		{"+800 1234 5678", "", enrich.Phone{E164: "+80012345678"}},
	} {
		got, ok := e.Phone(tt.text, tt.country)
		require.True(t, ok, tt.text)
		require.Equal(t, tt.want, got, tt.text)
	}
	for _, none := range []string{"", "+", "call me", "030 90182000", "+49", "+0190 1934 5678", "+999123456", "123", strings.Repeat("1", 300), "+4930901820001234567890"} {
		_, ok := e.Phone(none, "")
		require.False(t, ok, none)
	}
	_, ok := e.Phone("030 90182000", "ZZ")
	require.False(t, ok)
}

// TestPhonesAreThoseOfTheLibrary: the automata say of every number what libphonenumber's own
// expressions say.
func TestPhonesAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	var regions []string
	for id := range phonenumbers.GetSupportedRegions() {
		regions = append(regions, id)
	}
	slices.Sort(regions)
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			text, country := drawPhone(t, regions)
			want := enrich.Phone{}
			number, err := phonenumbers.Parse(text, country)
			valid := err == nil && phonenumbers.IsValidNumber(number)
			if valid {
				want = enrich.Phone{E164: phonenumbers.Format(number, phonenumbers.E164), Country: phonenumbers.GetRegionCodeForNumber(number)}
				want.Country = strings.TrimPrefix(want.Country, "001")
			}
			got, ok := e.Phone(text, country)
			require.Equal(t, valid, ok, "%q in %q", text, country)
			require.Equal(t, want, got, "%q in %q", text, country)
		}
	})
}

// drawPhone is a number of a region, written in one of three ways, with a few digits changed,
// and the country it is said to be of.
func drawPhone(t *rapid.T, regions []string) (text, country string) {
	region := rapid.SampledFrom(regions).Draw(t, "region")
	kind := rapid.SampledFrom([]phonenumbers.PhoneNumberType{
		phonenumbers.MOBILE, phonenumbers.FIXED_LINE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.VOIP,
	}).Draw(t, "kind")
	example := phonenumbers.GetExampleNumberForType(region, kind)
	if example == nil {
		example = phonenumbers.GetExampleNumber(region)
	}
	format := rapid.SampledFrom([]phonenumbers.PhoneNumberFormat{
		phonenumbers.E164, phonenumbers.NATIONAL, phonenumbers.INTERNATIONAL,
	}).Draw(t, "format")
	digits := []byte(phonenumbers.Format(example, format))
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		at := rapid.IntRange(0, len(digits)-1).Draw(t, "at")
		if digits[at] >= '0' && digits[at] <= '9' {
			digits[at] = rapid.SampledFrom([]byte("0123456789")).Draw(t, "digit")
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "longer") == 0 {
		digits = append(digits, '7')
	}
	country = region
	switch rapid.IntRange(0, 3).Draw(t, "said to be") {
	case 0:
		country = rapid.SampledFrom(regions).Draw(t, "country")
	case 1:
		country = ""
	}
	return string(digits), country
}

// TestZonesOfPhones: whatever a number's zone is called, it is one that calendars know.
func TestZonesOfPhones(t *testing.T) {
	t.Parallel()
	e := enrich.New(enrich.Config{})
	for region := range phonenumbers.GetSupportedRegions() {
		l := lead.Lead{Phone: phonenumbers.Format(phonenumbers.GetExampleNumber(region), phonenumbers.E164)}
		e.Enrich(&l)
		require.True(t, l.Timezone == "" || calendar.IsZone(l.Timezone), "%s: %s", region, l.Timezone)
	}
}

func FuzzPhone(f *testing.F) {
	e := enrich.New(enrich.Config{})
	for _, text := range []string{"+49 30 901820", "(415) 555-2671 x17", "00 1", "+", "٠٩٨٧", "tel:+1;ext=5", ";phone-context=+1"} {
		f.Add(text, "US")
	}
	f.Fuzz(func(t *testing.T, text, country string) {
		p, ok := e.Phone(text, country)
		if !ok {
			require.Empty(t, p)
			return
		}
		again, ok := e.Phone(p.E164, "")
		require.True(t, ok, p.E164)
		require.Equal(t, p.E164, again.E164)
	})
}
