package intake_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/intake"
)

func TestJSONLines(t *testing.T) {
	t.Parallel()
	all := read(t, "leads.jsonl", `{"id":"1","deal_value":1e3,"attributes":{"n":12345678901234567}}`+"\n\n"+
		`{"id":"2",`+"\n"+
		`[1]`+"\n"+
		`{"id":"3"} {"id":"4"}`+"\n"+
		`{"specversion":"1.0","id":"e-1","type":"lead.created","source":"form","data":{"id":"5","country":"DE"}}`+"\n"+
		`{"specversion":"1.0","id":"e-2"}`+"\n"+
		`{"id":"6","country":"Germany"}`, intake.Config{})
	require.Len(t, all, 7)
	require.Contains(t, string(all[0].Data), `"n":12345678901234567`, "numbers stay as they are written")
	for i, why := range map[int]string{
		1: "leads.jsonl:3: is not a JSON object", 2: "leads.jsonl:4: is not a JSON object", 3: "leads.jsonl:5: is not a JSON object",
		5: "leads.jsonl:7: is a CloudEvent without data", 6: "leads.jsonl:8: country: is not an ISO 3166-1 alpha-2 code",
	} {
		require.EqualError(t, all[i].Err, why)
	}
	require.Equal(t, "5", all[4].Lead.ID)
	require.True(t, strings.HasSuffix(string(all[1].Raw), "\"2\",\n"), "its bytes are kept")
}

// With a map the keys of an object are columns, and its values are read as those
// of a table.
func TestMappedJSON(t *testing.T) {
	t.Parallel()
	rec := one(t, "leads.jsonl", `{"Id":7,"firma":{"land":"Germany","name":"ACME"},"Tags":["a","b"],"ok":true,"nix":null}`,
		intake.Config{Map: mapOf(t, "columns: {firma.land: country, firma.name: company.name, ok: test}")})
	require.JSONEq(t, `{"id":"7","country":"DE","company":{"name":"ACME"},"tags":["a","b"],"test":true}`, string(rec.Data))
}

func TestJSONValues(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"one":     "{\n  \"id\": \"1\"\n}",
		"several": `{"id":"1"} {"id":"2"}` + "\n" + `{"id":"3"}`,
		"list":    " [\n{\"id\":\"1\"},\n\n{\"id\":\"2\"}]\n",
	} {
		for i, rec := range read(t, "leads.json", content, intake.Config{}) {
			require.NoError(t, rec.Err, name)
			require.Equal(t, string(rune('1'+i)), rec.Lead.ID, name)
		}
	}
	all := read(t, "leads.json", "[\n{\"id\":\"1\"},\n\n7,\n{\"id\":\"2\"}]", intake.Config{})
	require.Len(t, all, 3)
	require.EqualError(t, all[1].Err, "leads.json:4: is not a JSON object")
	require.Equal(t, 5, all[2].Line)
	require.Empty(t, read(t, "leads.json", "  ", intake.Config{}))
}

func TestJSONThatEndsReading(t *testing.T) {
	t.Parallel()
	for content, why := range map[string]string{
		`[{"id":"1"},` + "\n" + `{"id":`:              "read leads.json: near line 2: unexpected EOF",
		`[{"id":"1"}`:                                 "read leads.json: near line 1: ",
		`[{"id":"1"}] {"id":"2"}`:                     "read leads.json: near line 1: something follows the list",
		`{"id":"1"} nonsense`:                         "read leads.json: near line 1: invalid character",
		`{"id":"` + strings.Repeat("x", 20_000) + `"`: "longer than 10000 bytes",
	} {
		r, err := intake.NewReader(strings.NewReader(content), "leads.json", intake.Config{MaxRow: 10_000})
		require.NoError(t, err)
		for err == nil {
			_, err = r.Next()
		}
		require.ErrorContains(t, err, why)
	}
}

func TestFormatOfTheInput(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]intake.Format{
		"id,country\n": intake.CSV, `{"id":"1"}` + "\n" + `{"id":"2"}`: intake.JSONL,
		"{\n\"id\":\"1\"}": intake.JSON, ` [{"id":"1"}]`: intake.JSON, "\ufeff{\"id\":\"1\"}\n": intake.JSONL,
	} {
		r, err := intake.NewReader(strings.NewReader(content), "stdin", intake.Config{})
		require.NoError(t, err)
		require.Equal(t, want, r.Format(), content)
	}
	_, err := intake.NewReader(strings.NewReader("x"), "stdin", intake.Config{Format: "xml"})
	require.ErrorContains(t, err, `read stdin: format "xml" is none of csv, jsonl, json`)
}
