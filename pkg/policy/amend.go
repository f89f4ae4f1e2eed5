package policy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// ErrAmend says that a policy cannot be had with that change.
var ErrAmend = errors.New("the policy cannot be changed so")

// Covering is the policy as it would be if a rep covered one more value in a column. It
// is read anew from the files with that in the rep's row, so that all that follows from
// it (pools, guards, tables) follows here, too.
func (p *Policy) Covering(rep, column, value string) (*Policy, error) {
	files := maps.Clone(p.Files)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !isYAML(name) {
			continue
		}
		var doc yaml.Node
		if yaml.Unmarshal(files[name], &doc) != nil || len(doc.Content) == 0 {
			continue
		}
		reps := child(doc.Content[0], "reps")
		var changed []byte
		switch row := child(reps, rep); {
		case reps == nil:
			continue
		case reps.Kind == yaml.ScalarNode:
			name = reps.Value
			changed = coverInCSV(files[name], rep, column, value)
		case row != nil:
			cover(row, column, value)
			changed, _ = yaml.Marshal(&doc) // an error leaves nothing, which is told below
		}
		if changed == nil {
			continue // the reps of another file
		}
		files[name] = changed
		return amended(files)
	}
	return nil, fmt.Errorf("%w: there is no rep %s", ErrAmend, rep)
}

// Resting is the policy as it would be if these rules, by their paths, never matched.
func (p *Policy) Resting(paths ...string) (*Policy, error) {
	own, err := amended(p.Files)
	if err != nil {
		return nil, err
	}
	all := own.Rules
	for _, set := range own.Rulesets {
		all = append(slices.Clip(all), set.Rules...)
	}
	for _, path := range paths {
		i := slices.IndexFunc(all, func(rule *Rule) bool { return rule.Path == path })
		if i < 0 {
			return nil, fmt.Errorf("%w: there is no rule %s", ErrAmend, path)
		}
		all[i].From = time.Unix(math.MaxInt32<<8, 0)
	}
	return own, nil
}

func amended(files map[string][]byte) (*Policy, error) {
	p, issues := Parse(files)
	if err := issues.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAmend, err)
	}
	return p, nil
}

// child is the value of a key of a mapping; nil when there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// cover adds a value to a column of a rep.
func cover(row *yaml.Node, column, value string) {
	add := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Style: yaml.DoubleQuotedStyle}
	switch has := child(row, column); {
	case has == nil:
		key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: column}
		row.Content = append(row.Content, key, &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{add}})
	case has.Kind == yaml.SequenceNode:
		has.Content = append(has.Content, add)
	default:
		was := *has
		*has = yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{&was, add}}
	}
}

// coverInCSV adds a value to a cell; nil when there is no such row.
func coverInCSV(data []byte, rep, column, value string) []byte {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) == 0 {
		return nil
	}
	id, cell := slices.Index(rows[0], "id"), slices.Index(rows[0], column)
	if cell < 0 {
		cell = len(rows[0])
		rows[0] = append(rows[0], column)
	}
	found := false
	for i, row := range rows[1:] {
		for len(row) < len(rows[0]) {
			row = append(row, "")
		}
		if id >= 0 && row[id] == rep {
			row[cell], found = row[cell]+" "+value, true
		}
		rows[i+1] = row
	}
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil || !found {
		return nil
	}
	return out.Bytes()
}
