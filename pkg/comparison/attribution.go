package comparison

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policydiff"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

// Reasons that are no change of the policy.
const (
	KnockOn = "knock-on: planned alike, but turns, caps or places of others have shifted"
	Other   = "planned otherwise, for more than one reason"
)

// attribution finds out why leads end elsewhere.
type attribution struct {
	h        *simulate.History
	planners [2]*routing.Planner
	changes  []policydiff.Change
	by       map[string]*Why
}

func newAttribution(h *simulate.History, planners [2]*routing.Planner, changes []policydiff.Change) *attribution {
	return &attribution{h: h, planners: planners, changes: changes, by: map[string]*Why{}}
}

// reasons found, most leads first.
func (a *attribution) reasons() []Why {
	out := []Why{}
	for _, w := range a.by {
		out = append(out, *w)
	}
	slices.SortFunc(out, func(x, y Why) int {
		return cmp.Or(cmp.Compare(y.Leads, x.Leads), cmp.Compare(x.Reason, y.Reason))
	})
	return out
}

// why a lead ends elsewhere.
func (a *attribution) why(now, draft *simulate.Fate) string {
	reason, place := KnockOn, ""
	if c := a.change(now, draft); c != nil {
		reason, place = said(*c), c.Place
	} else if a.differs(now.Lead) {
		reason = Other
	}
	w := a.by[reason]
	if w == nil {
		w = &Why{Reason: reason, Place: place}
		a.by[reason] = w
	}
	w.Leads++
	w.Value += now.Value
	return reason
}

// said is a change in the words of its author: "band tier, mid: <40000 -> <50000".
func said(c policydiff.Change) string {
	head := c.Kind + " " + c.Name
	if c.Kind == c.Name {
		head = c.Name
	}
	switch c.What {
	case "added":
		return head + " is new"
	case "removed":
		return head + " is gone"
	}
	text := func(s string) string { return cmp.Or(short(s), "none") }
	return head + ", " + c.Facet + ": " + text(c.Old) + " -> " + text(c.New)
}

func short(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:57]) + "…"
	}
	return s
}

// sides are the plans of one lead.
type sides struct {
	plans  [2]*routing.Plan
	drafts [2]routing.Draft
	binds  [2]*policy.Binding
}

func (a *attribution) sides(id string) (s sides) {
	facts, at := a.h.Facts(id)
	for i, planner := range a.planners {
		s.plans[i] = planner.Plan(routing.Input{Facts: facts, At: at})
		s.drafts[i] = s.plans[i].Draft()
		s.binds[i] = planner.Policy().Bind(facts, at)
	}
	return s
}

// differs says whether the plans of a lead do.
func (a *attribution) differs(id string) bool {
	s := a.sides(id)
	for i := range s.drafts {
		s.drafts[i].Policy, s.drafts[i].Facts = event.Policy{}, nil
	}
	return !reflect.DeepEqual(s.drafts[0], s.drafts[1]) || !slices.EqualFunc(s.ids(0), s.ids(1), slices.Equal)
}

// ids are the members of each step.
func (s *sides) ids(side int) [][]string {
	var out [][]string
	plan := s.plans[side]
	for _, step := range plan.Steps {
		out = append(out, names(plan.Roster, step))
	}
	return out
}

func names(roster *ledger.Roster, step ledger.Step) []string {
	out := make([]string, len(step.Members))
	for i, p := range step.Members {
		out[i] = roster.Reps[p].ID
	}
	return out
}

// change finds the first change that a lead's plans show, the most telling kind first.
func (a *attribution) change(now, draft *simulate.Fate) *policydiff.Change {
	s := a.sides(now.Lead)
	for _, shows := range []func(policydiff.Change) bool{
		s.madeOtherwise, s.byRule(draft), s.byRule(now), s.byStep, s.byPool, s.byReps, s.byClocks, byTerms(now, draft),
	} {
		if i := slices.IndexFunc(a.changes, shows); i >= 0 {
			return &a.changes[i]
		}
	}
	return nil
}

// madeOtherwise: the policy makes another value of the lead.
func (s *sides) madeOtherwise(c policydiff.Change) bool {
	var made []string
	switch c.Kind {
	case "define", "band", "score":
		made = []string{c.Name}
	case "table":
		made = strings.FieldsFunc(c.Old+c.New, func(r rune) bool { return strings.ContainsRune("[], ", r) })
	case "currency":
		made = []string{"value"}
	}
	return slices.ContainsFunc(made, func(name string) bool {
		x, _ := s.binds[0].Value(name)
		y, _ := s.binds[1].Value(name)
		return !reflect.DeepEqual(x, y)
	})
}

// byRule: the rule or the row that the lead has ended by in one of both is another one.
func (s *sides) byRule(f *simulate.Fate) func(policydiff.Change) bool {
	return func(c policydiff.Change) bool { return about(c, f.Rule, f.Row) && !s.alike() }
}

// byStep: another rule or row on the way is.
func (s *sides) byStep(c policydiff.Change) bool {
	for _, d := range s.drafts {
		on := func(step routing.DraftStep) bool { return about(c, step.Rule, step.Row) }
		if slices.ContainsFunc(d.Steps, on) {
			return !s.alike()
		}
	}
	return false
}

// about says whether a change is about a rule or its row.
func about(c policydiff.Change, rule, row string) bool {
	return c.Kind == "rule" && c.Name == rule || c.Kind == "row" && c.Name == rule+": "+row
}

// alike says whether both plans take the same steps.
func (s *sides) alike() bool {
	return slices.EqualFunc(s.drafts[0].Steps, s.drafts[1].Steps, func(x, y routing.DraftStep) bool { return reflect.DeepEqual(x, y) })
}

// byPool: both plans ask the same pool, which is another one by now.
func (s *sides) byPool(c policydiff.Change) bool {
	if c.Kind != "pool" {
		return false
	}
	for _, d := range s.drafts {
		if slices.ContainsFunc(d.Steps, func(step routing.DraftStep) bool { return step.To == c.Name }) {
			return true
		}
	}
	return false
}

// byReps: one plan asks a rep whom the other does not, or a guard forbids one.
func (s *sides) byReps(c policydiff.Change) bool {
	x, y := slices.Concat(s.ids(0)...), slices.Concat(s.ids(1)...)
	switch c.Kind {
	case "rep":
		return slices.Contains(x, c.Name) != slices.Contains(y, c.Name)
	case "guard", "calendar":
		slices.Sort(x)
		slices.Sort(y)
		return !slices.Equal(slices.Compact(x), slices.Compact(y))
	}
	return false
}

// byClocks: the clocks of an SLA are others.
func (s *sides) byClocks(c policydiff.Change) bool {
	if c.Kind != "SLA" {
		return false
	}
	of := func(side int) *routing.Deadline {
		i := slices.IndexFunc(s.drafts[side].SLAs, func(d routing.Deadline) bool { return d.SLA == c.Name })
		if i < 0 {
			return nil
		}
		return &s.drafts[side].SLAs[i]
	}
	return !reflect.DeepEqual(of(0), of(1))
}

// byTerms: the caps or the weight of a rep that either plan asks and the lead ends with are
// others, or how leads wait and move on.
func byTerms(now, draft *simulate.Fate) func(policydiff.Change) bool {
	return func(c policydiff.Change) bool {
		switch c.Kind {
		case "rep":
			return c.Name == now.Rep || c.Name == draft.Rep
		case "waiting":
			return now.Waited || draft.Waited
		case "reassign":
			return max(now.Owners, draft.Owners) > 1
		}
		return false
	}
}
