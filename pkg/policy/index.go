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
	p.index.uses = r.names.uses()
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
