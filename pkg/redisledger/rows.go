package redisledger

import (
	"encoding/json"
	"strconv"
)

// rows writes a JSON list of lists, value by value: package json would take as long for
// it as the script does.
type rows struct{ buf []byte }

func (r *rows) begin(kind string) {
	r.buf = append(r.buf, ",["...)
	r.buf = strconv.AppendQuote(r.buf, kind) // a word of ours
}

func (r *rows) end() { r.buf = append(r.buf, ']') }

func (r *rows) numbers(values ...int64) {
	for _, v := range values {
		r.buf = strconv.AppendInt(append(r.buf, ','), v, 10)
	}
}

func (r *rows) texts(values ...string) {
	for _, v := range values {
		quoted, err := json.Marshal(v)
		if err != nil {
			quoted = []byte(`""`) // a string can always be written
		}
		r.buf = append(append(r.buf, ','), quoted...)
	}
}

// list is the whole of it.
func (r *rows) list() []byte {
	if len(r.buf) == 0 {
		return []byte("[]")
	}
	r.buf[0] = '['
	return append(r.buf, ']')
}
