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

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// sectionSize is how many records go through the ledger in one call. While it
// works on one section, the next is prepared and the one before is published.
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
	var voided []ledger.Result
	err := h.grantAll(ctx, voidsOf(due), sections, by, func(first []ledger.Result, s *section) {
		voided = append(voided, first...)
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

// grantAll asks the ledger section by section. The voids go with the first one.
func (h *Handler) grantAll(ctx context.Context, voids []ledger.Op, sections []*section, by basis, granted func([]ledger.Result, *section)) error {
	h.batch++
	blocked := map[kstream.TopicPartition]bool{}
	for _, s := range sections {
		select {
		case <-s.prepared:
		case <-ctx.Done():
			return ctx.Err()
		}
		first, err := h.grantSection(ctx, voids, s, blocked, by)
		if err != nil {
			return err
		}
		granted(first, s)
		voids = nil
	}
	return nil
}

// grantSection asks the ledger for one section. What stands in a partition behind
// a busy operation of an earlier section is busy too. Leads whose ties others have got, in
// this section or elsewhere, are planned again and asked for once more.
func (h *Handler) grantSection(ctx context.Context, voids []ledger.Op, s *section, blocked map[kstream.TopicPartition]bool, by basis) ([]ledger.Result, error) {
	s.results = make([]ledger.Result, len(s.items))
	answers, again, err := h.ask(ctx, voids, s, blocked)
	for rounds := 0; again.outdated && err == nil && (again.granted || rounds == 0); rounds++ {
		if err := h.planAgain(ctx, s, by); err != nil {
			return nil, err
		}
		_, again, err = h.ask(ctx, nil, s, blocked)
	}
	for i := range s.results {
		if r := &s.results[i]; r.Code == ledger.Outdated || r.Code == "" {
			blocked[kstream.PartitionOf(s.items[i].record)] = true
			*r = ledger.Result{ID: s.items[i].op.ID, Code: ledger.Busy}
		}
	}
	return answers, err
}

// round is what came of asking the ledger.
type round struct{ granted, outdated bool }

// ask asks the ledger for what has no answer yet, but for what stands behind something busy:
// whatever the answer, each item may have been granted from here on. It gives those to the
// voids.
func (h *Handler) ask(ctx context.Context, voids []ledger.Op, s *section, blocked map[kstream.TopicPartition]bool) ([]ledger.Result, round, error) {
	ops := append(make([]ledger.Op, 0, len(voids)+len(s.items)), voids...)
	asked := make([]int, 0, len(s.items))
	for i, it := range s.items {
		if code := s.results[i].Code; code != "" && code != ledger.Outdated {
			continue
		}
		if blocked[kstream.PartitionOf(it.record)] || it.waits || h.early(ctx, it) {
			blocked[kstream.PartitionOf(it.record)] = true
			s.results[i] = ledger.Result{ID: it.op.ID, Code: ledger.Busy}
			continue
		}
		ops, asked = append(ops, it.op), append(asked, i)
		h.flight.set(kstream.PartitionOf(it.record), it.record.Offset, passage{stray: true})
	}
	results, err := h.grant(ctx, ledger.Chunk{Batch: fmt.Sprintf("%s/%d", h.cfg.Process, h.batch), Seen: h.seen, Ops: ops})
	if err != nil {
		return nil, round{}, err
	}
	return results[:len(voids)], h.take(s, asked, results[len(voids):], blocked), nil
}

// take enters the answers to some items of a section. What stands behind an outdated one has
// no answer.
func (h *Handler) take(s *section, asked []int, results []ledger.Result, blocked map[kstream.TopicPartition]bool) (now round) {
	behind := map[kstream.TopicPartition]bool{}
	for k, i := range asked {
		r, at := results[k], kstream.PartitionOf(s.items[i].record)
		h.seen = max(h.seen, r.Grant.Sequence)
		switch {
		case r.Code == ledger.Outdated:
			behind[at], now.outdated = true, true
		case r.Code == ledger.Busy && behind[at]:
			continue
		case r.Code == ledger.Busy:
			blocked[at] = true
		default:
			now.granted = true
		}
		s.results[i] = r
	}
	return now
}

// early says whether a reassignment has to wait: after an outage, acceptances that came
// in time are applied before the clocks that ran out since.
func (h *Handler) early(ctx context.Context, it *item) bool {
	if h.current || h.topics[it.record.Topic] != event.LeadReassign {
		return false
	}
	current, err := h.cfg.Current(ctx)
	if err != nil {
		h.log.Warn("cannot tell whether activities are behind, asking again", zap.Error(err))
	}
	h.current = current
	return !current
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
