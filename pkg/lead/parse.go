package lead

import (
	"bytes"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Bounds of what [Parse] takes.
const (
	MaxBytes      = 1 << 20 // of the whole value
	MaxID         = 128     // bytes of an id
	MaxDepth      = 12      // nesting of objects and lists
	MaxAttributes = 256     // values below attributes, lists counted by element
	MaxTags       = 256
	MaxDealValue  = 9e9 // whole units: 9·10¹¹ minor ones, the ledger's limit
)

// Parse reads the data of lead.created. Null and empty strings count as missing;
// unknown fields become attributes, unless attributes names them itself. Numbers may be
// texts, as forms send them ([ParseAmount]). The error is an [*Error]; anything Parse takes, it takes again from the lead's own
// JSON and gives an equal lead.
func Parse(raw []byte) (Lead, error) {
	if err := Check(raw); err != nil {
		return Lead{}, err
	}
	// One copy: all texts of the lead are parts of it.
	value := strings.Trim(string(raw), " \t\r\n")
	if value[0] != '{' {
		return Lead{}, Fail(WrongType, "", "is not an object")
	}
	var buf [40]member
	members, err := objectOf(buf[:0], "", value)
	if err != nil {
		return Lead{}, err
	}
	var l Lead
	var typed []member
	for _, m := range members {
		switch err := l.set(m.name, m.raw); {
		case errors.Is(err, errTyped):
			typed = append(typed, m)
		case err != nil:
			return Lead{}, err
		}
	}
	if err := l.typed(typed); err != nil {
		return Lead{}, err
	}
	if err := validID(l.ID); err != nil {
		return Lead{}, err
	}
	if n := count(l.Attributes); n > MaxAttributes {
		return Lead{}, Fail(TooMany, "attributes", "%d values, at most %d are taken", n, MaxAttributes)
	}
	l.complete()
	return l, nil
}

// UnmarshalJSON is [Parse].
func (l *Lead) UnmarshalJSON(raw []byte) (err error) {
	*l, err = Parse(raw)
	return err
}

// complete fills what follows from the lead alone.
func (l *Lead) complete() {
	if l.EmailDomain == "" {
		l.EmailDomain = domainOf(l.Email)
	}
	// Only a domain known not to be a free mail provider's tells the company.
	if l.Company.Domain == "" && l.EmailFree != nil && !*l.EmailFree {
		l.Company.Domain = l.EmailDomain
	}
}

// domainOf returns the domain of an e-mail address, lower case, or "" when there
// is nothing that looks like one.
func domainOf(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return ""
	}
	domain := strings.ToLower(strings.TrimSuffix(email[at+1:], "."))
	if !strings.Contains(domain, ".") || strings.ContainsFunc(domain, unprintable) {
		return ""
	}
	return domain
}

// validID: an id becomes a record key, a part of Redis keys and a log field.
func validID(id string) error {
	switch {
	case id == "":
		return Fail(MissingID, "id", "is missing")
	case len(id) > MaxID:
		return Fail(BadID, "id", "is longer than %d bytes", MaxID)
	case strings.ContainsFunc(id, unprintable):
		return Fail(BadID, "id", "holds a space or a control character")
	}
	return nil
}

func unprintable(r rune) bool {
	if '!' <= r && r <= '~' {
		return false // nearly all are
	}
	return !unicode.IsGraphic(r) || unicode.IsSpace(r)
}

// Check refuses what must not reach a decoder at all: anything too large or too
// deep, not UTF-8 or not JSON. The error is an [*Error].
func Check(raw []byte) error {
	switch {
	case len(raw) > MaxBytes:
		return Fail(TooLarge, "", "%d bytes, at most %d are taken", len(raw), MaxBytes)
	case !utf8.Valid(raw):
		return Fail(NotUTF8, "", "not UTF-8")
	case brackets(raw) > MaxDepth && depth(raw) > MaxDepth:
		return Fail(TooDeep, "", "nested deeper than %d levels", MaxDepth)
	case !gjson.ValidBytes(raw):
		return Fail(NotJSON, "", "not JSON")
	}
	return nil
}

// brackets are as many as depth can be at most; counting them is quick.
func brackets(raw []byte) int {
	return bytes.Count(raw, []byte{'{'}) + bytes.Count(raw, []byte{'['})
}

// depth is the deepest nesting of brackets outside of strings.
func depth(raw []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

// count is the number of scalar values in v, lists and maps taken apart.
func count(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += count(e)
		}
	case []any:
		for _, e := range v {
			n += count(e)
		}
	default:
		n = 1
	}
	return n
}
