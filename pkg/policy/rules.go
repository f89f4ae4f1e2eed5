package policy

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// rules reads the rules and rulesets.
func (r *reader) rules() {
	// Rulesets may use each other in any order: first their names.
	r.eachOf("rulesets", func(key, _ node) {
		r.policy.Rulesets = append(r.policy.Rulesets, &Ruleset{Name: r.identifier(key), Pos: key.pos()})
	})
	slices.SortFunc(r.policy.Rulesets, func(a, b *Ruleset) int { return cmp.Compare(a.Name, b.Name) })
	r.eachOf("rulesets", func(key, value node) {
		set := r.rulesetNamed(key.Value)
		set.Rules = r.ruleList(value, key.Value+"/")
	})
	if n, ok := r.section("rules"); ok {
		r.policy.Rules = r.ruleList(n, "")
	} else {
		r.failAt(r.start(), 0, "a policy needs `rules`: who gets a lead")
	}
}

func (r *reader) rulesetNamed(name string) *Ruleset {
	i := slices.IndexFunc(r.policy.Rulesets, func(s *Ruleset) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return r.policy.Rulesets[i]
}

func (r *reader) ruleset(n node) *Ruleset {
	name := r.text(n)
	set := r.rulesetNamed(name)
	if set == nil && name != "" {
		r.fail(n, "no ruleset is called `%s`%s", name, suggest(name, titles(r.policy.Rulesets, func(s *Ruleset) string { return s.Name })))
	}
	r.used["ruleset "+name] = true
	return set
}

func (r *reader) ruleList(n node, prefix string) []*Rule {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "rules are a list: - {name: …, when: …, to: …}")
		return nil
	}
	var rules []*Rule
	names := map[string]bool{}
	for _, item := range r.items(n) {
		rule := r.rule(item)
		rule.Path = prefix + rule.Name
		if names[rule.Name] && rule.Name != "" {
			r.fail(item, "two rules of this list are called `%s`", rule.Name)
		}
		names[rule.Name] = true
		rules = append(rules, rule)
	}
	return rules
}

// rule reads one rule: to, use, or table with rows.
func (r *reader) rule(n node) *Rule {
	rule := &Rule{Pos: n.pos()}
	before := r.flaws
	defer func() { rule.flawed = r.flaws > before }()
	var table, rows, until node
	keys := r.routeKeys(&rule.Route)
	keys["name"] = func(n node) { rule.Name = r.identifier(n) }
	keys["when"] = func(n node) { rule.When = r.cond(n) }
	keys["table"] = func(n node) { table = n }
	keys["rows"] = func(n node) { rows = n }
	keys["from"] = func(n node) { rule.From = r.date(n, time.UTC) }
	keys["until"] = func(n node) {
		until = n
		if day := r.date(n, time.UTC); !day.IsZero() {
			rule.Until = day.AddDate(0, 0, 1) // the day itself is included
		}
	}
	keys["mode"] = func(n node) { rule.Shadow = r.choice(n, "live", "shadow") == "shadow" }
	keys["why"] = func(n node) { rule.Why = r.text(n) }
	keys["experiment"] = func(n node) { r.fail(n, "`experiment` is reserved, not built yet") }
	r.object(n, "a rule", keys)
	if rule.Name == "" {
		r.fail(n, "a rule needs a name")
	}
	if until.Node != nil && !rule.Until.IsZero() && !rule.Until.After(rule.From) {
		r.fail(until, "the rule ends before it begins")
	}
	r.settled(n, &rule.Route)
	has := 0
	for _, said := range []bool{rule.Route.To != nil, rule.Route.Use != nil || r.has(n, "use"), table.Node != nil || rows.Node != nil} {
		if said {
			has++
		}
	}
	if has != 1 && n.Kind == yaml.MappingNode {
		r.fail(n, "a rule has one of `to`, `use`, or `table` with `rows`")
	}
	if table.Node != nil && rows.Node != nil {
		rule.Table = r.table(table, rows)
	} else if table.Node != nil || rows.Node != nil {
		r.fail(n, "`table` and `rows` go together")
	}
	return rule
}

// has reports whether a mapping has a key.
func (r *reader) has(n node, key string) bool {
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// routeKeys are what rules and rows have in common.
func (r *reader) routeKeys(route *Route) object {
	keys := r.settingKeys(&route.Settings)
	keys["to"] = func(n node) { route.To = r.destinations(n) }
	keys["use"] = func(n node) { route.Use = r.ruleset(n) }
	keys["sla"] = func(n node) { route.SLA = r.sla(n) }
	keys["on_qualified"] = func(n node) { route.OnQualified = r.ruleset(n) }
	keys["watch"] = func(n node) { route.Watch = r.flag(n) }
	keys["owns_account"] = func(n node) { route.OwnsAccount = r.flag(n) }
	return keys
}

// settingKeys are what destinations have in common with rules and rows.
func (r *reader) settingKeys(s *Settings) object {
	return object{
		"match": func(n node) { s.Match = r.axes(n) },
		"relax": func(n node) { s.Relax = r.axes(n) },
		"hold": func(n node) {
			hold := r.span(n).Calendar()
			s.Hold = &hold
		},
		"even_if": func(n node) {
			s.EvenIf = &Lift{}
			for _, item := range r.items(n) {
				switch r.choice(item, "full", "off_shift") {
				case "full":
					s.EvenIf.Full = true
				case "off_shift":
					s.EvenIf.OffShift = true
				}
			}
		},
	}
}

// settled checks what a rule or row says against each of its destinations.
func (r *reader) settled(at node, route *Route) {
	for _, d := range route.To {
		s := d.Settings.Or(route.Settings)
		if d.Pool == nil {
			continue
		}
		s = s.Or(Settings{Match: d.Pool.Match, Relax: d.Pool.Relax})
		if route.Match != nil || route.Relax != nil || d.Match != nil || d.Relax != nil {
			r.relaxed(at, s.Match, s.Relax)
		}
	}
}

// destinations reads `to`. A list without an end closes with wait.
func (r *reader) destinations(n node) []*Destination {
	out := []*Destination{}
	for _, item := range r.items(n) {
		if len(out) > 0 && out[len(out)-1].Kind.IsEnd() {
			r.fail(item, "nothing gets past `%s` before this", out[len(out)-1].Name)
		}
		if d := r.destination(item); d != nil {
			out = append(out, d)
		}
	}
	if len(out) == 0 || !out[len(out)-1].Kind.IsEnd() {
		out = append(out, &Destination{Kind: ToWait, Name: "wait", Pos: n.pos()})
	}
	return out
}

func (r *reader) destination(n node) *Destination {
	d := &Destination{Pos: n.pos()}
	target := n
	if n.Kind == yaml.MappingNode {
		keys := r.settingKeys(&d.Settings)
		target = node{}
		keys["to"] = func(n node) { target = n }
		r.object(n, "a destination", keys)
		if target.Node == nil {
			r.fail(n, "a destination needs `to`")
			return nil
		}
	}
	d.Name = r.text(target)
	kind, isWord := words[d.Name]
	switch {
	case d.Name == "":
		return nil
	case isWord:
		d.Kind = kind
		r.personal(target, kind)
	default:
		d.Kind = ToPool
		if d.Pool = r.poolOf(d.Name); d.Pool == nil {
			r.fail(target, "no pool, team or rep is called `%s`%s", d.Name, suggest(d.Name, r.destinationNames()))
			return nil
		}
	}
	return d
}

// personal makes the policy use the names that lead to a person.
func (r *reader) personal(n node, kind Kind) {
	switch kind {
	case ToOwner, ToBackup, ToManager:
		r.names.slot("account.owner")
		r.names.slot("account.parent_owner")
	case ToLastOwner:
		r.names.slot("duplicate")
	case ToCompanyOwner:
		r.policy.company = true
		r.names.slot("company.domain")
		r.names.slot("account.id")
	default: // asks nothing of a lead
	}
}

// table reads a decision table. Its rows are complete or the policy is refused.
func (r *reader) table(names, rows node) *Table {
	t := &Table{}
	before := r.flaws
	for _, item := range r.items(names) {
		s, ok := r.nameAt(item)
		if !ok {
			return t
		}
		t.Names = append(t.Names, item.Value)
		t.slots = append(t.slots, s)
	}
	r.each(rows, "`rows`", func(key, value node) {
		row := &Row{Key: key.Value, Pos: key.pos()}
		for i, c := range strings.Split(key.Value, ",") {
			row.Cells = append(row.Cells, r.cellOf(t, key, i, strings.TrimSpace(c)))
		}
		if len(row.Cells) != len(t.Names) {
			r.fail(key, "the row has %d values, the table asks for %d: %s", len(row.Cells), len(t.Names), strings.Join(t.Names, ", "))
		}
		keys := r.routeKeys(&row.Route)
		keys["why"] = func(n node) { row.Why = r.text(n) }
		r.object(value, "a row", keys)
		if (row.Route.To == nil) == (row.Route.Use == nil) {
			r.fail(key, "a row has one of `to` and `use`")
		}
		r.settled(key, &row.Route)
		t.Rows = append(t.Rows, row)
	})
	if r.flaws == before {
		r.rowsComplete(rows, t)
	}
	return t
}

// cellOf reads one value of a row; "" is any.
func (r *reader) cellOf(t *Table, key node, i int, s string) string {
	if s == anyone || i >= len(t.slots) {
		return ""
	}
	if values := r.names.slots[t.slots[i]].values; values != nil && !slices.Contains(values, s) {
		r.fail(key, "`%s` is not a value of `%s`: %s%s", s, t.Names[i], strings.Join(values, ", "), suggest(s, values))
	}
	return s
}

// Find gives the first row that the lead is in; nil when there is none.
func (t *Table) Find(b *Binding) *Row {
	if t.finder.shapes != nil {
		if row := t.finder.first(b); row >= 0 {
			return t.Rows[row]
		}
		return nil
	}
	var buf [8]string
	have := buf[:0]
	for _, s := range t.slots {
		v, _ := b.get(s).asText()
		have = append(have, v)
	}
	return t.match(have)
}

// match gives the first row for values in the order of Names; "" is unknown.
func (t *Table) match(have []string) *Row {
next:
	for _, row := range t.Rows {
		for i, c := range row.Cells {
			if i >= len(have) || c != "" && c != have[i] {
				continue next
			}
		}
		return row
	}
	return nil
}
