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

// TestGuideHasEveryKey: whatever the schema knows is spoken of.
func TestGuideHasEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(guide)
	require.NoError(t, err)
	var schema any
	require.NoError(t, json.Unmarshal(policyschema.JSON(), &schema))
	var visit func(at any)
	visit = func(at any) {
		switch at := at.(type) {
		case map[string]any:
			if properties, ok := at["properties"].(map[string]any); ok {
				for key := range properties {
					require.True(t, key == "experiment" || strings.Contains(string(text), key), "the guide does not speak of %q", key)
				}
			}
			for _, inner := range at {
				visit(inner)
			}
		case []any:
			for _, inner := range at {
				visit(inner)
			}
		}
	}
	visit(schema)
}
