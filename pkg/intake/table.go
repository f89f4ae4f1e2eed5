package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// table reads CSV.
type table struct {
	rows   *splitter
	header []byte   // as it stands in the file
	names  []string // of the columns
}

func newTable(in *bufio.Reader, m *Map, limit int) (*table, error) {
	comma, err := m.comma()
	if err != nil {
		return nil, err
	}
	if comma == 0 {
		comma = sniff(in)
	}
	t := &table{rows: newSplitter(in, comma, limit)}
	for len(bytes.TrimSpace(t.header)) == 0 { // blank lines above the header
		c, err := t.rows.next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the file is empty; its first line has to name the columns")
		}
		if err == nil {
			err = c.err
		}
		if err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		t.header = c.raw
	}
	if bytes.ContainsRune(bytes.TrimRight(t.header, "\r\n"), '\r') {
		return nil, errors.New("lines end in a lone CR; save the file as CSV UTF-8")
	}
	decoder := newBinder(m).decoder
	for i, name := range cells(t.header, t.rows.comma) {
		if name, err = decoder.String(name); err != nil {
			return nil, fmt.Errorf("header: %w", err)
		}
		if name = strings.TrimSpace(name); name == "" {
			name = "column " + strconv.Itoa(i+1)
		}
		t.names = append(t.names, name)
	}
	return t, nil
}

// sniff tells the delimiter by what stands most often in the first line.
func sniff(in *bufio.Reader) byte {
	start, _ := in.Peek(in.Size()) // what can be had is enough
	header, _, _ := bytes.Cut(bytes.TrimLeft(start, "\r\n "), []byte("\n"))
	best := byte(',')
	for _, comma := range []byte(";\t|") {
		if bytes.Count(header, []byte{comma}) > bytes.Count(header, []byte{best}) {
			best = comma
		}
	}
	return best
}

// next skips blank lines, and those of empty cells that spreadsheets leave at the
// end.
func (t *table) next() (row, error) {
	for {
		c, err := t.rows.next()
		if err != nil {
			return row{}, err
		}
		if c.err != nil || !t.blank(c.raw) {
			return t.row(c), nil
		}
	}
}

func (t *table) blank(raw []byte) bool {
	return len(bytes.Trim(raw, "\" \t\r\n"+string(rune(t.rows.comma)))) == 0
}

func (t *table) row(c chunk) row {
	r := row{line: c.line, raw: c.raw, err: c.err}
	if r.err != nil {
		return r
	}
	values := cells(c.raw, t.rows.comma)
	if len(values) != len(t.names) {
		r.err = fmt.Errorf("%d cells under %d columns", len(values), len(t.names))
		return r
	}
	r.cells = make([]cell, len(values))
	for i, value := range values {
		r.cells[i] = cell{header: t.names[i], text: value}
	}
	return r
}
