package router

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// sectionSize is how many records are prepared and published together, and go through the
// ledger in one call, with what the call before has left. While it works on one section, the
// next is prepared and the one before is published.
const sectionSize = 256

// section is a part of a batch on its way through the steps.
type section struct {
	input    []*kstream.Record
	prepared chan struct{} // closed when the next two are there

	items []*item
	dead  []kstream.Dead
	given []kstream.Dead // up: records of long ago whose lead never came

	results []ledger.Result // of items
	output  []*kstream.Record
}

// basis is what all leads of a batch are decided by.
type basis struct {
	planner *routing.Planner // of the policy in force
	now     time.Time
	absent  []routing.Absence // by then, by calendars of their own
}

// basis is found once a batch, so that nothing changes within one.
func (h *Handler) basis() basis {
	now := h.cfg.Clock.Now()
	return basis{planner: h.cfg.Planner(), now: now, absent: h.cfg.Absent(now)}
}

// split puts the records of a batch in the order in which they are applied, and
// cuts them into sections.
func (h *Handler) split(records []*kstream.Record) []*section {
	ordered := slices.Clone(records)
	rank := func(r *kstream.Record) int { return slices.Index(Inputs(), h.topics[r.Topic]) }
	slices.SortStableFunc(ordered, func(a, b *kstream.Record) int { return cmp.Compare(rank(a), rank(b)) })
	sections := make([]*section, 0, len(ordered)/sectionSize+1)
	for part := range slices.Chunk(ordered, sectionSize) {
		sections = append(sections, &section{input: part, prepared: make(chan struct{})})
	}
	return sections
}

// work takes the sections through all steps. Preparing and publishing are pure and
// run on all cores; the ledger is asked in order.
func (h *Handler) work(ctx context.Context, due []*debt, sections []*section) ([]ledger.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers, ctx := errgroup.WithContext(ctx)
	by := h.basis()
	h.prepareAll(ctx, workers, sections, by)
	voided, err := h.grantAll(ctx, voidsOf(due), sections, by, func(s *section) {
		workers.Go(h.guarded(func() error { return h.publishSection(ctx, s) }))
	})
	if err != nil {
		cancel() // nobody needs the rest
	}
	// The first error tells more than that the others were called off by it.
	if failed := workers.Wait(); failed != nil && (err == nil || !errors.Is(failed, context.Canceled)) {
		return nil, failed
	}
	return voided, err
}

// prepareAll starts the preparation of all sections, the first ones first.
func (h *Handler) prepareAll(ctx context.Context, workers *errgroup.Group, sections []*section, by basis) {
	var mu sync.Mutex
	next := 0
	take := func() *section {
		mu.Lock()
		defer mu.Unlock()
		if next == len(sections) || ctx.Err() != nil {
			return nil
		}
		next++
		return sections[next-1]
	}
	for range min(runtime.GOMAXPROCS(0), len(sections)) {
		workers.Go(h.guarded(func() error {
			for s := take(); s != nil; s = take() {
				if err := h.prepare(ctx, s, by); err != nil {
					return err
				}
				close(s.prepared)
			}
			return nil
		}))
	}
}

// publishSection makes the output of a section.
func (h *Handler) publishSection(ctx context.Context, s *section) error {
	s.output = make([]*kstream.Record, 0, 2*len(s.items))
	for i, it := range s.items {
		records, err := h.publish(it, s.results[i])
		if err != nil {
			return err
		}
		s.output = append(s.output, records...)
		letters, err := h.giveUp(ctx, s.results[i])
		if err != nil {
			return err
		}
		s.given = append(s.given, letters...)
	}
	return nil
}

// guarded turns a panic into an error: in a goroutine of its own it would take the
// process down, and every other one that gets the record after it.
func (h *Handler) guarded(do func() error) func() error {
	return func() (err error) {
		defer func() {
			if v := recover(); v != nil {
				h.log.Error("a record made the router panic", zap.Stack("stack"))
				err = fmt.Errorf("%w: %v", kstream.ErrPanic, v)
			}
		}()
		return do()
	}
}

// plan is the one that was granted. The draft in hand and the one read back from its
// bytes are the same; only a redelivery has to read it.
func (it *item) plan(r ledger.Result) (d routing.Draft, err error) {
	if r.Code == ledger.Applied {
		return it.draft, nil
	}
	err = json.Unmarshal(r.Body, &d)
	return d, err
}
