package policy

import (
	"cmp"
	"slices"
)

// Bounds of a finder.
const (
	findFrom = 16 // entries; a shorter list is gone through as fast
	maxKeys  = 32 // of one entry, unless a single atom has more values
)

// finder knows for the entries of a list which values they ask for, so that a lead
// meets those alone that it can match. Entries that ask for the same names are one
// shape: a lead costs one probe per shape, however long the list is.
type finder struct {
	shapes []found // nil: the list is short
}

// found is one shape. An entry without atoms stands under the empty key of the
// shape without names: every lead finds it.
type found struct {
	slots []slot
	at    map[string][]int32 // joined values to positions, ascending
}

// newFinder sorts n entries by their atoms.
func newFinder(n int, names map[string]slot, atoms func(i int) []Atom) finder {
	var f finder
	if n < findFrom {
		return f
	}
	for i := range n {
		asked := selective(atoms(i))
		slots := make([]slot, len(asked))
		for k, a := range asked {
			slots[k] = names[a.Name]
		}
		f.shape(slots).add(int32(i), asked, nil)
	}
	return f
}

// selective takes the atoms that narrow most, each name once and in one order, as
// long as an entry does not stand under too many keys.
func selective(atoms []Atom) []Atom {
	few := slices.Clone(atoms)
	slices.SortStableFunc(few, func(a, b Atom) int { return cmp.Compare(len(a.Values), len(b.Values)) })
	var out []Atom
	keys := 1
	for _, a := range few {
		twice := slices.ContainsFunc(out, func(b Atom) bool { return a.Name == b.Name })
		if twice || len(out) > 0 && keys*len(a.Values) > maxKeys {
			continue
		}
		keys *= len(a.Values)
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Atom) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// shape finds or makes the shape with these names.
func (f *finder) shape(slots []slot) *found {
	for i := range f.shapes {
		if slices.Equal(f.shapes[i].slots, slots) {
			return &f.shapes[i]
		}
	}
	f.shapes = append(f.shapes, found{slots: slots, at: map[string][]int32{}})
	return &f.shapes[len(f.shapes)-1]
}

// add puts an entry under every combination of the values it asks for.
func (s *found) add(entry int32, asked []Atom, key []byte) {
	if len(asked) == 0 {
		list := s.at[string(key)]
		if len(list) == 0 || list[len(list)-1] != entry { // a value may be listed twice
			s.at[string(key)] = append(list, entry)
		}
		return
	}
	for _, v := range asked[0].Values {
		s.add(entry, asked[1:], append(append(slices.Clip(key), v...), 0))
	}
}

// probe gives the entries of a shape that the lead can match.
func (s *found) probe(b *Binding) []int32 {
	var buf [128]byte
	key := buf[:0]
	for _, at := range s.slots {
		v, ok := b.get(at).asText()
		if !ok {
			return nil // unknown: no value that is asked for
		}
		key = append(append(key, v...), 0)
	}
	return s.at[string(key)]
}

// first is the first entry that the lead can match; -1 for none.
func (f *finder) first(b *Binding) int32 {
	first := int32(-1)
	for i := range f.shapes {
		if list := f.shapes[i].probe(b); len(list) > 0 && (first < 0 || list[0] < first) {
			first = list[0]
		}
	}
	return first
}

// Cursor goes through rules in their order.
type Cursor struct {
	rules []*Rule
	lists [][]int32 // what each shape has still to give; nil: all rules
	next  int
}

// All goes through every rule.
func (s *Ruleset) All() Cursor { return Cursor{rules: s.Rules} }

// Candidates goes through the rules less some whose condition does not hold for the
// lead: a rule that is passed over is a no or unknown.
func (s *Ruleset) Candidates(b *Binding) Cursor {
	c := s.All()
	if s.finder.shapes == nil {
		return c
	}
	c.lists = make([][]int32, 0, len(s.finder.shapes))
	for i := range s.finder.shapes {
		if list := s.finder.shapes[i].probe(b); len(list) > 0 {
			c.lists = append(c.lists, list)
		}
	}
	return c
}

// Next is the next rule; nil behind the last.
func (c *Cursor) Next() *Rule {
	if c.lists == nil {
		if c.next == len(c.rules) {
			return nil
		}
		c.next++
		return c.rules[c.next-1]
	}
	best := -1
	for i, list := range c.lists {
		if len(list) > 0 && (best < 0 || list[0] < c.lists[best][0]) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	rule := c.rules[c.lists[best][0]]
	c.lists[best] = c.lists[best][1:]
	return rule
}

// Entry is where a walk begins: the ruleset of that name, or the policy's rules
// for "" and for a name that is gone.
func (p *Policy) Entry(name string) *Ruleset {
	for _, s := range p.Rulesets {
		if s.Name == name {
			return s
		}
	}
	return &p.index.rules
}

// findable makes the lists of rules and the rows of tables quick to search.
func (p *Policy) findable() {
	p.index.rules = Ruleset{Rules: p.Rules}
	for _, set := range append(slices.Clone(p.Rulesets), &p.index.rules) {
		set.finder = newFinder(len(set.Rules), p.index.names, func(i int) []Atom { return set.Rules[i].When.Atoms() })
		for _, rule := range set.Rules {
			if t := rule.Table; t != nil {
				t.finder = newFinder(len(t.Rows), p.index.names, t.atoms)
			}
		}
	}
}

// atoms of a row are its cells.
func (t *Table) atoms(row int) []Atom {
	var out []Atom
	for i, cell := range t.Rows[row].Cells {
		if cell != "" {
			out = append(out, Atom{Name: t.Names[i], Values: []string{cell}})
		}
	}
	return out
}
