package intake_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/intake"
)

// repeat reads as a text and then as so many bytes of another one, over and over.
func repeat(start, text string, bytes int64) io.Reader {
	return io.MultiReader(strings.NewReader(start), io.LimitReader(&loop{text: strings.Repeat(text, 64<<10/len(text)+1)}, bytes))
}

// loop reads as a text without end.
type loop struct {
	text string
	at   int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.text[l.at:])
	l.at = (l.at + n) % len(l.text)
	return n, nil
}

// A gigabyte where a row should be costs memory for a row, and is told with its line.
func TestAGigabyteInARow(t *testing.T) { //nolint:paralleltest // it counts what the process allocates
	const size, most = 1 << 30, 64 << 20
	tests := map[string]struct {
		name, start, text string
		why               string
	}{
		"a line of JSON":          {"leads.jsonl", `{"id":"1"}` + "\n" + `{"id":"`, "x", "leads.jsonl:2: longer than 1048576 bytes"},
		"a row":                   {"leads.csv", "id,city\n1,Berlin\n2,", "x", "leads.csv:3: longer than 1048576 bytes"},
		"a quoted cell":           {"leads.csv", "id,city\n2,\"", "x", "leads.csv:2: longer than 1048576 bytes"},
		"a header":                {"leads.csv", "", "x", "header: longer than 1048576 bytes"},
		"a value":                 {"leads.json", `[{"id":"1"},` + "\n" + `{"id":"`, "x", "near line 2: longer than 1048576 bytes"},
		"nesting":                 {"leads.json", "", "[", "near line 1: invalid character '[' exceeded max depth"},
		"blanks":                  {"leads.json", `[{"id":"1"},`, " \n", "longer than 1048576 bytes"},
		"a name of a binary file": {"leads.csv", "\x7fELF\x02\x01\x01\x00", "\x00\xff", "the file is not text"},
		"UTF-16":                  {"leads.csv", "\xff\xfe", "a\x00", "the file is UTF-16"},
		"UTF-16 without a mark":   {"leads.jsonl", "", "a\x00", "it is binary, or UTF-16"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // as above
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			problem := firstProblem(t, repeat(tt.start, tt.text, size), tt.name)
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, problem, tt.why)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(most))
		})
	}
}

// firstProblem reads a file up to the first row that is none, or the error that ends reading.
func firstProblem(t *testing.T, in io.Reader, name string) error {
	t.Helper()
	r, err := intake.NewReader(in, name, intake.Config{})
	for err == nil {
		var rec intake.Record
		if rec, err = r.Next(); err == nil && rec.Err != nil {
			require.LessOrEqual(t, len(rec.Raw), 1<<20)
			return rec.Err
		}
	}
	return err
}

// Lines each of which may open a quote, whatever the one before did: each is looked for as far
// as a row may go, so that a file of them is given up.
func TestOpenQuotesAllOverTheFile(t *testing.T) {
	t.Parallel()
	r, err := intake.NewReader(repeat("a,b\n", `",x","`+"\n", 64<<20), "leads.csv", intake.Config{MaxRow: 64 << 10})
	require.NoError(t, err)
	rows := 0
	for ; err == nil; rows++ {
		_, err = r.Next()
	}
	require.NotErrorIs(t, err, io.EOF)
	require.ErrorContains(t, err, "quotes are opened and not closed all over the file")
	require.ErrorContains(t, err, "leads.csv: line ")
	require.Less(t, rows, 1000)
}

// A few of them cost themselves alone.
func TestAFewOpenQuotes(t *testing.T) {
	t.Parallel()
	all := read(t, "leads.csv", "id,city\n"+strings.Repeat("1,\"x\n", 500)+strings.Repeat("2,y\n", 500), intake.Config{})
	bad := 0
	for _, rec := range all {
		if rec.Err != nil {
			bad++
		}
	}
	require.Equal(t, 500, bad)
	require.Len(t, all, 1000)
	require.NoError(t, all[999].Err)
}
