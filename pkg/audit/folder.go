package audit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// ErrRepeated means that two records of the log carry one sequence, or one carries a sequence
// that a rebuild has given up.
var ErrRepeated = errors.New("a sequence stands twice in the log")

// Folder applies the records of the decision log in the order of their sequence,
// in whatever order the partitions are read. It keeps those that came early; in a
// healthy log these are as many as routers have in flight.
type Folder struct {
	state *ledger.State
	early map[int64]entry
	lost  map[int64]bool // sequences that a rebuild has given up
	// Sweep forgets closed leads when a store does. Without it, the state grows with the
	// log.
	Sweep bool
	// Next and Seen, when set, are told of each record right before and right after
	// it is applied.
	Next, Seen func(d event.Decision, s *ledger.State)

	fold func(entry) error    // [ledger.State.Fold], or what proves it, too
	gone func(sequence int64) // when set, is told of what a rebuild has given up
	// unswept counts what was applied since the last sweep.
	unswept int
}

// sweepEvery is how many records pass between two sweeps at least; no fewer than there
// are leads, so that a sweep costs nothing per record.
const sweepEvery = 1 << 16

// entry is one grant at its place in the sequence. decision is nil where a void
// accounts for it.
type entry struct {
	id       ledger.OpID
	grant    ledger.Grant
	decision *event.Decision
}

// NewFolder starts from an empty ledger.
func NewFolder() *Folder {
	f := &Folder{state: ledger.NewState(), early: map[int64]entry{}, lost: map[int64]bool{}}
	f.fold = f.follow
	return f
}

// NewFolderAt goes on from a snapshot, with the records from its offsets on.
func NewFolderAt(s Snapshot) *Folder {
	f := NewFolder()
	f.state = s.State
	for _, d := range s.Early {
		f.early[d.Grant.Sequence] = entry{id: d.Op, grant: d.Grant, decision: &d}
		if undone := d.Grant.Undone; undone != nil && undone.Sequence > f.state.Sequence {
			f.early[undone.Sequence] = entry{id: d.Op, grant: *undone}
		}
		for _, sequence := range d.Grant.Lost {
			if sequence > f.state.Sequence {
				f.lost[sequence] = true
			}
		}
	}
	return f
}

// Snapshot is what [NewFolderAt] goes on from; where to read on is for the caller to add.
// It shares memory with the folder.
func (f *Folder) Snapshot() Snapshot {
	s := Snapshot{State: f.state, Early: f.Early()}
	s.Sequence, s.Epoch, s.At = f.state.Sequence, f.state.Epoch, f.state.At
	return s
}

// Early are the records that wait for one before them, by sequence.
func (f *Folder) Early() []event.Decision {
	var list []event.Decision
	for _, sequence := range slices.Sorted(maps.Keys(f.early)) {
		if d := f.early[sequence].decision; d != nil {
			list = append(list, *d)
		}
	}
	return list
}

// follow enters what the log says. What a void took back has no draft: nobody asks for
// it before it is gone.
func (f *Folder) follow(e entry) error {
	var draft []byte
	if e.decision != nil {
		draft = e.decision.Draft
	}
	return f.state.Fold(e.id, e.grant, draft)
}

// Add takes a record and applies what is in order by now.
func (f *Folder) Add(d event.Decision) error {
	if err := f.put(d.Grant.Sequence, entry{id: d.Op, grant: d.Grant, decision: &d}); err != nil {
		return err
	}
	if undone := d.Grant.Undone; undone != nil {
		// What was taken back was never written: the void tells of it.
		if err := f.put(undone.Sequence, entry{id: d.Op, grant: *undone}); err != nil {
			return err
		}
	}
	for _, sequence := range d.Grant.Lost {
		if f.known(sequence) {
			return fmt.Errorf("sequence %d, lost by %s: %w", sequence, d.Op, ErrRepeated)
		}
		f.lost[sequence] = true
	}
	return f.advance()
}

func (f *Folder) put(sequence int64, e entry) error {
	if f.known(sequence) {
		return fmt.Errorf("sequence %d of %s: %w", sequence, e.id, ErrRepeated)
	}
	f.early[sequence] = e
	return nil
}

// known reports whether a sequence is accounted for.
func (f *Folder) known(sequence int64) bool {
	_, early := f.early[sequence]
	return early || f.lost[sequence] || sequence <= f.state.Sequence
}

// advance applies records for as long as the next one is there.
func (f *Folder) advance() error {
	for {
		next := f.state.Sequence + 1
		if f.lost[next] {
			delete(f.lost, next)
			f.state.Skip()
			if f.gone != nil {
				f.gone(next)
			}
			continue
		}
		e, ok := f.early[next]
		if !ok {
			return nil
		}
		delete(f.early, next)
		if f.Next != nil && e.decision != nil {
			f.Next(*e.decision, f.state)
		}
		if err := f.fold(e); err != nil {
			return err
		}
		if f.Seen != nil && e.decision != nil {
			f.Seen(*e.decision, f.state)
		}
		f.sweep()
	}
}

// sweep forgets closed leads now and then.
func (f *Folder) sweep() {
	if f.unswept++; f.Sweep && f.unswept >= max(sweepEvery, len(f.state.Leads)) {
		f.state.Sweep()
		f.unswept = 0
	}
}

// State is the ledger after all records that were in order.
func (f *Folder) State() *ledger.State { return f.state }

// Gap is a run of sequences that are missing, from First to Last.
type Gap struct{ First, Last int64 }

// String is "7", or "7 to 9".
func (g Gap) String() string {
	if g.First == g.Last {
		return strconv.FormatInt(g.First, 10)
	}
	return fmt.Sprintf("%d to %d", g.First, g.Last)
}

// Missing are the sequences before the last one that has come which have not, in
// order. It goes by what has come: a forged sequence may leave more missing than could
// ever be counted.
func (f *Folder) Missing() []Gap {
	last := f.last()
	known := slices.Collect(maps.Keys(f.early))
	for sequence := range f.lost {
		if sequence < last {
			known = append(known, sequence)
		}
	}
	slices.Sort(known)
	var gaps []Gap
	before := f.state.Sequence
	for _, sequence := range known {
		if sequence > before+1 {
			gaps = append(gaps, Gap{before + 1, sequence - 1})
		}
		before = sequence
	}
	return gaps
}

// pass goes on behind a gap as if nothing had been in it.
func (f *Folder) pass(g Gap) error {
	f.state.Sequence = g.Last
	return f.advance()
}

// last is the highest sequence that has come.
func (f *Folder) last() int64 {
	last := f.state.Sequence
	for sequence := range f.early {
		last = max(last, sequence)
	}
	return last
}

// latest is the ledger time of the last record that has come.
func (f *Folder) latest() int64 {
	latest := f.state.At
	for _, e := range f.early {
		latest = max(latest, e.grant.At)
	}
	return latest
}
