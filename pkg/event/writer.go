package event

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// writer appends JSON to a buffer, byte for byte as encoding/json does by the tags
// of the types. It writes the common values itself and leaves the rare ones to
// encoding/json. Methods named opt leave out an empty value. The first error stays.
type writer struct {
	buf []byte
	err error
}

func (w *writer) open()  { w.buf = append(w.buf, '{') }
func (w *writer) close() { w.buf = append(w.buf, '}') }

// next separates a member or an element from the one before it.
func (w *writer) next() {
	if last := w.buf[len(w.buf)-1]; last != '{' && last != '[' {
		w.buf = append(w.buf, ',')
	}
}

// key begins a member; its name needs no escapes.
func (w *writer) key(name string) {
	w.next()
	b := append(w.buf, '"')
	b = append(b, name...)
	w.buf = append(b, '"', ':')
}

func (w *writer) text(name, v string) {
	w.key(name)
	w.quote(v)
}

func (w *writer) optText(name, v string) {
	if v != "" {
		w.text(name, v)
	}
}

func (w *writer) optTexts(name string, list []string) {
	if len(list) > 0 {
		w.key(name)
		w.texts(list)
	}
}

func (w *writer) integer(name string, v int64) {
	w.key(name)
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

func (w *writer) optInteger(name string, v int64) {
	if v != 0 {
		w.integer(name, v)
	}
}

func (w *writer) optTrue(name string, v bool) {
	if v {
		w.key(name)
		w.buf = append(w.buf, "true"...)
	}
}

// optValue writes what p points to.
func optValue[T any](w *writer, name string, p *T) {
	if p != nil {
		w.key(name)
		w.value(*p)
	}
}

func (w *writer) instant(name string, t time.Time) {
	w.key(name)
	if t.Location() != time.UTC || t.Year() < 0 || t.Year() > 9999 {
		w.standard(t)
		return
	}
	w.buf = append(w.buf, '"')
	w.buf = t.AppendFormat(w.buf, time.RFC3339Nano)
	w.buf = append(w.buf, '"')
}

func (w *writer) optInstant(name string, t time.Time) {
	if !t.IsZero() {
		w.instant(name, t)
	}
}

// optRaw writes what is JSON already, as it is if encoding/json would.
func (w *writer) optRaw(name string, raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	w.key(name)
	if !compact(raw) {
		w.standard(raw)
		return
	}
	w.buf = append(w.buf, raw...)
}

// value writes a value of any type.
func (w *writer) value(v any) {
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
		w.texts(v)
	case []any:
		w.list(v)
	case map[string]any:
		w.object(v)
	default:
		w.standard(v)
	}
}

// float leaves to encoding/json what it writes with an exponent, or not at all.
func (w *writer) float(v float64) {
	const least, beyond = 1e-6, 1e21
	if v == 0 || least <= v && v < beyond || -beyond < v && v <= -least {
		w.buf = strconv.AppendFloat(w.buf, v, 'f', -1, 64)
		return
	}
	w.standard(v)
}

func (w *writer) texts(list []string) {
	if list == nil {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.buf = append(w.buf, '[')
	for _, v := range list {
		w.next()
		w.quote(v)
	}
	w.buf = append(w.buf, ']')
}

func (w *writer) list(list []any) {
	if list == nil {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.buf = append(w.buf, '[')
	for _, v := range list {
		w.next()
		w.value(v)
	}
	w.buf = append(w.buf, ']')
}

func (w *writer) object(m map[string]any) {
	if m == nil {
		w.buf = append(w.buf, "null"...)
		return
	}
	var buf [16]string
	keys := slices.AppendSeq(buf[:0], maps.Keys(m))
	slices.Sort(keys)
	w.open()
	for _, k := range keys {
		w.next()
		w.quote(k)
		w.buf = append(w.buf, ':')
		w.value(m[k])
	}
	w.close()
}

func (w *writer) quote(v string) {
	if !plain(v) {
		w.standard(v)
		return
	}
	b := append(w.buf, '"')
	b = append(b, v...)
	w.buf = append(b, '"')
}

// standard leaves a value to encoding/json.
func (w *writer) standard(v any) {
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
