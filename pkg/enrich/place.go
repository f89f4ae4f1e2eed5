package enrich

import (
	_ "embed"
	"strings"

	"golang.org/x/text/language"
)

//go:embed data/zones.txt
var zoneLines string

//go:embed data/areas.txt
var areaLines string

//go:embed data/postal.txt
var postalLines string

// Place is where a lead may be. Empty: not known.
type Place struct {
	Country  string // ISO 3166-1 alpha-2
	Region   string // of ISO 3166-2, what follows the dash: CA, BY, 75
	Timezone string // IANA name
}

// atlas knows places. It never changes.
type atlas struct {
	zones  map[string]string            // by country, and by country-region
	tongue map[string]string            // the one language of a country, by country
	areas  map[string]Place             // by calling code and area code: country and region
	postal map[string]map[string][]span // by "region" or "language", by country
}

// span is the postal codes that begin with one from first to last, both of one length.
type span struct{ first, last, value string }

// areaDigits is how long calling and area code are together, for all areas that are known.
const areaDigits = 4

// newAtlas reads the tables. They are our own; a test reads all of them.
func newAtlas() *atlas {
	a := &atlas{
		zones: make(map[string]string, 512), areas: make(map[string]Place, 512), tongue: tongues(),
		postal: map[string]map[string][]span{"region": {}, "language": {}},
	}
	for f := range fieldsOf(zoneLines) {
		a.zones[f[0]] = f[1]
	}
	for f := range fieldsOf(areaLines) {
		a.areas[f[0]] = Place{Country: f[1], Region: f[2]}
	}
	for f := range fieldsOf(postalLines) {
		spans := make([]span, 0, len(f)-2)
		for _, entry := range f[2:] {
			codes, value, _ := strings.Cut(entry, "=")
			first, last, several := strings.Cut(codes, "-")
			if !several {
				last = first
			}
			spans = append(spans, span{first, last, value})
		}
		a.postal[f[1]][f[0]] = spans
	}
	return a
}

// fieldsOf yields the words of each line that is no comment.
func fieldsOf(lines string) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(lines) {
			if f := strings.Fields(line); len(f) > 1 && f[0] != "#" && !yield(f) {
				return
			}
		}
	}
}

// zone of a region, or of a country that has one for nearly everybody.
func (a *atlas) zone(country, region string) string {
	if region != "" {
		var buf [16]byte
		key := append(append(append(buf[:0], country...), '-'), region...)
		if zone, ok := a.zones[string(key)]; ok {
			return zone
		}
	}
	return a.zones[country]
}

// area is the region that the area code of a phone number lies in.
func (a *atlas) area(e164 string) (Place, bool) {
	digits := strings.TrimPrefix(e164, "+")
	if len(digits) < areaDigits {
		return Place{}, false
	}
	p, ok := a.areas[digits[:areaDigits]]
	return p, ok
}

// ofPostal is what a postal code of a country tells of a kind of thing; empty: nothing.
func (a *atlas) ofPostal(kind, country, code string) string {
	spans := a.postal[kind][country]
	if spans == nil {
		return ""
	}
	var buf [12]byte
	plain := plainPostal(buf[:0], country, code)
	for _, s := range spans {
		if n := len(s.first); len(plain) >= n && string(plain[:n]) >= s.first && string(plain[:n]) <= s.last {
			return s.value
		}
	}
	return ""
}

// plainPostal is a postal code without spaces, dashes and the country in front of it (D-10115),
// in capitals, appended to buf.
func plainPostal(buf []byte, country, code string) []byte {
	code = strings.TrimSpace(code)
	if mark, rest, ok := strings.Cut(code, "-"); ok && len(mark) < 4 && countryOfMark(mark) == country {
		code = rest
	}
	for i := 0; i < len(code) && len(buf) < cap(buf); i++ {
		c := code[i]
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			buf = append(buf, c)
		}
	}
	return buf
}

// countryOfMark is what people put before a postal code across a border.
func countryOfMark(mark string) string {
	switch strings.ToUpper(mark) {
	case "D", "DE":
		return "DE"
	case "A", "AT":
		return "AT"
	case "CH":
		return "CH"
	case "F", "FR":
		return "FR"
	case "I", "IT":
		return "IT"
	case "B", "BE":
		return "BE"
	case "L", "LU":
		return "LU"
	case "NL":
		return "NL"
	case "DK":
		return "DK"
	case "S", "SE":
		return "SE"
	case "N", "NO":
		return "NO"
	case "FI", "FIN":
		return "FI"
	case "PL":
		return "PL"
	case "CZ":
		return "CZ"
	case "SK":
		return "SK"
	case "H", "HU":
		return "HU"
	case "SI", "SLO":
		return "SI"
	case "HR":
		return "HR"
	case "RO":
		return "RO"
	case "LV":
		return "LV"
	case "LT":
		return "LT"
	case "GR":
		return "GR"
	case "E", "ES":
		return "ES"
	case "P", "PT":
		return "PT"
	case "FL", "LI":
		return "LI"
	}
	return ""
}

// countryOfPostal is the country whose postal codes alone look like this; most are five
// digits, which tells nothing.
func countryOfPostal(code string) string {
	code = strings.TrimSpace(code)
	if mark, rest, ok := strings.Cut(code, "-"); ok && len(mark) < 4 && isDigits(strings.ReplaceAll(rest, " ", "")) {
		if country := countryOfMark(mark); country != "" {
			return country
		}
	}
	var buf [12]byte
	if len(code) > len(buf) {
		return ""
	}
	switch string(shape(buf[:0], code)) {
	case "A9A 9A9":
		return "CA"
	case "A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA":
		return "GB"
	case "9999 AA":
		return "NL"
	case "A99 AA99", "A99 A999", "A99 A9A9", "A99 AAA9", "A99 AA9A", "A9A AA99":
		return "IE"
	case "9999-999":
		return "PT"
	case "99999-999":
		return "BR"
	case "99-999":
		return "PL"
	case "999-9999":
		return "JP"
	case "99999-9999":
		return "US"
	}
	return ""
}

// shape writes A for letters and 9 for digits.
func shape(buf []byte, code string) []byte {
	for i := range len(code) {
		switch c := code[i]; {
		case c >= '0' && c <= '9':
			buf = append(buf, '9')
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			buf = append(buf, 'A')
		default:
			buf = append(buf, c)
		}
	}
	return buf
}

// languageOf is what nearly everybody of a country, or of one of its regions, can be spoken
// to in; empty where there are several.
func (a *atlas) languageOf(country, region, postal string) string {
	switch {
	case country == "CA" && region == "QC":
		return "fr"
	case country == "BE" || country == "CH":
		return a.ofPostal("language", country, postal)
	}
	return a.tongue[country]
}

// tongues are the languages of countries that have one for business; those of CLDR where
// nothing else is known.
func tongues() map[string]string {
	of := make(map[string]string, 256)
	for i := range 26 * 26 {
		code := string([]byte{'A' + byte(i/26), 'A' + byte(i%26)})
		home, err := language.ParseRegion(code)
		if err != nil || !home.IsCountry() {
			continue
		}
		if tag, err := language.Compose(home); err == nil {
			if base, confidence := tag.Base(); confidence != language.No {
				of[code] = base.String()
			}
		}
	}
	for code := range strings.FieldsSeq("AF BA BE BO CH CM CY DJ ER FJ LK LU MO PG RW SO SS TD VU") {
		delete(of, code) // several
	}
	for code := range strings.FieldsSeq("BW CA GH HK IN KE MT MU MY NA NG PH PK SG TZ UG ZA ZM ZW") {
		of[code] = "en"
	}
	return of
}
