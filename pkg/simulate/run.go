package simulate

import (
	"context"
	"errors"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// Config of a simulation.
type Config struct {
	// Seed of the draws: what owners do with leads that they did not have.
	Seed uint64
	// Answers to draw from; nil: those of the history.
	Answers []Answer
	// From leaves leads out of the counts that came before; zero: none.
	From time.Time
	// Progress is told now and then how many records are done; it may be nil.
	Progress func(records int)
	// Watch is told of each operation; it may be nil. What it is given is read only.
	Watch func(Step)
}

// Step is one operation of a simulation.
type Step struct {
	Record int // of the history that has led to it; -1: nothing from outside has
	Kind   ledger.Kind
	Grant  ledger.Grant
	Plan   *routing.Draft  // of an assign or a move; without steps where the lead was closed
	Reason string          // of a refusal, if the policy knows it
	Asked  *event.Reassign // of a move: what it answers; nil: something from outside
}

// ErrEmpty is returned for a history in which no lead arrives.
var ErrEmpty = errors.New("no lead arrives in this history")

// ahead is how many records are planned at a time, before it is their turn.
const ahead = 512

// Run runs a history through a policy. It stops early when ctx ends.
func Run(ctx context.Context, h *History, planner *routing.Planner, cfg Config) (*Result, error) {
	if h.Leads == 0 {
		return nil, ErrEmpty
	}
	if cfg.Answers == nil {
		cfg.Answers = h.Answers
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := newWorld(h, planner, cfg)
	for batch := range arrivals(ctx, h, planner) {
		for i := batch.from; i < batch.until; i++ {
			w.until(h.Records[i].At)
			w.record(i, batch.plans[i-batch.from])
		}
		if cfg.Progress != nil {
			cfg.Progress(batch.until)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.end(), nil
}

// batch is a run of records whose arrivals are planned.
type batch struct {
	from, until int
	plans       []planned // by record
}

// planned is a plan and its record; nil of what is no arrival.
type planned struct {
	plan  *routing.Plan
	draft *routing.Draft
}

// arrivals plans leads as they come: no counter goes into a plan, so that it can be done
// beside the simulation, but for leads with ties to others, which wait for what becomes of
// those. Who ranges over it to the end, or ends ctx, leaves nothing
// running.
func arrivals(ctx context.Context, h *History, planner *routing.Planner) <-chan batch {
	out := make(chan batch, 4)
	go func() {
		defer close(out)
		for from := 0; from < len(h.Records); from += ahead {
			b := batch{from: from, until: min(from+ahead, len(h.Records)), plans: make([]planned, min(ahead, len(h.Records)-from))}
			for i := range b.plans {
				if r := &h.Records[from+i]; r.Kind == Arrival && r.traits == nil {
					plan := planner.Plan(r.input())
					draft := plan.Draft()
					b.plans[i] = planned{plan, &draft}
				}
			}
			select {
			case out <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// input is what an arrival is planned from, beside its ties.
func (r *Record) input() routing.Input {
	return routing.Input{Facts: r.Facts, Evidence: r.evidence, At: instant(r.At), Absent: r.absent}
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
