package ledger

import (
	"slices"

	"github.com/tidwall/btree"
)

// index finds leads where looking through all of them would take too long. It follows
// from State.Leads: it is made when it is first asked for, and each grant keeps it up.
type index struct {
	owned map[string]map[string]struct{} // ids of the leads that count, by owner
	lines map[lineKey]*line
	// offers are those of State.Offers by the rep whose capacity it is.
	offers map[string]map[string]Offer
}

// lineKey is for whom leads wait: those who wait for the same reps stand in one line.
type lineKey struct {
	roster string
	reps   Bitmap
}

// line is leads that wait for the same reps.
type line struct {
	reps  map[string]bool
	leads *btree.BTreeG[standing]
}

// standing is a lead in line: place sorts as the line does.
type standing struct{ place, id string }

// indexed is the index, made if there is none.
func (s *State) indexed() *index {
	if s.index == nil {
		s.index = &index{owned: map[string]map[string]struct{}{}, lines: map[lineKey]*line{}, offers: map[string]map[string]Offer{}}
		for _, o := range s.Offers {
			s.index.offer(o)
		}
		for id := range s.Leads {
			s.enlist(id)
		}
	}
	return s.index
}

func (x *index) offer(o Offer) {
	if x.offers[o.Rep] == nil {
		x.offers[o.Rep] = map[string]Offer{}
	}
	x.offers[o.Rep][o.Lead] = o
}

// enlist enters a lead as it is by now.
func (s *State) enlist(id string) {
	l := s.Leads[id]
	if s.index == nil || l == nil {
		return
	}
	if l.Counts() {
		if s.index.owned[l.Rep] == nil {
			s.index.owned[l.Rep] = map[string]struct{}{}
		}
		s.index.owned[l.Rep][id] = struct{}{}
	}
	if l.waits() {
		s.lineOf(l).leads.Set(standing{l.place("", id), id})
	}
}

// delist takes a lead out, before it changes.
func (s *State) delist(id string) {
	l := s.Leads[id]
	if s.index == nil || l == nil {
		return
	}
	if l.Counts() {
		delete(s.index.owned[l.Rep], id)
	}
	if l.waits() {
		all := s.lineOf(l)
		all.leads.Delete(standing{place: l.place("", id)})
		if all.leads.Len() == 0 {
			delete(s.index.lines, lineKey{l.Line.Roster, l.Line.Reps})
		}
	}
}

// lineOf is the line in which a lead waits, made if there is none.
func (s *State) lineOf(l *Lead) *line {
	key := lineKey{l.Line.Roster, l.Line.Reps}
	all := s.index.lines[key]
	if all == nil {
		before := func(a, b standing) bool { return a.place < b.place }
		all = &line{reps: map[string]bool{"": true}, leads: btree.NewBTreeGOptions(before, btree.Options{NoLocks: true})}
		roster := s.Rosters[key.roster]
		for _, p := range key.reps.Positions() {
			if int(p) < len(roster) {
				all.reps[roster[p].ID] = true
			}
		}
		s.index.lines[key] = all
	}
	return all
}

// open are the first leads by id that count for a rep.
func (s *State) open(rep string) []string {
	owned := s.indexed().owned[rep]
	ids := make([]string, 0, len(owned))
	for id := range owned {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids[:min(len(ids), MaxReturns)]
}
