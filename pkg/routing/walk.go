package routing

import (
	"slices"
	"time"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// walk goes through the rules for one plan.
type walk struct {
	*Plan
	policy  *policy.Policy
	may     policy.Set    // whom no guard forbids and who has not left
	allowed policy.Set    // of these, who have not had the lead; or who have, once nobody else is free
	shift   policy.Set    // who is on shift and not absent
	waited  time.Duration // patience that is spent already
	repeat  bool          // the walk with past owners
	every   bool          // visit every rule, not only those that can match
}

func newWalk(p *Plan) *walk {
	w := &walk{Plan: p, policy: p.planner.policy, waited: p.input.Waited, shift: p.input.Shift}
	if w.shift == nil {
		w.shift = w.policy.Shift(p.input.At)
	}
	w.shift = p.present(w.shift)
	w.may = p.copyOf(p.planner.everyone)
	for _, guard := range w.policy.Guards {
		if set, applies := guard.Allows(p.binding); applies {
			w.may.And(set)
		}
	}
	if len(p.input.Left) > 0 {
		without(w.may, p.planner.ids(p.input.Left))
	}
	w.allowed = w.may
	if len(p.input.Past) > 0 {
		w.allowed = p.copyOf(w.may)
		without(w.allowed, p.planner.ids(p.input.Past))
	}
	return w
}

// walk goes to the end, which there always is.
func (w *walk) walk() {
	if !w.rules(w.policy.Entry(w.input.Entry), &frame{}) {
		w.end(ledger.Review, origin{})
	}
}

// chosen takes the way that is not the rules'; it is true when that leads to an end.
func (w *walk) chosen() bool {
	in := &w.input
	if in.Send != nil {
		return w.end(in.Send.To, origin{})
	}
	if most := w.policy.Reassign.MaxOwners; most > 0 && len(in.Past) >= most && (in.First == nil || in.First.Code != Commanded) {
		w.tooMany = true
		in.First = w.superior()
	}
	w.first()
	if in.First != nil && in.First.Code == Commanded || w.tooMany {
		return w.end(ledger.Review, origin{})
	}
	return false
}

// superior is the manager of the owner before, who is asked when the lead has had
// enough owners.
func (w *walk) superior() *First {
	if w.input.Previous == nil {
		return nil
	}
	owner := w.id(w.input.Previous.Rep)
	if owner < 0 || w.policy.Reps[owner].Team == nil || w.policy.Reps[owner].Team.Manager < 0 {
		return nil
	}
	return &First{Rep: w.policy.Reps[w.policy.Reps[owner].Team.Manager].ID, Code: Escalated}
}

// first asks a rep before the rules. Who stands in must be on shift, and may not be one
// whom a guard forbids or who had the lead before; whom a person has named gets it.
func (w *walk) first() {
	first := w.input.First
	if first == nil {
		return
	}
	rep, commanded := w.id(first.Rep), first.Code == Commanded
	if rep < 0 || !commanded && !(w.allowed.Has(rep) && w.shift.Has(rep)) {
		return
	}
	step := ledger.Step{Pick: ledger.Ranked, Members: []int32{rep}, LiftFull: commanded, LiftAway: commanded}
	if commanded {
		w.charge(&step)
	}
	w.Steps = append(w.Steps, step)
	w.origins = append(w.origins, origin{first: first, try: -1})
}

// charge makes a rep whom a person has named pay the turn of the first pool in rotation that
// has the rep as a member and that the rules come to: the others would have earned there.
func (w *walk) charge(step *ledger.Step) {
	rep := step.Members[0]
	way := *w
	way.Plan = w.planner.start(w.input, w.binding)
	way.allowed = w.may // a person may choose among earlier owners, too
	way.walk()
	w.way, _ = way.fitting()
	for i := range way.tries {
		t := &way.tries[i]
		if t.pool == nil || t.pool.Pick != ledger.RoundRobin || !w.planner.pools[t.pool].Has(rep) {
			continue
		}
		free := w.copyOf(t.here)
		free.Add(rep)
		step.Pick, step.Book, step.ByValue = ledger.RoundRobin, t.pool.Book, t.pool.ByValue
		step.Among = w.planner.members(free, t.pool)
		return
	}
}

// again walks once more, for past owners alone: of all others this operation has
// found nobody free.
func (w *walk) again() {
	last, visits := len(w.Steps)-1, len(w.Visits)
	w.Steps, w.origins = w.Steps[:last], w.origins[:last]
	w.allowed, w.repeat = w.copyOf(w.may), true
	w.allowed.And(w.planner.ids(w.input.Past))
	w.walk()
	w.Visits = w.Visits[:visits] // it went the same way
}

// rules goes through a ruleset; it is true when the walk has come to an end.
func (w *walk) rules(set *policy.Ruleset, outer *frame) bool {
	cursor := set.Candidates(w.binding)
	if w.every {
		cursor = set.All()
	}
	for rule := cursor.Next(); rule != nil; rule = cursor.Next() {
		v := Visit{Rule: rule, Fate: w.fate(rule)}
		route := &rule.Route
		if v.Fate == Matched && rule.Table != nil {
			if v.Row = rule.Table.Find(w.binding); v.Row == nil {
				v.Fate = NoRow
			} else {
				route = &v.Row.Route
			}
		}
		if w.every || v.Fate == Matched || v.Fate == NoRow || v.Fate == Shadow {
			w.Visits = append(w.Visits, v)
		}
		if v.Fate != Matched {
			continue
		}
		f := outer.within(&rule.Route)
		if v.Row != nil {
			f = f.within(route)
		}
		f.rule, f.row = rule, v.Row
		if w.route(route, w.frame(f)) {
			return true
		}
	}
	return false
}

func (w *walk) fate(rule *policy.Rule) Fate {
	if !rule.Active(w.input.At) {
		return Resting
	}
	switch truth := rule.When.Eval(w.binding); {
	case truth == policy.False:
		return No
	case truth == policy.Unknown:
		return Unknown
	case rule.Shadow:
		return Shadow
	}
	return Matched
}

// route tries the destinations of a rule or a row.
func (w *walk) route(r *policy.Route, f *frame) bool {
	if r.Use != nil {
		return w.rules(r.Use, f)
	}
	for _, to := range r.To {
		switch to.Kind {
		case policy.ToNext:
			return false
		case policy.ToWait:
			return w.end(ledger.Waiting, origin{frame: f, to: to})
		case policy.ToReview:
			return w.end(ledger.Review, origin{frame: f, to: to})
		case policy.ToNurture:
			return w.end(ledger.Nurture, origin{frame: f, to: to})
		case policy.ToDisqualify:
			return w.end(ledger.Disqualified, origin{frame: f, to: to})
		case policy.ToPool, policy.ToOwner, policy.ToBackup, policy.ToManager, policy.ToLastOwner, policy.ToCompanyOwner:
			if w.destination(to, f) {
				return true
			}
		}
	}
	return w.end(ledger.Waiting, origin{frame: f}) // a list without an end closes with wait
}

func (w *walk) end(outcome ledger.Outcome, o origin) bool {
	o.try = -1
	w.Steps = append(w.Steps, ledger.Step{End: outcome})
	w.origins = append(w.origins, o)
	return true
}

// destination tries one destination, level by level; it is true when the lead is
// held there.
func (w *walk) destination(to *policy.Destination, f *frame) bool {
	t := try{frame: f, to: to, pool: to.Pool, owner: -1, past: w.repeat}
	t.base = w.base(&t)
	settings := to.Settings.Or(f.settings)
	if t.pool != nil {
		settings = settings.Or(policy.Settings{Match: t.pool.Match, Relax: t.pool.Relax})
	}
	if settings.EvenIf != nil {
		t.lift = *settings.EvenIf
	}
	t.asked = w.axisList(len(settings.Match))[:0]
	for _, axis := range settings.Match {
		if axis.Asks(w.binding) {
			t.asked = append(t.asked, axis)
		} else {
			t.unasked = append(t.unasked, axis)
		}
	}
	var hold time.Duration
	if settings.Hold != nil {
		hold = *settings.Hold
	}
	if held := w.level(t, hold); held {
		return true
	}
	for _, axis := range settings.Relax {
		i := slices.Index(t.asked, axis)
		if i < 0 {
			continue // not asked for: leaving it out changes nothing
		}
		t.level++
		t.asked = append(append(w.axisList(len(t.asked) - 1)[:0], t.asked[:i]...), t.asked[i+1:]...)
		t.relaxed = append(append(w.axisList(len(t.relaxed) + 1)[:0], t.relaxed...), axis)
		if held := w.level(t, hold); held {
			return true
		}
	}
	return false
}

// level makes a step of those who fit and are on shift; it is true when the lead
// is held for them.
func (w *walk) level(t try, hold time.Duration) bool {
	t.fit = w.copyOf(t.base)
	for _, axis := range t.asked {
		set, _ := axis.Covers(w.binding)
		t.fit.And(set)
	}
	if t.level > 0 && slices.Equal(t.fit, w.tries[len(w.tries)-1].fit) {
		return false // leaving the axis out adds nobody
	}
	t.here = t.fit
	if !t.lift.OffShift {
		t.here = w.copyOf(t.fit)
		t.here.And(w.shift)
	}
	w.tries = append(w.tries, t)
	if t.here.Len() > 0 {
		w.Steps = append(w.Steps, w.step(&t))
		w.origins = append(w.origins, origin{frame: t.frame, to: t.to, try: len(w.tries) - 1})
	}
	return w.held(&t, hold)
}

// held ends the plan here for now if there is patience left and a reason for it.
func (w *walk) held(t *try, hold time.Duration) bool {
	if hold <= 0 || w.repeat || t.fit.Len() == 0 {
		return false
	}
	if hold <= w.waited {
		w.waited -= hold
		return false
	}
	left := hold - w.waited
	if t.here.Len() == 0 && !w.opens(t.fit, left) {
		return false
	}
	w.Hold = left
	return w.end(ledger.Waiting, origin{frame: t.frame, to: t.to, hold: true})
}

// opens reports whether one of the reps is at work in time.
func (w *walk) opens(reps policy.Set, within time.Duration) bool {
	for rep := range int32(len(w.policy.Reps)) {
		if !reps.Has(rep) {
			continue
		}
		if at, ok := w.next(rep); ok && at.Sub(w.input.At) <= within {
			return true
		}
	}
	return false
}

func (w *walk) step(t *try) ledger.Step {
	s := ledger.Step{Pick: ledger.Ranked, LiftFull: t.lift.Full, Pins: t.ownsAccount, Members: w.planner.members(t.here, t.pool)}
	if t.pool != nil {
		s.Pick = t.pool.Pick
	}
	if s.Pick == ledger.RoundRobin {
		s.Book, s.ByValue = t.pool.Book, t.pool.ByValue
	}
	if t.to.Kind == policy.ToLastOwner {
		s.Outcome = ledger.Duplicate
	}
	return s
}

// base is who the destination means, less those who must not have the lead.
func (w *walk) base(t *try) policy.Set {
	s := w.set()
	if t.pool != nil {
		copy(s, w.planner.pools[t.pool])
	} else if rep := w.person(t); rep >= 0 {
		s.Add(rep)
	}
	s.And(w.allowed)
	return s
}

// person finds the rep that a destination means; -1 when there is none.
func (w *walk) person(t *try) int32 {
	switch t.to.Kind {
	case policy.ToOwner:
		return w.accountOwner()
	case policy.ToBackup:
		if t.owner = w.accountOwner(); t.owner >= 0 {
			return w.policy.Reps[t.owner].Backup
		}
	case policy.ToManager:
		if t.owner = w.accountOwner(); t.owner >= 0 && w.policy.Reps[t.owner].Team != nil {
			return w.policy.Reps[t.owner].Team.Manager
		}
	case policy.ToLastOwner:
		return w.id(w.input.LastOwner)
	case policy.ToCompanyOwner:
		return w.id(w.input.CompanyOwner)
	case policy.ToPool, policy.ToWait, policy.ToReview, policy.ToNurture, policy.ToDisqualify, policy.ToNext:
	}
	return -1
}

// accountOwner owns the account, else its parent.
func (w *walk) accountOwner() int32 {
	if rep := w.id(w.binding.Text("account.owner")); rep >= 0 {
		return rep
	}
	return w.id(w.binding.Text("account.parent_owner"))
}

func (w *walk) id(id string) int32 {
	if rep, ok := w.policy.Rep(id); ok {
		return rep
	}
	return -1
}

// without takes t out of s.
func without(s, t policy.Set) {
	for i := range s {
		s[i] &^= t[i]
	}
}
