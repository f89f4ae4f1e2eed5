package enrich

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a phone number that exists in the numbering plan of its country; whether
// somebody answers is another matter.
type Phone struct {
	E164      string // +493090182000
	Country   string // ISO 3166-1 alpha-2; empty for numbers of no country, such as +800
	Extension string // digits behind it; empty: none
}

// maxCode bounds calling codes.
const maxCode = 1000

// directory knows the numbering plans of the world. It is safe for parallel use.
type directory struct {
	plans    [maxCode]func() *numbering // nil: no such calling code
	dialling map[string]dialling        // by region
}

// dialling is how people of a region write numbers of their own.
type dialling struct {
	code   int
	digits string // of code
	trunk  string // national prefix, such as 0; empty: none
	abroad string // what calls abroad begin with, such as 00
	// plain: both are fixed digits, which are only ever taken off, so that a number can be
	// told from its digits.
	plain bool
}

// newDirectory lists the plans; each is built when the first number of it comes along.
func newDirectory() *directory {
	d := &directory{dialling: map[string]dialling{}}
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return d // it is embedded in the library, which would not have started
	}
	byID := make(map[string]*phonenumbers.PhoneMetadata, len(all.GetMetadata()))
	byCode := map[int]*phonenumbers.PhoneMetadata{} // of no country
	for _, meta := range all.GetMetadata() {
		if meta.GetId() == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY {
			byCode[int(meta.GetCountryCode())] = meta
			continue
		}
		byID[meta.GetId()] = meta
		code := int(meta.GetCountryCode())
		trunk, abroad := meta.GetNationalPrefix(), meta.GetInternationalPrefix()
		d.dialling[meta.GetId()] = dialling{
			code: code, digits: strconv.Itoa(code), trunk: trunk, abroad: abroad,
			plain: isDigits(abroad) && meta.GetNationalPrefixForParsing() == trunk && meta.GetNationalPrefixTransformRule() == "",
		}
	}
	for code := range phonenumbers.GetSupportedCallingCodes() {
		var regions []*phonenumbers.PhoneMetadata
		for _, id := range phonenumbers.GetRegionCodesForCountryCode(code) {
			if meta := byID[id]; meta != nil {
				regions = append(regions, meta)
			} else if meta := byCode[code]; meta != nil {
				regions = append(regions, meta)
			}
		}
		if len(regions) > 0 && code < maxCode {
			d.plans[code] = sync.OnceValue(func() *numbering { return newNumbering(regions) })
		}
	}
	return d
}

// parse reads a phone number as people write them, in a country where one without a calling
// code is at home (empty: not known). ok is false for what is no number there.
func (d *directory) parse(text, country string) (p Phone, ok bool) {
	if p, ok = d.quick(text, country); ok {
		return p, true
	}
	number, err := phonenumbers.Parse(text, country)
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return Phone{}, false
	}
	return Phone{
		E164: phonenumbers.Format(number, phonenumbers.E164), Extension: number.GetExtension(),
		Country: countryOf(phonenumbers.GetRegionCodeForNumber(number)),
	}, true
}

// quick reads what is plain from its digits: nearly all numbers that programs write.
func (d *directory) quick(text, country string) (Phone, bool) {
	var buf [20]byte
	digits, international, ok := digitsOf(buf[:0], text)
	if !ok {
		return Phone{}, false
	}
	if international {
		return d.international(text, digits)
	}
	home, known := d.dialling[country]
	national := string(digits)
	if !known || !home.plain || strings.HasPrefix(national, home.abroad) || strings.HasPrefix(national, home.digits) {
		return Phone{}, false
	}
	if home.trunk != "" {
		national = strings.TrimPrefix(national, home.trunk)
	}
	region, ok := d.plans[home.code]().find(national)
	return Phone{E164: "+" + home.digits + national, Country: countryOf(region)}, ok
}

func (d *directory) international(text string, digits []byte) (Phone, bool) {
	code := 0
	for i := 0; i < min(3, len(digits)) && digits[0] != '0'; i++ {
		code = 10*code + int(digits[i]-'0')
		if d.plans[code] == nil {
			continue
		}
		e164 := text // as it should be, mostly: then nothing is copied
		if len(text) != 1+len(digits) {
			e164 = "+" + string(digits)
		}
		region, ok := d.plans[code]().find(e164[2+i:])
		return Phone{E164: e164, Country: countryOf(region)}, ok
	}
	return Phone{}, false
}

// digitsOf takes the digits out of a number, appended to buf; false when there is anything
// in it but what people put between digits.
func digitsOf(buf []byte, text string) (digits []byte, international, ok bool) {
	text, international = strings.CutPrefix(text, "+")
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9' && len(buf) < cap(buf):
			buf = append(buf, c)
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')':
		default:
			return nil, false, false
		}
	}
	return buf, international, len(buf) > 0
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func countryOf(region string) string {
	if region == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY || region == phonenumbers.UNKNOWN_REGION {
		return ""
	}
	return region
}

// zoneOfPhone is the time zone that a number lies in; empty where it can be several.
func zoneOfPhone(e164 string) string {
	if e164 == "" {
		return ""
	}
	zones, err := phonenumbers.GetTimezonesForPrefix(e164)
	if err != nil || len(zones) != 1 || zones[0] == phonenumbers.UNKNOWN_TIMEZONE {
		return ""
	}
	return presentName(zones[0])
}

// presentName is the name that a zone goes by today, where the library has an older one.
func presentName(zone string) string {
	switch zone {
	case "Asia/Calcutta":
		return "Asia/Kolkata"
	case "Asia/Saigon":
		return "Asia/Ho_Chi_Minh"
	case "Asia/Katmandu":
		return "Asia/Kathmandu"
	case "Asia/Rangoon":
		return "Asia/Yangon"
	case "America/Buenos_Aires":
		return "America/Argentina/Buenos_Aires"
	case "America/Indianapolis":
		return "America/Indiana/Indianapolis"
	case "America/Louisville":
		return "America/Kentucky/Louisville"
	case "America/Godthab":
		return "America/Nuuk"
	case "Atlantic/Faeroe":
		return "Atlantic/Faroe"
	case "Europe/Kiev":
		return "Europe/Kyiv"
	case "Pacific/Truk":
		return "Pacific/Chuuk"
	case "Pacific/Ponape":
		return "Pacific/Pohnpei"
	}
	return zone
}
