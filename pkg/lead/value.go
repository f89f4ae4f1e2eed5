package lead

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/tidwall/gjson"
	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"leadrouter/pkg/calendar"
)

// maxExact is 2^53: beyond it a float64 skips whole numbers.
const maxExact = 1 << 53

// Years that a date of a lead can lie in.
const minYear, maxYear = 1990, 2100

// member is one name and value of an object.
type member struct{ name, raw string }

// objectOf lists the members of an object, appended to buf; null gives none. They
// are in the order of their names, so that the first error is always the same one,
// and of a name given twice the last one counts.
func objectOf(buf []member, field, raw string) ([]member, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case '{':
	default:
		return nil, Fail(WrongType, field, "is not an object")
	}
	gjson.Parse(raw).ForEach(func(key, value gjson.Result) bool {
		buf = append(buf, member{unquote(key.Raw), value.Raw})
		return true
	})
	slices.SortStableFunc(buf, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return lastOfEach(buf), nil
}

// lastOfEach keeps the last of members that share a name.
func lastOfEach(sorted []member) []member {
	kept := sorted[:0]
	for i, m := range sorted {
		if i+1 == len(sorted) || sorted[i+1].name != m.name {
			kept = append(kept, m)
		}
	}
	return kept
}

// elements lists the elements of a list, appended to buf.
func elements(buf []string, raw string) []string {
	gjson.Parse(raw).ForEach(func(_, value gjson.Result) bool {
		buf = append(buf, value.Raw)
		return true
	})
	return buf
}

// within adds what holds a value to the field of its error.
func within(holder string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return &Error{Code: e.Code, Field: holder + e.Field, Reason: e.Reason}
	}
	return err
}

func text(field, raw string, p *string) error {
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		*p = strings.TrimSpace(unquote(raw))
		return nil
	}
	return Fail(WrongType, field, "is not a text")
}

// unquote reads a JSON string. Most have no escapes, and are between the quotes as
// they are: [Check] has seen to it that raw is valid.
func unquote(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	var s string
	_ = json.Unmarshal([]byte(raw), &s) // cannot fail: raw is valid
	return s
}

func lowered(field, raw string, p *string) error {
	err := text(field, raw, p)
	*p = strings.ToLower(*p)
	return err
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

func flag(field, raw string, p **bool) error {
	switch raw[0] {
	case 'n':
		return nil
	case 't', 'f':
		v := raw[0] == 't'
		*p = &v
		return nil
	}
	return Fail(WrongType, field, "is neither true nor false")
}

func plainFlag(field, raw string, p *bool) error {
	var v *bool
	err := flag(field, raw, &v)
	*p = v != nil && *v
	return err
}

// amount reads a number from 0 to limit. A text is errTyped.
func amount(field, raw string, limit float64, p **float64) error {
	switch raw[0] {
	case 'n':
		return nil
	case '"':
		return errTyped
	}
	v, err := number(field, raw)
	if err != nil {
		return err
	}
	if v < 0 || v > limit {
		return Fail(BadNumber, field, "is not between 0 and %.0f", limit)
	}
	v += 0 // -0 becomes 0
	*p = &v
	return nil
}

// whole reads a whole number from 0 on.
func whole(field, raw string, p **int64) error {
	var f *float64
	if err := amount(field, raw, maxExact, &f); err != nil || f == nil {
		return err
	}
	if *f != math.Trunc(*f) {
		return Fail(BadNumber, field, "is not a whole number")
	}
	n := int64(*f)
	*p = &n
	return nil
}

func number(field, raw string) (float64, error) {
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		return 0, Fail(WrongType, field, "is not a number")
	}
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return 0, Fail(BadNumber, field, "is out of range")
	}
	return v, nil
}

func list(field, raw string, limit int, p *[]string) error {
	switch raw[0] {
	case 'n':
		return nil
	case '[':
	default:
		return Fail(WrongType, field, "is not a list")
	}
	var buf [16]string
	items := elements(buf[:0], raw)
	if len(items) > limit {
		return Fail(TooMany, field, "%d entries, at most %d are taken", len(items), limit)
	}
	texts := make([]string, 0, len(items))
	for i, item := range items {
		var s string
		if err := text("", item, &s); err != nil {
			return within(field+"["+strconv.Itoa(i)+"]", err)
		}
		if s != "" {
			texts = append(texts, s)
		}
	}
	if len(texts) > 0 {
		*p = texts
	}
	return nil
}

// instant reads RFC 3339, or a bare date as midnight UTC.
func instant(field, raw string, p *time.Time) error {
	var s string
	if err := text(field, raw, &s); err != nil || s == "" {
		return err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse(time.DateOnly, s)
	}
	if err != nil {
		return Fail(BadDate, field, "is not an RFC 3339 date and time")
	}
	t = t.UTC()
	if y := t.Year(); y < minYear || y > maxYear {
		return Fail(BadDate, field, "is not between the years %d and %d", minYear, maxYear)
	}
	*p = t
	return nil
}

func oneOf(field, raw string, p *string, values ...string) error {
	var s string
	if err := lowered(field, raw, &s); err != nil {
		return err
	}
	if s != "" && !slices.Contains(values, s) {
		return Fail(UnknownEnum, field, "is none of %s", strings.Join(values, ", "))
	}
	*p = s
	return nil
}

func country(field, raw string, p *string) error {
	var s string
	if err := text(field, raw, &s); err != nil || s == "" {
		return err
	}
	region, err := language.ParseRegion(s)
	if err != nil || len(s) != 2 || !region.IsCountry() {
		return Fail(UnknownEnum, field, "is not an ISO 3166-1 alpha-2 code")
	}
	*p = region.Canonicalize().String() // UK becomes GB
	return nil
}

func languageTag(field, raw string, p *string) error {
	var s string
	if err := text(field, raw, &s); err != nil || s == "" {
		return err
	}
	tag, err := language.Parse(s)
	if err != nil || tag.IsRoot() {
		return Fail(UnknownEnum, field, "is not a BCP 47 language")
	}
	*p = tag.String()
	return nil
}

func timezone(field, raw string, p *string) error {
	var s string
	if err := text(field, raw, &s); err != nil || s == "" {
		return err
	}
	if !calendar.IsZone(s) {
		return Fail(UnknownEnum, field, "is not an IANA time zone")
	}
	*p = s
	return nil
}

func currencyCode(field, raw string, p *string) error {
	var s string
	if err := text(field, raw, &s); err != nil || s == "" {
		return err
	}
	unit, err := currency.ParseISO(s)
	if err != nil {
		return Fail(UnknownEnum, field, "is not an ISO 4217 currency")
	}
	*p = unit.String()
	return nil
}

// anything reads a value of the sender's own. Numbers become int64 when whole and
// within its range, float64 otherwise; nulls are left out. The field of an error is
// the path below the value, such as ".y[0]".
func anything(raw string) (any, error) {
	switch raw[0] {
	case 'n':
		return nil, nil
	case 't', 'f':
		return raw[0] == 't', nil
	case '"':
		return unquote(raw), nil
	case '[':
		return listOf(raw)
	case '{':
		return mapOf(raw)
	}
	return numberOf(raw)
}

func numberOf(raw string) (any, error) {
	if n, err := strconv.ParseInt(raw, 10, 64); err == nil {
		return n, nil
	}
	f, err := number("", raw)
	if err != nil {
		return nil, err
	}
	return narrow(f), nil
}

// narrow makes a whole float64 an int64, so that a number is of one type however
// it was written (5, 5.0, 5e0) and however often it is encoded again.
func narrow(f float64) any {
	if f == math.Trunc(f) && f >= math.MinInt64 && f < math.MaxInt64 {
		return int64(f)
	}
	return f
}

func listOf(raw string) (any, error) {
	var buf [16]string
	items := elements(buf[:0], raw)
	out := make([]any, 0, len(items))
	for i, item := range items {
		v, err := anything(item)
		if err != nil {
			return nil, within("["+strconv.Itoa(i)+"]", err)
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, nil
}

func mapOf(raw string) (any, error) {
	var buf [16]member
	members, err := objectOf(buf[:0], "", raw)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(members))
	for _, m := range members {
		v, err := anything(m.raw)
		if err != nil {
			return nil, within("."+printable(m.name), err)
		}
		if v != nil {
			out[m.name] = v
		}
	}
	return out, nil
}

// printable makes a sender's key fit for an error message: a key can be hostile,
// or hold personal data by mistake.
func printable(key string) string {
	const longest = 40
	plain := func(r rune) bool { return r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	if len(key) > longest || strings.ContainsFunc(key, func(r rune) bool { return !plain(r) }) {
		return "?"
	}
	return key
}
