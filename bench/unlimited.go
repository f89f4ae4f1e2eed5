package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
)

// The highest caps that a policy may have: of leads, and of their value.
const (
	mostLeads = "1000000"
	mostValue = "9000000000"
)

// Unlimited copies a policy to a new folder, so that a backlog of any size goes by its rules at
// any hour of any day: everybody is always at work, and the caps are counted and never reached.
// As written, most of 500,000 leads would stand in the waiting line of full reps, and all of them
// at night. Rules, reps, tables, scores and SLAs stay as they are, but for rules that lead to one
// of the targets without; its tests stay behind. The caller removes the folder.
func Unlimited(policy string, without ...string) (folder string, err error) {
	folder, err = os.MkdirTemp("", "leadrouter-bench-*")
	if err != nil {
		return "", err
	}
	if err := copyUnlimited(policy, folder, without); err != nil {
		return "", errors.Join(fmt.Errorf("lift the limits of policy %s: %w", policy, err), os.RemoveAll(folder))
	}
	return folder, nil
}

// copyUnlimited writes the policy of a file or a folder to a folder that is there.
func copyUnlimited(policy, folder string, without []string) error {
	info, err := os.Stat(policy)
	if err != nil {
		return err
	}
	source := policy
	if info.IsDir() {
		source = filepath.Join(policy, "policy.yaml")
		if err := os.CopyFS(folder, os.DirFS(policy)); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(source) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	if text, err = lift(text, without); err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(folder, "tests.yaml")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "policy.yaml"), text, 0o600) //nolint:gosec // a folder that was just made
}

// lift takes the limits from the text of a policy. It edits nodes, because in some mappings
// of a policy, such as bands, the order counts.
func lift(text []byte, without []string) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, errors.New("not a mapping")
	}
	drop(doc.Content[0], "tests")
	for _, calendar := range values(doc.Content[0], "calendars") {
		for _, name := range []string{"hours", "holidays", "closed", "open"} {
			drop(calendar, name)
		}
	}
	for _, level := range values(doc.Content[0], "caps") {
		for i := 1; i < len(level.Content); i += 2 {
			level.Content[i].Value = mostLeads
			if level.Content[i-1].Value == "open_value" {
				level.Content[i].Value = mostValue
			}
		}
	}
	if rules := named(doc.Content[0], "rules"); rules != nil {
		rules.Content = slices.DeleteFunc(rules.Content, func(rule *yaml.Node) bool {
			return slices.ContainsFunc(targets(rule), func(to string) bool { return slices.Contains(without, to) })
		})
	}
	return yaml.Marshal(&doc)
}

// targets are those of a rule that names them in a list.
func targets(rule *yaml.Node) (all []string) {
	if to := named(rule, "to"); to != nil {
		for _, target := range to.Content {
			all = append(all, target.Value)
		}
	}
	return all
}

// named is what a mapping has under a name; nil: nothing.
func named(mapping *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// values are those of the mapping that parent has under name.
func values(parent *yaml.Node, name string) (nodes []*yaml.Node) {
	if mapping := named(parent, name); mapping != nil {
		for i := 1; i < len(mapping.Content); i += 2 {
			nodes = append(nodes, mapping.Content[i])
		}
	}
	return nodes
}

// drop removes a name from a mapping.
func drop(mapping *yaml.Node, name string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			mapping.Content = append(mapping.Content[:i], mapping.Content[i+2:]...)
			return
		}
	}
}
