package intake

import (
	"errors"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// nameLanguages are the languages whose names of countries are known.
var nameLanguages = []language.Tag{
	language.English, language.German, language.French, language.Spanish,
	language.Italian, language.Portuguese, language.Dutch,
}

// otherNames are in use, and not in the Unicode tables.
var otherNames = map[string]string{
	"america":                  "US",
	"u.s.":                     "US",
	"u.s.a.":                   "US",
	"united states of america": "US",
	"england":                  "GB",
	"great britain":            "GB",
	"scotland":                 "GB",
	"wales":                    "GB",
	"northern ireland":         "GB",
	"holland":                  "NL",
	"the netherlands":          "NL",
	"czech republic":           "CZ",
	"korea, republic of":       "KR",
	"republic of korea":        "KR",
	"korea":                    "KR",
	"russian federation":       "RU",
	"turkey":                   "TR",
	"uae":                      "AE",
	"macedonia":                "MK",
	"swaziland":                "SZ",
	"burma":                    "MM",
	"ivory coast":              "CI",
	"cape verde":               "CV",
	"hong kong":                "HK",
	"macau":                    "MO",
	"viet nam":                 "VN",
}

// countryCodes finds the ISO 3166-1 code of a country by its name, folded.
var countryCodes = sync.OnceValue(func() map[string]string {
	codes := map[string]string{}
	for _, tag := range nameLanguages {
		namer := display.Regions(tag)
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				region, err := language.ParseRegion(string([]rune{a, b}))
				if err != nil || !region.IsCountry() || region.Canonicalize() != region {
					continue
				}
				name := foldName(namer.Name(region))
				if _, taken := codes[name]; name != "" && !taken {
					codes[name] = region.String()
				}
			}
		}
	}
	for name, code := range otherNames {
		codes[foldName(name)] = code
	}
	return codes
})

// country reads a country: a code of two or three letters, or a name in one of a
// few languages.
func country(text string) (string, error) {
	if code, ok := countryCodes()[foldName(text)]; ok {
		return code, nil
	}
	region, err := language.ParseRegion(text)
	if err != nil || !region.IsCountry() || digits(text) {
		return "", errors.New("is not a country; translate it under `values` in the map")
	}
	return region.Canonicalize().String(), nil
}

// foldName makes the ways to write a name one: "Côte d’Ivoire" and "COTE D'IVOIRE".
func foldName(name string) string {
	name = strings.NewReplacer("&", "and", " SAR China", "").Replace(name)
	return strings.TrimPrefix(slug(name), "_")
}
