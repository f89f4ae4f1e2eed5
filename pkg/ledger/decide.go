package ledger

import "cmp"

// decide finds what an operation does, and changes nothing. The sequence, the
// floor and the epoch are the caller's to add, and so is the load afterwards.
func (s *State) decide(op *Op, at int64) (g Grant) {
	switch op.Kind {
	case Assign:
		return s.decideAssign(op, at)
	case Activity:
		g = s.decideActivity(op, at)
	case Move:
		g = s.decideMove(op, at)
		g.Taken = s.answered(&g)
	default:
		g = s.decidePresence(op, at)
	}
	g.Offer = s.offer(&g, s.freed(op, &g))
	return g
}

func (s *State) decideAssign(op *Op, at int64) Grant {
	if l := s.Leads[op.Lead]; l != nil {
		return Grant{At: at, Effect: Repeat, Lead: op.Lead, Attempt: l.Attempt, Outcome: l.Outcome, Rep: l.Rep}
	}
	g := Grant{At: at, Effect: Ended, Lead: op.Lead, Attempt: 1, Value: op.Value, Test: op.Test}
	s.name(&g, op)
	s.walk(&g, op)
	g.Held = s.late(&g)
	return g
}

// decideMove gives a lead its next attempt, unless it is over or the move has become
// pointless. A closed lead is as good as none: a store may have forgotten it.
func (s *State) decideMove(op *Op, at int64) Grant {
	l := s.Leads[op.Lead]
	if l == nil || l.Closed > 0 {
		return Grant{At: at, Effect: Ignored, Lead: op.Lead, Attempt: op.Attempt, Verb: op.Verb}
	}
	g := Grant{
		At: at, Effect: Ignored, Lead: op.Lead, Attempt: l.Attempt, Outcome: l.Outcome, Rep: l.Rep,
		Value: l.Value, Test: l.Test, Verb: op.Verb,
	}
	if op.Attempt != l.Attempt {
		g.Effect, g.Asked = Fenced, op.Attempt
		return g
	}
	if l.did(op.Verb) {
		return g
	}
	next := s.next(op, l, at)
	if op.Stay && next.Outcome == l.Outcome && next.Rep == l.Rep && next.Turn == nil {
		return g
	}
	return next
}

// next is the next attempt of a lead.
func (s *State) next(op *Op, l *Lead, at int64) Grant {
	g := Grant{
		At: at, Effect: Ended, Lead: op.Lead, Attempt: l.Attempt + 1, Value: l.Value, Test: l.Test,
		From: l.Rep, TurnBack: op.TurnBack && l.Turn != nil, Verb: op.Verb,
	}
	s.name(&g, op)
	// While the walk lasts, the owner does not hold the lead.
	if l.Counts() {
		s.rep(l.Rep).hold(l, -1)
		defer s.rep(l.Rep).hold(l, +1)
	}
	plan := *op
	plan.Value, plan.Test = l.Value, l.Test
	s.walk(&g, &plan)
	return g
}

// did says whether an activity has happened in this attempt, or one that implies it:
// contact implies acceptance, and qualification both.
func (l *Lead) did(verb string) bool {
	switch verb {
	case Accepted:
		return l.touched()
	case Contacted:
		return l.Contacted+l.Qualified > 0
	case Qualified:
		return l.Qualified > 0
	case Taken:
		return l.Rep != ""
	}
	return false
}

// touched says whether the owner has done anything with the lead.
func (l *Lead) touched() bool { return l.Accepted+l.Contacted+l.Qualified > 0 }

// name says which roster a grant is by, and its content where that must be told.
func (s *State) name(g *Grant, op *Op) {
	if op.Roster == nil {
		return
	}
	g.Roster = op.Roster.Digest
	if s.tells(op) {
		g.Install = op.Roster.Reps
	}
}

// tells says whether the grant of an assign carries the content of its roster. The
// first of each input partition does: a partition is committed in its own order, so
// whatever is lost with a store, a grant in the log has one before it that tells. A
// record that was passed over and is read after all comes before some that were told.
func (s *State) tells(op *Op) bool {
	if !s.Told[op.Roster.Digest][op.ID.Partition.String()] {
		return true
	}
	tail := s.Tails[op.ID.Partition.String()]
	if tail == nil {
		return false
	}
	place, _ := tail.find(op.ID)
	return place < len(tail.Memos)
}

// walk takes the first step that has a free rep, or that is an end.
func (s *State) walk(g *Grant, op *Op) {
	for i := range op.Steps {
		step := &op.Steps[i]
		if step.End != "" {
			g.Step, g.Outcome = i, step.End
			if step.End == Waiting && !op.Test {
				g.Line = op.Line
			}
			return
		}
		free := s.free(step, op, g.At)
		if len(free) == 0 {
			continue
		}
		chosen := s.pick(g, step, op, free)
		g.Step, g.Effect, g.Rep = i, Owned, chosen.terms.ID
		g.Outcome = cmp.Or(step.Outcome, Assigned)
		g.Over = !chosen.terms.Caps.fits(chosen.load, op.Value)
		return
	}
}

// candidate is a member of a step who is free.
type candidate struct {
	position int32
	terms    *Terms
	load     Load
	last     int64
}

// free are the members of a step who are present and, unless the step lifts it,
// under every cap; in the order of the step.
func (s *State) free(step *Step, op *Op, at int64) []candidate {
	free := make([]candidate, 0, len(step.Members))
	for _, p := range step.Members {
		t := &op.Roster.Reps[p]
		r := s.look(t.ID)
		if r.Presence == Left || !step.LiftAway && !r.present(at) {
			continue
		}
		l := s.load(t, at)
		if step.LiftFull || t.Caps.fits(l, op.Value) {
			free = append(free, candidate{position: p, terms: t, load: l, last: r.Last})
		}
	}
	return free
}

// pick chooses one of the free members; of a rotation it also finds the turn.
func (s *State) pick(g *Grant, step *Step, op *Op, free []candidate) candidate {
	switch step.Pick {
	case RoundRobin:
		return s.rotate(g, step, op, free)
	case LeastLoaded:
		best := free[0]
		for _, c := range free[1:] {
			if c.lessLoaded(best) < 0 {
				best = c
			}
		}
		return best
	default:
		return free[0]
	}
}

// lessLoaded orders candidates by load; equals stay in the order of the step.
func (c candidate) lessLoaded(o candidate) int {
	return cmp.Or(
		cmp.Compare(c.terms.Caps.fullness(c.load), o.terms.Caps.fullness(o.load)),
		cmp.Compare(c.load.Open, o.load.Open),
		cmp.Compare(c.last, o.last),
	)
}

// rotate lets everybody free earn a share and gives the lead to the largest
// credit; ties to who was assigned longest ago, then to the order of the step.
func (s *State) rotate(g *Grant, step *Step, op *Op, free []candidate) candidate {
	amount := int64(Unit)
	if step.ByValue {
		amount = op.Value
	}
	weights := make([]int64, len(free))
	positions := make([]int32, len(free))
	for i, c := range free {
		weights[i], positions[i] = c.terms.Weight, c.position
	}
	book := s.Books[step.Book]
	shares := Split(amount, weights)
	best := 0
	for i, c := range free {
		b := free[best]
		if cmp.Or(
			cmp.Compare(book[b.terms.ID]+shares[best], book[c.terms.ID]+shares[i]),
			cmp.Compare(c.last, b.last),
		) < 0 {
			best = i
		}
	}
	if !op.Test {
		before := book[free[best].terms.ID]
		g.Turn = &Turn{
			Book: step.Book, Amount: amount, Free: NewBitmap(positions),
			Before: before, After: before + shares[best] - amount,
		}
	}
	return free[best]
}

// late tells what the activities that waited for a lead do to it.
func (s *State) late(g *Grant) []Late {
	early := s.Held[g.Lead]
	if len(early) == 0 {
		return nil
	}
	l := g.lead(OpID{})
	late := make([]Late, len(early))
	for i, e := range early {
		late[i] = e.Late
		late[i].Effect = l.react(e.Verb, e.Attempt, g.At)
	}
	return late
}

func (s *State) decideActivity(op *Op, at int64) Grant {
	g := Grant{At: at, Effect: Held, Lead: op.Lead, Attempt: op.Attempt, Verb: op.Verb}
	if l := s.Leads[op.Lead]; l != nil {
		after := *l
		g.Effect = after.react(op.Verb, op.Attempt, at)
		g.Attempt, g.Outcome, g.Rep, g.Value, g.Test = l.Attempt, l.Outcome, l.Rep, l.Value, l.Test
		switch g.Effect {
		case Fenced:
			g.Asked = op.Attempt
		case Noted:
			g.Marks = after.marks()
		default: // the rest needs no more
		}
	}
	return g
}

func (s *State) decidePresence(op *Op, at int64) Grant {
	g := Grant{At: at, Effect: Present, Rep: op.Rep, Verb: op.Verb}
	switch op.Verb {
	case Away:
		g.Until = op.Until
		if op.GiveBack {
			g.GiveBack, g.Returns = true, s.returns(op.Rep, false)
		}
	case Left:
		g.Effect, g.Shares, g.Returns = Settled, s.settle(op.Rep), s.returns(op.Rep, true)
	}
	return g
}

// returns are the first open leads of a rep, all or those that are untouched.
func (s *State) returns(rep string, all bool) []Return {
	var list []Return
	for _, id := range s.open(rep) {
		if l := s.Leads[id]; all || !l.touched() {
			list = append(list, Return{Lead: id, Attempt: l.Attempt})
		}
	}
	return list
}

func (l *Lead) marks() *Marks {
	return &Marks{Step: l.Step, Since: l.Since, Accepted: l.Accepted, Contacted: l.Contacted, Qualified: l.Qualified}
}

// lead is the lead as a decision makes it.
func (g *Grant) lead(id OpID) *Lead {
	l := &Lead{
		Outcome: g.Outcome, Attempt: g.Attempt, Rep: g.Rep, Value: g.Value,
		Test: g.Test, Over: g.Over, Since: g.At, Step: g.Step, Last: id,
	}
	if g.Turn != nil {
		l.Turn = &Entry{Book: g.Turn.Book, Amount: g.Turn.Amount, Free: g.Turn.Free, Roster: g.Roster}
	}
	if g.Outcome == Disqualified {
		l.Closed = g.At
	}
	if g.Line != nil {
		l.Line = &Queue{Line: *g.Line, Roster: g.Roster}
	}
	return l
}

// react changes a lead by an activity and says what that was.
func (l *Lead) react(verb string, attempt int, at int64) Effect {
	if attempt != 0 && attempt != l.Attempt {
		return Fenced
	}
	if (verb == Reopened) != (l.Closed > 0) {
		return Ignored
	}
	switch verb {
	case Reopened:
		l.Closed = 0
		return Reowned
	case Converted, Lost, Closed:
		l.Closed, l.Draft = at, nil
		return Freed
	case Accepted:
		l.Accepted = cmp.Or(l.Accepted, at)
	case Contacted:
		l.Contacted = cmp.Or(l.Contacted, at)
	case Qualified:
		l.Qualified = cmp.Or(l.Qualified, at)
	}
	return Noted
}
