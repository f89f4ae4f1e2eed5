package recount

import (
	"cmp"
	"fmt"
	"slices"
)

// Rule that a log can break.
type Rule string

// The rules.
const (
	Sequence Rule = "sequence" // no number comes twice, and each hole is explained
	Owner    Rule = "owner"    // a lead goes from who has it to somebody in the roster
	Cap      Rule = "cap"      // nobody holds more than the terms allow
	TurnOf   Rule = "turn"     // the largest credit gets the lead, and books stay in their bound
)

// Fault is a rule that was broken.
type Fault struct {
	Rule Rule
	Lead string
	What string
}

// Tally is the ledger, counted again.
type Tally struct {
	Open    map[string]int64            // by rep
	Owner   map[string]string           // of leads that count
	Closed  map[string]string           // of leads that do not any more
	Credit  map[string]map[string]int64 // by book and rep, micro-leads
	Current map[string]Terms            // by rep: of the roster that was installed last

	// What was looked at.
	Effects  map[string]int
	Turns    int
	Given    int              // turns of those whom a person chose
	Full     int              // grants that took the last place under a cap
	Largest  map[string]int64 // by book, micro-leads
	Reopened map[string]bool  // leads

	// MostOpen is the largest cap on open leads that any policy has given; 0: not known.
	MostOpen int64

	report  func(Fault)
	rosters map[string][]Terms
	days    map[string]map[int64]int64 // by rep and day
	last    map[string]int64           // by rep: sequence of the last assignment
	slack   map[string]int64           // by book: leads that the bound is wider by
	dearest map[string]int64           // by book: the largest amount of a turn
	turns   map[string]Grant           // by lead: the last one with a turn
	before  map[int64]Grant            // by sequence of a move: the one with the turn until then
	// shaken is true from a grant that was lost with Redis to the rebuild: what was
	// granted in between had counted it, and nobody knows any more whose it was.
	shaken bool
}

// New returns an empty count that reports what is wrong as it finds it.
func New(report func(Fault)) *Tally {
	return &Tally{
		Open: map[string]int64{}, Owner: map[string]string{}, Closed: map[string]string{},
		Credit: map[string]map[string]int64{}, Current: map[string]Terms{},
		Effects: map[string]int{}, Largest: map[string]int64{}, Reopened: map[string]bool{},
		report: report, rosters: map[string][]Terms{}, days: map[string]map[int64]int64{}, last: map[string]int64{},
		slack: map[string]int64{}, dearest: map[string]int64{}, turns: map[string]Grant{}, before: map[int64]Grant{},
	}
}

func (t *Tally) fault(rule Rule, g Grant, format string, args ...any) {
	t.report(Fault{rule, g.Lead, fmt.Sprintf(format, args...) + fmt.Sprintf(" at %d", g.Sequence)})
}

// Log counts a whole log, in any order. What was taken back never came to the log by itself: it
// stands in the grant that took it back, and is counted at its own place.
func (t *Tally) Log(log []Entry) {
	var grants []Grant
	lost := map[int64]bool{}
	for _, e := range log {
		grants = append(grants, e.Grant)
		if e.Grant.Undone != nil {
			grants = append(grants, *e.Grant.Undone)
		}
		for _, sequence := range e.Grant.Lost {
			lost[sequence] = true
		}
	}
	slices.SortStableFunc(grants, func(a, b Grant) int { return cmp.Compare(a.Sequence, b.Sequence) })
	next := int64(1)
	for _, g := range grants {
		if g.Sequence < next {
			t.fault(Sequence, g, "a number comes again")
			continue
		}
		for ; next < g.Sequence; next++ {
			if !lost[next] {
				t.fault(Sequence, g, "%d is missing, and nothing says why,", next)
			}
			t.shaken = true
		}
		t.add(g)
		next++
	}
}

func (t *Tally) add(g Grant) {
	t.Effects[g.Effect]++
	if g.Install != nil {
		t.rosters[g.Roster] = g.Install
		clear(t.Current)
		for _, r := range g.Install {
			t.Current[r.ID] = r
		}
	}
	switch g.Effect {
	case "owned", "ended":
		t.assign(g)
		for _, late := range g.Held {
			t.happened(late.Effect, g.Lead)
		}
	case "freed", "reowned":
		t.happened(g.Effect, g.Lead)
	case "settled":
		t.settle(g, +1)
	case "voided":
		t.undo(*g.Undone)
	case "rebuilt":
		t.shaken = false
	}
}

// assign counts a decision: the lead leaves who had it, and may get a new owner.
func (t *Tally) assign(g Grant) {
	t.leave(g)
	t.turnOver(g)
	if g.Rep == "" || g.Test {
		return
	}
	who, known := t.terms(g)
	open, today := t.own(g, who, +1)
	t.Owner[g.Lead], t.last[g.Rep] = g.Rep, g.Sequence
	if !known {
		return
	}
	if !g.Over && !t.shaken {
		t.checkCaps(g, who, open, today)
	}
	if open == who.Caps.Open || today == who.Caps.Day {
		t.Full++
	}
}

// own counts a lead for its rep, or no more, and returns open leads and those of the day.
func (t *Tally) own(g Grant, who Terms, change int64) (open, today int64) {
	day := (g.At/1000 + who.Offset) / 86400
	if t.days[g.Rep] == nil {
		t.days[g.Rep] = map[int64]int64{}
	}
	t.Open[g.Rep] += change
	t.days[g.Rep][day] += change
	return t.Open[g.Rep], t.days[g.Rep][day]
}

func (t *Tally) checkCaps(g Grant, who Terms, open, today int64) {
	if who.Caps.Open > 0 && open > who.Caps.Open {
		t.fault(Cap, g, "%s holds %d of %d", g.Rep, open, who.Caps.Open)
	}
	if who.Caps.Day > 0 && today > who.Caps.Day {
		t.fault(Cap, g, "%s got %d of %d a day", g.Rep, today, who.Caps.Day)
	}
	if t.MostOpen > 0 && who.Caps.Open > t.MostOpen {
		t.fault(Cap, g, "%s may hold %d by the log, and no policy allows more than %d", g.Rep, who.Caps.Open, t.MostOpen)
	}
}

// leave takes a lead from the owner before.
func (t *Tally) leave(g Grant) {
	from := g.From
	if g.Test {
		from = "" // nobody's counters know it
	}
	if rep := t.Owner[g.Lead]; rep != from {
		t.fault(Owner, g, "taken from %q, and %q had it", from, rep)
	}
	t.move(g.Lead, t.Owner, map[string]string{}, -1)
}

// turnOver enters the turn of a decision, and then gives back that of the one before if the
// grant says so: what it tells of the book is from in between.
func (t *Tally) turnOver(g Grant) {
	before, had := t.turns[g.Lead]
	if had {
		t.before[g.Sequence] = before
		delete(t.turns, g.Lead)
	}
	if g.Turn != nil {
		t.turn(g)
		t.turns[g.Lead] = g
	}
	switch {
	case g.TurnBack && had:
		t.back(before, -1)
	case g.TurnBack:
		t.fault(TurnOf, g, "a turn is given back that nobody had")
	}
}

// happened counts a lead that was closed or reopened; other effects change nothing.
func (t *Tally) happened(effect, lead string) {
	switch effect {
	case "freed":
		t.move(lead, t.Owner, t.Closed, -1)
	case "reowned":
		t.Reopened[lead] = true
		t.move(lead, t.Closed, t.Owner, +1)
	}
}

func (t *Tally) move(lead string, from, to map[string]string, change int64) {
	if rep, there := from[lead]; there {
		t.Open[rep] += change
		delete(from, lead)
		to[lead] = rep
	}
}

// settle shares out the balance of a rep who left; sign -1 takes it back.
func (t *Tally) settle(g Grant, sign int64) {
	books := map[string]bool{}
	for _, s := range g.Shares {
		book := t.book(s.Book)
		book[s.Rep] += sign * s.Amount
		book[g.Rep] -= sign * s.Amount
		books[s.Book] = true
	}
	for book := range books {
		t.slack[book]++
	}
}

// undo takes a grant back.
func (t *Tally) undo(g Grant) {
	switch g.Effect {
	case "owned", "ended":
		t.undecide(g)
	case "freed":
		t.move(g.Lead, t.Closed, t.Owner, +1)
	case "reowned":
		t.move(g.Lead, t.Owner, t.Closed, -1)
	case "settled":
		t.settle(g, -1)
	}
}

// undecide takes a decision back: the lead is with the owner before again, if there was one.
func (t *Tally) undecide(g Grant) {
	if g.Turn != nil {
		t.back(g, -1)
	}
	delete(t.turns, g.Lead)
	if g.Rep != "" && !g.Test {
		who, _ := t.terms(g)
		t.own(g, who, -1)
		if _, closed := t.Closed[g.Lead]; closed {
			t.Open[g.Rep]++ // by what had waited for the lead, and did not count any more
		}
	}
	delete(t.Owner, g.Lead)
	delete(t.Closed, g.Lead)
	if g.From != "" && !g.Test {
		t.Owner[g.Lead] = g.From
		t.Open[g.From]++
	}
	if before, had := t.before[g.Sequence]; had {
		t.turns[g.Lead] = before
		if g.TurnBack {
			t.back(before, +1)
		}
	}
}

// terms are those under which a rep got a lead.
func (t *Tally) terms(g Grant) (Terms, bool) {
	roster := t.rosters[g.Roster]
	i := slices.IndexFunc(roster, func(r Terms) bool { return r.ID == g.Rep })
	if i < 0 {
		t.fault(Owner, g, "%s got it and is not in roster %s", g.Rep, g.Roster)
		return Terms{}, false
	}
	return roster[i], true
}
