package lead_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/lead"
)

// TestCatalogue: what Facts gives and what Names promises are the same, by name
// and by type.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	l, err := lead.Parse([]byte(full))
	require.NoError(t, err)
	facts := l.Facts()
	seen := map[string]bool{}
	for _, n := range lead.Names() {
		require.NotEmpty(t, n.Doc, n.Name)
		require.False(t, seen[n.Name], "%s is listed twice", n.Name)
		seen[n.Name] = true
		require.Contains(t, facts, n.Name)
		require.Equal(t, n.Type, typeOf(t, facts[n.Name]), n.Name)
	}
	for name := range facts {
		require.True(t, seen[name] || strings.HasPrefix(name, lead.AttributePrefix), "%s is not in the catalogue", name)
	}
	require.Equal(t, int64(120), facts["attributes.seats"])
	require.Equal(t, []string{"de", "en"}, facts["attributes.langs"])
	require.NotContains(t, facts, "attributes.nested.deep", "a list of numbers cannot be asked about")
}

func typeOf(t *testing.T, v any) lead.Type {
	t.Helper()
	switch v.(type) {
	case string:
		return lead.String
	case int64:
		return lead.Int
	case float64:
		return lead.Float
	case bool:
		return lead.Bool
	case []string:
		return lead.Strings
	}
	t.Fatalf("%T is no type of a fact", v)
	return lead.Any
}

func TestPersonalNames(t *testing.T) {
	t.Parallel()
	var personal []string
	for _, n := range lead.Names() {
		if n.Personal {
			personal = append(personal, n.Name)
		}
	}
	require.Equal(t, []string{"email", "phone", "first_name", "last_name", "referred_by"}, personal)
}

func TestLookup(t *testing.T) {
	t.Parallel()
	n, ok := lead.Lookup("company.employees")
	require.True(t, ok)
	require.Equal(t, lead.Int, n.Type)
	n, ok = lead.Lookup("attributes.seats")
	require.True(t, ok)
	require.Equal(t, lead.Any, n.Type)
	for _, name := range []string{"company.employes", "attributes.", "attributes", ""} {
		_, ok = lead.Lookup(name)
		require.False(t, ok, name)
	}
}

func TestBareLeadIsAllUnknown(t *testing.T) {
	t.Parallel()
	require.Equal(t, lead.Facts{"id": "a", "test": false, "bulk": false}, lead.Lead{ID: "a"}.Facts())
}

// TestFactsRoundTrip: what the decision record holds is read back to the same
// values of the same types.
func TestFactsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw, err := json.Marshal(drawObject(t))
		require.NoError(t, err)
		l, err := lead.Parse(raw)
		if err != nil {
			return
		}
		facts := l.Facts()
		record, err := json.Marshal(facts)
		require.NoError(t, err)
		var back lead.Facts
		require.NoError(t, json.Unmarshal(record, &back))
		require.Empty(t, cmp.Diff(facts, back))
	})
}

func TestFactsRefuseWrongTypes(t *testing.T) {
	t.Parallel()
	for raw, message := range map[string]string{
		`{"company.employees":"many"}`: "company.employees",
		`{"tags":[1]}`:                 "tags",
		`{"attributes.x":{"y":1}}`:     "attributes.x",
		`{"segment":null}`:             "segment",
		`[]`:                           "not an object",
	} {
		var f lead.Facts
		require.ErrorContains(t, json.Unmarshal([]byte(raw), &f), message)
	}
}

// TestMinusZero: facts read back from the log are the very facts that were planned with, also
// where somebody writes a zero with a sign.
func TestMinusZero(t *testing.T) {
	t.Parallel()
	l, err := lead.Parse([]byte(`{"id":"L","deal_value":-0.0,"company":{"annual_revenue":-0},"attributes":{"a":-0,"b":-0.0,"c":[-0.0]}}`))
	require.NoError(t, err)
	written, err := json.Marshal(l.Facts())
	require.NoError(t, err)
	require.NotContains(t, string(written), "-0")
	var back lead.Facts
	require.NoError(t, json.Unmarshal(written, &back))
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.Equal(t, string(written), string(again))
}
