package whynot

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Kind says what would have had to be different.
type Kind string

// The kinds.
const (
	Covers    Kind = "covers"     // one more value in the rep's row
	OnShift   Kind = "on_shift"   // the rep at work then
	Available Kind = "available"  // not away, not gone
	Room      Kind = "room"       // fewer leads, or a higher cap
	Promised  Kind = "promised"   // the rep's place not promised to a lead that waits
	NotBefore Kind = "not_before" // the rep not having had the lead
	Turn      Kind = "turn"       // a higher turn
	OthersOut Kind = "others_out" // others not free
	NoRule    Kind = "no_rule"    // a rule not matching
)

// Change is one thing that would have had to be different.
type Change struct {
	Kind   Kind     `json:"kind"`
	Column string   `json:"column,omitempty"` // of Covers, with Value
	Value  string   `json:"value,omitempty"`
	Caps   []string `json:"caps,omitempty"` // of Room: which were reached
	Leads  int64    `json:"leads,omitempty"`
	// Credit is how much higher a Turn had to be, Amount what a lead is worth in the same
	// unit: micro-leads, or the value of the lead.
	Credit int64    `json:"credit,omitempty"`
	Amount int64    `json:"amount,omitempty"`
	Reps   []string `json:"reps,omitempty"` // of OthersOut
	Rule   string   `json:"rule,omitempty"` // of NoRule, with Place, file:line
	Place  string   `json:"place,omitempty"`

	apply func(*trial)
}

// String is the change in a few words, after "Smallest change: ".
func (c Change) String() string {
	switch c.Kind {
	case Covers:
		return fmt.Sprintf("%s in the rep's row (%s)", c.Value, c.Column)
	case OnShift:
		return "on shift then"
	case Available:
		return "not away then"
	case Room:
		return c.room()
	case Promised:
		return "a place that is not promised to a lead in line"
	case NotBefore:
		return "not having had it before"
	case Turn:
		return fmt.Sprintf("a turn higher by %.2f", math.Ceil(100*float64(c.Credit)/float64(max(1, c.Amount)))/100)
	case OthersOut:
		return strings.Join(c.Reps, " and ") + " not free"
	case NoRule:
		return fmt.Sprintf("the rule %s (%s) not matching", c.Rule, c.Place)
	}
	return string(c.Kind)
}

// room says of which leads fewer were needed.
func (c Change) room() string {
	switch {
	case c.Leads == 1:
		return "one lead fewer"
	case c.Leads > 1:
		return fmt.Sprintf("%d leads fewer", c.Leads)
	}
	words := map[string]string{
		"open": "one open lead fewer", "open value": "less open value", "hour": "one lead fewer that hour",
		"day": "one lead fewer that day", "week": "one lead fewer that week",
	}
	var list []string
	for _, name := range c.Caps {
		list = append(list, words[name])
	}
	return strings.Join(list, " and ") + ", or a higher cap"
}

// mostChanges bounds what is tried alone; all pairs of it are tried, too.
const mostChanges = 14

// changes are those that could matter for a rep, those in the rep's own row first.
func (c Case) changes(base result, rep string) []Change {
	why := base.plan.Explain()
	var list []Change
	off := false
	for _, tried := range why.Tries {
		for _, out := range tried.Out {
			if out.Rep != rep {
				continue
			}
			for _, barrier := range out.Reasons {
				off = off || slices.Contains([]routing.BarrierCode{routing.OffShift, routing.DayOff, routing.Busy}, barrier.Code)
				if c, ok := covering(tried, barrier); ok && !slices.ContainsFunc(list, func(o Change) bool { return o.Column == c.Column && o.Value == c.Value }) {
					list = append(list, c)
				}
			}
		}
	}
	if off {
		list = append(list, onShift(c.planner.Policy(), rep))
	}
	list = append(list, own(base, rep, c.draft.Past)...)
	for step := range base.grant.Step + 1 {
		if others := base.free(step); len(others) > 0 && len(others) <= 2 && !slices.Contains(others, rep) {
			list = append(list, Change{Kind: OthersOut, Reps: others, apply: func(t *trial) {
				for _, id := range others {
					entry(t.state, id).Presence = ledger.Left
				}
			}})
		}
	}
	for _, visit := range slices.Backward(taken(why, base.grant.Step)) {
		list = append(list, Change{Kind: NoRule, Rule: visit.Rule, Place: visit.Place, apply: func(t *trial) {
			t.rest = append(t.rest, visit.Rule)
		}})
	}
	return list[:min(len(list), mostChanges)]
}

// covering is the value in the row that takes a barrier away.
func covering(tried routing.Tried, barrier routing.Barrier) (Change, bool) {
	if barrier.Code != routing.NotCovered {
		return Change{}, false
	}
	for _, asked := range tried.Asked {
		if asked.Value == barrier.Data {
			add := cell{asked.Axis[strings.LastIndexByte(asked.Axis, '.')+1:], asked.Value}
			return Change{Kind: Covers, Column: add.column, Value: add.value, apply: func(t *trial) {
				t.covers = append(t.covers, add)
			}}, true
		}
	}
	return Change{}, false
}

// onShift has the rep at work, by the hours and by a calendar of their own.
func onShift(p *policy.Policy, rep string) Change {
	return Change{Kind: OnShift, apply: func(t *trial) {
		t.input.Absent = slices.DeleteFunc(slices.Clone(t.input.Absent), func(a routing.Absence) bool { return a.Rep == rep })
		if position, ok := p.Rep(rep); ok {
			t.input.Shift = p.Shift(t.input.At).Clone()
			t.input.Shift.Add(position)
		}
	}}
}

// own are the changes of what the ledger knows of the rep.
func own(base result, rep string, past []string) []Change {
	var list []Change
	if base.state.PresenceAt(rep, base.grant.At) != ledger.Available {
		list = append(list, Change{Kind: Available, apply: func(t *trial) {
			entry(t.state, rep).Presence = ledger.Available
			t.input.Left = slices.DeleteFunc(slices.Clone(t.input.Left), func(id string) bool { return id == rep })
		}})
	}
	if terms := base.terms(rep); terms != nil {
		if caps := full(terms.Caps, base.state.LoadAt(terms, base.grant.At), base.plan.Value); len(caps) > 0 {
			value := base.plan.Value
			list = append(list, Change{Kind: Room, Caps: caps, apply: func(t *trial) { makeRoom(entry(t.state, rep), terms.Caps, caps, value) }})
		}
	}
	for _, offer := range base.state.Offers {
		if offer.Rep == rep && offer.Lead != base.grant.Lead {
			list = append(list, Change{Kind: Promised, apply: func(t *trial) {
				for id, o := range t.state.Offers {
					if o.Rep == rep {
						delete(t.state.Offers, id)
					}
				}
			}})
			break
		}
	}
	if slices.Contains(past, rep) {
		list = append(list, Change{Kind: NotBefore, apply: func(t *trial) {
			t.input.Past = slices.DeleteFunc(slices.Clone(t.input.Past), func(id string) bool { return id == rep })
		}})
	}
	return list
}

// makeRoom takes one lead away under each cap that was reached.
func makeRoom(r *ledger.Rep, caps ledger.Caps, reached []string, value int64) {
	for _, name := range reached {
		switch name {
		case "open":
			r.Open = caps.Open - 1
		case "open value":
			r.OpenValue = caps.OpenValue - value
		case "hour":
			r.Hour.Count = caps.Hour - 1
		case "day":
			r.Day.Count = caps.Day - 1
		case "week":
			r.Week.Count = caps.Week - 1
		}
	}
}

// taken are the rules that matched, down to the one that took the lead.
func taken(why routing.Explanation, step int) []routing.PathEntry {
	last := ""
	for _, tried := range why.Tries {
		if tried.Step == step {
			last = tried.Rule
		}
	}
	var list []routing.PathEntry
	for _, entry := range why.Path {
		if entry.Fate == routing.Matched {
			list = append(list, entry)
		}
		if entry.Fate == routing.Matched && entry.Rule == last {
			break
		}
	}
	return list
}

// entry of a rep in the ledger, made if there is none.
func entry(s *ledger.State, rep string) *ledger.Rep {
	if s.Reps[rep] == nil {
		s.Reps[rep] = &ledger.Rep{Presence: ledger.Available}
	}
	return s.Reps[rep]
}
