package routing

import (
	"encoding/binary"
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
	policy   *policy.Policy
	everyone policy.Set
	pools    map[*policy.Pool]policy.Set

	mu     sync.RWMutex
	shared map[string][]int32
}

// New makes the planner of a policy.
func New(p *policy.Policy) *Planner {
	pl := &Planner{policy: p, pools: map[*policy.Pool]policy.Set{}, shared: map[string][]int32{}}
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
	p := &Plan{
		planner: pl, input: in, binding: pl.policy.Bind(in.Facts, in.At),
		Roster:  pl.policy.Roster(in.At),
		Steps:   make([]ledger.Step, 0, 4),
		Visits:  make([]Visit, 0, 16),
		tries:   make([]try, 0, 4),
		origins: make([]origin, 0, 4),
	}
	p.Value, _ = p.binding.Amount()
	p.Value = min(max(p.Value, 0), ledger.MaxValue)
	w := newWalk(p)
	if most := pl.policy.Reassign.MaxOwners; most > 0 && len(in.Past) >= most {
		w.end(ledger.Review, origin{})
		return p
	}
	w.walk()
	if p.waits() && len(in.Past) > 0 && pl.policy.Reassign.PastOwners {
		w.again()
	}
	return p
}

// waits reports whether the plan ends in the waiting line, for good.
func (p *Plan) waits() bool {
	return p.Hold == 0 && p.Steps[len(p.Steps)-1].End == ledger.Waiting
}

func (pl *Planner) entry(name string) []*policy.Rule {
	for _, r := range pl.policy.Rulesets {
		if r.Name == name {
			return r.Rules
		}
	}
	return pl.policy.Rules
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
	var buf [128]byte
	key := buf[:0]
	for _, word := range s {
		key = binary.LittleEndian.AppendUint64(key, word)
	}
	if ranked {
		key = append(key, p.Name...)
	}
	pl.mu.RLock()
	list, ok := pl.shared[string(key)]
	pl.mu.RUnlock()
	if ok {
		return list
	}
	list = make([]int32, 0, s.Len())
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
	return pl.share(string(key), list)
}

func (pl *Planner) share(key string, list []int32) []int32 {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if first, ok := pl.shared[key]; ok {
		return first
	}
	if len(pl.shared) >= maxShared {
		clear(pl.shared)
	}
	pl.shared[key] = list
	return list
}
