package lead

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"leadrouter/pkg/calendar"
)

// maxExact is 2^53: beyond it a float64 skips whole numbers.
const maxExact = 1 << 53

// Years that a date of a lead can lie in.
const minYear, maxYear = 1990, 2100

type object map[string]json.RawMessage

// objectOf reads an object; null gives none.
func objectOf(field string, raw json.RawMessage) (object, error) {
	var o object
	if kindOf(raw) != '{' && (field == "" || !null(raw)) {
		return nil, Fail(WrongType, field, "is not an object")
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, Fail(NotJSON, field, "not JSON")
	}
	return o, nil
}

// names are in a fixed order, so that the first error is always the same one.
func (o object) names() []string { return slices.Sorted(maps.Keys(o)) }

func (o object) each(prefix string, do func(key, field string, raw json.RawMessage) error) error {
	for _, key := range o.names() {
		if err := do(key, prefix+"."+key, o[key]); err != nil {
			return err
		}
	}
	return nil
}

// kindOf is the first byte of a JSON value, which tells its type.
func kindOf(raw json.RawMessage) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

func null(raw json.RawMessage) bool { return kindOf(raw) == 'n' }

func text(field string, raw json.RawMessage, p *string) error {
	if null(raw) {
		return nil
	}
	if kindOf(raw) != '"' {
		return Fail(WrongType, field, "is not a text")
	}
	s, err := unquote(field, raw)
	*p = strings.TrimSpace(s)
	return err
}

// unquote reads a JSON string. Most have no escapes, and are between the quotes as
// they are: [Check] has seen to it that raw is valid.
func unquote(field string, raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", Fail(NotJSON, field, "not JSON")
	}
	return s, nil
}

func lowered(field string, raw json.RawMessage, p *string) error {
	err := text(field, raw, p)
	*p = strings.ToLower(*p)
	return err
}

func flag(field string, raw json.RawMessage, p **bool) error {
	switch kindOf(raw) {
	case 'n':
		return nil
	case 't', 'f':
		v := kindOf(raw) == 't'
		*p = &v
		return nil
	}
	return Fail(WrongType, field, "is neither true nor false")
}

func plainFlag(field string, raw json.RawMessage, p *bool) error {
	var v *bool
	err := flag(field, raw, &v)
	*p = v != nil && *v
	return err
}

// amount reads a number from 0 to limit.
func amount(field string, raw json.RawMessage, limit float64, p **float64) error {
	if null(raw) {
		return nil
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
func whole(field string, raw json.RawMessage, p **int64) error {
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

func number(field string, raw json.RawMessage) (float64, error) {
	if c := kindOf(raw); c != '-' && (c < '0' || c > '9') {
		return 0, Fail(WrongType, field, "is not a number")
	}
	v, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil {
		return 0, Fail(BadNumber, field, "is out of range")
	}
	return v, nil
}

func list(field string, raw json.RawMessage, limit int, p *[]string) error {
	if null(raw) {
		return nil
	}
	var items []json.RawMessage
	if kindOf(raw) != '[' || json.Unmarshal(raw, &items) != nil {
		return Fail(WrongType, field, "is not a list")
	}
	if len(items) > limit {
		return Fail(TooMany, field, "%d entries, at most %d are taken", len(items), limit)
	}
	for i, item := range items {
		var s string
		if err := text(field+"["+strconv.Itoa(i)+"]", item, &s); err != nil {
			return err
		}
		if s != "" {
			*p = append(*p, s)
		}
	}
	return nil
}

// instant reads RFC 3339, or a bare date as midnight UTC.
func instant(field string, raw json.RawMessage, p *time.Time) error {
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

func oneOf(field string, raw json.RawMessage, p *string, values ...string) error {
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

func country(field string, raw json.RawMessage, p *string) error {
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

func languageTag(field string, raw json.RawMessage, p *string) error {
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

func timezone(field string, raw json.RawMessage, p *string) error {
	var s string
	if err := text(field, raw, &s); err != nil || s == "" {
		return err
	}
	if _, known := zones.Load(s); !known {
		if _, err := calendar.LoadZone(s); err != nil {
			return Fail(UnknownEnum, field, "is not an IANA time zone")
		}
		zones.Store(s, true)
	}
	*p = s
	return nil
}

// zones remembers which names are time zones, since finding out takes longer than
// reading a whole lead. There are some 600 of them.
var zones sync.Map

func currencyCode(field string, raw json.RawMessage, p *string) error {
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
// within its range, float64 otherwise; nulls are left out.
func anything(field string, raw json.RawMessage) (any, error) {
	switch kindOf(raw) {
	case 'n':
		return nil, nil
	case 't', 'f':
		return kindOf(raw) == 't', nil
	case '"':
		return unquote(field, raw)
	case '[':
		return listOf(field, raw)
	case '{':
		return mapOf(field, raw)
	}
	return numberOf(field, raw)
}

func numberOf(field string, raw json.RawMessage) (any, error) {
	if n, err := strconv.ParseInt(string(bytes.TrimSpace(raw)), 10, 64); err == nil {
		return n, nil
	}
	f, err := number(field, raw)
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

func listOf(field string, raw json.RawMessage) (any, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, Fail(NotJSON, field, "not JSON")
	}
	out := make([]any, 0, len(items))
	for i, item := range items {
		v, err := anything(field+"["+strconv.Itoa(i)+"]", item)
		if err != nil {
			return nil, err
		}
		if v != nil {
			out = append(out, v)
		}
	}
	return out, nil
}

func mapOf(field string, raw json.RawMessage) (any, error) {
	o, err := objectOf(field, raw)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(o))
	for _, key := range o.names() {
		v, err := anything(field+"."+printable(key), o[key])
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[key] = v
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
