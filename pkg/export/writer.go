package export

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Format of a table.
type Format string

// The formats.
const (
	CSV     Format = "csv"
	JSONL   Format = "jsonl"
	Parquet Format = "parquet"
)

// Formats lists them.
func Formats() []string { return []string{string(CSV), string(JSONL), string(Parquet)} }

// Writer writes rows of one type. Close ends the table; without it a table is not whole.
type Writer[T any] interface {
	Write(row T) error
	Close() error
}

// NewWriter writes to out, which it does not close.
func NewWriter[T any](format Format, out io.Writer) (Writer[T], error) {
	switch format {
	case CSV:
		return newCSV[T](out)
	case JSONL:
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		return jsonWriter[T]{enc}, nil
	case Parquet:
		return parquetWriter[T]{parquet.NewGenericWriter[T](out, parquet.MaxRowsPerRowGroup(rowGroup), parquet.Compression(&parquet.Zstd))}, nil
	}
	return nil, fmt.Errorf("there is no format %q; want %s", format, strings.Join(Formats(), ", "))
}

// rowGroup is how many rows of a Parquet file are held until they are written.
const rowGroup = 10_000

type jsonWriter[T any] struct{ enc *json.Encoder }

func (w jsonWriter[T]) Write(row T) error { return w.enc.Encode(row) }
func (w jsonWriter[T]) Close() error      { return nil }

type parquetWriter[T any] struct{ *parquet.GenericWriter[T] }

func (w parquetWriter[T]) Write(row T) error {
	_, err := w.GenericWriter.Write([]T{row})
	return err
}

// csvWriter writes RFC 4180 with a header.
type csvWriter[T any] struct {
	out   *csv.Writer
	cells []string
}

func newCSV[T any](out io.Writer) (*csvWriter[T], error) {
	w := &csvWriter[T]{out: csv.NewWriter(out)}
	for field := range reflect.TypeFor[T]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		w.cells = append(w.cells, name)
	}
	return w, w.out.Write(w.cells)
}

func (w *csvWriter[T]) Write(row T) error {
	v := reflect.ValueOf(row)
	for i := range w.cells {
		w.cells[i] = cell(v.Field(i).Interface())
	}
	return w.out.Write(w.cells)
}

func (w *csvWriter[T]) Close() error {
	w.out.Flush()
	return w.out.Error()
}

// cell writes a value; one that is not known is empty.
func cell(v any) string {
	switch v := v.(type) {
	case string:
		return harmless(v)
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case *int64:
		if v != nil {
			return strconv.FormatInt(*v, 10)
		}
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case *time.Time:
		if v != nil {
			return v.Format(time.RFC3339Nano)
		}
	case []string:
		return harmless(strings.Join(v, " "))
	}
	return ""
}

// harmless keeps spreadsheets from taking a text that somebody sent us for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
