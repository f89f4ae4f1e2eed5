package ledger

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Dedupe is how long a closed lead is remembered when nothing else is said.
const Dedupe = 180 * 24 * time.Hour

// ErrFold is returned for a log record that the state before it cannot have led to.
var ErrFold = errors.New("record does not follow from the log before it")

// State is everything the ledger knows. What the log determines comes first; the
// rest is in flight, and [State.Logged] leaves it out.
type State struct {
	Sequence int64 `json:"sequence"` // the last one given
	At       int64 `json:"at"`       // ledger time, Unix milliseconds; never goes back
	Epoch    int64 `json:"epoch"`

	Rosters map[string][]Terms `json:"rosters"` // by digest
	Told    map[string]Told    `json:"told"`    // by digest
	Reps    map[string]*Rep    `json:"reps"`    // who was ever counted or told apart from "available"
	Books   map[string]Book    `json:"books"`
	Leads   map[string]*Lead   `json:"leads"`
	Held    map[string][]Early `json:"held"`    // activities of unknown leads, as they came
	Offers  map[string]Offer   `json:"offers"`  // of capacity, by the lead that waited and is to be moved
	Bearers Bearers            `json:"bearers"` // by trait

	Tails map[string]*Tail `json:"tails"` // by Partition.String; positions and memos are not in the log

	index *index // of Leads; nil: none was asked for
}

// Rep is what a rep holds and did. No entry is the zero Rep, who is available.
type Rep struct {
	Presence  string `json:"presence"`
	Until     int64  `json:"until,omitempty"` // end of Away, Unix milliseconds; 0 = until told
	Open      int64  `json:"open"`            // leads owned and not closed
	OpenValue int64  `json:"open_value"`      // of these, minor units
	Over      int64  `json:"over"`            // of these, granted past a cap
	Hour      Window `json:"hour"`
	Day       Window `json:"day"`
	Week      Window `json:"week"`
	Last      int64  `json:"last"` // sequence of the last assignment; 0 = never
}

// Window counts the assignments of one hour, day or week of a rep's own time.
type Window struct {
	ID    int64 `json:"id"` // hours, days or weeks since 1970; weeks begin on Monday
	Count int64 `json:"count"`
}

// Told names the input partitions with a grant that carries a roster's content, by
// [Partition.String].
type Told map[string]bool

// Book holds the credit of reps in micro-leads or minor units. It adds up to 0.
type Book map[string]int64

// Lead is what the ledger knows of a lead.
type Lead struct {
	Outcome Outcome `json:"outcome"`
	Attempt int     `json:"attempt"`
	Rep     string  `json:"rep,omitempty"` // the owner, if any
	Value   int64   `json:"value,omitempty"`
	Test    bool    `json:"test,omitempty"`
	Over    bool    `json:"over,omitempty"`
	Since   int64   `json:"since"`          // ledger time of this attempt
	Step    int     `json:"step,omitempty"` // of the plan, that decided it
	// Draft is the caller's record of the plan that decided it, until the lead is closed:
	// what it takes to plan the lead again.
	Draft []byte `json:"draft,omitempty"`
	Line  *Queue `json:"line,omitempty"` // of a lead that waits
	// Traits that tell of other leads of the same person or company.
	Traits *Traits `json:"traits,omitempty"`

	// Ledger times of the first such activity, 0 = none yet.
	Accepted  int64 `json:"accepted,omitempty"`
	Contacted int64 `json:"contacted,omitempty"`
	Qualified int64 `json:"qualified,omitempty"`
	Closed    int64 `json:"closed,omitempty"`

	Turn *Entry `json:"turn,omitempty"` // what can be given back

	Last  OpID   `json:"last"`            // the last operation that changed the lead
	Batch string `json:"batch,omitempty"` // that holds the lead until Last is acknowledged
}

// Queue is a place in the waiting line.
type Queue struct {
	Line
	Roster string `json:"roster"`
}

// Entry is the turn that a lead was: see [Turn].
type Entry struct {
	Book   string `json:"book"`
	Amount int64  `json:"amount"`
	Free   Bitmap `json:"free"`
	Roster string `json:"roster"`
}

// Early is an activity that waits for its lead.
type Early struct {
	Late
	Batch string `json:"batch,omitempty"` // as Lead.Batch
}

// Tail is the end of an input partition that is not acknowledged.
type Tail struct {
	Partition
	Acked int64  `json:"acked"`           // everything below is committed
	Memos []Memo `json:"memos,omitempty"` // of operations at and above Acked, ascending by ID
}

// Memo is what is remembered of an operation until it is acknowledged.
type Memo struct {
	ID     OpID   `json:"id"`
	Digest string `json:"digest"`
	Grant  Grant  `json:"grant"`
	Body   []byte `json:"body,omitempty"`
	Before *Image `json:"before,omitempty"` // for a Void
}

// Image is what an operation found and changed: a lead, or a rep's presence.
type Image struct {
	Lead     *Lead  `json:"lead,omitempty"`
	Presence string `json:"presence,omitempty"`
	Until    int64  `json:"until,omitempty"`
}

// NewState is an empty ledger in its first epoch.
func NewState() *State {
	return &State{
		Epoch:   1,
		Rosters: map[string][]Terms{},
		Told:    map[string]Told{},
		Reps:    map[string]*Rep{},
		Books:   map[string]Book{},
		Leads:   map[string]*Lead{},
		Held:    map[string][]Early{},
		Offers:  map[string]Offer{},
		Bearers: Bearers{},
		Tails:   map[string]*Tail{},
	}
}

// Floor is the lowest sequence that is not acknowledged; the next one if all are.
func (s *State) Floor() int64 {
	floor := s.Sequence + 1
	for _, tail := range s.Tails {
		for i := range tail.Memos {
			floor = min(floor, tail.Memos[i].sequence())
		}
	}
	return floor
}

// sequence is the first one the memo stands for: an operation that was taken back
// is accounted for only when its Voided grant is in the log.
func (m *Memo) sequence() int64 {
	if m.Grant.Undone != nil {
		return m.Grant.Undone.Sequence
	}
	return m.Grant.Sequence
}

// rep is the entry of a rep, made if there is none.
func (s *State) rep(id string) *Rep {
	r := s.Reps[id]
	if r == nil {
		r = &Rep{Presence: Available}
		s.Reps[id] = r
	}
	return r
}

// look is the entry of a rep for reading only.
func (s *State) look(id string) *Rep {
	if r := s.Reps[id]; r != nil {
		return r
	}
	return &Rep{Presence: Available}
}

// tail is the tail of a partition, made if there is none.
func (s *State) tail(p Partition) *Tail {
	key := p.String()
	t := s.Tails[key]
	if t == nil {
		t = &Tail{Partition: p}
		s.Tails[key] = t
	}
	return t
}

// position below which everything of a partition is committed.
func (s *State) position(p Partition) int64 {
	if t := s.Tails[p.String()]; t != nil {
		return t.Acked
	}
	return 0
}

// acked says whether an operation is committed.
func (s *State) acked(id OpID) bool { return id.Offset < s.position(id.Partition) }

// busy says whether a lead is in the hands of another batch, or of another
// partition's operation in the same one. Counters may be read
// dirty, because they commute; what happens to a lead does not.
func (s *State) busy(lead string, p Partition, batch string) bool {
	last, holder := OpID{}, ""
	if l := s.Leads[lead]; l != nil {
		last, holder = l.Last, l.Batch
	} else if early := s.Held[lead]; len(early) > 0 {
		last, holder = early[len(early)-1].ID, early[len(early)-1].Batch
	}
	return holder != "" && (holder != batch || last.Partition != p) && !s.acked(last)
}

// hinders says whether a move has to come again: the last operation on its lead is in
// flight, whoever's it is, or the lead is not the one that the plan was made for.
func (s *State) hinders(op *Op) bool {
	l := s.Leads[op.Lead]
	if op.Kind != Move || l == nil {
		return false
	}
	if l.Batch != "" && !s.acked(l.Last) {
		return true
	}
	asSeen := l.Attempt == op.Attempt
	return l.Closed == 0 && (!asSeen && !op.Fence || asSeen && len(op.Steps) == 0)
}

// claim puts the lead of an operation into the hands of a batch.
func (s *State) claim(lead string, id OpID, batch string) {
	if l := s.Leads[lead]; l != nil && l.Last == id {
		l.Batch = batch
	}
	for i, e := range s.Held[lead] {
		if e.ID == id {
			s.Held[lead][i].Batch = batch
		}
	}
}

// forget drops a lead that was closed longer than dedupe ago (milliseconds): from
// now on its id is free.
func (s *State) forget(op *Op, at, dedupe int64) {
	id := op.Lead
	if l := s.Leads[id]; op.Kind != Move && op.Kind != Expire && l != nil && l.Closed > 0 && at > l.Closed+dedupe {
		delete(s.Leads, id)
	}
}

// Load is what a rep holds at ledger time, under the terms of a roster.
func (s *State) load(t *Terms, at int64) Load {
	r := s.look(t.ID)
	now := windows(at, t.Offset)
	return Load{
		Open: r.Open, OpenValue: r.OpenValue,
		Hour: r.Hour.at(now.hour), Day: r.Day.at(now.day), Week: r.Week.at(now.week),
	}
}

// LoadAt is what a rep holds at an instant (Unix milliseconds), for people to read.
func (s *State) LoadAt(t *Terms, at int64) Load { return s.load(t, at) }

// PresenceAt is [Available], [Away] or [Left] at an instant.
func (s *State) PresenceAt(rep string, at int64) string {
	r := s.look(rep)
	if r.present(at) {
		return Available
	}
	return r.Presence
}

// find gives the terms of a rep in a roster; nil if it has none.
func find(roster []Terms, id string) *Terms {
	i, ok := slices.BinarySearchFunc(roster, id, func(t Terms, id string) int { return strings.Compare(t.ID, id) })
	if !ok {
		return nil
	}
	return &roster[i]
}
