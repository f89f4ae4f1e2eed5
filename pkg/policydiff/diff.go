package policydiff

import (
	"cmp"
	"fmt"
	"slices"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/tryout"
)

// Change is one part of a policy that differs.
type Change struct {
	// Kind is rule, row, pool, rep, guard, SLA, define, band, score, table, calendar, …
	Kind string `json:"kind"`
	Name string `json:"name"`
	What string `json:"what"` // added, removed, changed
	// Facet of what changed, and its values before and after.
	Facet string `json:"facet,omitempty"`
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
	Place string `json:"place"` // file:line, in the new policy unless removed
}

// String is one line: "~ rule big  to: [ana] -> [ben]  policy.yaml:7".
func (c Change) String() string {
	head := map[string]string{"added": "+", "removed": "-", "changed": "~"}[c.What] + " " + c.Kind + " " + c.Name
	if c.What == "changed" {
		head += fmt.Sprintf("  %s: %s -> %s", c.Facet, cmp.Or(c.Old, "none"), cmp.Or(c.New, "none"))
	}
	return head + "  " + c.Place
}

// Compare lists what differs between two policies: what is gone, then what is new
// or changed in the order of the new one. A rule that only moved down because
// another came before it is not a change.
func Compare(before, after *policy.Policy) []Change {
	var out []Change
	olds, news := things(before), things(after)
	find := func(in []thing, t *thing) *thing {
		i := slices.IndexFunc(in, func(x thing) bool { return x.kind == t.kind && x.name == t.name })
		if i < 0 {
			return nil
		}
		return &in[i]
	}
	for i := range olds {
		if find(news, &olds[i]) == nil {
			out = append(out, olds[i].change("removed"))
		}
	}
	order := moved(olds, news)
	for i := range news {
		t := &news[i]
		old := find(olds, t)
		if old == nil {
			out = append(out, t.change("added"))
			continue
		}
		for _, name := range facetNames(old, t) {
			if name == "place" && !order[t.name] || old.facet(name) == t.facet(name) {
				continue
			}
			c := t.change("changed")
			c.Facet, c.Old, c.New = name, old.facet(name), t.facet(name)
			out = append(out, c)
		}
	}
	return out
}

func (t *thing) change(what string) Change {
	return Change{Kind: t.kind, Name: t.name, What: what, Place: fmt.Sprintf("%s:%d", t.pos.File, t.pos.Line)}
}

func (t *thing) facet(name string) string {
	for _, f := range t.facets {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// facetNames are the facets that either has, ascending.
func facetNames(a, b *thing) []string {
	var out []string
	for _, f := range slices.Concat(a.facets, b.facets) {
		out = append(out, f.name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// moved are the rules that stand elsewhere among those that both policies have.
func moved(olds, news []thing) map[string]bool {
	rules := func(of, other []thing) []string {
		var out []string
		for _, t := range of {
			both := slices.ContainsFunc(other, func(x thing) bool { return x.kind == t.kind && x.name == t.name })
			if t.kind == "rule" && both {
				out = append(out, t.name)
			}
		}
		return out
	}
	out := map[string]bool{}
	a, b := rules(olds, news), rules(news, olds)
	for i := range a {
		out[b[i]] = out[b[i]] || a[i] != b[i]
	}
	return out
}

// Moved is a lead that the two policies treat differently.
type Moved struct {
	Lead string `json:"lead_id"`
	Old  Answer `json:"old"`
	New  Answer `json:"new"`
}

// Answer is what becomes of a lead.
type Answer struct {
	Outcome string `json:"outcome"`
	Rep     string `json:"rep_id,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Row     string `json:"row,omitempty"`
}

// String is "jonas by deals/specialist" or "nurture by cold".
func (a Answer) String() string {
	who := cmp.Or(a.Rep, a.Outcome)
	if a.Rule == "" {
		return who
	}
	return who + " by " + a.Rule
}

// Owners tries leads with both policies and lists those that another rep gets, or
// that end otherwise.
func Owners(before, after *policy.Policy, leads []lead.Lead, cfg tryout.Config) ([]Moved, error) {
	var out []Moved
	for _, l := range leads {
		old, err := answer(before, l, cfg)
		if err != nil {
			return nil, err
		}
		fresh, err := answer(after, l, cfg)
		if err != nil {
			return nil, err
		}
		if old.Rep != fresh.Rep || old.Outcome != fresh.Outcome {
			out = append(out, Moved{Lead: l.ID, Old: old, New: fresh})
		}
	}
	return out, nil
}

func answer(p *policy.Policy, l lead.Lead, cfg tryout.Config) (Answer, error) {
	t, err := tryout.Run(p, l, cfg)
	if err != nil {
		return Answer{}, fmt.Errorf("lead %s with policy %s: %w", l.ID, p.Name, err)
	}
	a := t.Assigned
	return Answer{Outcome: string(a.Outcome), Rep: a.RepID, Rule: a.Rule, Row: a.Row}, nil
}
