package policydiff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/policy"
)

// thing is a part of a policy and what there is to say of it.
type thing struct {
	kind, name string
	pos        policy.Pos
	facets     []facet
}

// facet is one property, as an author would write it; "" is not said.
type facet struct{ name, value string }

// things lists what a policy is made of, in its own order.
func things(p *policy.Policy) []thing {
	var out []thing
	add := func(kind, name string, pos policy.Pos, facets []facet) {
		out = append(out, thing{kind, name, pos, facets})
	}
	for _, set := range append([]*policy.Ruleset{p.Entry("")}, p.Rulesets...) {
		for i, rule := range set.Rules {
			add("rule", rule.Path, rule.Pos, ruleFacets(rule, i))
			if rule.Table == nil {
				continue
			}
			for _, row := range rule.Table.Rows {
				add("row", rule.Path+": "+row.Key, row.Pos, routeFacets(&row.Route))
			}
		}
	}
	for _, pool := range p.Pools {
		add("pool", pool.Name, pool.Pos, poolFacets(p, pool))
	}
	for i := range p.Reps {
		add("rep", p.Reps[i].ID, p.Reps[i].Pos, repFacets(p, &p.Reps[i]))
	}
	for _, g := range p.Guards {
		add("guard", g.Name, g.Pos, []facet{{"when", source(g.When)}, {"then", source(g.Then)}})
	}
	for _, s := range p.SLAs {
		add("SLA", s.Name, s.Pos, slaFacets(s))
	}
	return append(out, written(p)...)
}

func source(c *policy.Cond) string {
	if c == nil {
		return ""
	}
	return c.Source
}

// ruleFacets holds the place too: the order of rules decides.
func ruleFacets(r *policy.Rule, place int) []facet {
	mode := ""
	if r.Shadow {
		mode = "shadow"
	}
	out := []facet{
		{"place", fmt.Sprint(place + 1)}, {"when", source(r.When)}, {"mode", mode}, {"from", day(r.From)}, {"until", day(r.Until)},
	}
	if r.Table != nil {
		out = append(out, facet{"table", list(r.Table.Names)})
	}
	return append(out, routeFacets(&r.Route)...)
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func routeFacets(r *policy.Route) []facet {
	var to []string
	for _, d := range r.To {
		to = append(to, strings.TrimSpace(d.Name+settings(d.Settings)))
	}
	out := []facet{{"to", list(to)}, {"settings", strings.TrimSpace(settings(r.Settings))}}
	name := func(what string, ruleset *policy.Ruleset) {
		if ruleset != nil {
			out = append(out, facet{what, ruleset.Name})
		}
	}
	name("use", r.Use)
	name("on_qualified", r.OnQualified)
	if r.SLA != nil {
		out = append(out, facet{"sla", r.SLA.Name})
	}
	for what, is := range map[string]bool{"watch": r.Watch, "owns_account": r.OwnsAccount} {
		if is {
			out = append(out, facet{what, "true"})
		}
	}
	return out
}

// settings are the keys said at a destination or a rule, e.g. " hold 5m0s".
func settings(s policy.Settings) string {
	text := ""
	if s.Match != nil {
		text += " match " + list(axes(s.Match))
	}
	if s.Relax != nil {
		text += " relax " + list(axes(s.Relax))
	}
	if s.Hold != nil {
		text += " hold " + s.Hold.String()
	}
	if s.EvenIf != nil && s.EvenIf.Full {
		text += " even if full"
	}
	if s.EvenIf != nil && s.EvenIf.OffShift {
		text += " even if off shift"
	}
	return text
}

func axes(axes []*policy.Axis) []string {
	var out []string
	for _, a := range axes {
		out = append(out, a.Name)
	}
	return out
}

func poolFacets(p *policy.Policy, pool *policy.Pool) []facet {
	var who []string
	for _, i := range pool.Members {
		who = append(who, p.Reps[i].ID)
	}
	return []facet{
		{"who", list(who)},
		{"match", list(axes(pool.Match))},
		{"relax", list(axes(pool.Relax))},
		{"pick", string(pool.Pick)},
		{"ledger", pool.Book},
		{"fair_by value", fmt.Sprint(pool.ByValue)},
	}
}

func repFacets(p *policy.Policy, rep *policy.Rep) []facet {
	out := []facet{{"level", rep.Level}, {"weight", fmt.Sprint(rep.Weight)}, {"joined", day(rep.Joined)}}
	if rep.Team != nil {
		out = append(out, facet{"team", rep.Team.Name})
	}
	if rep.Calendar != nil {
		out = append(out, facet{"calendar", rep.Calendar.Name})
	}
	if rep.Backup >= 0 {
		out = append(out, facet{"backup", p.Reps[rep.Backup].ID})
	}
	var off []string
	for _, days := range rep.Off {
		off = append(off, days.String())
	}
	out = append(out, facet{"off", list(off)}, facet{"feed", rep.Feed.String()})
	c := rep.Caps
	for _, x := range []struct {
		name string
		cap  int64
	}{{"open", c.Open}, {"open_value", c.OpenValue / 100}, {"hour", c.Hour}, {"day", c.Day}, {"week", c.Week}} {
		if x.cap > 0 {
			out = append(out, facet{x.name, fmt.Sprint(x.cap)})
		}
	}
	for column, values := range rep.Columns {
		out = append(out, facet{column, list(values)})
	}
	return out
}

func slaFacets(s *policy.SLA) []facet {
	out := []facet{{"for", source(s.For)}, {"business time", fmt.Sprint(s.Business)}}
	for _, x := range []struct {
		name  string
		clock policy.Clock
	}{{"accepted", s.Accepted}, {"contacted", s.Contacted}, {"qualified", s.Qualified}, {"overall", s.Overall}} {
		if x.clock.IsZero() {
			continue
		}
		var text strings.Builder
		text.WriteString("target " + span(x.clock.Target))
		for _, stage := range x.clock.Stages {
			text.WriteString(", " + span(stage.After))
			for _, do := range stage.Do {
				text.WriteString(" " + string(do))
			}
		}
		out = append(out, facet{x.name, text.String()})
	}
	return out
}

func span(s policy.Span) string {
	if s.Days > 0 {
		return strings.TrimSuffix(fmt.Sprintf("%dd%s", s.Days, s.Rest), "0s")
	}
	return s.Rest.String()
}

func list(items []string) string {
	if len(items) == 0 {
		return ""
	}
	return "[" + strings.Join(slices.Clone(items), ", ") + "]"
}
