package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// analyse warns of what is allowed and most likely not meant.
func (r *reader) analyse() {
	lists := [][]*Rule{r.policy.Rules}
	for _, set := range r.policy.Rulesets {
		lists = append(lists, set.Rules)
	}
	for _, rules := range lists {
		before := newTakers()
		for _, rule := range rules {
			if !r.possible(rule) {
				continue
			}
			if taker := before.hides(rule); taker != nil {
				r.warn(rule.Pos, 1, "no lead gets here: `%s` in line %d takes whatever this rule would", taker.Name, taker.Pos.Line)
			}
			before.add(rule)
		}
	}
	r.forgotten()
}

// possible warns of a condition that contradicts itself.
func (r *reader) possible(rule *Rule) bool {
	if rule.When == nil {
		return true
	}
	s, never := impossible(rule.When.claims)
	if never {
		r.warn(rule.When.Pos, len(rule.When.Source), "this never holds: no value of `%s` meets all of it", r.names.slots[s].name)
	}
	return !never
}

// closes reports whether no lead that the rule matches goes on behind it.
func (rule *Rule) closes() bool {
	if rule.flawed || rule.Shadow || !rule.From.IsZero() || !rule.Until.IsZero() {
		return false
	}
	ends := func(route *Route) bool { return len(route.To) > 0 && route.To[len(route.To)-1].Kind != ToNext }
	if rule.Table == nil {
		return ends(&rule.Route)
	}
	rest := slices.ContainsFunc(rule.Table.Rows, func(row *Row) bool { return strings.Join(row.Cells, "") == "" })
	return rest && !slices.ContainsFunc(rule.Table.Rows, func(row *Row) bool { return !ends(&row.Route) })
}

// forgotten warns of reps whom no rule can give a lead: they are in no pool, team or
// list that a rule leads to, and nobody's manager, backup or account owner.
func (r *reader) forgotten() {
	meant := newSet(len(r.policy.Reps))
	note := func(i int32) {
		if i >= 0 {
			meant.Add(i)
		}
	}
	lists := [][]*Rule{r.policy.Rules}
	for _, set := range r.policy.Rulesets {
		lists = append(lists, set.Rules)
	}
	for _, rules := range lists {
		routes(rules, func(route *Route, _ Pos) {
			for _, to := range route.To {
				if to.Pool != nil {
					for _, i := range to.Pool.Members {
						note(i)
					}
				}
			}
		})
	}
	for _, t := range r.policy.Teams {
		note(t.Manager)
	}
	for _, i := range slices.Concat(r.policy.Review.By, r.owners) {
		note(i)
	}
	for i := range r.policy.Reps {
		note(r.policy.Reps[i].Backup)
	}
	var out []string
	var first Pos
	for i := range r.policy.Reps {
		if !meant.Has(int32(i)) {
			first = cmp.Or(first, r.policy.Reps[i].Pos)
			out = append(out, r.policy.Reps[i].ID)
		}
	}
	if len(out) == 0 {
		return
	}
	who := fmt.Sprintf("`%s`", out[0])
	if len(out) > 1 {
		who = fmt.Sprintf("%d reps (%s)", len(out), shortList(out, 5))
	}
	r.warn(first, 1, "no rule leads to %s: in no pool, team or list that a rule names", who)
}

// shortList shows the first few of a list.
func shortList(items []string, most int) string {
	if len(items) > most {
		return strings.Join(items[:most], ", ") + ", …"
	}
	return strings.Join(items, ", ")
}

// knownValues refuses to compare a name that the policy makes with a value that it
// cannot have.
func (r *reader) knownValues(j *job, c compiler) {
	ast.PreOrderVisit(c.tree.Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		op := call.FunctionName()
		if op != operators.Equals && op != operators.NotEquals && op != operators.In || call.Args()[0].Kind() != ast.IdentKind {
			return
		}
		s, ok := c.names.byName[call.Args()[0].AsIdent()]
		if !ok || c.names.slots[s].fact || c.names.slots[s].values == nil {
			return
		}
		literals := []ast.Expr{call.Args()[1]}
		if op == operators.In && literals[0].Kind() == ast.ListKind {
			literals = literals[0].AsList().Elements()
		}
		def := c.names.slots[s]
		for _, x := range literals {
			if v, ok := literal(x); ok && v.kind == text && !slices.Contains(def.values, v.text) {
				offset, _ := c.tree.SourceInfo().GetOffsetRange(x.ID())
				r.failAt(j.at.posAt(int(offset.Start)), len([]rune(v.text))+2, "`%s` is not a value of `%s`: %s%s",
					v.text, def.name, shortList(def.values, 8), suggest(v.text, def.values))
			}
		}
	}))
}
