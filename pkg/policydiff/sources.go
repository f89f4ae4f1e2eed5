package policydiff

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/policy"
)

// sections of a policy's files whose entries are told apart by what is written there, and
// what an entry is called. Everything else is told from the policy itself.
func sections() map[string]string {
	return map[string]string{
		"define": "define", "bands": "band", "score": "score", "tables": "table", "calendars": "calendar",
		"currency": "currency", "ramp": "ramp", "waiting": "waiting", "review": "review", "reassign": "reassign",
		"accounts": "accounts",
	}
}

// written lists the entries of these sections, in the order of the files.
func written(p *policy.Policy) []thing {
	var out []thing
	names := make([]string, 0, len(p.Files))
	for name := range p.Files {
		if strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		var doc yaml.Node
		if yaml.Unmarshal(p.Files[name], &doc) != nil || len(doc.Content) == 0 {
			continue // the policy was read from it, so it can be read
		}
		eachOf(doc.Content[0], func(key, value *yaml.Node) {
			if kind, ok := sections()[key.Value]; ok {
				out = append(out, entries(kind, key, value, name)...)
			}
		})
	}
	return out
}

// entries of a section: each is a thing, or the section is one.
func entries(kind string, key, value *yaml.Node, file string) []thing {
	pos := func(n *yaml.Node) policy.Pos { return policy.Pos{File: file, Line: n.Line, Col: n.Column} }
	if kind == key.Value && kind != "define" && kind != "score" { // it is one thing
		return []thing{{kind, kind, pos(key), facetsOf(value)}}
	}
	var out []thing
	eachOf(value, func(key, value *yaml.Node) {
		out = append(out, thing{kind, key.Value, pos(key), facetsOf(value)})
	})
	return out
}

// facetsOf lists what is written under the keys of a mapping, or all of it.
func facetsOf(n *yaml.Node) []facet {
	if n.Kind != yaml.MappingNode {
		return []facet{{"is", flow(n)}}
	}
	var out []facet
	eachOf(n, func(key, value *yaml.Node) { out = append(out, facet{key.Value, flow(value)}) })
	return out
}

func eachOf(n *yaml.Node, use func(key, value *yaml.Node)) {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		use(n.Content[i], n.Content[i+1])
	}
}

// flow writes a node in one line.
func flow(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		var parts []string
		eachOf(n, func(key, value *yaml.Node) { parts = append(parts, flow(key)+": "+flow(value)) })
		return "{" + strings.Join(parts, ", ") + "}"
	case yaml.SequenceNode:
		var parts []string
		for _, c := range n.Content {
			parts = append(parts, flow(c))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.AliasNode:
		return flow(n.Alias)
	default:
		return n.Value
	}
}
