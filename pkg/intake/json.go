package intake

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// lines reads JSONL: a bad line costs itself alone.
type lines struct {
	in     *splitter
	mapped bool // keys are columns of a map
}

func newLines(in io.Reader, limit int, mapped bool) *lines {
	return &lines{in: newSplitter(in, 0, limit), mapped: mapped}
}

func (l *lines) next() (row, error) {
	for {
		line, err := l.in.readLine()
		if err != nil {
			return row{}, err
		}
		at := l.in.line
		l.in.line++
		switch {
		case line.cut:
			return row{line: at, raw: line.text, err: tooLong(l.in.max)}, nil
		case len(bytes.TrimSpace(line.text)) > 0:
			return object(line.text, at, l.mapped), nil
		}
	}
}

// values reads objects one behind the other, or a list of them. Behind an error
// there is no telling where the next object starts, so that reading ends.
type values struct {
	in     *bounded
	dec    *json.Decoder
	mapped bool
	begun  bool
	list   bool
}

func newValues(in io.Reader, limit int, mapped bool) *values {
	b := &bounded{in: bufio.NewReader(in), limit: int64(limit), left: int64(limit)}
	return &values{in: b, dec: json.NewDecoder(b), mapped: mapped}
}

func (v *values) next() (row, error) {
	if err := v.begin(); err != nil {
		return row{}, err
	}
	v.in.left = v.in.limit
	if v.list && !v.dec.More() {
		return row{}, v.end()
	}
	var raw json.RawMessage
	if err := v.dec.Decode(&raw); err != nil {
		if errors.Is(err, io.EOF) && !v.list {
			return row{}, io.EOF
		}
		return row{}, fmt.Errorf("near line %d: %w", v.in.line(v.brokenAt(err)), err)
	}
	start := v.dec.InputOffset() - int64(len(raw))
	return object(raw, v.in.line(start), v.mapped), nil
}

// end is [io.EOF] when the list is closed and nothing follows: a file that was cut
// must not pass for a whole one.
func (v *values) end() error {
	_, err := v.dec.Token()
	if err == nil {
		_, err = v.dec.Token()
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return fmt.Errorf("near line %d: something follows the list", v.in.line(v.in.read))
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("near line %d: %w", v.in.line(v.in.read), err)
}

// brokenAt is the offset that an error is about; without one, all that was read.
func (v *values) brokenAt(err error) int64 {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return syntax.Offset
	}
	return v.in.read
}

// begin enters the list when the file is one.
func (v *values) begin() error {
	if v.begun {
		return nil
	}
	v.begun = true
	first, err := v.in.first()
	if err != nil || first != '[' {
		return err
	}
	v.list = true
	_, err = v.dec.Token()
	return err
}

// bounded feeds a decoder, ends when one value takes more than limit bytes, and
// remembers where lines end.
type bounded struct {
	in          *bufio.Reader
	limit, left int64
	read        int64
	ends        []int64 // offsets of line ends not yet passed
	passed      int     // lines passed
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, tooLong(int(b.limit))
	}
	n, err := b.in.Read(p[:min(len(p), 4<<10)])
	for i, c := range p[:n] {
		if c == '\n' {
			b.ends = append(b.ends, b.read+int64(i))
		}
	}
	b.read += int64(n)
	b.left -= int64(n)
	return n, err
}

// line is the number of the line that an offset lies in. Offsets may not go back.
func (b *bounded) line(offset int64) int {
	for len(b.ends) > 0 && b.ends[0] < offset {
		b.ends = b.ends[1:]
		b.passed++
	}
	return b.passed + 1
}

// first peeks at the first byte that is not space; 0 in an empty file.
func (b *bounded) first() (byte, error) {
	for n := 1; ; n++ {
		start, err := b.in.Peek(n)
		switch {
		case len(start) == n && !strings.ContainsRune(" \t\r\n", rune(start[n-1])):
			return start[n-1], nil
		case errors.Is(err, io.EOF), errors.Is(err, bufio.ErrBufferFull):
			return 0, nil
		case err != nil:
			return 0, err
		}
	}
}

// object makes a row of a JSON object: a lead, or a CloudEvent around one.
func object(raw []byte, line int, mapped bool) row {
	r := row{line: line, raw: raw}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber() // digits stay as they are written
	var data map[string]any
	if err := dec.Decode(&data); err != nil || data == nil || dec.More() {
		r.err = errors.New("is not a JSON object")
		return r
	}
	if _, event := data["specversion"]; event {
		inner, ok := data["data"].(map[string]any)
		if !ok {
			r.err = errors.New("is a CloudEvent without data")
			return r
		}
		data = inner
	}
	if mapped {
		r.cells = flatten(nil, "", data)
		return r
	}
	r.data = data
	return r
}

// flatten makes cells of an object, with dotted headers, in the order of keys.
func flatten(out []cell, prefix string, data map[string]any) []cell {
	for _, key := range slices.Sorted(maps.Keys(data)) {
		header := prefix + key
		switch value := data[key].(type) {
		case nil:
		case map[string]any:
			out = flatten(out, header+".", value)
		case []any:
			texts := make([]string, len(value))
			for i, item := range value {
				texts[i] = fmt.Sprint(item)
			}
			out = append(out, cell{header, strings.Join(texts, ";")})
		default:
			out = append(out, cell{header, fmt.Sprint(value)})
		}
	}
	return out
}
