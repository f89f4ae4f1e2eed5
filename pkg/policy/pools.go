package policy

import (
	"cmp"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/ledger"
)

// anyone in a column covers whatever a lead asks of it.
const anyone = "any"

// pools reads the pools and gives teams, reps and all one each when they are asked
// for.
func (r *reader) pools() {
	r.eachOf("pools", func(key, value node) {
		p := &Pool{Name: r.identifier(key), Pick: ledger.RoundRobin, Pos: key.pos()}
		p.Book = p.Name
		r.object(value, "a pool", object{
			"who":     func(n node) { p.Members = r.who(n) },
			"match":   func(n node) { p.Match = r.axes(n) },
			"relax":   func(n node) { p.Relax = r.axes(n) },
			"pick":    func(n node) { p.Pick = r.pick(n) },
			"ledger":  func(n node) { p.Book = r.identifier(n) },
			"fair_by": func(n node) { p.ByValue = r.choice(n, "count", "value") == "value" },
			"weights": r.weights,
		})
		if p.Members == nil {
			r.fail(key, "pool `%s` needs `who`: {level: senior}, a list of reps, or all", key.Value)
		}
		r.relaxed(key, p.Match, p.Relax)
		r.levelsCovered(key, p)
		r.poolName(key)
		r.policy.Pools = append(r.policy.Pools, p)
	})
	slices.SortFunc(r.policy.Pools, func(a, b *Pool) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range r.policy.Pools {
		for _, q := range r.policy.Pools {
			if p.Name < q.Name && p.Book == q.Book && p.ByValue != q.ByValue {
				r.failAt(q.Pos, len(q.Name), "pool `%s` shares the ledger `%s` with `%s`; both need the same `fair_by`", q.Name, q.Book, p.Name)
			}
		}
	}
}

// poolName refuses a name that `to` would not tell from another.
func (r *reader) poolName(key node) {
	name := key.Value
	_, isRep := r.policy.Rep(name)
	_, isWord := words[name]
	switch {
	case isWord || name == all:
		r.fail(key, "no pool can be called `%s`: it means something else in `to`", name)
	case isRep:
		r.fail(key, "`%s` is a rep too; `to` could not tell them apart", name)
	case slices.ContainsFunc(r.policy.Teams, func(t *Team) bool { return t.Name == name }):
		r.fail(key, "`%s` is a team too; `to` could not tell them apart", name)
	}
}

func (r *reader) pick(n node) ledger.Pick {
	s := r.text(n)
	if s == "predicted" {
		r.fail(n, "`pick: predicted` is reserved, not built yet")
		return ledger.RoundRobin
	}
	picks := []string{string(ledger.RoundRobin), string(ledger.LeastLoaded), string(ledger.Ranked)}
	return ledger.Pick(r.choice(n, picks...))
}

// weights has one value, and that is reserved. What it would change is known (the
// weights of the reps hold meanwhile), so that a policy that says it can be used.
func (r *reader) weights(n node) {
	if r.choice(n, "performance") != "" {
		r.warn(n.pos(), n.width(), "`weights: performance` is reserved, not built yet; the reps' own weights are used")
	}
}

// who selects reps: by columns, by id or all.
func (r *reader) who(n node) []int32 {
	members := []int32{}
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == all:
		for i := range r.policy.Reps {
			members = append(members, int32(i))
		}
	case n.Kind == yaml.MappingNode:
		set := r.whoColumns(n)
		for i := range r.policy.Reps {
			if set.Has(int32(i)) {
				members = append(members, int32(i))
			}
		}
	default:
		for _, item := range r.items(n) {
			if i := r.rep(item); slices.Contains(members, i) {
				r.fail(item, "`%s` is in this list twice", item.Value)
			} else if i != nobody {
				members = append(members, i)
			}
		}
	}
	if len(members) == 0 {
		r.warn(n.pos(), n.width(), "nobody is in this pool")
	}
	return members
}

// whoColumns selects the reps who have one of the values in every column named.
func (r *reader) whoColumns(n node) Set {
	set := newSet(len(r.policy.Reps))
	for i := range r.policy.Reps {
		set.Add(int32(i))
	}
	r.each(n, "`who`", func(key, value node) {
		wanted := r.texts(value)
		single := singleColumns[key.Value]
		if single == nil && !r.columns[key.Value] {
			r.fail(key, "reps have no column `%s`%s", key.Value, suggest(key.Value, r.columnNames()))
			return
		}
		for i := range r.policy.Reps {
			rep := &r.policy.Reps[i]
			has := rep.Columns[key.Value]
			if single != nil {
				has = []string{single(rep)}
			}
			if !slices.ContainsFunc(has, func(v string) bool { return slices.Contains(wanted, v) || single == nil && v == anyone }) {
				set.remove(int32(i))
			}
		}
	})
	return set
}

// singleColumns are columns of a rep that hold one value.
var singleColumns = map[string]func(*Rep) string{
	"id":    func(rep *Rep) string { return rep.ID },
	"name":  func(rep *Rep) string { return rep.Name },
	"level": func(rep *Rep) string { return rep.Level },
	"team": func(rep *Rep) string {
		if rep.Team == nil {
			return ""
		}
		return rep.Team.Name
	},
	"calendar": func(rep *Rep) string {
		if rep.Calendar == nil {
			return ""
		}
		return rep.Calendar.Name
	},
}

func (r *reader) columnNames() []string {
	var out []string
	for c := range r.columns {
		out = append(out, c)
	}
	for c := range singleColumns {
		out = append(out, c)
	}
	return out
}

// axes reads a list of match axes; never nil.
func (r *reader) axes(n node) []*Axis {
	out := []*Axis{}
	for _, item := range r.items(n) {
		a := r.axis(item)
		if a == nil {
			continue
		}
		if slices.Contains(out, a) {
			r.fail(item, "`%s` is in this list twice", a.Name)
			continue
		}
		out = append(out, a)
	}
	return out
}

// axis finds or makes the axis of a name; an axis is shared by all who match on it.
func (r *reader) axis(n node) *Axis {
	s, ok := r.nameAt(n)
	if !ok {
		return nil
	}
	for _, a := range r.policy.index.axes {
		if a.slot == s {
			return a
		}
	}
	name := n.Value
	a := &Axis{Name: name, Column: name[strings.LastIndexByte(name, '.')+1:], slot: s}
	if !r.columns[a.Column] {
		r.fail(n, "reps have no column `%s`%s", a.Column, suggest(a.Column, r.columnNames()))
		return nil
	}
	if r.names.slots[s].typ.Kind() == types.ListKind {
		r.fail(n, "`%s` is a list; an axis asks for one value", name)
		return nil
	}
	a.cover(r.policy.Reps)
	r.policy.index.axes = append(r.policy.index.axes, a)
	return a
}

// cover computes who covers each value that some rep lists.
func (a *Axis) cover(reps []Rep) {
	a.any = newSet(len(reps))
	a.sets = map[string]Set{}
	for i := range reps {
		for _, v := range reps[i].Columns[a.Column] {
			if v == anyone {
				a.any.Add(int32(i))
				continue
			}
			if a.sets[v] == nil {
				a.sets[v] = newSet(len(reps))
			}
			a.sets[v].Add(int32(i))
		}
	}
	// A part covers the whole it begins: who lists de covers de-AT. Shorter values
	// come first, so that a parent is complete when its children take it over.
	values := make([]string, 0, len(a.sets))
	for v := range a.sets {
		values = append(values, v)
	}
	slices.SortFunc(values, func(x, y string) int { return cmp.Or(len(x)-len(y), cmp.Compare(x, y)) })
	for _, v := range values {
		a.sets[v].Or(a.covers(parent(v)))
	}
}

// covers finds the reps who cover a value.
func (a *Axis) covers(v string) Set {
	for ; v != ""; v = parent(v) {
		if set, ok := a.sets[v]; ok {
			return set
		}
	}
	return a.any
}

// parent is the value without its last part: de of de-AT, "" of de.
func parent(v string) string { return v[:max(0, strings.LastIndexByte(v, '-'))] }

// Covers gives the reps who cover what the lead asks for on this axis, or false
// when the lead does not say: then the axis asks nothing.
func (a *Axis) Covers(b *Binding) (Set, bool) {
	v, ok := b.get(a.slot).asText()
	if !ok {
		return nil, false
	}
	return a.covers(v), true
}

// Asks reports whether the lead says what it asks for on this axis.
func (a *Axis) Asks(b *Binding) bool {
	kind := b.get(a.slot).kind
	return kind != unknown && kind != list
}

// Value is what the lead asks for on this axis, as rep columns write it; false when
// the lead does not say.
func (a *Axis) Value(b *Binding) (string, bool) { return b.get(a.slot).asText() }

// relaxed refuses to relax what is not matched.
func (r *reader) relaxed(at node, match, relax []*Axis) {
	for _, a := range relax {
		if !slices.Contains(match, a) {
			r.fail(at, "`%s` is relaxed but not matched: add it to `match`", a.Name)
		}
	}
}

// levelsCovered warns of levels that nobody can ever be found at: no member has
// something in every column that is asked.
func (r *reader) levelsCovered(key node, p *Pool) {
	for level := len(p.Relax); level >= 0 && len(p.Members) > 0; level-- {
		asked := slices.DeleteFunc(slices.Clone(p.Match), func(a *Axis) bool { return slices.Contains(p.Relax[:level], a) })
		covers := func(i int32) bool {
			return !slices.ContainsFunc(asked, func(a *Axis) bool { return len(r.policy.Reps[i].Columns[a.Column]) == 0 })
		}
		if !slices.ContainsFunc(p.Members, covers) {
			r.warn(key.pos(), key.width(), "nobody in pool `%s` covers %s", p.Name,
				strings.Join(titles(asked, func(a *Axis) string { return a.Name }), ", "))
			return
		}
	}
}

// poolOf finds what a destination names: a pool, a team, a rep or all.
func (r *reader) poolOf(name string) *Pool {
	for _, p := range r.policy.Pools {
		if p.Name == name {
			r.used["pool "+name] = true
			return p
		}
	}
	if p, ok := r.made[name]; ok {
		return p
	}
	p := &Pool{Name: name, Pick: ledger.RoundRobin, Book: name}
	if i, ok := r.policy.Rep(name); ok {
		// Alone there are no turns to take.
		p.Members, p.Pick, p.Book = []int32{i}, ledger.Ranked, ""
	} else if i := slices.IndexFunc(r.policy.Teams, func(t *Team) bool { return t.Name == name }); i >= 0 {
		p.Members, p.Book = r.policy.Teams[i].Members, "team:"+name
	} else if name == all {
		for i := range r.policy.Reps {
			p.Members = append(p.Members, int32(i))
		}
	} else {
		return nil
	}
	r.made[name] = p
	return p
}

// destinationNames lists what `to` can name.
func (r *reader) destinationNames() []string {
	out := append(r.repIDs(), all)
	out = append(out, titles(r.policy.Pools, func(p *Pool) string { return p.Name })...)
	out = append(out, titles(r.policy.Teams, func(t *Team) string { return t.Name })...)
	for w := range words {
		out = append(out, w)
	}
	return out
}
