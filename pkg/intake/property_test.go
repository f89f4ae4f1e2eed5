package intake_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/intake"
)

// A table that encoding/csv writes is read as it was written, whatever is in its
// cells, with any delimiter.
func TestTablesComeBack(t *testing.T) {
	t.Parallel()
	cell := rapid.StringOfN(rapid.SampledFrom([]rune("ab \"',;\t|\né€")), 0, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(t, "columns")
		want := rapid.SliceOfN(rapid.SliceOfN(cell, width, width), 1, 6).Draw(t, "rows")
		header := make([]string, width)
		for i := range header {
			header[i] = fmt.Sprintf("h%d", i)
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if width > 1 { // with one column there is nothing to tell a delimiter by
			w.Comma = rapid.SampledFrom([]rune(",;\t|")).Draw(t, "delimiter")
		}
		require.NoError(t, w.Write(header))
		require.NoError(t, w.WriteAll(want))

		names, got, err := intake.ReadTable(&b, "table.csv")
		require.NoError(t, err)
		require.Equal(t, header, names)
		require.Equal(t, visibleRows(want, w.Comma), got)
	})
}

// visibleRows leaves out rows of nothing but space, quotes and delimiters, which
// count as blank.
func visibleRows(rows [][]string, comma rune) [][]string {
	var out [][]string
	for _, row := range rows {
		if strings.Trim(strings.Join(row, ""), "\" \t\r\n"+string(comma)) != "" {
			out = append(out, row)
		}
	}
	return out
}

// style is a way to write a number.
type style struct{ group, mark, decimal string }

// A number is read as the same one in every way to write it, once the map says
// which mark is the decimal one.
func TestNumbersComeBack(t *testing.T) {
	t.Parallel()
	styles := []style{
		{",", ".", "point"},
		{"", ".", "point"},
		{" ", ".", "point"},
		{"'", ".", "point"},
		{".", ",", "comma"},
		{"", ",", "comma"},
		{"\u00a0", ",", "comma"},
		{"\u202f", ",", "comma"},
	}
	maps := map[string]*intake.Map{"point": mapOf(t, "decimal: point"), "comma": mapOf(t, "decimal: comma")}
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(0, 9e11).Draw(t, "cents")
		s := rapid.SampledFrom(styles).Draw(t, "style")
		whole := strconv.FormatInt(cents/100, 10)
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + s.group + whole[i:]
		}
		text := fmt.Sprintf("%s%s%02d", whole, s.mark, cents%100)
		r, err := intake.NewReader(strings.NewReader("id\tdeal value\n1\t"+text+"\n"), "leads.csv", intake.Config{Map: maps[s.decimal]})
		require.NoError(t, err)
		rec, err := r.Next()
		require.NoError(t, err)
		require.NoError(t, rec.Err, text)
		require.InDelta(t, float64(cents)/100, *rec.Lead.DealValue, 1e-3, text)
	})
}

// Without a map a number is either read as what was meant or refused: never as
// another one. Money has two decimals or none.
func TestNumbersAreNeverMistaken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(0, 1e9).Draw(t, "cents")
		s := rapid.SampledFrom([]style{{",", ".", ""}, {".", ",", ""}, {"", ".", ""}, {"", ",", ""}, {" ", ",", ""}}).Draw(t, "style")
		want := float64(cents) / 100
		whole := strconv.FormatInt(cents/100, 10)
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + s.group + whole[i:]
		}
		text := whole
		if rapid.Bool().Draw(t, "decimals") {
			text += fmt.Sprintf("%s%02d", s.mark, cents%100)
		} else {
			want = math.Trunc(want)
		}
		r, err := intake.NewReader(strings.NewReader("id\tdeal value\n1\t"+text+"\n"), "leads.csv", intake.Config{})
		require.NoError(t, err)
		rec, err := r.Next()
		require.NoError(t, err)
		if rec.Err != nil {
			require.ErrorContains(t, rec.Err, "can be read in two ways", text)
			return
		}
		require.InDelta(t, want, *rec.Lead.DealValue, 1e-3, text)
	})
}

// A date without a map is read as what was meant or refused, in every zone.
func TestDatesAreNeverMistaken(t *testing.T) {
	t.Parallel()
	layouts := []string{"2006-01-02", "02.01.2006", "2/1/2006", "1/2/2006", "2 Jan 2006", "January 2, 2006", "2006/01/02"}
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 30_000).Draw(t, "day"))
		text := day.Format(rapid.SampledFrom(layouts).Draw(t, "layout"))
		r, err := intake.NewReader(strings.NewReader("id\tcreated\n1\t"+text+"\n"), "leads.csv", intake.Config{})
		require.NoError(t, err)
		rec, err := r.Next()
		require.NoError(t, err)
		if rec.Err != nil {
			require.ErrorContains(t, rec.Err, "can be read in two ways", text)
			require.LessOrEqual(t, day.Day(), 12, "only then")
			return
		}
		require.Equal(t, day, rec.Lead.CreatedAt, text)
	})
}

// A row's id does not depend on the order of its columns, and every cell counts.
func TestIDsDependOnContentAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.MapOfN(rapid.StringMatching(`h[a-z]{1,4}`), rapid.StringMatching(`[a-z0-9]{1,6}`), 1, 5).Draw(t, "fields")
		var order []string
		for name := range fields {
			order = append(order, name)
		}
		first := idOf(t, fields, order)
		require.Equal(t, first, idOf(t, fields, rapid.Permutation(order).Draw(t, "order")))
		fields[order[0]] += "x"
		require.NotEqual(t, first, idOf(t, fields, order))
	})
}

func idOf(t *rapid.T, fields map[string]string, order []string) string {
	row := make([]string, len(order))
	for i, name := range order {
		row[i] = fields[name]
	}
	file := strings.Join(order, ",") + "\n" + strings.Join(row, ",") + "\n"
	r, err := intake.NewReader(strings.NewReader(file), "leads.csv", intake.Config{})
	require.NoError(t, err)
	rec, err := r.Next()
	require.NoError(t, err)
	require.NoError(t, rec.Err)
	return rec.Lead.ID
}

// A lead written as JSON and as a mapped row is the same lead.
func TestFormatsAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		fields := map[string]string{
			"id":           rapid.StringMatching(`L-[0-9]{1,6}`).Draw(t, "id"),
			"country":      rapid.SampledFrom([]string{"Germany", "FR", "USA"}).Draw(t, "country"),
			"company.name": rapid.StringMatching(`[A-Z][a-z]{1,8}`).Draw(t, "company"),
			"deal_value":   strconv.Itoa(rapid.IntRange(0, 1e6).Draw(t, "value")),
		}
		raw, err := json.Marshal(fields)
		require.NoError(t, err)
		m, err := intake.ParseMap(nil)
		require.NoError(t, err)
		fromJSON, err := intake.NewReader(bytes.NewReader(raw), "lead.jsonl", intake.Config{Map: m})
		require.NoError(t, err)
		table := fmt.Sprintf("id,country,company.name,deal_value\n%s,%s,%s,%s\n", fields["id"], fields["country"], fields["company.name"], fields["deal_value"])
		fromCSV, err := intake.NewReader(strings.NewReader(table), "lead.csv", intake.Config{})
		require.NoError(t, err)
		a, err := fromJSON.Next()
		require.NoError(t, err)
		b, err := fromCSV.Next()
		require.NoError(t, err)
		require.NoError(t, a.Err)
		require.Equal(t, b.Lead, a.Lead)
	})
}
