package routing

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// maxShared bounds the member sets that a planner keeps.
const maxShared = 8192

// Planner makes plans with one policy. It is safe for concurrent use; what it
// remembers changes no plan.
type Planner struct {
	policy    *policy.Policy
	everyone  policy.Set
	pools     map[*policy.Pool]policy.Set
	schedules map[*policy.SLA]*schedule
	waiting   *schedule // of the waiting line
	review    *schedule
	uses      []string // names of a lead that the policy asks for, ascending

	shared shared[[]int32] // members of steps
	teams  shared[[]Crew]  // crews of a plan
	lines  shared[ledger.Bitmap]
}

// New makes the planner of a policy.
func New(p *policy.Policy) *Planner {
	pl := &Planner{
		policy: p, pools: map[*policy.Pool]policy.Set{}, uses: p.Uses(), schedules: map[*policy.SLA]*schedule{},
	}
	for _, s := range p.SLAs {
		pl.schedules[s] = scheduleOf(s)
	}
	pl.waiting, pl.review = lineOf(ClockWaiting, p.Waiting.After), lineOf(ClockReview, p.Review.After)
	pl.everyone = pl.empty()
	for rep := range p.Reps {
		pl.everyone.Add(int32(rep))
	}
	pl.prepare(p.Rules)
	for _, set := range p.Rulesets {
		pl.prepare(set.Rules)
	}
	return pl
}

// prepare computes the sets of the pools that rules name; teams, reps and all are
// pools of their own.
func (pl *Planner) prepare(rules []*policy.Rule) {
	routes := make([]*policy.Route, 0, len(rules))
	for _, rule := range rules {
		routes = append(routes, &rule.Route)
		if rule.Table != nil {
			for _, row := range rule.Table.Rows {
				routes = append(routes, &row.Route)
			}
		}
	}
	for _, route := range routes {
		for _, to := range route.To {
			if to.Pool != nil {
				pl.pools[to.Pool] = pl.setOf(to.Pool.Members)
			}
		}
	}
}

// Policy that the plans are made with.
func (pl *Planner) Policy() *policy.Policy { return pl.policy }

// Plan walks the policy for a lead. Instants count in milliseconds, as in the
// draft.
func (pl *Planner) Plan(in Input) *Plan {
	in.At, in.Waited = in.At.Truncate(time.Millisecond).UTC(), in.Waited.Truncate(time.Millisecond)
	p := pl.start(in, pl.policy.Bind(in.Facts, in.At))
	p.Value, _ = p.binding.Amount()
	p.Value = min(max(p.Value, 0), ledger.MaxValue)
	p.TurnBack = in.Previous != nil && slices.Contains(pl.policy.Reassign.TurnBack, in.Previous.Reason)
	w := newWalk(p)
	if w.chosen() {
		return p
	}
	w.walk()
	if p.waits() && len(in.Past) > 0 && pl.policy.Reassign.PastOwners {
		w.again()
	}
	if p.Steps[len(p.Steps)-1].End == ledger.Waiting {
		p.Line = p.queue()
	}
	return p
}

// start is a plan that has nothing in it yet.
func (pl *Planner) start(in Input, b *policy.Binding) *Plan {
	p := &Plan{planner: pl, input: in, binding: b, Roster: pl.policy.Roster(in.At)}
	p.Steps, p.Visits = p.room.steps[:0], p.room.visits[:0]
	p.tries, p.origins = p.room.tries[:0], p.room.origins[:0]
	return p
}

// waits reports whether the plan ends in the waiting line, for good.
func (p *Plan) waits() bool {
	return p.Hold == 0 && p.Steps[len(p.Steps)-1].End == ledger.Waiting
}

func (pl *Planner) empty() policy.Set { return make(policy.Set, (len(pl.policy.Reps)+63)/64) }

func (pl *Planner) setOf(reps []int32) policy.Set {
	s := pl.empty()
	for _, rep := range reps {
		s.Add(rep)
	}
	return s
}

// ids is the set of the reps with these ids; ids of nobody are passed over.
func (pl *Planner) ids(ids []string) policy.Set {
	s := pl.empty()
	for _, id := range ids {
		if rep, ok := pl.policy.Rep(id); ok {
			s.Add(rep)
		}
	}
	return s
}

// members lists a set as the ledger wants it: in the order of `who` for a ranked
// pool, else ascending. Equal lists are the same slice.
func (pl *Planner) members(s policy.Set, p *policy.Pool) []int32 {
	ranked := p != nil && p.Pick == ledger.Ranked
	var buf [192]byte
	key := bits(buf[:0], s)
	if ranked {
		key = append(key, p.Name...)
	}
	if list, ok := pl.shared.get(key); ok {
		return list
	}
	list := make([]int32, 0, s.Len())
	if ranked {
		for _, rep := range p.Members {
			if s.Has(rep) {
				list = append(list, rep)
			}
		}
	} else {
		for rep := range int32(len(pl.policy.Reps)) {
			if s.Has(rep) {
				list = append(list, rep)
			}
		}
	}
	return pl.shared.put(key, list)
}

// bits writes a set as a key.
func bits(key []byte, s policy.Set) []byte {
	for _, word := range s {
		key = binary.LittleEndian.AppendUint64(key, word)
	}
	return key
}

// shared remembers what follows from a set of reps, so that equal sets give the
// same value. It is emptied when it is full.
type shared[T any] struct {
	mu sync.RWMutex
	by map[string]T
}

func (s *shared[T]) get(key []byte) (T, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.by[string(key)]
	return v, ok
}

// put keeps v, or gives what was first.
func (s *shared[T]) put(key []byte, v T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.by[string(key)]; ok {
		return first
	}
	if s.by == nil || len(s.by) >= maxShared {
		s.by = map[string]T{}
	}
	s.by[string(key)] = v
	return v
}
