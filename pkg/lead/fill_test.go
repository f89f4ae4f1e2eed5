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

// values are JSON of the right type by fact.
func values() map[string]string {
	out := map[string]string{}
	for _, n := range lead.Names() {
		if !lead.Fillable(n.Name) {
			continue
		}
		switch n.Type {
		case lead.String:
			out[n.Name] = `"some"`
		case lead.Int:
			out[n.Name] = "7"
		case lead.Float:
			out[n.Name] = "7.5"
		case lead.Bool:
			out[n.Name] = "false"
		default:
			out[n.Name] = `["some"]`
		}
	}
	out["country"], out["language"], out["timezone"] = `"AT"`, `"de-AT"`, `"Europe/Vienna"`
	out["currency"], out["intent"] = `"EUR"`, `"high"`
	out["attributes.segment"] = `"some"`
	return out
}

// Every fact that can be filled in takes its value once, and has it from then on.
func TestFill(t *testing.T) {
	t.Parallel()
	all := values()
	require.Greater(t, len(all), 30)
	var l lead.Lead
	for name, raw := range all {
		require.False(t, l.Has(name), name)
		require.Empty(t, l.Text(name), name)
		filled, err := l.Fill(name, raw)
		require.NoError(t, err, name)
		require.True(t, filled, name)
		require.True(t, l.Has(name), name)
		if raw[0] != '[' {
			require.Equal(t, strings.Trim(raw, `"`), l.Text(name), name)
		}
		require.Contains(t, l.Facts(), name)
	}
	before := l.Facts()
	for name := range all {
		filled, err := l.Fill(name, `"other"`)
		require.NoError(t, err, name)
		require.False(t, filled, "what is known stays: %s", name)
	}
	require.Empty(t, cmp.Diff(before, l.Facts()))
}

func TestFillRefuses(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"company.employees": `"many"`, "company.annual_revenue": `-1`, "country": `"Germany"`, "tags": `{"a":1}`,
		"email_free": `1`, "city": `["Berlin"]`, "timezone": `"Mars/Base"`, "intent": `"huge"`,
		"attributes.a": `{"b":1}`, "attributes.b": `[["c"]]`, "attributes.c": `1e999`,
		"id": `"L"`, "test": `true`, "account.owner": `"ana"`, "duplicate": `true`, "attributes.": `1`, "company.": `1`, "x": `1`,
	} {
		var l lead.Lead
		filled, err := l.Fill(name, raw)
		require.Error(t, err, name)
		require.NotEmpty(t, lead.CodeOf(err), name)
		require.False(t, filled, name)
		require.Empty(t, cmp.Diff(lead.Lead{}, l), name)
	}
	for name, raw := range map[string]string{"city": `""`, "country": `null`, "attributes.a": `null`, "attributes.b": `""`} {
		var l lead.Lead
		filled, err := l.Fill(name, raw)
		require.NoError(t, err, name)
		require.False(t, filled, name)
	}
}

func TestFillBoundsAttributes(t *testing.T) {
	t.Parallel()
	l := lead.Lead{Attributes: map[string]any{"list": make([]any, lead.MaxAttributes)}}
	_, err := l.Fill("attributes.more", "1")
	require.Equal(t, lead.TooMany, lead.CodeOf(err))
}

func TestTextOfNestedAttributes(t *testing.T) {
	t.Parallel()
	l := lead.Lead{ID: "L-1", Attributes: map[string]any{
		"a": map[string]any{"b.c": "deep", "d": int64(5)}, "a.e": true, "f": 1.5, "list": []any{"x"},
	}}
	for name, want := range map[string]string{
		"id": "L-1", "attributes.a.b.c": "deep", "attributes.a.d": "5", "attributes.a.e": "true",
		"attributes.f": "1.5", "attributes.list": "", "attributes.a": "", "attributes.none": "", "tags": "", "nothing": "",
	} {
		require.Equal(t, want, l.Text(name), name)
	}
}

// A lead with filled facts is read back from its own JSON as it is.
func TestFilledLeadsAreWhole(t *testing.T) {
	t.Parallel()
	all := values()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		l := lead.Lead{ID: "L-1"}
		for _, name := range rapid.SliceOf(rapid.SampledFrom(names)).Draw(t, "names") {
			raw := all[rapid.SampledFrom(names).Draw(t, "value of")]
			before := l.Facts()
			if filled, err := l.Fill(name, raw); err != nil || !filled {
				require.Empty(t, cmp.Diff(before, l.Facts()))
			}
		}
		raw, err := json.Marshal(l)
		require.NoError(t, err)
		again, err := lead.Parse(raw)
		require.NoError(t, err)
		again.EmailDomain, again.Company.Domain = l.EmailDomain, l.Company.Domain // follow from others
		require.Empty(t, cmp.Diff(l, again))
	})
}

func TestMissed(t *testing.T) {
	t.Parallel()
	var l lead.Lead
	for _, p := range []string{"b", "a", "b", "c"} {
		l.Missed(p)
	}
	require.Equal(t, []string{"a", "b", "c"}, l.Evidence.Missing)
}

func TestEvidenceLater(t *testing.T) {
	t.Parallel()
	before := &lead.Evidence{From: map[string]string{"country": "phone"}, Missing: []string{"a", "b"}}
	facts := lead.Facts{
		"company.employees": int64(5), "attributes.segment": "x", "id": "L", "test": false, "bulk": false,
		"attributes.jo@person.example": 1,
	}
	later := before.Later("a", facts)
	require.Empty(t, cmp.Diff(&lead.Evidence{
		From:    map[string]string{"country": "phone", "company.employees": "a", "attributes.segment": "a"},
		Missing: []string{"b"},
	}, later))
	require.Equal(t, []string{"a", "b"}, before.Missing, "the one before stays")
	require.Len(t, before.From, 1)
	var none *lead.Evidence
	require.Empty(t, cmp.Diff(&lead.Evidence{From: map[string]string{"city": "a"}}, none.Later("a", lead.Facts{"city": "Graz"})))
}
