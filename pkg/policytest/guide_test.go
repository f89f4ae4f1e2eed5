package policytest_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
	"leadrouter/schemas/policyschema"
)

const guide = "../../docs/policy.md"

// completed adds to an example of the guide what it leaves out.
func completed(example string) string {
	if !strings.Contains(example, "policy:") {
		example = "policy: guide\n" + example
	}
	if !strings.Contains(example, "\nreps:") {
		example += `
reps:
  ana: {level: senior, language: [de, en], geo: emea, industry: finance, territory: dach, backup: ben}
  ben: {level: junior, language: en, geo: us, territory: nyc}
  carl: {level: senior, language: de, geo: emea, industry: health, backup: ben}
`
	}
	if !strings.Contains(example, "\nrules:") {
		example += "\nrules: [{name: rest, to: all}]\n"
	}
	return example
}

// TestGuide: every example of the guide is a policy, or a part of one, and the tests
// in it pass.
func TestGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	files := map[string][]byte{}
	examples := 0
	for _, block := range strings.Split(string(text), "\n```")[1:] {
		head, body, _ := strings.Cut(block, "\n")
		if name, ok := strings.CutPrefix(head, "csv "); ok {
			files[name] = []byte(body + "\n")
		}
		if head != "yaml" {
			continue
		}
		examples++
		files["policy.yaml"] = []byte(completed(body + "\n"))
		p, issues := policy.Parse(files)
		require.NoError(t, issues.Err(), "%s", body)
		for _, r := range policytest.Run(p, policytest.Config{}).Results {
			require.Equal(t, policytest.Passed, r.Status, r.String())
		}
	}
	require.Greater(t, examples, 9)
}

// reference are the rows of the table "Every key" of the guide, by their keys.
func reference(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "\n## Every key\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n## ")
	rows := map[string][]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) >= 4 && strings.HasPrefix(cells[0], "| `") {
			key := strings.Trim(cells[0], "| `…")
			require.NotContains(t, rows, key)
			rows[key] = cells
		}
	}
	return rows
}

// TestGuideHasEveryKey: whatever the schema knows has a row with its type and an
// example, which says the key, or the key that holds it.
func TestGuideHasEveryKey(t *testing.T) {
	t.Parallel()
	rows := reference(t)
	parts := map[string]bool{}
	for key, cells := range rows {
		for part := range strings.SplitSeq(key, ".") {
			parts[part] = true
		}
		name := key[strings.LastIndexByte(key, '.')+1:]
		example := strings.Trim(cells[3], "`| ")
		require.NotEmpty(t, cells[1], key)
		require.Contains(t, example, ": ", key)
		require.True(t, name == "*" || strings.Contains(example, name+":"), "the example of %s", key)
	}
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	var schema map[string]any
	require.NoError(t, json.Unmarshal(policyschema.JSON(), &schema))
	expected := schema["$defs"].(map[string]any)["expect"].(map[string]any)["properties"].(map[string]any)
	properties(schema, func(key string) {
		_, ofDecision := expected[key]
		spoken := strings.Contains(string(text), "`"+key+"`")
		require.True(t, parts[key] || spoken && (ofDecision || given[key]) || key == "experiment", "the guide has no row for %q", key)
	})
}

// given are the keys of one row of the table.
var given = map[string]bool{"given": true, "full": true, "away": true, "off_shift": true, "left": true, "last_owner": true, "company_owner": true}

// properties calls f with the keys of all objects of a schema.
func properties(at any, f func(key string)) {
	switch at := at.(type) {
	case map[string]any:
		if keys, ok := at["properties"].(map[string]any); ok {
			for key := range keys {
				f(key)
			}
		}
		for _, inner := range at {
			properties(inner, f)
		}
	case []any:
		for _, inner := range at {
			properties(inner, f)
		}
	}
}
