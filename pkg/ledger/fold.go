package ledger

import (
	"fmt"
	"slices"
)

// Fold does a logged grant again. Grants come in the order of their sequences
// without a hole: what a Voided grant took back is folded at its own sequence,
// named by the same record; a sequence that a rebuild found lost is passed over
// with [State.Skip]. draft is the body that the operation came with. An error leaves
// the state as it was and wraps [ErrFold].
func (s *State) Fold(id OpID, g Grant, draft []byte) error {
	if err := s.follows(id, &g); err != nil {
		return fmt.Errorf("fold %d of %s: %w", g.Sequence, id, err)
	}
	s.commit(id, &g, draft)
	s.Epoch = g.Epoch
	return nil
}

// Do does an operation at once and for good: there is no memo of it, and nothing is in
// flight. The caller vouches for what [Chunk.Validate] asks, as a plan does. It is how
// the future is tried out; what has been logged is done again with [State.Regrant].
func (s *State) Do(op *Op) Grant {
	at := max(s.At, op.At)
	s.forget(op, at, Dedupe.Milliseconds())
	g := s.decide(op, at)
	g.Sequence, g.Floor, g.Epoch = s.Sequence+1, s.Sequence+1, s.Epoch
	return s.enter(op, g)
}

// Regrant does an operation again, and enters what it comes to by now: that is the
// logged grant, if the log is right and the state is the one before it. What was in
// flight then is in no log: floor and epoch are taken from logged. An error leaves the
// state as it was and wraps [ErrFold] or [ErrInvalid].
func (s *State) Regrant(op Op, logged Grant) (Grant, error) {
	alone := Chunk{Ops: []Op{op}}
	if err := alone.Validate(); err != nil {
		return Grant{}, fmt.Errorf("grant %d of %s again: %w", logged.Sequence, op.ID, err)
	}
	if logged.Sequence != s.Sequence+1 {
		return Grant{}, fmt.Errorf("grant %d of %s again: %w: expected sequence %d", logged.Sequence, op.ID, ErrFold, s.Sequence+1)
	}
	at := max(s.At, op.At)
	s.forget(&op, at, Dedupe.Milliseconds())
	g := s.decide(&op, at)
	g.Sequence, g.Floor, g.Epoch = logged.Sequence, logged.Floor, logged.Epoch
	g = s.enter(&op, g)
	s.Epoch = logged.Epoch
	return g, nil
}

// follows checks all that commit takes for granted.
func (s *State) follows(id OpID, g *Grant) error {
	switch {
	case g.Sequence != s.Sequence+1:
		return fmt.Errorf("%w: expected sequence %d", ErrFold, s.Sequence+1)
	case g.At < s.At:
		return fmt.Errorf("%w: ledger time goes back from %d to %d", ErrFold, s.At, g.At)
	}
	if g.WaitsOn() && s.Leads[g.Lead] == nil {
		return fmt.Errorf("%w: lead %q is unknown", ErrFold, g.Lead)
	}
	switch g.Effect {
	case Owned, Ended:
		return s.followsDecision(g)
	case Repeat, Held, Dropped, Fenced, Ignored, Present, Settled, Rebuilt:
		return nil
	case Freed, Reowned, Noted:
		if s.Leads[g.Lead] == nil {
			return fmt.Errorf("%w: lead %q is unknown", ErrFold, g.Lead)
		}
		return nil
	case Voided:
		return s.followsVoid(g)
	}
	return fmt.Errorf("%w: unknown effect %q", ErrFold, g.Effect)
}

func (s *State) followsDecision(g *Grant) error {
	if l := s.Leads[g.Lead]; g.Attempt > 1 && (l == nil || l.Attempt != g.Attempt-1 || g.TurnBack && l.Turn == nil) {
		return fmt.Errorf("%w: attempt %d of lead %q has none before it", ErrFold, g.Attempt, g.Lead)
	}
	if g.Effect == Owned {
		return s.followsOwned(g)
	}
	return nil
}

func (s *State) followsOwned(g *Grant) error {
	reps, known := s.Rosters[g.Roster]
	if g.Install != nil {
		reps, known = g.Install, true
	}
	if !known {
		return fmt.Errorf("%w: roster %q is unknown", ErrFold, g.Roster)
	}
	if find(reps, g.Rep) == nil {
		return fmt.Errorf("%w: rep %q is not in roster %q", ErrFold, g.Rep, g.Roster)
	}
	if g.Turn == nil {
		return nil
	}
	free := g.Turn.Free.Positions()
	if len(free) == 0 || int(free[len(free)-1]) >= len(reps) {
		return fmt.Errorf("%w: free set %q does not fit roster %q", ErrFold, g.Turn.Free, g.Roster)
	}
	return nil
}

func (s *State) followsVoid(g *Grant) error {
	undone := g.Undone
	if undone == nil || undone.Sequence > s.Sequence {
		return fmt.Errorf("%w: nothing to take back", ErrFold)
	}
	if undone.Effect == Owned {
		return s.followsOwned(undone)
	}
	return nil
}

// commit is the only place where grants change the state.
func (s *State) commit(id OpID, g *Grant, draft []byte) {
	s.Sequence, s.At = g.Sequence, g.At
	s.delist(g.Lead)
	defer s.enlist(g.Lead)
	defer s.restate(g.Lead)
	if g.Install != nil {
		s.install(id.Partition, g)
	}
	switch g.Effect {
	case Owned, Ended:
		s.decided(id, g, draft)
	case Held:
		delete(s.Leads, g.Lead) // it was closed long ago, or there was none
		s.Held[g.Lead] = append(s.Held[g.Lead], Early{Late: Late{ID: id, Verb: g.Verb, Attempt: g.Attempt, By: g.By}})
	case Dropped:
		delete(s.Held, g.Lead)
	case Freed, Reowned, Noted:
		l := s.Leads[g.Lead]
		s.happened(l, g.Verb, g.At)
		l.Last, l.Batch = id, ""
	case Settled:
		s.share(g.Rep, g.Shares, +1)
		s.presence(g.Rep, g.Verb, g.Until)
	case Present:
		s.presence(g.Rep, g.Verb, g.Until)
	case Voided:
		s.undo(id, g.Undone, g.Before)
	case Ignored:
		if g.WaitsOn() {
			s.Leads[g.Lead].Last, s.Leads[g.Lead].Batch = id, ""
		}
	case Repeat, Fenced, Rebuilt:
	}
	s.offered(g, +1)
}

// install keeps the content of a roster, and that the partition's grants hold it.
func (s *State) install(p Partition, g *Grant) {
	s.Rosters[g.Roster] = g.Install
	if s.Told[g.Roster] == nil {
		s.Told[g.Roster] = Told{}
	}
	s.Told[g.Roster][p.String()] = true
}

// Skip passes over the next sequence: a Rebuilt grant has called it lost.
func (s *State) Skip() { s.Sequence++ }

func (s *State) presence(rep, verb string, until int64) {
	r := s.rep(rep)
	r.Presence, r.Until = verb, until
}

// decided enters a lead, new or in its next attempt, and lets what waited for it happen.
func (s *State) decided(id OpID, g *Grant, draft []byte) {
	if old := s.Leads[g.Lead]; old != nil {
		s.relieve(old, g.TurnBack, +1)
	}
	l := g.lead(id)
	if l.Closed == 0 {
		l.Draft = draft
	}
	if old := s.Leads[g.Lead]; old != nil && g.Attempt > 1 {
		l.Traits = old.Traits
	}
	s.Leads[g.Lead] = l
	s.Bearers.Stand(Bearer{Lead: g.Lead, Rep: l.Rep, Closed: l.Closed}, l.Traits, g.Pins)
	if l.Turn != nil {
		s.turn(*l.Turn, l.Rep, +1)
	}
	if l.Counts() {
		r := s.rep(l.Rep)
		r.hold(l, +1)
		r.Last = g.Sequence
		now := s.windows(g)
		r.Hour.add(now.hour)
		r.Day.add(now.day)
		r.Week.add(now.week)
	}
	for _, late := range g.Held {
		if late.Effect != Fenced {
			s.happened(l, late.Verb, g.At)
		}
	}
	delete(s.Held, g.Lead)
}

// relieve takes a lead from its owner, and the turn that it was, if that is given back;
// sign -1 gives both back.
func (s *State) relieve(l *Lead, turnBack bool, sign int64) {
	if l.Counts() {
		s.rep(l.Rep).hold(l, -sign)
	}
	if turnBack {
		s.turn(*l.Turn, l.Rep, -sign)
	}
}

// happened lets an activity of the current attempt change a lead, and what it
// counts for its owner.
func (s *State) happened(l *Lead, verb string, at int64) {
	before := l.Counts()
	l.react(verb, at)
	s.recount(l, before)
}

// recount follows a lead that may have begun or ceased to count.
func (s *State) recount(l *Lead, before bool) {
	switch {
	case before && !l.Counts():
		s.rep(l.Rep).hold(l, -1)
	case !before && l.Counts():
		s.rep(l.Rep).hold(l, +1)
	}
}

// windows are those in which a grant was counted.
func (s *State) windows(g *Grant) instant {
	if t := find(s.Rosters[g.Roster], g.Rep); t != nil {
		return windows(g.At, t.Offset)
	}
	return instant{}
}

// undo takes a grant back. Operations of the same batch may have followed on the
// lead: a decision takes the lead away whatever came after, an activity is undone
// only while it is the last one. Last of a rep stays: it breaks ties, and the
// ones before it are not known any more.
func (s *State) undo(id OpID, g *Grant, before *Image) {
	s.offered(g, -1)
	switch g.Effect {
	case Owned, Ended:
		s.undecide(g)
		if before != nil && before.Lead != nil {
			found := *before.Lead
			s.Leads[g.Lead] = &found
			s.relieve(&found, g.TurnBack, -1)
		}
	case Freed, Reowned, Noted, Ignored:
		l := s.Leads[g.Lead]
		if l == nil || l.Last != id || before == nil || before.Lead == nil {
			return
		}
		restored := *before.Lead
		s.recount(&restored, l.Counts())
		s.Leads[g.Lead] = &restored
	case Held:
		s.release(g.Lead, id)
	case Dropped:
		s.await(g)
	case Present, Settled:
		s.share(g.Rep, g.Shares, -1)
		if r := s.rep(g.Rep); before != nil && r.Presence == g.Verb && r.Until == g.Until {
			r.Presence, r.Until = before.Presence, before.Until
		}
	case Repeat, Fenced, Voided, Rebuilt:
	}
}

// undecide takes a decision back: the lead is unknown again and what waited for
// it waits once more.
func (s *State) undecide(g *Grant) {
	l := s.Leads[g.Lead]
	if l == nil {
		return
	}
	s.unstand(g.Lead, l, g)
	if l.Turn != nil {
		s.turn(*l.Turn, l.Rep, -1)
	}
	if l.Counts() {
		s.rep(l.Rep).hold(l, -1)
	}
	if l.Rep != "" && !l.Test {
		r, then := s.rep(l.Rep), s.windows(g)
		r.Hour.take(then.hour)
		r.Day.take(then.day)
		r.Week.take(then.week)
	}
	delete(s.Leads, g.Lead)
	s.await(g)
}

// await lets the activities of a grant wait for its lead once more: before what came since, the
// last of which holds the lead.
func (s *State) await(g *Grant) {
	for i, late := range g.Held {
		late.Effect = ""
		s.Held[g.Lead] = slices.Insert(s.Held[g.Lead], i, Early{Late: late})
	}
}

// release drops an activity that still waits for its lead.
func (s *State) release(lead string, id OpID) {
	var rest []Early
	for _, e := range s.Held[lead] {
		if e.ID != id {
			rest = append(rest, e)
		}
	}
	s.Held[lead] = rest
	if len(rest) == 0 {
		delete(s.Held, lead)
	}
}
