package policy

import (
	"strings"
	"time"

	"cel.dev/cel-go/cel"
)

// guards reads what no rule may relax.
func (r *reader) guards() {
	for _, item := range r.listOf("guards") {
		g := &Guard{Pos: item.pos()}
		r.object(item, "a guard", object{
			"name": func(n node) { g.Name = r.identifier(n) },
			"when": func(n node) { g.When = r.cond(n) },
			"then": func(n node) {
				g.Then = &Cond{}
				r.expression(n, &g.Then.expr, wantBool, true)
			},
		})
		if g.Name == "" || g.Then == nil {
			r.fail(item, "a guard needs `name` and `then`")
		}
		r.policy.Guards = append(r.policy.Guards, g)
	}
}

// marks reads the tags and notices.
func (r *reader) marks() {
	for _, item := range r.listOf("marks") {
		m := &Mark{Pos: item.pos()}
		r.object(item, "a mark", object{
			"when": func(n node) { m.When = r.cond(n) },
			"tag":  func(n node) { m.Tag = r.identifier(n) },
			"tell": func(n node) { m.Tell = r.told(n) },
		})
		if m.Tag == "" && m.Tell == nil {
			r.fail(item, "a mark needs `tag` or `tell`")
		}
		r.policy.Marks = append(r.policy.Marks, m)
	}
}

// told reads who is told: a rep, an owner or a manager.
func (r *reader) told(n node) *Destination {
	d := r.destination(n)
	if d == nil {
		return nil
	}
	isRep := d.Kind == ToPool && len(d.Pool.Members) == 1 && d.Pool.Book == ""
	if !isRep && d.Kind != ToOwner && d.Kind != ToManager && d.Kind != ToBackup {
		r.fail(n, "`tell` names a rep, owner, backup or manager")
	}
	return d
}

// repSlot gives rep.<column> a slot. Columns are lists of strings; id, name, team,
// level and calendar are strings, weight is a number.
func (r *reader) repSlot(name string) (slot, bool) {
	if s, ok := r.names.byName[name]; ok {
		return s, true
	}
	column := strings.TrimPrefix(name, "rep.")
	def := &slotDef{name: name, rep: true}
	switch single := singleColumns[column]; {
	case single != nil:
		def.typ = cel.StringType
		def.compute = func(b *Binding) value {
			if s := single(&b.policy.Reps[b.rep]); s != "" {
				return textValue(s)
			}
			return failed()
		}
	case column == "weight":
		def.typ = cel.IntType
		def.compute = func(b *Binding) value { return intValue(b.policy.Reps[b.rep].Weight) }
	case r.columns[column]:
		def.typ = cel.ListType(cel.StringType)
		// A rep who says nothing covers nothing: an empty list, not an unknown one.
		lists := make([]value, len(r.policy.Reps))
		for i := range r.policy.Reps {
			lists[i] = listValue(r.policy.Reps[i].Columns[column])
		}
		def.compute = func(b *Binding) value { return lists[b.rep] }
	default:
		return 0, false
	}
	return r.names.add(def), true
}

func (r *reader) repNames() []string {
	out := []string{"rep.weight"}
	for _, c := range r.columnNames() {
		out = append(out, "rep."+c)
	}
	return out
}

// static computes whom a guard allows when that does not depend on the lead.
func (g *Guard) static(p *Policy) {
	for _, s := range g.Then.names {
		if !p.index.slots[s].rep {
			return
		}
	}
	g.allowed = g.allow(p.Bind(nil, time.Time{}))
}

func (g *Guard) allow(b *Binding) Set {
	set := newSet(len(b.policy.Reps))
	for i := range b.policy.Reps {
		b.of(int32(i))
		if g.Then.Eval(b) == True {
			set.Add(int32(i))
		}
	}
	return set
}

// Allows gives the reps who may have the lead, or false when the guard does not
// speak of it. A guard whose Then is unknown for a rep forbids that rep.
func (g *Guard) Allows(b *Binding) (Set, bool) {
	if g.When.Eval(b) != True {
		return nil, false
	}
	if g.allowed != nil {
		return g.allowed, true
	}
	return g.allow(b), true
}

// of makes rep.* speak of a rep.
func (b *Binding) of(rep int32) {
	b.rep = rep
	for _, s := range b.policy.index.repSlots {
		b.values[s] = value{}
	}
}
