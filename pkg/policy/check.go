package policy

import (
	"slices"
	"strings"

	"leadrouter/pkg/ledger"
)

// check looks at the policy as a whole.
func (r *reader) check() {
	r.checkList(r.policy.Rules)
	for _, set := range r.policy.Rulesets {
		r.checkList(set.Rules)
		if len(set.Rules) == 0 {
			r.failAt(set.Pos, len(set.Name), "the ruleset `%s` has no rules", set.Name)
		}
	}
	r.checkUse()
	r.checkSLAs()
	r.checkWeights()
	if r.issues.Err() == nil {
		r.unused()
		r.analyse()
	}
}

// checkList refuses rules behind one that takes every lead.
func (r *reader) checkList(rules []*Rule) {
	for i, rule := range rules {
		if i+1 < len(rules) && rule.takesAll() {
			next := rules[i+1]
			r.failAt(next.Pos, 1, "no lead gets here: `%s` before it takes every one", rule.Name)
			return
		}
	}
}

// takesAll reports whether no lead gets past the rule.
func (rule *Rule) takesAll() bool {
	always := rule.When == nil || rule.When.Source == "true"
	if !always || rule.flawed || rule.Shadow || !rule.From.IsZero() || !rule.Until.IsZero() || len(rule.Route.To) == 0 {
		return false
	}
	return rule.Route.To[len(rule.Route.To)-1].Kind != ToNext
}

// routes calls f with every route of a list of rules and its place.
func routes(rules []*Rule, f func(*Route, Pos)) {
	for _, rule := range rules {
		if rule.Table == nil {
			f(&rule.Route, rule.Pos)
			continue
		}
		for _, row := range rule.Table.Rows {
			f(&row.Route, row.Pos)
		}
	}
}

// checkUse refuses rulesets that use themselves.
func (r *reader) checkUse() {
	var path []string
	done := map[string]bool{}
	var visit func(set *Ruleset)
	visit = func(set *Ruleset) {
		if i := slices.Index(path, set.Name); i >= 0 {
			r.failAt(set.Pos, len(set.Name), "`%s` uses itself: %s", set.Name, strings.Join(append(path[i:], set.Name), ", "))
			return
		}
		if done[set.Name] {
			return
		}
		done[set.Name] = true
		path = append(path, set.Name)
		routes(set.Rules, func(route *Route, _ Pos) {
			if route.Use != nil {
				visit(route.Use)
			}
		})
		path = path[:len(path)-1]
	}
	for _, set := range r.policy.Rulesets {
		visit(set)
	}
}

// checkSLAs refuses SLAs behind one that is for every lead.
func (r *reader) checkSLAs() {
	var catchAll *SLA
	for _, s := range r.policy.SLAs {
		if s.For == nil {
			continue
		}
		if catchAll != nil {
			r.failAt(s.Pos, len(s.Name), "no lead gets here: `%s` before it is for every one", catchAll.Name)
		}
		if s.For.Source == "true" {
			catchAll = s
		}
	}
}

// checkWeights keeps weights within what the ledger counts exactly, once they are
// scaled so that the ramp divides them.
func (r *reader) checkWeights() {
	scale := r.policy.schedule.ramp.scale()
	for i := range r.policy.Reps {
		if rep := &r.policy.Reps[i]; rep.Weight*scale > ledger.MaxWeight {
			r.failAt(rep.Pos, len(rep.ID), "with this ramp a weight is at most %d", ledger.MaxWeight/scale)
		}
	}
}

// unused warns of what nothing refers to.
func (r *reader) unused() {
	warn := func(pos Pos, kind, name string) {
		r.warn(pos, len(name), "nothing uses the %s `%s`", kind, name)
	}
	for _, p := range r.policy.Pools {
		if !r.used["pool "+p.Name] {
			warn(p.Pos, "pool", p.Name)
		}
	}
	for _, s := range r.policy.Rulesets {
		if !r.used["ruleset "+s.Name] {
			warn(s.Pos, "ruleset", s.Name)
		}
	}
	for _, s := range r.policy.SLAs {
		if s.For == nil && !r.used["sla "+s.Name] {
			warn(s.Pos, "SLA", s.Name)
		}
	}
}

// open stands for every value of a name that has no list of them.
const open = "\x00other"

// maxCombinations bounds the rows that a table is checked against.
const maxCombinations = 10_000

// rowsComplete refuses tables that miss a combination of values, and rows that no
// combination reaches.
func (r *reader) rowsComplete(rows node, t *Table) {
	values := make([][]string, len(t.slots))
	total := 1
	for i, s := range t.slots {
		values[i] = r.names.slots[s].values
		if values[i] == nil {
			values[i] = r.mentioned(t, i)
		}
		if total *= len(values[i]); total > maxCombinations || len(t.Rows) == 0 {
			return
		}
	}
	reached := map[*Row]bool{}
	var missing []string
	have := make([]string, len(t.slots))
	for n := range total {
		for i := len(values) - 1; i >= 0; i-- {
			have[i] = values[i][n%len(values[i])]
			n /= len(values[i])
		}
		if row := t.match(have); row != nil {
			reached[row] = true
		} else if len(missing) < 3 {
			missing = append(missing, "`"+strings.ReplaceAll(strings.Join(have, ", "), open, anyone)+"`")
		}
	}
	if len(missing) > 0 {
		r.failAt(rows.pos(), 0, "no row for %s", strings.Join(missing, ", "))
	}
	for i, row := range t.Rows {
		// A row may be there for what is unknown.
		if !reached[row] && (!slices.Contains(row.Cells, "") || r.covered(t, i)) {
			r.failAt(row.Pos, len(row.Key), "no lead gets to this row: those before it take all")
		}
	}
}

// mentioned are the values that rows name in a column, and one for the others.
func (r *reader) mentioned(t *Table, column int) []string {
	out := []string{open}
	for _, row := range t.Rows {
		if column < len(row.Cells) && row.Cells[column] != "" && !slices.Contains(out, row.Cells[column]) {
			out = append(out, row.Cells[column])
		}
	}
	return out
}

// covered reports whether one row before takes all that row i does.
func (r *reader) covered(t *Table, i int) bool {
	return slices.ContainsFunc(t.Rows[:i], func(before *Row) bool {
		for k, c := range before.Cells {
			if k < len(t.Rows[i].Cells) && c != "" && c != t.Rows[i].Cells[k] {
				return false
			}
		}
		return true
	})
}
