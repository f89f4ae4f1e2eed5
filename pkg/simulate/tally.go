package simulate

import (
	"cmp"
	"slices"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// skippedReps is why something cannot be run under a policy.
const skippedReps = "records about reps whom the policy does not know"

// shown differences; all are counted.
const shown = 20

// tally counts while a simulation runs.
type tally struct {
	h      *History
	policy *policy.Policy
	reps   map[string]*Rep
	slas   map[string]*SLA
	turns  map[string]int64 // largest credit by book, in micro-leads
	over   int
	draws  int
	past   Past
	other  map[string]bool // leads with a difference
	here   *ledger.Grant   // decided by the current record
	lost   map[string]int  // what could not be run
}

// goal is a target that an owner is measured by.
type goal struct {
	sla, clock string
	due        int64
}

func newTally(h *History, p *policy.Policy) *tally {
	t := &tally{
		h: h, policy: p, reps: map[string]*Rep{}, slas: map[string]*SLA{}, turns: map[string]int64{},
		other: map[string]bool{}, lost: map[string]int{},
	}
	for i := range p.Reps {
		t.reps[p.Reps[i].ID] = &Rep{ID: p.Reps[i].ID}
	}
	return t
}

func (t *tally) skip(why string) { t.lost[why]++ }

func (t *tally) rep(id string) *Rep {
	if t.reps[id] == nil {
		t.reps[id] = &Rep{ID: id}
	}
	return t.reps[id]
}

// decided counts a grant that gave a lead to somebody, or to nobody.
func (t *tally) decided(i int, l *life, g ledger.Grant, draft *routing.Draft) {
	if g.Effect != ledger.Owned && g.Effect != ledger.Ended {
		return
	}
	if i >= 0 {
		t.here = &g
	} else if len(t.h.Policies) > 0 {
		t.differ(Difference{Lead: g.Lead, At: instant(g.At), Attempt: g.Attempt, Is: who(g.Rep, g.Outcome)})
	}
	f := l.fate
	step := draft.Step(g.Step)
	f.Outcome, f.Rep, f.Rule, f.Row = g.Outcome, g.Rep, step.Rule, step.Row
	f.Waited = f.Waited || g.Outcome == ledger.Waiting
	if f.Apart {
		return
	}
	if g.From != "" {
		t.rep(g.From).Lost++
	}
	if turn := g.Turn; turn != nil && turn.Amount == ledger.Unit {
		t.turns[turn.Book] = max(t.turns[turn.Book], abs(turn.Before), abs(turn.After))
	}
	if g.Rep == "" {
		return
	}
	f.Owners++
	f.First, f.Begins = cmp.Or(f.First, g.At), cmp.Or(f.Begins, g.Rep)
	t.given(g)
}

// given counts what a rep got.
func (t *tally) given(g ledger.Grant) {
	rep := t.rep(g.Rep)
	rep.Given++
	if g.Over {
		t.over++
		rep.Over++
	}
	if g.Load == nil {
		return
	}
	rep.Peak = max(rep.Peak, g.Load.Open)
	if i, ok := t.policy.Rep(g.Rep); ok {
		terms := t.policy.Roster(instant(g.At)).Reps[i]
		if full(terms.Caps, *g.Load) {
			rep.Full++
		}
	}
}

// full says whether a load has come to a cap.
func full(c ledger.Caps, l ledger.Load) bool {
	at := func(n, limit int64) bool { return limit > 0 && n >= limit }
	return at(l.Open, c.Open) || at(l.OpenValue, c.OpenValue) || at(l.Hour, c.Hour) || at(l.Day, c.Day) || at(l.Week, c.Week)
}

// passed compares what a record has led to with the past.
func (t *tally) passed(i int) {
	r, g := &t.h.Records[i], t.here
	t.here = nil
	if r.past == nil && g == nil || len(t.h.Policies) == 0 {
		return
	}
	d := Difference{Lead: r.Lead, At: instant(r.At)}
	if r.past != nil {
		t.past.Decisions++
		d.Sequence, d.Attempt, d.Was = r.past.sequence, r.past.attempt, who(r.past.rep, r.past.outcome)
	}
	if g != nil {
		d.Attempt, d.Is = g.Attempt, who(g.Rep, g.Outcome)
	}
	if r.past != nil && g != nil && r.past.rep == g.Rep && r.past.outcome == g.Outcome && r.past.attempt == g.Attempt {
		t.past.Same++
		return
	}
	t.differ(d)
}

func (t *tally) differ(d Difference) {
	t.past.Differences++
	t.other[d.Lead] = true
	if len(t.past.First) < shown {
		t.past.First = append(t.past.First, d)
	}
}

func who(rep string, outcome ledger.Outcome) string { return cmp.Or(rep, string(outcome)) }

// began takes the targets of a new owner.
func (t *tally) began(l *life, timer *event.Timer) {
	if timer == nil || timer.RepID == "" {
		return
	}
	for _, due := range timer.Due {
		if len(due.Do) == 0 {
			l.goals = append(l.goals, goal{timer.SLA, due.Clock, due.At.UnixMilli()})
		}
	}
}

// happened stops the clocks that an activity stops.
func (t *tally) happened(l *life, g ledger.Grant) {
	switch g.Effect {
	case ledger.Noted:
		l.goals = slices.DeleteFunc(l.goals, func(goal goal) bool {
			if !stops(g.Verb, goal.clock) {
				return false
			}
			t.measure(l, goal, g.At <= goal.due)
			return true
		})
	case ledger.Freed:
		t.drop(l, g.At)
	default: // stops nothing
	}
}

// stops says whether an activity stops a clock: contact implies acceptance, and
// qualification both.
func stops(verb, clock string) bool {
	switch clock {
	case routing.ClockAccepted:
		return verb == ledger.Accepted || verb == ledger.Contacted || verb == ledger.Qualified
	case routing.ClockContacted, routing.ClockOverall:
		return verb == ledger.Contacted || verb == ledger.Qualified
	case routing.ClockQualified:
		return verb == ledger.Qualified
	}
	return false
}

// drop forgets targets; those that have passed by an instant were missed.
func (t *tally) drop(l *life, at int64) {
	for _, goal := range l.goals {
		if goal.due <= at {
			t.measure(l, goal, false)
		}
	}
	l.goals = nil
}

func (t *tally) measure(l *life, g goal, met bool) {
	if l.fate.Apart {
		return
	}
	s := t.slas[g.sla]
	if s == nil {
		s = &SLA{Name: g.sla}
		t.slas[g.sla] = s
	}
	if met {
		s.Met++
	} else {
		s.Missed++
		l.fate.Missed++
	}
	if l.drawn && l.bound == 0 {
		s.Drawn++
	}
}

// result adds up.
func (t *tally) result(w *world) *Result {
	p := t.policy
	r := &Result{
		Policy:   event.Policy{Name: p.Name, Version: p.Version, Hash: p.Hash},
		Outcomes: map[ledger.Outcome]int{}, Over: t.over, Draws: t.draws, Past: t.past, Skipped: t.lost,
		Fates: make(map[string]*Fate, len(w.lives)),
	}
	for why, n := range t.h.Skipped {
		r.Skipped[why] += n
	}
	t.leads(w, r)
	for _, id := range sortedKeys(t.reps) {
		rep := t.reps[id]
		if held := w.ledger.Reps[id]; held != nil {
			rep.Open = held.Open
		}
		r.Reps = append(r.Reps, *rep)
	}
	for _, name := range sortedKeys(t.slas) {
		r.SLAs = append(r.SLAs, *t.slas[name])
	}
	for _, book := range sortedKeys(t.turns) {
		r.Turns = append(r.Turns, Turn{
			Book: book, Largest: float64(t.turns[book]) / ledger.Unit, Bound: float64(max(len(w.ledger.Books[book])-1, 0)) / 2,
		})
	}
	r.Past.Leads = len(t.other)
	return r
}

// leads adds up what has become of leads.
func (t *tally) leads(w *world, r *Result) {
	var waits []time.Duration
	_, until := t.h.Span()
	for id, l := range w.lives {
		f := l.fate
		t.drop(l, until.UnixMilli())
		f.Drawn = l.drawn
		r.Fates[id] = f
		if f.Apart || f.Outcome == "" {
			continue
		}
		r.counts(f)
		r.Outcomes[f.Outcome]++
		if f.Rep != "" {
			rep := t.rep(f.Rep)
			rep.Leads++
			rep.Value += f.Value
		}
		switch {
		case f.Waited && f.First > 0:
			waits = append(waits, time.Duration(f.First-f.Arrived)*time.Millisecond)
		case f.Outcome == ledger.Waiting && l.draft != nil:
			r.Waits.Still++
		}
	}
	slices.Sort(waits)
	r.Waits.Leads, r.Waits.P50, r.Waits.P95 = len(waits), Quantile(waits, 0.5), Quantile(waits, 0.95)
}

// counts a lead that is not left out.
func (r *Result) counts(f *Fate) {
	came := instant(f.Arrived)
	if r.Leads == 0 || came.Before(r.From) {
		r.From = came
	}
	if came.After(r.Until) {
		r.Until = came
	}
	r.Leads++
}

// Quantile of an ascending list, by the nearest rank; the zero value of none.
func Quantile[T any](sorted []T, q float64) (v T) {
	if len(sorted) == 0 {
		return v
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func abs(n int64) int64 { return max(n, -n) }
