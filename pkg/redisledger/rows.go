package redisledger

import (
	"encoding/json"
	"strconv"
)

// rows writes a JSON list of lists, value by value: package json would take as long for
// it as the script does.
type rows struct{ buf []byte }

// begin begins a row with a number.
func (r *rows) begin(first int64) {
	r.buf = strconv.AppendInt(append(r.buf, ",["...), first, 10)
}

// beginWord begins a row with a word of ours.
func (r *rows) beginWord(first string) {
	r.buf = strconv.AppendQuote(append(r.buf, ",["...), first)
}

func (r *rows) end() { r.buf = append(r.buf, ']') }

func (r *rows) numbers(values ...int64) {
	for _, v := range values {
		r.buf = strconv.AppendInt(append(r.buf, ','), v, 10)
	}
}

func (r *rows) texts(values ...string) {
	for _, v := range values {
		if plain(v) {
			r.buf = append(append(append(r.buf, ',', '"'), v...), '"')
			continue
		}
		quoted, err := json.Marshal(v)
		if err != nil {
			quoted = []byte(`""`) // a string can always be written
		}
		r.buf = append(append(r.buf, ','), quoted...)
	}
}

// plain says whether a text stands for itself in JSON.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// list is the whole of it.
func (r *rows) list() []byte {
	if len(r.buf) == 0 {
		return []byte("[]")
	}
	r.buf[0] = '['
	return append(r.buf, ']')
}
