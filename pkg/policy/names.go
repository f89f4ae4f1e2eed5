package policy

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"leadrouter/pkg/lead"
)

// slotDef is a name that the policy asks for: where its value comes from.
type slotDef struct {
	name    string
	typ     *cel.Type
	fact    bool // lead.Facts may hold it
	rep     bool // rep.*: changes with the rep a guard looks at
	compute eval
	// What compute asks for, itself: expressions and other names.
	exprs []*expr
	needs []slot
	// values that it can have, false before true; nil when there is no end to them.
	values []string
	at     node // where the policy defines it; none for names of a lead
}

// names are the names of a lead and those that the policy makes. A name gets a
// slot when something asks for it.
type names struct {
	lead    map[string]lead.Name
	derived map[string]*slotDef
	slots   []*slotDef
	byName  map[string]slot
}

func newNames() *names {
	n := &names{lead: map[string]lead.Name{}, derived: map[string]*slotDef{}, byName: map[string]slot{}}
	for _, name := range lead.Names() {
		n.lead[name.Name] = name
	}
	return n
}

// slot gives a name its number. It is false for a name that nobody knows.
func (n *names) slot(name string) (slot, bool) {
	if s, ok := n.byName[name]; ok {
		return s, true
	}
	def, ok := n.derived[name]
	if !ok {
		if def, ok = n.factDef(name); !ok {
			return 0, false
		}
	}
	return n.add(def), true
}

func (n *names) add(def *slotDef) slot {
	s := slot(len(n.slots))
	n.slots = append(n.slots, def)
	n.byName[def.name] = s
	return s
}

// tablePrefix begins the hidden slot with the row that a table gives.
const tablePrefix = "#table:"

// hidden makes a slot for an intermediate result; no expression can name it.
func (n *names) hidden(def *slotDef) slot {
	def.name = "#" + def.name
	return n.add(def)
}

func (n *names) factDef(name string) (*slotDef, bool) {
	known, ok := n.lead[name]
	if !ok && strings.HasPrefix(name, lead.AttributePrefix) {
		known, ok = lead.Lookup(name)
	}
	if !ok || known.Personal {
		return nil, false
	}
	def := &slotDef{name: name, typ: celType(known.Type), fact: true}
	def.compute = func(b *Binding) value { return factValue(b.facts[name], known.Type) }
	if known.Type == lead.Bool {
		def.values = []string{"false", "true"}
	}
	return def, true
}

func celType(t lead.Type) *cel.Type {
	switch t {
	case lead.String:
		return cel.StringType
	case lead.Int:
		return cel.IntType
	case lead.Float:
		return cel.DoubleType
	case lead.Bool:
		return cel.BoolType
	case lead.Strings:
		return cel.ListType(cel.StringType)
	default:
		return cel.DynType
	}
}

// factValue reads a fact. What is not of the declared type is unknown; whole
// numbers may come as either kind of number.
func factValue(fact any, t lead.Type) value {
	var v value
	switch f := fact.(type) {
	case string:
		v = textValue(f)
	case int64:
		v = intValue(f)
		if t == lead.Float {
			v = doubleValue(float64(f))
		}
	case float64:
		v = doubleValue(f)
		if i := int64(f); t == lead.Int && float64(i) == f {
			v = intValue(i)
		}
	case bool:
		v = boolValue(f)
	case []string:
		v = listValue(f)
	default:
		return value{kind: unknown}
	}
	if t != lead.Any && v.kind != kindOf(t) {
		return value{kind: unknown}
	}
	return v
}

func kindOf(t lead.Type) kind {
	switch t {
	case lead.Int:
		return integer
	case lead.Float:
		return double
	case lead.Bool:
		return boolean
	case lead.Strings:
		return list
	default:
		return text
	}
}

// all lists what a condition may ask for, for suggestions.
func (n *names) all() []string {
	var out []string
	for name, known := range n.lead {
		if !known.Personal {
			out = append(out, name)
		}
	}
	for name := range n.derived {
		out = append(out, name)
	}
	return out
}

// reserved are words of CEL that no name can be.
var reserved = strings.Fields("as break const continue else false for function if import in let loop package namespace " +
	"null return true var void while known rep type int uint double bool string bytes list map dyn null_type " +
	"size has all exists exists_one filter account company attributes fit intent score value duplicate")

var nameText = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// declare adds a name that the policy makes.
func (r *reader) declare(key node, def *slotDef) {
	name := key.Value
	_, isLead := r.names.lead[name]
	switch first := r.names.derived[name]; {
	case isLead || slices.Contains(reserved, name):
		r.fail(key, "`%s` has a meaning already; choose another name", name)
		return
	case first != nil:
		r.fail(key, "`%s` is made in %s already", name, first.at.pos())
		return
	case !nameText.MatchString(name):
		r.fail(key, "`%s` cannot be a name: small letters, digits and `_`", name)
		return
	}
	def.name, def.at = name, key
	r.names.derived[name] = def
}

// personalAdvice says what to ask instead of personal data.
func personalAdvice(name string) string {
	advice := map[string]string{
		"email": "; ask for `email_domain`, `email_free` or `email_disposable`",
		"phone": "; ask for `country` or `language`", "referred_by": "; ask for `source == \"referral\"`",
	}
	return "`" + name + "` is personal data, which never enters a decision" + advice[name]
}

// nameAt reads the name of a lead that a key such as match or table lists.
func (r *reader) nameAt(n node) (slot, bool) {
	name := r.text(n)
	if s, ok := r.names.slot(name); ok {
		return s, true
	}
	if name != "" {
		r.unknownName(n.pos(), n.width(), name, "")
	}
	return 0, false
}

// unknownName refuses a name; otherwise says what it may be when it is no slip.
func (r *reader) unknownName(pos Pos, width int, name, otherwise string) {
	if known, ok := r.names.lead[name]; ok && known.Personal {
		r.failAt(pos, width, "%s", personalAdvice(name))
		return
	}
	r.failAt(pos, width, "`%s` is not known of a lead%s", name, cmp.Or(suggest(name, r.names.all()), otherwise))
}

// cycles refuses names that are made from themselves.
func (r *reader) cycles() {
	state := make([]int, len(r.names.slots)) // 0 not seen, 1 on the path, 2 done
	var path []string
	var visit func(s slot)
	visit = func(s slot) {
		def := r.names.slots[s]
		if state[s] == 1 {
			loop := append(path[slices.Index(path, def.title()):], def.title())
			r.fail(def.at, "%s is made from itself: %s", def.title(), strings.Join(loop, ", "))
		}
		if state[s] != 0 {
			return
		}
		state[s] = 1
		path = append(path, def.title())
		for _, need := range def.asks() {
			visit(need)
		}
		path = path[:len(path)-1]
		state[s] = 2
	}
	for s := range r.names.slots {
		visit(slot(s))
	}
}

// title names the slot for an author.
func (d *slotDef) title() string {
	if table, ok := strings.CutPrefix(d.name, tablePrefix); ok {
		return "table `" + table + "`"
	}
	return "`" + strings.TrimPrefix(d.name, "#") + "`"
}

// asks lists the slots that a value is made from.
func (d *slotDef) asks() []slot {
	out := slices.Clone(d.needs)
	for _, e := range d.exprs {
		out = append(out, e.names...)
	}
	return out
}

// uses lists the facts that the policy asks for.
func (n *names) uses() []string {
	used := map[string]bool{}
	for _, def := range n.slots {
		if def.fact {
			used[def.name] = true
		}
	}
	return slices.Sorted(maps.Keys(used))
}
