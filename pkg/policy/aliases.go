package policy

import "go.yaml.in/yaml/v3"

// maxUnfolded is how many values the aliases of a file may stand for. A list of ten aliases to a
// list of ten aliases to … is a thousand million of them in as many lines as it has levels.
const maxUnfolded = 100_000

// unfolds finds an anchor below a node that stands for more than that, or nil.
func unfolds(root *yaml.Node) *yaml.Node {
	var count func(*yaml.Node) int
	count = func(n *yaml.Node) int {
		total := 1
		for _, c := range n.Content {
			total += count(c)
		}
		return total
	}
	written := count(root)
	u := unfolding{limit: written + maxUnfolded + 1, sizes: map[*yaml.Node]int{}, largest: root}
	if u.size(root) < u.limit {
		return nil
	}
	return u.largest
}

// unfolding counts values with aliases followed, up to a limit.
type unfolding struct {
	limit   int
	sizes   map[*yaml.Node]int // of what has an anchor
	largest *yaml.Node         // the first of them to reach the limit
}

func (u *unfolding) size(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		return u.size(n.Alias)
	}
	if size, counted := u.sizes[n]; counted {
		return size
	}
	if n.Anchor != "" {
		u.sizes[n] = u.limit // of an alias within what it stands for
	}
	total := 1
	for _, c := range n.Content {
		total = min(total+u.size(c), u.limit)
	}
	if n.Anchor != "" {
		if u.sizes[n] = total; total == u.limit && u.largest.Anchor == "" {
			u.largest = n
		}
	}
	return total
}
