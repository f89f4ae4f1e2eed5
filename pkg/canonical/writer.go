package canonical

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Writer appends JSON to a buffer. Methods named Opt leave out an empty value. The first
// error stays.
type Writer struct {
	buf []byte
	err error
}

// New returns a writer with room for so many bytes.
func New(room int) *Writer { return &Writer{buf: make([]byte, 0, room)} }

// Result is what was written, or the first error.
func (w *Writer) Result() ([]byte, error) { return w.buf, w.err }

// Open begins an object, Close ends it.
func (w *Writer) Open() { w.buf = append(w.buf, '{') }

// Close ends an object.
func (w *Writer) Close() { w.buf = append(w.buf, '}') }

// next separates a member or an element from the one before it.
func (w *Writer) next() {
	if last := w.buf[len(w.buf)-1]; last != '{' && last != '[' {
		w.buf = append(w.buf, ',')
	}
}

// Key begins a member. The name is one of ours and needs no escapes.
func (w *Writer) Key(name string) {
	w.next()
	b := append(w.buf, '"')
	b = append(b, name...)
	w.buf = append(b, '"', ':')
}

// Text writes a member.
func (w *Writer) Text(name, v string) {
	w.Key(name)
	w.quote(v)
}

// OptText writes a member that is not empty.
func (w *Writer) OptText(name, v string) {
	if v != "" {
		w.Text(name, v)
	}
}

// OptTexts writes a list that is not empty.
func (w *Writer) OptTexts(name string, list []string) {
	if len(list) > 0 {
		w.Key(name)
		w.Texts(list)
	}
}

// Integer writes a member.
func (w *Writer) Integer(name string, v int64) {
	w.Key(name)
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

// OptInteger writes a member that is not 0.
func (w *Writer) OptInteger(name string, v int64) {
	if v != 0 {
		w.Integer(name, v)
	}
}

// OptIntegerAt writes the number that p points to, unless that is nothing.
func (w *Writer) OptIntegerAt(name string, p *int64) {
	if p != nil {
		w.Integer(name, *p)
	}
}

// OptTrue writes a member that is true.
func (w *Writer) OptTrue(name string, v bool) {
	if v {
		w.Key(name)
		w.buf = append(w.buf, "true"...)
	}
}

// OptValue writes what p points to, unless that is nothing.
func OptValue[T any](w *Writer, name string, p *T) {
	if p != nil {
		w.Key(name)
		w.Value(*p)
	}
}

// Instant writes a member as RFC 3339.
func (w *Writer) Instant(name string, t time.Time) {
	w.Key(name)
	if t.Location() != time.UTC || t.Year() < 0 || t.Year() > 9999 {
		w.Any(t)
		return
	}
	w.buf = append(w.buf, '"')
	w.buf = t.AppendFormat(w.buf, time.RFC3339Nano)
	w.buf = append(w.buf, '"')
}

// OptIntegers writes a list that is not empty.
func (w *Writer) OptIntegers(name string, list []int64) {
	if len(list) > 0 {
		w.Integers(name, list)
	}
}

// Integers writes a list.
func (w *Writer) Integers(name string, list []int64) {
	w.Key(name)
	elements(w, list, func(w *Writer, n int64) { w.buf = strconv.AppendInt(w.buf, n, 10) })
}

// OptTextMap writes an object that is not empty, with its names ascending.
func (w *Writer) OptTextMap(name string, m map[string]string) {
	if len(m) > 0 {
		w.Key(name)
		members(w, m, (*Writer).quote)
	}
}

// OptObjects writes a list of objects that is not empty; members writes those of one.
func OptObjects[T any](w *Writer, name string, list []T, members func(*T)) {
	if len(list) > 0 {
		w.Key(name)
		Objects(w, list, members)
	}
}

// Objects writes a list of objects; members writes those of one.
func Objects[T any](w *Writer, list []T, members func(*T)) {
	w.buf = append(w.buf, '[')
	for i := range list {
		w.next()
		w.Open()
		members(&list[i])
		w.Close()
	}
	w.buf = append(w.buf, ']')
}

// elements writes a list; one writes a value of it.
func elements[T any](w *Writer, list []T, one func(*Writer, T)) {
	w.buf = append(w.buf, '[')
	for _, v := range list {
		w.next()
		one(w, v)
	}
	w.buf = append(w.buf, ']')
}

// members writes an object with its names, which may be anything, ascending; one writes a
// value of it.
func members[T any](w *Writer, m map[string]T, one func(*Writer, T)) {
	var buf [48]string // as many as most leads have facts
	names := buf[:0]
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	w.Open()
	for _, name := range names {
		w.next()
		w.quote(name)
		w.buf = append(w.buf, ':')
		one(w, m[name])
	}
	w.Close()
}

// OptInstant writes a member that is not the zero time.
func (w *Writer) OptInstant(name string, t time.Time) {
	if !t.IsZero() {
		w.Instant(name, t)
	}
}

// OptRaw writes what is JSON already, as it is if encoding/json would.
func (w *Writer) OptRaw(name string, raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	w.Key(name)
	if !compact(raw) {
		w.Any(raw)
		return
	}
	w.buf = append(w.buf, raw...)
}

// Value writes a value of any type.
func (w *Writer) Value(v any) {
	switch v := v.(type) {
	case string:
		w.quote(v)
	case int64:
		w.buf = strconv.AppendInt(w.buf, v, 10)
	case float64:
		w.float(v)
	case bool:
		w.buf = strconv.AppendBool(w.buf, v)
	case []string:
		w.Texts(v)
	case []any:
		w.list(v)
	case map[string]any:
		w.Object(v)
	default:
		w.Any(v)
	}
}

// float leaves to encoding/json what it writes with an exponent, or not at all.
func (w *Writer) float(v float64) {
	const least, beyond = 1e-6, 1e21
	if v == 0 || least <= v && v < beyond || -beyond < v && v <= -least {
		w.buf = strconv.AppendFloat(w.buf, v, 'f', -1, 64)
		return
	}
	w.Any(v)
}

// Texts writes a list.
func (w *Writer) Texts(list []string) {
	if list == nil {
		w.null()
		return
	}
	elements(w, list, (*Writer).quote)
}

func (w *Writer) list(list []any) {
	if list == nil {
		w.null()
		return
	}
	elements(w, list, (*Writer).Value)
}

// Object writes an object with its names ascending.
func (w *Writer) Object(m map[string]any) {
	if m == nil {
		w.null()
		return
	}
	members(w, m, (*Writer).Value)
}

func (w *Writer) null() { w.buf = append(w.buf, "null"...) }

func (w *Writer) quote(v string) {
	if !plain(v) {
		w.Any(v)
		return
	}
	b := append(w.buf, '"')
	b = append(b, v...)
	w.buf = append(b, '"')
}

// Any leaves a value to encoding/json: for what is rare.
func (w *Writer) Any(v any) {
	raw, err := json.Marshal(v)
	if w.err == nil {
		w.err = err
	}
	w.buf = append(w.buf, raw...)
}

// Characters that encoding/json escapes though JSON would not have it: they mean
// something in HTML, or end a line of JavaScript.
const (
	html          = "<>&"
	lineSeparator = "\u2028"
	endOfPart     = "\u2029"
)

// plain reports whether encoding/json writes v as it is.
func plain(v string) bool {
	ascii := true
	for i := range len(v) {
		switch c := v[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c < ' ', c == '"', c == '\\', c == html[0], c == html[1], c == html[2]:
			return false
		}
	}
	return ascii || utf8.ValidString(v) && !strings.Contains(v, lineSeparator) && !strings.Contains(v, endOfPart)
}

// compact reports whether encoding/json keeps raw as it is: valid, nothing to
// escape, and no blanks between its parts.
func compact(raw []byte) bool {
	for _, c := range []byte(html + "\t\r\n") {
		if bytes.IndexByte(raw, c) >= 0 {
			return false
		}
	}
	return !bytes.Contains(raw, []byte(lineSeparator)) && !bytes.Contains(raw, []byte(endOfPart)) &&
		!blanks(raw) && gjson.ValidBytes(raw)
}

// blanks reports whether there is one outside of strings.
func blanks(raw []byte) bool {
	if bytes.IndexByte(raw, ' ') < 0 {
		return false
	}
	quoted := false
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case ' ':
			if !quoted {
				return true
			}
		}
	}
	return false
}
