package ledger

import (
	"fmt"
	"slices"
)

// maxHops bounds to how many leads in a row one place is offered: those who cannot take
// it are mostly alike.
const maxHops = 8

// place is where a lead stands in the line for a rep, and in that of all for "": it sorts as
// the line does.
func place(rep string, rank, since int64, id string, attempt int) string {
	return fmt.Sprintf("%s\n%015d\n%015d\n%s\n%d", rep, MaxRank-rank, since, id, attempt)
}

func (l *Lead) place(rep, id string) string {
	return place(rep, l.Line.Rank, l.Line.Since, id, l.Attempt)
}

// Places are where a lead stands in line, in that of all and for each rep that it waits for:
// texts that sort as the line does.
func (s *State) Places(id string) []string {
	l := s.Leads[id]
	if !l.waits() {
		return nil
	}
	places := []string{l.place("", id)}
	for _, rep := range waitedFor(l.Line.Reps, s.Rosters[l.Line.Roster]) {
		places = append(places, l.place(rep, id))
	}
	return places
}

// waitedFor are the ids of those whose capacity is waited for.
func waitedFor(reps Bitmap, roster []Terms) []string {
	positions := reps.Positions()
	ids := make([]string, len(positions))
	for i, p := range positions {
		ids[i] = roster[p].ID
	}
	return ids
}

// standsElsewhere says whether the next attempt of a lead that waits stands elsewhere in line
// than this one.
func (s *State) standsElsewhere(op *Op, l *Lead, next *Grant) bool {
	if l.Line == nil || next.Line == nil {
		return (l.Line == nil) != (next.Line == nil)
	}
	return l.Line.Rank != next.Line.Rank || l.Line.Since != next.Line.Since ||
		!slices.Equal(waitedFor(l.Line.Reps, s.Rosters[l.Line.Roster]), waitedFor(next.Line.Reps, op.Roster.Reps))
}

// waits says whether a lead stands in line.
func (l *Lead) waits() bool { return l.Outcome == Waiting && l.Closed == 0 && l.Line != nil }

// first is the first lead in line for a rep behind a place, that has no offer yet.
func (s *State) first(rep, behind string) *Offer {
	var best standing
	for _, line := range s.indexed().lines {
		if !line.reps[rep] {
			continue
		}
		line.leads.Ascend(standing{place: behind}, func(at standing) bool {
			if _, offered := s.Offers[at.id]; offered || at.place == behind {
				return true
			}
			if best.id == "" || at.place < best.place {
				best = at
			}
			return false
		})
	}
	if best.id == "" {
		return nil
	}
	l := s.Leads[best.id]
	return &Offer{Lead: best.id, Attempt: l.Attempt, Rep: rep, Rank: l.Line.Rank, Since: l.Line.Since}
}

// promised says whether what a rep has free is on offer to leads that go before the one of an
// operation: a lead that can wait queues behind them.
func (s *State) promised(op *Op, t *Terms, l Load) bool {
	if op.Line == nil || op.Test || len(s.Offers) == 0 {
		return false
	}
	for _, o := range s.indexed().offers[t.ID] {
		behind := o.Rank > op.Line.Rank || o.Rank == op.Line.Rank && o.Since <= op.Line.Since
		if o.Lead == op.Lead || !behind {
			continue
		}
		if o.Drain {
			return true // every place, while those in line want them
		}
		l.Open, l.Hour, l.Day, l.Week = l.Open+1, l.Hour+1, l.Day+1, l.Week+1
	}
	return !t.Caps.fits(l, 0)
}

// offer finds who is asked next after a grant: for a place that has come free, for the
// next place of a rep who is back, because the one who was asked did not take it, or because
// all in line are to be planned again.
func (s *State) offer(op *Op, g *Grant, freed string) *Offer {
	taken := g.Taken
	switch {
	case freed != "" && (g.Effect == Present || s.look(freed).present(g.At)):
		next := s.first(freed, "")
		if next != nil {
			next.Drain = g.Effect == Present
		}
		return next
	case taken == nil && op.Wake:
		return s.first("", s.standing(op.Lead))
	case taken == nil:
		return nil
	case taken.Rep == "":
		return s.first("", place("", taken.Rank, taken.Since, taken.Lead, taken.Attempt))
	case !s.look(taken.Rep).present(g.At):
		return nil
	case g.Effect == Owned && g.Rep == taken.Rep:
		if !taken.Drain {
			return nil
		}
		next := s.first(taken.Rep, "")
		if next != nil {
			next.Drain = true
		}
		return next
	case taken.Drain && g.Effect == Ignored || taken.Hops == maxHops:
		return nil
	}
	return s.pass(taken)
}

// standing is where a lead stands in the line of all; "" if it does not wait.
func (s *State) standing(id string) string {
	if l := s.Leads[id]; l != nil && l.waits() {
		return l.place("", id)
	}
	return ""
}

// pass offers the place to the next in line behind the one who did not take it.
func (s *State) pass(taken *Offer) *Offer {
	behind := ""
	if l := s.Leads[taken.Lead]; l != nil && l.waits() && l.Attempt == taken.Attempt {
		behind = l.place("", taken.Lead)
	}
	next := s.first(taken.Rep, behind)
	if next != nil {
		next.Drain, next.Hops = taken.Drain, taken.Hops+1
	}
	return next
}

// offered enters what a grant offers and has answered; sign -1 takes it back.
func (s *State) offered(g *Grant, sign int) {
	enter, leave := g.Offer, g.Taken
	if sign < 0 {
		enter, leave = leave, enter
	}
	if leave != nil && s.Offers[leave.Lead] == *leave {
		s.withdraw(leave.Lead)
	}
	if enter != nil {
		s.withdraw(enter.Lead)
		s.Offers[enter.Lead] = *enter
		if s.index != nil {
			s.index.offer(*enter)
		}
	}
}

// withdraw takes back what a lead was offered, if anything.
func (s *State) withdraw(lead string) {
	if o, ok := s.Offers[lead]; ok && s.index != nil {
		delete(s.index.offers[o.Rep], lead)
	}
	delete(s.Offers, lead)
}

// answered is the offer that a move of a lead answers, whatever comes of it.
func (s *State) answered(g *Grant) *Offer {
	if offer, ok := s.Offers[g.Lead]; ok && g.Effect != Fenced {
		return &offer
	}
	return nil
}

// freed is the rep whose capacity an operation sets free; "" for nobody.
func (s *State) freed(op *Op, g *Grant) string {
	switch {
	case g.Effect == Present && op.Verb == Available:
		return g.Rep
	case g.Effect == Freed && s.Leads[g.Lead].Counts():
		return g.Rep
	case op.Kind == Move && g.From != "" && s.Leads[g.Lead].Counts():
		return g.From
	}
	return ""
}
