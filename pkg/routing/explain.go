package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"leadrouter/pkg/policy"
)

// Explanation is a plan for people: which rules the lead came by, and for every
// destination who is in and who is out, and why.
type Explanation struct {
	Path  []PathEntry `json:"path"`
	Tries []Tried     `json:"tries"`
	// Never are the reps whom no destination meant, ids.
	Never []string `json:"never,omitempty"`
}

// PathEntry is one rule on the way.
type PathEntry struct {
	Rule    string   `json:"rule"`
	Row     string   `json:"row,omitempty"`
	Fate    Fate     `json:"fate"`
	Missing []string `json:"missing,omitempty"` // names that the lead lacks, of an unknown one
	Why     string   `json:"why,omitempty"`     // the author's reason
	Place   string   `json:"place"`             // file:line
}

// Tried is one destination at one level.
type Tried struct {
	Rule    string   `json:"rule"`
	Row     string   `json:"row,omitempty"`
	To      string   `json:"to"`
	Level   int      `json:"level"`
	Asked   []Asked  `json:"asked,omitempty"`
	Relaxed []string `json:"relaxed,omitempty"` // axes left out
	Unknown []string `json:"unknown,omitempty"` // axes that ask nothing: the lead does not say
	Step    int      `json:"step"`              // of the plan; -1: nobody to offer the lead to
	In      []string `json:"in,omitempty"`      // rep ids
	Out     []Out    `json:"out,omitempty"`
}

// Asked is one axis and what the lead asks on it.
type Asked struct {
	Axis  string `json:"axis"`
	Value string `json:"value"`
}

// Out is a rep whom the destination means and who cannot have the lead.
type Out struct {
	Rep     string    `json:"rep_id"`
	Reasons []Barrier `json:"reasons"`
}

// Barrier is one reason why a rep is out.
type Barrier struct {
	Code BarrierCode `json:"code"`
	Data string      `json:"data,omitempty"`
}

// BarrierCode says what kind of reason it is.
type BarrierCode string

// The barriers.
const (
	LeftCompany BarrierCode = "left"       // the rep has left
	PastOwner   BarrierCode = "past_owner" // had the lead before
	Guarded     BarrierCode = "guard"      // Data: the guard's name
	NotCovered  BarrierCode = "not_covered"
	OffShift    BarrierCode = "off_shift"
	DayOff      BarrierCode = "off"   // Data: the day on which the rep is back, in words
	Busy        BarrierCode = "busy"  // absent by a calendar of their own; Data: until when, in words
	TriedBefore BarrierCode = "tried" // at an earlier step, and was not free
)

// String is the barrier in a few words: "no finance", "off shift".
func (b Barrier) String() string {
	switch b.Code {
	case LeftCompany:
		return "has left"
	case PastOwner:
		return "had it before"
	case Guarded:
		return "guard " + b.Data
	case NotCovered:
		return "no " + b.Data
	case TriedBefore:
		return "not free before"
	case DayOff:
		return strings.TrimSuffix("off until "+b.Data, " until ")
	case Busy:
		return "busy in the calendar until " + b.Data
	default:
		return "off shift"
	}
}

// Path is every rule that the lead came by, in order, with how the rule took it.
// It walks anew, through rules too that a plan knows cannot match.
func (p *Plan) Path() []Visit {
	if p.tooMany {
		return nil
	}
	again := p.planner.start(p.input, p.binding)
	w := newWalk(again)
	w.every = true
	w.walk()
	return again.Visits
}

// Explain tells everybody's reason. It takes its time: nothing of it is kept in a
// plan.
func (p *Plan) Explain() Explanation {
	pol := p.planner.policy
	var e Explanation
	for _, v := range p.Path() {
		entry := PathEntry{
			Rule: v.Rule.Path, Fate: v.Fate, Why: v.Rule.Why,
			Place: fmt.Sprintf("%s:%d", v.Rule.Pos.File, v.Rule.Pos.Line),
		}
		if v.Fate == Unknown {
			entry.Missing = v.Rule.When.Missing(p.binding)
		}
		if v.Row != nil {
			entry.Row, entry.Place = v.Row.Key, fmt.Sprintf("%s:%d", v.Row.Pos.File, v.Row.Pos.Line)
			entry.Why = cmp.Or(v.Row.Why, entry.Why)
		}
		e.Path = append(e.Path, entry)
	}
	w := newWalk(p)
	meant := p.planner.empty()
	for i := range p.tries {
		members := w.meant(&p.tries[i])
		meant.Or(members)
		e.Tries = append(e.Tries, w.tried(i, members))
	}
	for i := range pol.Reps {
		if !meant.Has(int32(i)) {
			e.Never = append(e.Never, pol.Reps[i].ID)
		}
	}
	return e
}

// meant is whom a destination means, before anybody is left out.
func (w *walk) meant(t *try) policy.Set {
	if t.pool != nil {
		return w.planner.pools[t.pool]
	}
	s := w.planner.empty()
	if rep := w.person(t); rep >= 0 {
		s.Add(rep)
	}
	return s
}

func (w *walk) tried(i int, members policy.Set) Tried {
	t := &w.tries[i]
	out := Tried{
		Rule: t.rule.Path, To: t.to.Name, Level: t.level,
		Relaxed: axisNames(t.relaxed), Unknown: axisNames(t.unasked),
		Step: slices.IndexFunc(w.origins, func(o origin) bool { return o.try == i }),
	}
	if t.row != nil {
		out.Row = t.row.Key
	}
	for _, a := range t.asked {
		v, _ := a.Value(w.binding)
		out.Asked = append(out.Asked, Asked{a.Name, v})
	}
	for rep := range int32(len(w.policy.Reps)) {
		switch id := w.policy.Reps[rep].ID; {
		case t.here.Has(rep):
			out.In = append(out.In, id)
		case members.Has(rep):
			out.Out = append(out.Out, Out{id, w.barriers(t, rep)})
		}
	}
	return out
}

// barriers are all the reasons that keep a rep from the lead.
func (w *walk) barriers(t *try, rep int32) []Barrier {
	var out []Barrier
	id := w.policy.Reps[rep].ID
	if slices.Contains(w.input.Left, id) {
		out = append(out, Barrier{LeftCompany, ""})
	}
	if !t.past && slices.Contains(w.input.Past, id) {
		out = append(out, Barrier{PastOwner, ""})
	}
	if t.past && !slices.Contains(w.input.Past, id) {
		return append(out, Barrier{TriedBefore, ""})
	}
	for _, guard := range w.policy.Guards {
		if set, applies := guard.Allows(w.binding); applies && !set.Has(rep) {
			out = append(out, Barrier{Guarded, guard.Name})
		}
	}
	for _, axis := range t.asked {
		if set, _ := axis.Covers(w.binding); !set.Has(rep) {
			v, _ := axis.Value(w.binding)
			out = append(out, Barrier{NotCovered, v})
		}
	}
	if !t.lift.OffShift && !w.shift.Has(rep) {
		out = append(out, w.missing(rep))
	}
	return out
}
