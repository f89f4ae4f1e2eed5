package ledger

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Config of a [Model].
type Config struct {
	// Dedupe is how long a closed lead is remembered, in ledger time. 0 means
	// [Dedupe].
	Dedupe time.Duration
}

// Model is the [Store] in memory, the reference for every other one. It is safe
// for concurrent use. Results share memory with the model: read them only.
type Model struct {
	dedupe int64 // milliseconds

	mu    sync.Mutex
	state *State
}

var _ Store = (*Model)(nil)

// NewModel is an empty ledger.
func NewModel(cfg Config) *Model {
	if cfg.Dedupe == 0 {
		cfg.Dedupe = Dedupe
	}
	return &Model{dedupe: cfg.Dedupe.Milliseconds(), state: NewState()}
}

// Apply implements [Store].
func (m *Model) Apply(_ context.Context, c Chunk) ([]Result, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("apply chunk %s: %w", c.Batch, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state.Sequence < c.Seen {
		return nil, fmt.Errorf("apply chunk %s: sequence %d, %d was seen: %w",
			c.Batch, m.state.Sequence, c.Seen, ErrEpoch)
	}
	for _, a := range c.Acks {
		m.state.acknowledge(a)
	}
	run := chunkRun{Model: m, batch: c.Batch, floor: m.state.Floor(), blocked: map[Partition]bool{}}
	results := make([]Result, len(c.Ops))
	for i := range c.Ops {
		results[i] = run.answer(&c.Ops[i])
	}
	return results, nil
}

// acknowledge moves the position of a partition on and drops the memos below.
func (s *State) acknowledge(a Ack) {
	if a.Position <= s.position(a.Partition) {
		return
	}
	t := s.tail(a.Partition)
	t.Acked = a.Position
	t.Memos = slices.DeleteFunc(t.Memos, func(m Memo) bool { return m.ID.Offset < t.Acked })
}

// chunkRun is what holds while one chunk is applied.
type chunkRun struct {
	*Model
	batch   string
	floor   int64
	blocked map[Partition]bool // by an operation that was busy
}

func (r *chunkRun) answer(op *Op) Result {
	s := r.state
	if r.blocked[op.ID.Partition] {
		return Result{ID: op.ID, Code: Busy}
	}
	if s.acked(op.ID) {
		return Result{ID: op.ID, Code: Done}
	}
	memo := s.memo(op.ID)
	switch {
	case op.Kind == Void && memo == nil:
		return Result{ID: op.ID, Code: Done}
	case op.Kind == Void && memo.Grant.Effect != Voided:
		return r.void(op, memo)
	case memo != nil:
		return r.replay(op, memo)
	}
	return r.apply(op)
}

// apply does an operation for the first time.
func (r *chunkRun) apply(op *Op) Result {
	s := r.state
	now := max(s.At, op.At)
	if code := r.refuses(op, now); code != "" {
		r.blocked[op.ID.Partition] = true
		return Result{ID: op.ID, Code: code}
	}
	s.forget(op, now, r.dedupe)
	memo := Memo{ID: op.ID, Digest: op.Digest, Body: op.Body, Before: s.image(op)}
	memo.Grant = r.commit(op, s.decide(op, now))
	s.remember(memo)
	return memo.applied()
}

// refuses says why an operation has to come again; empty: it has not.
func (r *chunkRun) refuses(op *Op, at int64) Code {
	switch {
	case op.Lead == "":
		return ""
	case r.state.busy(op.Lead, op.ID.Partition, r.batch) || r.state.hinders(op):
		return Busy
	case r.state.outdated(op, at, r.dedupe):
		return Outdated
	}
	return ""
}

// commit numbers a grant, enters it and puts its lead into the hands of the batch.
func (r *chunkRun) commit(op *Op, g Grant) Grant {
	s := r.state
	g.Sequence, g.Floor, g.Epoch = s.Sequence+1, r.floor, s.Epoch
	g = s.enter(op, g)
	if r.batch != "" && op.Lead != "" {
		s.claim(op.Lead, op.ID, r.batch)
	}
	return g
}

// enter commits a grant and adds the load that comes of it.
func (s *State) enter(op *Op, g Grant) Grant {
	s.commit(op.ID, &g, op.Body)
	if g.Rep == "" {
		return g
	}
	switch g.Effect {
	case Owned:
		if t := find(s.Rosters[g.Roster], g.Rep); t != nil {
			load := s.load(t, g.At)
			g.Load = &load
		}
	case Freed, Reowned:
		rep := s.look(g.Rep)
		g.Load = &Load{Open: rep.Open, OpenValue: rep.OpenValue}
	default: // changes nobody's load
	}
	return g
}

// replay answers with what was answered first, and puts the lead into the hands
// of the batch that asks: its transaction will carry the answer.
func (r *chunkRun) replay(op *Op, m *Memo) Result {
	if r.batch != "" {
		r.state.claim(op.Lead, op.ID, r.batch)
	}
	return m.result()
}

// void takes the operation of a memo back. The memo becomes that of the Void, so
// that giving it again, or the record, changes nothing.
func (r *chunkRun) void(op *Op, m *Memo) Result {
	undone := m.Grant
	m.Grant = r.commit(op, Grant{
		At: max(r.state.At, op.At), Effect: Voided, Lead: undone.Lead, Rep: undone.Rep,
		Undone: &undone, Before: m.Before,
	})
	m.Body = op.Body
	return m.applied()
}

// image is what an operation may have to be undone to.
func (s *State) image(op *Op) *Image {
	switch op.Kind {
	case Activity, Move:
		if l := s.Leads[op.Lead]; l != nil {
			before := *l
			return &Image{Lead: &before}
		}
	case Presence:
		r := s.look(op.Rep)
		return &Image{Presence: r.Presence, Until: r.Until}
	case Assign, Expire, Void, Rebuild:
	}
	return nil
}

// memo finds the memo of an operation; nil if there is none.
func (s *State) memo(id OpID) *Memo {
	if t := s.Tails[id.Partition.String()]; t != nil {
		if i, found := t.find(id); found {
			return &t.Memos[i]
		}
	}
	return nil
}

func (s *State) remember(m Memo) {
	t := s.tail(m.ID.Partition)
	i, _ := t.find(m.ID)
	t.Memos = slices.Insert(t.Memos, i, m)
}

// find gives the place of an operation among the memos, and whether it is there.
func (t *Tail) find(id OpID) (int, bool) {
	return slices.BinarySearchFunc(t.Memos, id, func(m Memo, id OpID) int { return m.ID.compare(id) })
}

func (m *Memo) result() Result {
	r := Result{ID: m.ID, Code: Replayed, Grant: m.Grant, Body: m.Body, Digest: m.Digest}
	if m.Before != nil && m.Before.Lead != nil {
		r.Draft = m.Before.Lead.Draft
	}
	return r
}

// applied is the first answer.
func (m *Memo) applied() Result {
	r := m.result()
	r.Code, r.Digest = Applied, ""
	return r
}

// Look implements [Store].
func (m *Model) Look(_ context.Context, ids []string) (map[string]Lead, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	leads := make(map[string]Lead, len(ids))
	for _, id := range ids {
		if l := m.state.Leads[id]; l != nil {
			known := *l
			known.Turn, known.Line = nil, nil
			leads[id] = known
		}
	}
	return leads, nil
}

// Bearers implements [Store].
func (m *Model) Bearers(_ context.Context, traits []string) (map[string]Bearer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make(map[string]Bearer, len(traits))
	for _, trait := range traits {
		if b, ok := m.state.Bearers[trait]; ok {
			found[trait] = b
		}
	}
	return found, nil
}

// Sketches implements [Store].
func (m *Model) Sketches(_ context.Context, ids []string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make(map[string]string, len(ids))
	for _, id := range ids {
		if l := m.state.Leads[id]; l != nil && l.Traits != nil && l.Traits.Sketch != "" {
			found[id] = l.Traits.Sketch
		}
	}
	return found, nil
}

// Head implements [Store].
func (m *Model) Head(context.Context) (*Offer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.first("", ""), nil
}

// Pending implements [Store].
func (m *Model) Pending(_ context.Context, p Partition, below int64) ([]Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var pending []Result
	if t := m.state.Tails[p.String()]; t != nil {
		for i := range t.Memos {
			if t.Memos[i].ID.Offset < below {
				pending = append(pending, t.Memos[i].result())
			}
		}
	}
	return pending, nil
}

// Load implements [Store].
func (m *Model) Load(_ context.Context, s *State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	epoch := max(m.state.Epoch, s.Epoch) + 1
	m.state = s.Rebuilt()
	m.state.Epoch = epoch
	return nil
}

// Dump implements [Store].
func (m *Model) Dump(context.Context) (*State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.Clone(), nil
}
