package policy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// sheet is a CSV file. Its cells are nodes, so that they are read and complained
// about as those of YAML are.
type sheet struct {
	header []node
	rows   [][]node // each as long as the header
}

// maxColumns of a table: more are no table that somebody has made.
const maxColumns = 1_000

// csv reads the file that a node names; needed columns must be there. It gives nil
// when the file is missing or unusable, after reporting it.
func (r *reader) csv(n node, needed ...string) (*sheet, error) {
	name := r.text(n)
	if !fs.ValidPath(name) || !strings.HasSuffix(name, ".csv") {
		r.fail(n, "`%s` is not a CSV file beside the policy", name)
		return nil, nil
	}
	data, err := r.file(name)
	if errors.Is(err, fs.ErrNotExist) {
		r.fail(n, "there is no file %s beside the policy", name)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		r.failAt(Pos{File: name}, 0, "the file is not UTF-8")
		return nil, nil
	}
	t := r.sheet(r.sources[name], bytes.TrimPrefix(data, []byte("\ufeff")))
	if t == nil {
		return nil, nil
	}
	for _, column := range needed {
		if !slices.ContainsFunc(t.header, func(h node) bool { return h.Value == column }) {
			have := titles(t.header, func(h node) string { return h.Value })
			r.failAt(Pos{File: name, Line: 1, Col: 1}, 1, "the column `%s` is missing%s", column, suggest(column, have))
			return nil, nil
		}
	}
	return t, nil
}

// sheet parses the rows; nil when the file has no usable header.
func (r *reader) sheet(src *source, data []byte) *sheet {
	c := csv.NewReader(bytes.NewReader(data))
	c.FieldsPerRecord = -1
	t := &sheet{}
	for {
		fields, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if wrong, ok := errors.AsType[*csv.ParseError](err); ok {
			r.failAt(Pos{File: src.name, Line: wrong.Line, Col: wrong.Column}, 1, "not valid CSV: %v", wrong.Err)
			return nil
		}
		line, _ := c.FieldPos(0)
		switch {
		case len(fields) > maxColumns:
			r.failAt(Pos{File: src.name, Line: line, Col: 1}, 0, "this row has %d columns, at most %d are read", len(fields), maxColumns)
			return nil
		case t.header == nil:
			t.header = cells(src, c, fields)
			r.headerOnce(t.header)
		case len(fields) != len(t.header):
			r.failAt(Pos{File: src.name, Line: line, Col: 1}, 0, "this row has %d columns, the header %d", len(fields), len(t.header))
		default:
			t.rows = append(t.rows, cells(src, c, fields))
		}
	}
	if t.header == nil {
		r.failAt(Pos{File: src.name}, 0, "the file is empty; its first row names the columns")
		return nil
	}
	return t
}

// cells makes nodes of the fields of a row, which ascend: each line is gone through once.
func cells(src *source, c *csv.Reader, fields []string) []node {
	row, nodes := make([]node, len(fields)), make([]yaml.Node, len(fields))
	last, from, column := 0, 0, 1 // of the field before: its line, byte and column
	for i, text := range fields {
		line, col := c.FieldPos(i)
		if line != last {
			last, from, column = line, 0, 1
		}
		whole := src.line(line)
		to := min(col-1, len(whole))
		column += utf8.RuneCountInString(whole[from:to])
		from = to
		value := strings.TrimSpace(text)
		nodes[i] = yaml.Node{Kind: yaml.ScalarNode, Value: value, Line: line, Column: column + strings.Index(text, value)}
		row[i] = node{src: src, Node: &nodes[i]}
	}
	return row
}

func (r *reader) headerOnce(header []node) {
	for i, h := range header {
		if h.Value == "" {
			r.failAt(h.pos(), 0, "column %d has no name", i+1)
		}
		if slices.ContainsFunc(header[:i], func(o node) bool { return o.Value == h.Value }) {
			r.fail(h, "the column `%s` is here twice", h.Value)
		}
	}
}
