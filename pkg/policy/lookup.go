package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"leadrouter/pkg/lead"
)

// lookup is a table of the policy: what a lead's keys give. Rows with the same
// shape (which keys are filled, and how) are one map, so that a lead costs one
// probe per shape, however long the table is.
type lookup struct {
	keys   []slot
	shapes []shape // the most specific first
	rows   [][]value
}

// shape says of every key what its rows ask: anything (-1), the exact value (0),
// or the first n bytes.
type shape struct {
	parts []int
	rows  map[string]int // joined key parts to a position in lookup.rows
}

// anyValue is the part of a shape that asks nothing of a key.
const anyValue = -1

// find gives the most specific row that matches; -1 when none does.
func (l *lookup) find(b *Binding) int {
	var buf [128]byte
next:
	for _, s := range l.shapes {
		key := buf[:0]
		for i, part := range s.parts {
			if part == anyValue {
				continue
			}
			v, ok := b.get(l.keys[i]).asText()
			if !ok || len(v) < part {
				continue next
			}
			if part > 0 {
				v = v[:part]
			}
			key = append(append(key, v...), 0)
		}
		if row, ok := s.rows[string(key)]; ok {
			return row
		}
	}
	return -1
}

// compareShapes puts the more specific first: more filled keys, then those further
// left, then exact before prefix and long prefixes before short ones.
func compareShapes(a, b shape) int {
	filled := func(s shape) int {
		return len(s.parts) - len(slices.DeleteFunc(slices.Clone(s.parts), func(p int) bool { return p != anyValue }))
	}
	order := cmp.Compare(filled(b), filled(a))
	for i := range a.parts {
		order = cmp.Or(order, cmp.Compare(min(b.parts[i], 0), min(a.parts[i], 0)))
	}
	for i := range a.parts {
		// 0, the exact value, is beyond every prefix.
		order = cmp.Or(order, cmp.Compare(uint(b.parts[i]-1), uint(a.parts[i]-1)))
	}
	return order
}

// lookups reads the tables and declares what they give.
func (r *reader) lookups() error {
	var failed error
	r.eachOf("tables", func(key, value node) {
		r.identifier(key)
		var file node
		var keys, gives []node
		r.object(value, "a table", object{
			"file":  func(n node) { file = n },
			"key":   func(n node) { keys = r.items(n) },
			"gives": func(n node) { gives = r.items(n) },
		})
		if file.Node == nil || len(keys) == 0 || len(gives) == 0 {
			r.fail(key, "table `%s` needs `file`, `key` and `gives`", key.Value)
			return
		}
		if err := r.lookup(key, file, keys, gives); err != nil {
			failed = cmp.Or(failed, err)
		}
	})
	return failed
}

func (r *reader) lookup(name, file node, keys, gives []node) error {
	columns := append(r.textOfEach(keys), r.textOfEach(gives)...)
	sheet, err := r.csv(file, columns...)
	if err != nil || sheet == nil {
		return err
	}
	for _, h := range sheet.header {
		if !slices.Contains(columns, h.Value) {
			r.fail(h, "table `%s` neither asks for `%s` nor gives it%s", name.Value, h.Value, suggest(h.Value, columns))
		}
	}
	l := &lookup{}
	row := &slotDef{name: "table:" + name.Value, typ: cel.IntType, at: name}
	row.compute = func(b *Binding) value { return intValue(int64(l.find(b))) }
	at := r.names.hidden(row)
	types := make([]lead.Type, len(gives))
	values := make([]map[string]bool, len(gives))
	for i, n := range gives {
		types[i] = r.names.lead[n.Value].Type
		values[i] = map[string]bool{}
	}
	r.fillLookup(l, sheet, keys, gives, types, values)
	for i, n := range gives {
		r.give(n, l, at, i, values[i])
	}
	// A key may itself come from a table: its slot is asked for when all are known.
	r.later = append(r.later, func() {
		for _, k := range keys {
			if s, ok := r.nameAt(k); ok {
				l.keys = append(l.keys, s)
			}
		}
		row.needs = l.keys
	})
	return nil
}

// textOfEach reads each of several nodes.
func (r *reader) textOfEach(nodes []node) []string {
	return titles(nodes, r.text)
}

// fillLookup sorts the rows into shapes.
func (r *reader) fillLookup(l *lookup, t *sheet, keys, gives []node, types []lead.Type, values []map[string]bool) {
	column := func(n node) int {
		return slices.IndexFunc(t.header, func(h node) bool { return h.Value == n.Value })
	}
	first := map[string]node{}
	byShape := map[string]int{}
	for _, cells := range t.rows {
		parts, key := make([]int, len(keys)), strings.Builder{}
		for i, k := range keys {
			text := cells[column(k)].Value
			switch prefix, isPrefix := strings.CutSuffix(text, "*"); {
			case prefix == "":
				parts[i] = anyValue
				continue
			case isPrefix:
				parts[i], text = len(prefix), prefix
			}
			key.WriteString(text)
			key.WriteByte(0)
		}
		id := fmt.Sprint(parts)
		if _, ok := byShape[id]; !ok {
			byShape[id] = len(l.shapes)
			l.shapes = append(l.shapes, shape{parts: parts, rows: map[string]int{}})
		}
		if twin, ok := first[id+key.String()]; ok {
			r.failAt(cells[0].pos(), 0, "this row has the same keys as line %d", twin.Line)
		}
		first[id+key.String()] = cells[0]
		l.shapes[byShape[id]].rows[key.String()] = len(l.rows)
		row := make([]value, len(gives))
		for i, g := range gives {
			row[i] = r.given(cells[column(g)], g.Value, types[i], values[i])
		}
		l.rows = append(l.rows, row)
	}
	slices.SortFunc(l.shapes, compareShapes)
}

// given reads what a row gives; an empty cell gives nothing.
func (r *reader) given(n node, name string, t lead.Type, values map[string]bool) value {
	if n.Value == "" {
		return failed()
	}
	if name == "account.owner" || name == "account.parent_owner" {
		r.owners = append(r.owners, r.rep(n))
	}
	v, ok := typed(n.Value, t)
	switch {
	case ok:
	case t == lead.Bool:
		r.fail(n, "`%s` is neither true nor false", n.Value)
	default:
		r.fail(n, "`%s` is not a number", n.Value)
	}
	values[n.Value] = true
	return v
}

// give declares a name that a table fills where the lead lacks it.
func (r *reader) give(n node, l *lookup, at slot, column int, values map[string]bool) {
	name := n.Value
	known, isLead := r.names.lead[name]
	switch {
	case r.names.derived[name] != nil:
		r.fail(n, "`%s` is made in %s already", name, r.names.derived[name].at.pos())
		return
	case isLead && known.Personal:
		r.fail(n, "%s", personalAdvice(name))
		return
	}
	def := &slotDef{name: name, typ: celType(known.Type), needs: []slot{at}, at: n, fact: isLead}
	def.compute = func(b *Binding) value {
		if isLead {
			if v := factValue(b.facts[name], known.Type); v.kind != unknown {
				return v
			}
		}
		if row := b.get(at).int(); row >= 0 {
			return l.rows[row][column]
		}
		return failed()
	}
	if isLead {
		if known.Type == lead.Bool {
			def.values = []string{"false", "true"}
		}
		r.names.derived[name] = def
		return
	}
	for v := range values {
		def.values = append(def.values, v)
	}
	slices.Sort(def.values)
	r.declare(n, def)
}
