package whynot

import (
	"fmt"
	"slices"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// Answer is the smallest change that would have given the lead to a rep.
type Answer struct {
	Rep string `json:"rep_id"`
	// Changes that it takes: one, or two if no one does; none: no two do, or the rep has it.
	Changes []Change `json:"changes,omitempty"`
	// Turn is the rep's credit with which the lead would have been won, of Amount for a lead;
	// nil where no turn decides.
	Turn   *int64 `json:"turn,omitempty"`
	Amount int64  `json:"amount,omitempty"`
}

// Search tries changes alone, and then in pairs. Whatever it names was tried: planned and
// granted again, the lead goes to the rep.
func Search(c Case, rep string) (Answer, error) {
	s := &searcher{c: c, rep: rep, planners: map[string]*routing.Planner{}}
	base, err := c.run(c.trial(), rep, s.planners)
	if err != nil {
		return Answer{}, fmt.Errorf("decide %s again: %w", c.op.Lead, err)
	}
	if base.grant.Rep == rep {
		return Answer{Rep: rep}, nil
	}
	if a := s.higher(); a != nil {
		return *a, nil
	}
	singles := c.changes(base, rep)
	for _, one := range singles {
		if a := s.exactly(one); a != nil {
			return *a, nil
		}
	}
	for _, one := range singles {
		if a := s.higher(one); a != nil {
			return *a, nil
		}
	}
	for i, one := range singles {
		for _, other := range singles[i+1:] {
			if a := s.exactly(one, other); a != nil {
				return *a, nil
			}
		}
	}
	return Answer{Rep: rep}, nil
}

// searcher tries changes; it remembers the policies that it had to make.
type searcher struct {
	c        Case
	rep      string
	planners map[string]*routing.Planner
}

// exactly makes these changes; nil when the lead still goes to somebody else.
func (s *searcher) exactly(set ...Change) *Answer {
	r, ok := s.run(set)
	if !ok || r.grant.Rep != s.rep {
		return nil
	}
	a := &Answer{Rep: s.rep, Changes: set}
	if turn := r.grant.Turn; turn != nil {
		a.Turn, a.Amount = &turn.Before, turn.Amount
	}
	return a
}

// higher makes these changes, and then that of the turn or the load by which somebody
// else was picked; nil when that is not what decides.
func (s *searcher) higher(set ...Change) *Answer {
	r, ok := s.run(set)
	if !ok || r.grant.Rep == "" || !slices.Contains(r.free(r.grant.Step), s.rep) {
		return nil
	}
	for _, more := range s.decides(r) {
		if a := s.exactly(append(slices.Clone(set), more)...); a != nil {
			return a
		}
	}
	return nil
}

func (s *searcher) run(set []Change) (result, bool) {
	t := s.c.trial()
	for _, change := range set {
		change.apply(t)
	}
	r, err := s.c.run(t, s.rep, s.planners)
	return r, err == nil // what cannot be had is no change
}

// decides are the changes of the number by which somebody else was picked, the smallest
// first.
func (s *searcher) decides(r result) []Change {
	step := r.plan.Steps[r.grant.Step]
	switch {
	case step.Pick == ledger.LeastLoaded:
		return s.fewer(r)
	case r.grant.Turn == nil || r.grant.Turn.Given:
		return nil
	}
	turn, book := r.grant.Turn, r.state.Books[r.grant.Turn.Book]
	var weights []int64
	positions := turn.Free.Positions()
	for _, p := range positions {
		weights = append(weights, r.plan.Roster.Reps[p].Weight)
	}
	mine, theirs := int64(0), int64(0)
	for i, share := range ledger.Split(turn.Amount, weights) {
		switch id := r.plan.Roster.Reps[positions[i]].ID; id {
		case s.rep:
			mine = book[id] + share
		case r.grant.Rep:
			theirs = book[id] + share
		}
	}
	var list []Change
	for _, credit := range []int64{theirs - mine, theirs - mine + 1} { // among equals who waited longest
		list = append(list, Change{Kind: Turn, Credit: credit, Amount: turn.Amount, apply: func(t *trial) {
			if t.state.Books[turn.Book] == nil {
				t.state.Books[turn.Book] = ledger.Book{}
			}
			t.state.Books[turn.Book][s.rep] += credit
		}})
	}
	return list
}

// mostFewer leads are taken away to see who has the most room.
const mostFewer = 100

func (s *searcher) fewer(r result) []Change {
	var list []Change
	open := int64(0)
	if has := r.state.Reps[s.rep]; has != nil {
		open = has.Open
	}
	for i := range min(open, mostFewer) {
		leads := i + 1
		list = append(list, Change{Kind: Room, Leads: leads, apply: func(t *trial) {
			has := entry(t.state, s.rep)
			has.Open -= leads
			for _, window := range []*ledger.Window{&has.Hour, &has.Day, &has.Week} {
				window.Count = max(0, window.Count-leads)
			}
		}})
	}
	return list
}
