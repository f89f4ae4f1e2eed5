package ledger

import (
	"cmp"
	"slices"
)

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
	case Expire:
		return s.decideExpire(op, at)
	default:
		g = s.decidePresence(op, at)
	}
	g.Offer = s.offer(op, &g, s.freed(op, &g))
	return g
}

func (s *State) decideAssign(op *Op, at int64) Grant {
	if l := s.Leads[op.Lead]; l != nil {
		return Grant{At: at, Effect: Repeat, Lead: op.Lead, Attempt: l.Attempt, Outcome: l.Outcome, Rep: l.Rep}
	}
	g := Grant{At: at, Effect: Ended, Lead: op.Lead, Attempt: 1, Value: op.Value, Test: op.Test, Traits: op.Traits}
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
	if op.Stay && next.Outcome == l.Outcome && next.Rep == l.Rep && (next.Turn == nil || next.Turn.Given) &&
		!(op.Wake && s.standsElsewhere(op, l, &next)) {
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
	plan.Value, plan.Test, plan.Traits = l.Value, l.Test, l.Traits
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
		g.Pins = step.Pins && op.Traits != nil && op.Traits.Company != ""
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

// free are the members of a step who are present and, unless the step lifts it, have a place
// under every cap that is not promised; in the order of the step.
func (s *State) free(step *Step, op *Op, at int64) []candidate {
	free := make([]candidate, 0, len(step.Members))
	for _, p := range step.Members {
		t := &op.Roster.Reps[p]
		r := s.look(t.ID)
		if r.Presence == Left || !step.LiftAway && !r.present(at) {
			continue
		}
		l := s.load(t, at)
		if step.LiftFull || t.Caps.fits(l, op.Value) && !s.promised(op, t, l) {
			free = append(free, candidate{position: p, terms: t, load: l, last: r.Last})
		}
	}
	return free
}

// pick chooses one of the free members; of a rotation it also finds the turn.
func (s *State) pick(g *Grant, step *Step, op *Op, free []candidate) candidate {
	switch {
	case step.Among != nil:
		s.charge(g, step, op, free[0])
		return free[0]
	case step.Pick == RoundRobin:
		return s.rotate(g, step, op, free)
	case step.Pick == LeastLoaded:
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
	amount := step.amount(op)
	book, shares := s.Books[step.Book], shares(amount, free)
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
		g.Turn = s.turnOf(step.Book, amount, free, best)
	}
	return free[best]
}

// charge lets a rep whom a person has chosen pay the turn, and everybody earn who was free
// to have it.
func (s *State) charge(g *Grant, step *Step, op *Op, chosen candidate) {
	if op.Test {
		return
	}
	free := s.free(&Step{Members: step.Among}, op, g.At)
	at, found := slices.BinarySearchFunc(free, chosen.position, func(c candidate, p int32) int {
		return cmp.Compare(c.position, p)
	})
	if !found {
		free = slices.Insert(free, at, chosen)
	}
	g.Turn = s.turnOf(step.Book, step.amount(op), free, at)
	g.Turn.Given = true
}

// amount that a turn by a step is worth.
func (s *Step) amount(op *Op) int64 {
	if s.ByValue {
		return op.Value
	}
	return Unit
}

// shares of an amount, by weight.
func shares(amount int64, free []candidate) []int64 {
	weights := make([]int64, len(free))
	for i, c := range free {
		weights[i] = c.terms.Weight
	}
	return Split(amount, weights)
}

// turnOf is the entry by which one of the free pays, and all of them earn.
func (s *State) turnOf(book string, amount int64, free []candidate, payer int) *Turn {
	positions := make([]int32, len(free))
	for i, c := range free {
		positions[i] = c.position
	}
	before := s.Books[book][free[payer].terms.ID]
	return &Turn{
		Book: book, Amount: amount, Free: NewBitmap(positions),
		Before: before, After: before + shares(amount, free)[payer] - amount,
	}
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
		late[i].Effect = l.respond(e.Verb, e.Attempt, e.By, g.At)
	}
	return late
}

func (s *State) decideActivity(op *Op, at int64) Grant {
	g := Grant{
		At: at, Effect: Held, Lead: op.Lead, Attempt: op.Attempt, Verb: op.Verb, By: op.Rep, Ahead: len(s.Held[op.Lead]),
	}
	if l := s.Leads[op.Lead]; l != nil {
		after := *l
		g.Effect, g.By, g.Ahead = after.respond(op.Verb, op.Attempt, op.Rep, at), "", 0
		g.Attempt, g.Outcome, g.Rep, g.Value, g.Test = l.Attempt, l.Outcome, l.Rep, l.Value, l.Test
		switch g.Effect {
		case Fenced:
			g.Asked, g.By = op.Attempt, op.Rep
		case Noted:
			g.Marks = after.marks()
		case Reowned:
			if after.Counts() && s.look(l.Rep).Presence == Left {
				g.Returns = []Return{{Lead: op.Lead, Attempt: l.Attempt}}
			}
		default: // the rest needs no more
		}
	}
	return g
}

// decideExpire gives up the activities that wait for a lead.
func (s *State) decideExpire(op *Op, at int64) Grant {
	g := Grant{At: at, Effect: Ignored, Lead: op.Lead}
	for _, e := range s.Held[op.Lead] {
		g.Effect, g.Held = Dropped, append(g.Held, e.Late)
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
		Test: g.Test, Over: g.Over, Since: g.At, Step: g.Step, Traits: g.Traits, Last: id,
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

// respond lets an activity change a lead, unless it speaks of another attempt: one that it
// names, or that of an owner before. What only an owner does is not taken for the deed of
// the one by now; that a lead is closed is a fact, whoever says so.
func (l *Lead) respond(verb string, attempt int, by string, at int64) Effect {
	stranger := by != "" && l.Rep != "" && by != l.Rep && owners(verb)
	if stranger || attempt != 0 && attempt != l.Attempt {
		return Fenced
	}
	return l.react(verb, at)
}

// owners says whether an activity is something that a lead's owner does.
func owners(verb string) bool {
	return verb == Accepted || verb == Rejected || verb == Contacted || verb == Qualified
}

// react changes a lead by an activity and says what that was.
func (l *Lead) react(verb string, at int64) Effect {
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
