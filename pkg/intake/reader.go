package intake

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"leadrouter/pkg/lead"
)

// Format is the form of a lead file.
type Format string

// The formats.
const (
	CSV   Format = "csv"   // a header row, then a row per lead; TSV and ; too
	JSONL Format = "jsonl" // a JSON object per line
	JSON  Format = "json"  // one object, several, or a list of them
)

// Config says how a file is read. The zero value is fine for most.
type Config struct {
	Map    *Map   // nil: well-known headers
	Format Format // empty: by the file's name, else by its first byte
	MaxRow int    // bytes of one row; default 1 MiB, which is also what a lead may have
	Bulk   bool   // mark every lead as part of an import
	// Accounts: the rows are accounts of account.changed, not leads. The fields of a map are
	// account.id, account.name, …
	Accounts bool
}

// Record is one row of a file.
type Record struct {
	Line int    // where it starts, from 1
	Raw  []byte // as it stands in the file, with its line end
	Lead lead.Lead
	// Account is what the row is if accounts are read; Lead is empty then.
	Account lead.Account
	Data    []byte // the data of lead.created, or of account.changed
	Err     error  // why there is no lead; Lead and Data are empty then
}

// Reader reads a lead file row by row.
type Reader struct {
	name   string
	rows   source
	binder *binder
	bulk   bool
	// accounts: rows are accounts.
	accounts bool
	header   []byte
	format   Format
}

// row is what a format finds before anything is mapped.
type row struct {
	line  int
	raw   []byte
	cells []cell         // under a header
	data  map[string]any // or a lead as it is
	err   error          // or neither
}

// source reads the rows of one format; [io.EOF] at the end.
type source interface{ next() (row, error) }

// NewReader reads in, which may be gzipped. name stands in messages, and its ending
// tells the format. An error is about the file as a whole: a header that the map
// does not fit, a format that is not one.
func NewReader(in io.Reader, name string, cfg Config) (*Reader, error) {
	r, err := newReader(in, name, cfg)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return r, nil
}

func newReader(in io.Reader, name string, cfg Config) (*Reader, error) {
	m := cfg.Map
	if m == nil {
		m = &Map{}
		if err := m.check(); err != nil {
			return nil, err
		}
	}
	text, err := plainText(in)
	if err != nil {
		return nil, err
	}
	r := &Reader{name: name, binder: newBinder(m), bulk: cfg.Bulk, accounts: cfg.Accounts, format: cfg.Format}
	if cfg.Accounts {
		r.binder.known = accountField
	}
	if r.format == "" {
		r.format = formatOf(name, text)
	}
	limit := cmp.Or(cfg.MaxRow, lead.MaxBytes)
	switch r.format {
	case CSV:
		rows, err := newTable(text, m, limit)
		if err != nil {
			return nil, err
		}
		r.rows, r.header = rows, rows.header
		return r, r.binder.header(rows.names)
	case JSONL:
		r.rows = newLines(text, limit, cfg.Map != nil)
	case JSON:
		r.rows = newValues(text, limit, cfg.Map != nil)
	default:
		return nil, fmt.Errorf("format %q is none of csv, jsonl, json", r.format)
	}
	return r, nil
}

// Name is the file's name in messages.
func (r *Reader) Name() string { return r.name }

// Format is the form of the file, as told or as found.
func (r *Reader) Format() Format { return r.format }

// Header is the header row as it stands in the file, empty where there is none.
func (r *Reader) Header() []byte { return r.header }

// Next returns the next row, [io.EOF] at the end, or the error that ends reading.
// A row that is no lead has Record.Err; reading goes on after it.
func (r *Reader) Next() (Record, error) {
	row, err := r.rows.next()
	if errors.Is(err, io.EOF) {
		return Record{}, io.EOF
	}
	if err != nil {
		return Record{}, fmt.Errorf("read %s: %w", r.name, err)
	}
	rec := Record{Line: row.line, Raw: row.raw, Err: row.err}
	switch {
	case rec.Err != nil:
	case r.accounts:
		rec.Account, rec.Data, rec.Err = r.account(row)
	default:
		rec.Lead, rec.Data, rec.Err = r.lead(row)
	}
	if rec.Err != nil {
		rec.Err = &RowError{File: r.name, Line: row.line, Err: rec.Err}
	}
	return rec, nil
}

func (r *Reader) lead(row row) (lead.Lead, []byte, error) {
	data := row.data
	if data == nil {
		var err error
		if data, err = r.binder.lead(row.cells); err != nil {
			return lead.Lead{}, nil, err
		}
	}
	if id, ok := data["id"]; !ok || id == "" {
		id, err := contentID(row)
		if err != nil {
			return lead.Lead{}, nil, err
		}
		data["id"] = id
	}
	if r.bulk {
		data["bulk"] = true
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return lead.Lead{}, nil, err
	}
	l, err := lead.Parse(raw)
	if err != nil {
		return lead.Lead{}, nil, err
	}
	return l, raw, nil
}

// RowError says what is wrong with one row, and where: leads.csv:17: why.
type RowError struct {
	File string
	Line int
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }

// plainText unpacks gzip and takes a byte order mark off.
func plainText(in io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReaderSize(in, 64<<10)
	if magic, _ := text.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(text)
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		text = bufio.NewReaderSize(unpacked, 64<<10)
	}
	start, err := text.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff}) {
		return nil, errors.New("the file is UTF-16; save it as CSV UTF-8")
	}
	// What is there already: more of a pipe may be long in coming.
	if head, _ := text.Peek(text.Buffered()); bytes.IndexByte(head, 0) >= 0 {
		return nil, errors.New("the file is not text: it is binary, or UTF-16; save it as CSV UTF-8")
	}
	if bytes.Equal(start, []byte{0xef, 0xbb, 0xbf}) {
		_, err := text.Discard(3)
		return text, err
	}
	return text, nil
}

// formatOf tells the format by the file's name, or by how it starts: with a brace,
// JSONL when the first line is an object of its own.
func formatOf(name string, text *bufio.Reader) Format {
	switch strings.ToLower(filepath.Ext(strings.TrimSuffix(name, ".gz"))) {
	case ".csv", ".tsv", ".txt":
		return CSV
	case ".jsonl", ".ndjson":
		return JSONL
	case ".json":
		return JSON
	}
	start, _ := text.Peek(64 << 10)
	trimmed := bytes.TrimLeft(start, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return CSV
	}
	line, _, _ := bytes.Cut(trimmed, []byte("\n"))
	if trimmed[0] == '{' && json.Valid(line) {
		return JSONL
	}
	return JSON
}
