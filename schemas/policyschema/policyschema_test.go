package policyschema_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"leadrouter/schemas/policyschema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(policyschema.JSON()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("policy.json", doc))
	schema, err := c.Compile("policy.json")
	require.NoError(t, err)
	return schema
}

// plain is a YAML document as an editor's schema check sees it: dates are text.
func plain(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	default: // a scalar: below
	case yaml.AliasNode:
		return plain(t, n.Alias)
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = plain(t, c)
		}
		return list
	}
	switch n.Tag {
	case "!!int", "!!float":
		return json.Number(n.Value)
	case "!!bool":
		return n.Value == "true"
	}
	return n.Value
}

func check(t *testing.T, schema *jsonschema.Schema, source []byte) error {
	t.Helper()
	var doc yaml.Node
	require.NoError(t, yaml.Unmarshal(source, &doc))
	return schema.Validate(plain(t, doc.Content[0]))
}

// Every example of the repository is fine.
func TestExamplesFit(t *testing.T) {
	t.Parallel()
	schema, checked := compiled(t), 0
	root := filepath.Join("..", "..", "examples")
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" || strings.Contains(path, "maps") {
			return err
		}
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, check(t, schema, source), path)
		checked++
		return nil
	}))
	require.Greater(t, checked, 6)
}

func TestMistakesShow(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for name, source := range map[string]string{
		"section":     "rulez: []",
		"rule key":    "rules: [{name: a, wenn: x, to: all}]",
		"nameless":    "rules: [{to: all}]",
		"action":      "slas: {a: {contacted: {4h: resign}}}",
		"span":        "rules: [{name: a, to: all, hold: 5 minutes}]",
		"pick":        "pools: {a: {who: all, pick: dice}}",
		"day off":     "reps: {ana: {off: [2026-12-24, 2027]}}",
		"feed":        "reps: {ana: {feed: jonas.txt}}",
		"expectation": "tests: [{name: a, lead: {}, expect: {repp: ana}}]",
	} {
		require.Error(t, check(t, schema, []byte(source)), name)
	}
}

// The schema and the parser know the same keys. The parser's are read from its
// source: the keys of its tables of readers, and its lists of names.
func TestSameKeysAsTheParser(t *testing.T) {
	t.Parallel()
	theirs := parserKeys(t)
	var schema any
	require.NoError(t, json.Unmarshal(policyschema.JSON(), &schema))
	ours := map[string]bool{}
	properties(schema, ours)
	for _, key := range slices.Sorted(mapsKeys(theirs)) {
		if key != "experiment" { // refused as reserved
			require.True(t, ours[key], "the parser knows `%s`, the schema does not", key)
		}
	}
	for _, key := range slices.Sorted(mapsKeys(ours)) {
		// Read by hand, since authors' own keys stand beside them.
		if !slices.Contains([]string{"base", "of", "target"}, key) {
			require.True(t, theirs[key], "the schema knows `%s`, the parser does not", key)
		}
	}
}

func mapsKeys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// properties collects the keys of all objects of a schema.
func properties(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if props, ok := v["properties"].(map[string]any); ok {
			for key := range props {
				into[key] = true
			}
		}
		for _, inner := range v {
			properties(inner, into)
		}
	case []any:
		for _, inner := range v {
			properties(inner, into)
		}
	}
}

// parserKeys finds, in the source of package policy, the keys of `object{…}`,
// assignments to keys["…"], and the lists topLevel, capKeys and fields.
func parserKeys(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "pkg", "policy", "*.go"))
	require.NoError(t, err)
	keys := map[string]bool{}
	add := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			keys[s] = true
		}
	}
	set := token.NewFileSet()
	for _, name := range files {
		file, err := parser.ParseFile(set, name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if name, ok := n.Type.(*ast.Ident); ok && name.Name == "object" {
					for _, e := range n.Elts {
						add(e.(*ast.KeyValueExpr).Key)
					}
				}
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					index, ok := left.(*ast.IndexExpr)
					if name, isIdent := identOf(index); ok && isIdent && name == "keys" {
						add(index.Index)
					}
				}
			case *ast.ValueSpec:
				if slices.Contains([]string{"topLevel", "capKeys", "fields"}, n.Names[0].Name) {
					for _, e := range n.Values[0].(*ast.CompositeLit).Elts {
						add(e)
					}
				}
			}
			return true
		})
	}
	require.Greater(t, len(keys), 60, "the parser's tables have moved")
	return keys
}

func identOf(index *ast.IndexExpr) (string, bool) {
	if index == nil {
		return "", false
	}
	name, ok := index.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	return name.Name, true
}
