package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"leadrouter/pkg/calendar"
)

// index finds things of a policy by name.
type index struct {
	reps     map[string]int32
	slots    []*slotDef
	names    map[string]slot // names that the policy asks for
	repSlots []slot          // of rep.*
	amount   slot            // the lead's value in minor units
	axes     []*Axis
	uses     []string
	asked    []string
	rules    Ruleset // of the policy itself
}

// Rep finds a rep's position by id.
func (p *Policy) Rep(id string) (int32, bool) {
	i, ok := p.index.reps[id]
	return i, ok
}

// Uses lists the names of a lead that the policy asks for: what a decision must
// keep to be derived again. They ascend; none is personal data.
func (p *Policy) Uses() []string { return slices.Clone(p.index.uses) }

// Asked lists those of [Policy.Uses] that a condition, an axis or a table asks for,
// directly or through what the policy makes of them: without them something cannot
// hold. They ascend.
func (p *Policy) Asked() []string { return slices.Clone(p.index.asked) }

// asked follows every question of the policy to the facts behind it.
func (r *reader) asked() []string {
	seen := map[slot]bool{}
	facts := map[string]bool{}
	var visit func(s slot)
	visit = func(s slot) {
		if seen[s] {
			return
		}
		seen[s] = true
		def := r.names.slots[s]
		if def.fact {
			facts[def.name] = true
		}
		for _, need := range def.asks() {
			visit(need)
		}
	}
	for _, j := range r.exprs.jobs {
		for _, s := range j.into.names {
			visit(s)
		}
	}
	for _, a := range r.policy.index.axes {
		visit(a.slot)
	}
	for _, set := range append(slices.Clone(r.policy.Rulesets), &Ruleset{Rules: r.policy.Rules}) {
		for _, rule := range set.Rules {
			if rule.Table != nil {
				for _, s := range rule.Table.slots {
					visit(s)
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(facts))
}

// finish makes the policy ready to be walked.
func (r *reader) finish() {
	if r.issues.Err() != nil {
		return
	}
	p := r.policy
	p.index.slots = r.names.slots
	p.index.names = maps.Clone(r.names.byName)
	for s, def := range r.names.slots {
		if def.rep {
			p.index.repSlots = append(p.index.repSlots, slot(s))
		}
	}
	p.index.uses, p.index.asked = r.names.uses(), r.asked()
	p.findable()
	for _, g := range p.Guards {
		g.static(p)
	}
}

// hash names the policy by its files and by the versions of what reads them. The
// order of files does not matter; their names do, since they order lists.
func (r *reader) hash() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "leadrouter policy %d\nengine %d\ncel %s\nzones %s\nholidays %s\n",
		language, Engine, celVersion, calendar.ZoneVersion, calendar.HolidaysVersion)
	for _, name := range slices.Sorted(maps.Keys(r.raw)) {
		fmt.Fprintf(sum, "%q %d\n", name, len(r.raw[name]))
		sum.Write(r.raw[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}
