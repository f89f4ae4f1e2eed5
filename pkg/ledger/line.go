package ledger

import "fmt"

// maxHops bounds to how many leads in a row one place is offered: those who cannot take
// it are mostly alike.
const maxHops = 8

// place is where a lead stands in the line for a rep: it sorts as the line does.
func (l *Lead) place(rep, id string) string {
	return fmt.Sprintf("%s\n%015d\n%015d\n%s\n%d", rep, MaxRank-l.Line.Rank, l.Line.Since, id, l.Attempt)
}

// Places are where a lead stands in line, for each rep that it waits for: texts that sort
// as the line does.
func (s *State) Places(id string) []string {
	l := s.Leads[id]
	if !l.waits() {
		return nil
	}
	var places []string
	roster := s.Rosters[l.Line.Roster]
	for _, p := range l.Line.Reps.Positions() {
		places = append(places, l.place(roster[p].ID, id))
	}
	return places
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
	return &Offer{Lead: best.id, Attempt: s.Leads[best.id].Attempt, Rep: rep}
}

// offer finds who is asked next after a grant: for a place that has come free, for the
// next place of a rep who is back, or because the one who was asked did not take it.
func (s *State) offer(g *Grant, freed string) *Offer {
	taken := g.Taken
	switch {
	case freed != "" && (g.Effect == Present || s.look(freed).present(g.At)):
		next := s.first(freed, "")
		if next != nil {
			next.Drain = g.Effect == Present
		}
		return next
	case taken == nil || !s.look(taken.Rep).present(g.At):
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
		delete(s.Offers, leave.Lead)
	}
	if enter != nil {
		s.Offers[enter.Lead] = *enter
	}
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
