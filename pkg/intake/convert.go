package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Two ways to write a number.
const (
	decimalPoint = "point" // 1,234.56
	decimalComma = "comma" // 1.234,56
)

// Two ways to write a date with slashes.
const (
	dayFirst   = "dmy"
	monthFirst = "mdy"
)

var errNotNumber = errors.New("is not a number")

// number reads a number as people type it: 12500, 12,500, 12 500, 12'500, 1.234,56,
// 12,5. decimal is decimalPoint, decimalComma or empty when nobody said. What could
// be two numbers is refused: 12.500 is twelve and a half or twelve thousand five
// hundred. The result is written as JSON.
func number(text, decimal string) (json.Number, error) {
	sign := ""
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		text, sign = rest, "-"
	}
	text = strings.Map(groupSpace, text)
	mark, err := decimalMark(text, decimal)
	if err != nil {
		return "", err
	}
	whole, fraction, broken := strings.Cut(text, mark)
	if mark == "" {
		whole, fraction, broken = text, "", false
	}
	whole, ok := ungroup(whole)
	if !ok || !digits(whole) || broken && !digits(fraction) {
		return "", errNotNumber
	}
	whole = strings.TrimLeft(whole[:len(whole)-1], "0") + whole[len(whole)-1:]
	if broken {
		whole += "." + fraction
	}
	if _, err := strconv.ParseFloat(whole, 64); err != nil {
		return "", errNotNumber
	}
	return json.Number(sign + whole), nil
}

// decimalMark tells which mark of a number is the decimal one; "" when none is.
func decimalMark(text, decimal string) (string, error) {
	switch decimal {
	case decimalPoint:
		return ".", nil
	case decimalComma:
		return ",", nil
	}
	points, commas := strings.Count(text, "."), strings.Count(text, ",")
	switch {
	case points > 0 && commas > 0: // the last one is the decimal mark
		if strings.LastIndex(text, ".") > strings.LastIndex(text, ",") {
			return ".", nil
		}
		return ",", nil
	case points > 1 || commas > 1: // only groups come twice
		return "", nil
	case commas == 1 && !grouped(text, ","):
		return ",", nil
	case commas == 1: // 12,500: nobody writes money to three decimals
		return "", nil
	case points == 1 && !grouped(text, "."):
		return ".", nil
	case points == 1:
		return "", fmt.Errorf("can be read in two ways; say decimal: %s or decimal: %s in the map", decimalPoint, decimalComma)
	}
	return "", nil
}

// grouped reports whether the mark may stand between groups of three digits.
func grouped(text, mark string) bool {
	head, tail, _ := strings.Cut(text, mark)
	return len(head) >= 1 && len(head) <= 3 && head[0] != '0' && len(tail) == 3
}

// ungroup takes the group marks out of the part before the decimal mark: one kind
// of mark, three digits behind each.
func ungroup(whole string) (string, bool) {
	at := strings.IndexAny(whole, ".,'")
	if at < 0 {
		return whole, true
	}
	parts := strings.Split(whole, whole[at:at+1])
	for i, part := range parts {
		if i == 0 && (len(part) < 1 || len(part) > 3) || i > 0 && len(part) != 3 || !digits(part) {
			return "", false
		}
	}
	return strings.Join(parts, ""), true
}

// groupSpace makes every space between groups, and the typographic apostrophe, the
// plain apostrophe.
func groupSpace(r rune) rune {
	if unicode.IsSpace(r) || r == '\u2019' {
		return '\''
	}
	return r
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// plainNumber is a number as programs write it, within what a float64 holds
// exactly. 007 and 4915112345678901 are names, not numbers.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?$`)

// loose is the value of a column without a type: a number when it is one beyond
// doubt, else text.
func loose(text string) any {
	if plainNumber.MatchString(text) {
		return json.Number(text)
	}
	return text
}

// Layouts that say which part is which.
var clearLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "2006/01/02", "2006/01/02 15:04:05",
	"2.1.2006", "2.1.2006 15:04", "2.1.2006 15:04:05",
	"2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006",
	"2 Jan 2006 15:04", "Jan 2, 2006 15:04", "Jan 2, 2006 3:04 PM",
}

// Times that may follow a date with slashes.
var clockLayouts = []string{"", " 15:04", " 15:04:05", " 3:04 PM", " 3:04:05 PM"}

// date reads a date, with or without a time, as it stands in zone. order is
// dayFirst, monthFirst or empty when nobody said: then 03/04/2026 is refused.
func date(text, order string, zone *time.Location) (time.Time, error) {
	for _, layout := range clearLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), nil
		}
	}
	day, okDay := slashed(text, "2/1/2006", zone)
	month, okMonth := slashed(text, "1/2/2006", zone)
	switch {
	case okDay && (order == dayFirst || !okMonth && order == ""):
		return day, nil
	case okMonth && (order == monthFirst || !okDay && order == ""):
		return month, nil
	case okDay && okMonth && day.Equal(month):
		return day, nil
	case okDay && okMonth:
		return time.Time{}, fmt.Errorf("can be read in two ways; say dates: %s or dates: %s in the map", dayFirst, monthFirst)
	}
	return time.Time{}, errors.New("is not a date; write 2026-11-24 or 2026-11-24T10:00:00Z")
}

func slashed(text, layout string, zone *time.Location) (time.Time, bool) {
	for _, clock := range clockLayouts {
		if t, err := time.ParseInLocation(layout+clock, text, zone); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// yesNo reads a yes or no in the spellings of spreadsheets.
func yesNo(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "yes", "y", "1", "x", "on", "ja", "oui", "sí":
		return true, nil
	case "false", "no", "n", "0", "off", "nein", "non":
		return false, nil
	}
	return false, errors.New("is neither yes nor no")
}

// list cuts at ; and |, and at commas when there is neither.
func list(text string) []string {
	cut := func(r rune) bool { return r == ';' || r == '|' }
	if !strings.ContainsFunc(text, cut) {
		cut = func(r rune) bool { return r == ',' }
	}
	var items []string
	for _, item := range strings.FieldsFunc(text, cut) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// webDomain takes the domain out of what stands in a column "website".
func webDomain(text string) string {
	address := text
	if !strings.Contains(address, "://") {
		address = "//" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return text
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// slug makes a name that a policy can use out of what people write: "Demo Request"
// is demo_request, "Straße/Nr." is strasse_nr. It is empty when nothing is left.
func slug(text string) string {
	unaccent := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC)
	plain, _, err := transform.String(unaccent, strings.ReplaceAll(text, "ß", "ss"))
	if err != nil {
		plain = text
	}
	words := strings.FieldsFunc(strings.ToLower(plain), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	name := strings.Join(words, "_")
	if name != "" && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// splitMoney takes the currency off an amount. A dollar sign alone names none of
// the two dozen dollars.
func splitMoney(text string) (amount, currency string, err error) {
	letters := func(r rune) bool { return r < 'A' || r > 'Z' }
	switch {
	case strings.Contains(text, "€"):
		return strings.TrimSpace(strings.Replace(text, "€", "", 1)), "EUR", nil
	case strings.Contains(text, "£"):
		return strings.TrimSpace(strings.Replace(text, "£", "", 1)), "GBP", nil
	case strings.Contains(text, "$"):
		return "", "", errors.New("is in dollars of an unnamed kind; write 12500, and USD in a column currency")
	}
	code := strings.Trim(text, "0123456789.,' -\u00a0\u202f\u2019")
	if len(code) == 3 && !strings.ContainsFunc(code, letters) {
		return strings.TrimSpace(strings.Replace(text, code, "", 1)), code, nil
	}
	return text, "", nil
}
