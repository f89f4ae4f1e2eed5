package dev

import (
	"slices"
	"sync"
	"time"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// Board is the picture of the ledger that the decision log paints. It is safe for
// concurrent use.
type Board struct {
	mu     sync.Mutex
	folder *audit.Folder
	last   map[string]string // rep: the lead that came last
	open   []string          // leads with an owner, oldest first; closed ones are skipped
	begun  []Attempt         // that nobody has asked for yet
}

// Attempt is a lead as it was given to its owner.
type Attempt struct {
	ID   string
	Lead ledger.Lead
}

// Row is one rep on the board.
type Row struct {
	Rep   string
	Open  int64
	Today int64
	Turn  map[string]int64 // credit by book, micro-leads
	Last  string           // lead
	State string           // available, away, left
}

// NewBoard starts empty.
func NewBoard() *Board {
	b := &Board{folder: audit.NewFolder(), last: map[string]string{}}
	b.folder.Seen = b.seen
	return b
}

// Add puts a decision on the board. The error is that of [audit.Folder.Add].
func (b *Board) Add(d event.Decision) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.folder.Add(d)
}

// seen runs under the lock, in the order of the sequence.
func (b *Board) seen(d event.Decision, s *ledger.State) {
	if d.Grant.Effect == ledger.Owned {
		b.last[d.Grant.Rep] = d.Grant.Lead
		b.open = append(b.open, d.Grant.Lead)
		b.begun = append(b.begun, Attempt{ID: d.Grant.Lead, Lead: *s.Leads[d.Grant.Lead]})
	}
}

// At is the ledger time of the last decision; zero before the first.
func (b *Board) At() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at := b.folder.State().At; at > 0 {
		return time.UnixMilli(at)
	}
	return time.Time{}
}

// Begun are the attempts with an owner that have begun since it was last asked, and
// still last.
func (b *Board) Begun() []Attempt {
	b.mu.Lock()
	defer b.mu.Unlock()
	begun := slices.DeleteFunc(b.begun, func(a Attempt) bool {
		l := b.folder.State().Leads[a.ID]
		return l == nil || l.Closed > 0 || l.Attempt != a.Lead.Attempt
	})
	b.begun = nil
	return begun
}

// Lead is a lead as it stands; ok is false when nothing is known of it.
func (b *Board) Lead(id string) (l ledger.Lead, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found := b.folder.State().Leads[id]; found != nil {
		return *found, true
	}
	return ledger.Lead{}, false
}

// OldestOpen takes the lead off the front that has had an owner for longest, and
// tells its owner and attempt. ok is false when no more than keep leads are open.
func (b *Board) OldestOpen(keep int) (id string, lead ledger.Lead, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.open) > keep {
		id, b.open = b.open[0], b.open[1:]
		if l := b.folder.State().Leads[id]; l != nil && l.Closed == 0 {
			return id, *l, true
		}
	}
	return "", ledger.Lead{}, false
}

// Rows are the reps in order of their ids: those given, and whoever the log knows
// beside them.
func (b *Board) Rows(reps []string) []Row {
	b.mu.Lock()
	defer b.mu.Unlock()
	state := b.folder.State()
	ids := slices.Clone(reps)
	for id := range state.Reps {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	rows := make([]Row, len(ids))
	for i, id := range ids {
		rows[i] = Row{Rep: id, State: ledger.Available, Last: b.last[id], Turn: map[string]int64{}}
		if r := state.Reps[id]; r != nil {
			rows[i].Open, rows[i].Today, rows[i].State = r.Open, r.Day.Count, r.Presence
		}
		for name, book := range state.Books {
			if credit, member := book[id]; member {
				rows[i].Turn[name] = credit
			}
		}
	}
	return rows
}
