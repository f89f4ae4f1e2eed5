package intake_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/intake"
	"leadrouter/pkg/lead"
)

// FuzzFile reads anything as a lead file: it ends, every lead it gives is one, and
// of a table no byte is lost: the rows' own bytes make up the file again.
func FuzzFile(f *testing.F) {
	f.Add([]byte("id,country\n1,DE\n\"2\",\"a\nb\"\n3,\"x\n4,y\"z\n"), "leads.csv")
	f.Add([]byte("a;b\r\n1;\"x\"\"y\"\r\n"), "leads.csv")
	f.Add([]byte("{\"id\":\"1\"}\n{\n"), "leads.jsonl")
	f.Add([]byte("[{\"id\":\"1\"},{\"specversion\":\"1.0\"}]"), "leads.json")
	f.Add([]byte("\xef\xbb\xbfid\n\x00\n"), "stdin")
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		r, err := intake.NewReader(bytes.NewReader(content), name, intake.Config{MaxRow: 1 << 10})
		if err != nil {
			return
		}
		kept, lost := bytes.Clone(r.Header()), false
		for {
			rec, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				lost = true
				break
			}
			kept = append(kept, rec.Raw...)
			lost = lost || len(rec.Raw) >= 1<<10
			if rec.Err == nil {
				l, err := lead.Parse(rec.Data)
				require.NoError(t, err)
				require.Equal(t, rec.Lead.ID, l.ID)
			}
		}
		if r.Format() == intake.CSV && !lost && !bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
			require.Equal(t, visible(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))), visible(kept))
		}
	})
}

// visible leaves out what blank lines and empty cells are made of.
func visible(raw []byte) string {
	return string(bytes.Map(func(r rune) rune {
		if r < utf8.RuneSelf && strings.ContainsRune(" \t\v\f\r\n\",;|", r) {
			return -1
		}
		return r
	}, raw))
}

// FuzzMap reads anything as a map; one that is taken reads a file.
func FuzzMap(f *testing.F) {
	f.Add([]byte("columns: {A: country, B: {field: attributes.x, type: number, values: {a: b}}}\nconstants: {channel: web}\nblank: [x]"))
	f.Add([]byte("delimiter: tab\ndecimal: comma\ndates: dmy\ntimezone: Europe/Berlin\nencoding: iso-8859-15\nrest: ignore\nautomatic: false"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := intake.ParseMap(raw)
		if err != nil {
			return
		}
		r, err := intake.NewReader(bytes.NewReader([]byte("A\tB\n1\t2\nx\t\n")), "leads.csv", intake.Config{Map: m})
		if err != nil {
			return
		}
		for err == nil {
			_, err = r.Next()
		}
		require.ErrorIs(t, err, io.EOF)
	})
}
