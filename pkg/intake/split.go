package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Problems of a row that cannot even be taken apart.
var (
	errOpenQuote  = errors.New("a quote is opened and not closed")
	errAfterQuote = errors.New(`a quote is closed in the middle of a cell; write a quote inside quotes as ""`)
	// errQuotes ends the reading of a file.
	errQuotes = errors.New("quotes are opened and not closed all over the file; is it CSV with this delimiter?")
)

// maxVain is how many times a row's bound is read in vain, in search of closing quotes, before a
// file is given up. Each line can open one, and each is looked for as far as a row may go.
const maxVain = 64

// tooLong is the error of a row above the bound.
func tooLong(limit int) error {
	return fmt.Errorf("longer than %d bytes; what is beyond is not kept", limit)
}

// splitter cuts a file into rows and keeps their bytes as they are. encoding/csv
// would read on to the end of the file after a stray quote, and cannot give a row
// back byte for byte.
type splitter struct {
	in     *bufio.Reader
	comma  byte
	max    int    // bytes of a row
	line   int    // number of the next physical line
	pushed []line // lines read in search of a closing quote, to be read again
	vain   int    // bytes that were read again
}

// line is one physical line with its end.
type line struct {
	text []byte
	cut  bool // longer than the bound: only its start is here
}

// chunk is one row as it stands in the file.
type chunk struct {
	line int    // its first line, from 1
	raw  []byte // with the line end
	err  error  // it is no row
}

func newSplitter(in io.Reader, comma byte, limit int) *splitter {
	return &splitter{in: bufio.NewReaderSize(in, 64<<10), comma: comma, max: limit, line: 1}
}

// next returns the next row, [io.EOF] at the end, or what reading failed with.
func (s *splitter) next() (chunk, error) {
	first, err := s.readLine()
	if err != nil {
		return chunk{}, err
	}
	c := chunk{line: s.line, raw: first.text}
	s.line++
	if first.cut {
		c.err = tooLong(s.max)
		return c, nil
	}
	where := scan(atStart, c.raw, s.comma)
	if where == inQuotes {
		return s.joined(c)
	}
	if where == broken {
		c.err = errAfterQuote
	}
	return c, nil
}

// joined adds lines to a row whose quote is still open. When it never closes, the
// first line alone is bad and all others are read again.
func (s *splitter) joined(c chunk) (chunk, error) {
	var more []line
	row, where := bytes.Clone(c.raw), inQuotes
	for where == inQuotes && len(row) <= s.max {
		line, err := s.readLine()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return chunk{}, err
		}
		more = append(more, line)
		row = append(row, line.text...)
		where = scan(where, line.text, s.comma)
	}
	if where == inQuotes || where == broken || len(row) > s.max {
		if s.vain += len(row); s.vain/maxVain > s.max {
			return chunk{}, fmt.Errorf("line %d: %w", c.line, errQuotes)
		}
		s.pushed = slices.Insert(s.pushed, 0, more...)
		c.err = errOpenQuote
		return c, nil
	}
	c.raw = row
	s.line += len(more)
	return c, nil
}

// readLine returns the next line, [io.EOF] behind the last one.
func (s *splitter) readLine() (line, error) {
	if len(s.pushed) > 0 {
		next := s.pushed[0]
		s.pushed = s.pushed[1:]
		return next, nil
	}
	var next line
	for {
		part, err := s.in.ReadSlice('\n')
		kept := part[:min(len(part), s.max-len(next.text))]
		next.text = append(next.text, kept...)
		next.cut = next.cut || len(kept) < len(part)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(next.text) > 0:
			return next, nil
		default:
			return next, err
		}
	}
}

// place is where in a row a byte stands.
type place int

const (
	atStart    place = iota // of a cell
	inText                  // of a cell without quotes
	inQuotes                // of a quoted cell
	afterQuote              // behind a quote inside a quoted cell: its end, or half of ""
	broken                  // a quoted cell goes on behind its end
)

// scan follows the quotes through one line. A quote opens a cell only at its
// start, so that 5" is text.
func scan(p place, line []byte, comma byte) place {
	for _, b := range bytes.TrimRight(line, "\r\n") {
		switch {
		case p == inQuotes && b == '"':
			p = afterQuote
		case p == inQuotes:
		case b == comma:
			p = atStart
		case b == '"' && p == atStart, b == '"' && p == afterQuote:
			p = inQuotes
		case p == afterQuote:
			return broken
		default:
			p = inText
		}
	}
	return p
}

// cells takes a row apart that [scan] has found whole.
func cells(row []byte, comma byte) []string {
	row = bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
	var out []string
	for more := true; more; {
		var cell string
		cell, row, more = firstCell(row, comma)
		out = append(out, cell)
	}
	return out
}

// firstCell reads the first cell of a row and tells whether another follows.
func firstCell(row []byte, comma byte) (cell string, rest []byte, more bool) {
	if len(row) == 0 || row[0] != '"' {
		value, rest, more := bytes.Cut(row, []byte{comma})
		return string(value), rest, more
	}
	var value []byte
	for {
		before, after, _ := bytes.Cut(row[1:], []byte{'"'})
		value = append(value, before...)
		switch {
		case len(after) == 0:
			return string(value), nil, false
		case after[0] == comma:
			return string(value), after[1:], true
		}
		value = append(value, '"') // written as ""
		row = after
	}
}
