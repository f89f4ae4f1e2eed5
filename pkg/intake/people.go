package intake

import (
	"bufio"
	"errors"
	"io"

	"leadrouter/pkg/lead"
)

// ReadTable reads a small CSV file whole, as leniently as lead files are read: any
// delimiter, a byte order mark, quoted line ends. The first row that is none ends
// it with a [*RowError].
func ReadTable(in io.Reader, name string) (header []string, rows [][]string, err error) {
	text, err := plainText(in)
	if err != nil {
		return nil, nil, err
	}
	t, err := newTable(bufio.NewReader(text), &Map{}, lead.MaxBytes)
	if err != nil {
		return nil, nil, err
	}
	for {
		r, err := t.next()
		if errors.Is(err, io.EOF) {
			return t.names, rows, nil
		}
		if err == nil && r.err != nil {
			err = &RowError{File: name, Line: r.line, Err: r.err}
		}
		if err != nil {
			return nil, nil, err
		}
		row := make([]string, len(r.cells))
		for i, c := range r.cells {
			row[i] = c.text
		}
		rows = append(rows, row)
	}
}

// Country reads a country as people write it: its ISO 3166-1 code, or its name in
// one of a few languages. It returns the two-letter code.
func Country(text string) (string, error) { return country(text) }

// Slug makes a name that a policy can use of what people write: "Demo Request" is
// demo_request. It is empty when nothing is left.
func Slug(text string) string { return slug(text) }
