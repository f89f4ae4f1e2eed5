package router

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ties"
)

// granting is how far the ledger has been asked for the items of a batch.
type granting struct {
	open    []place // without an answer, in the order of the batch
	under   []*section
	blocked map[kstream.TopicPartition]bool // something is busy: all behind it is, too
	crowd   *ties.Crowd
	vain    int // rounds in a row in which plans were refused and nothing granted
}

// place is that of an item.
type place struct {
	*section
	index int
}

func (p place) item() *item                { return p.items[p.index] }
func (p place) at() kstream.TopicPartition { return kstream.PartitionOf(p.item().record) }
func (p place) result() *ledger.Result     { return &p.results[p.index] }

// open says whether the ledger has given no answer yet, or one that asks for another plan.
func (p place) open() bool { return p.result().Code == "" || p.result().Code == ledger.Outdated }

// grantAll asks the ledger in rounds, each for a section and what the one before has left: leads
// that have to know each other are asked for one after the other, and those whose ties others
// have got are planned again. What is refused twice comes again with the next batch, and so does
// all that stands behind it in its partition. The voids go with the first round; grantAll gives
// the answers to them.
func (h *Handler) grantAll(ctx context.Context, voids []ledger.Op, sections []*section, by basis, granted func(*section)) (voided []ledger.Result, err error) {
	h.batch++
	g := &granting{blocked: map[kstream.TopicPartition]bool{}, crowd: ties.NewCrowd()}
	for len(sections)+len(g.open) > 0 {
		for len(sections) > 0 && len(g.open) < sectionSize {
			select {
			case <-sections[0].prepared:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			g.enter(sections[0])
			sections = sections[1:]
		}
		if err := h.planAgain(ctx, g, by); err != nil {
			return nil, err
		}
		answers, err := h.ask(ctx, voids, g)
		if err != nil {
			return nil, err
		}
		voided, voids = append(voided, answers...), nil
		g.leave(granted)
	}
	return voided, nil
}

// enter adds a section to what is asked for.
func (g *granting) enter(s *section) {
	s.results = make([]ledger.Result, len(s.items))
	g.under = append(g.under, s)
	for i := range s.items {
		g.open = append(g.open, place{s, i})
	}
}

// leave takes out what has an answer, and all if the ledger has refused twice.
func (g *granting) leave(granted func(*section)) {
	if g.vain == 2 {
		for _, p := range g.open {
			g.wait(p)
		}
		g.vain = 0
	}
	g.open = slices.DeleteFunc(g.open, func(p place) bool { return !p.open() })
	g.under = slices.DeleteFunc(g.under, func(s *section) bool {
		if slices.ContainsFunc(g.open, func(p place) bool { return p.section == s }) {
			return false
		}
		granted(s)
		return true
	})
}

// wait has an item come again with the next batch, and all behind it.
func (g *granting) wait(p place) {
	g.blocked[p.at()] = true
	*p.result() = ledger.Result{ID: p.item().op.ID, Code: ledger.Busy}
}

// ask asks the ledger for what is open, but for what stands behind something busy, or behind a
// lead that has to know first who gets another: whatever the answer, each item may have been
// granted from here on. It gives the answers to the voids.
func (h *Handler) ask(ctx context.Context, voids []ledger.Op, g *granting) ([]ledger.Result, error) {
	ops := append(make([]ledger.Op, 0, len(voids)+len(g.open)), voids...)
	asked := make([]place, 0, len(g.open))
	later := map[kstream.TopicPartition]bool{}
	g.crowd.NextRound()
	for _, p := range g.open {
		it, at := p.item(), p.at()
		switch {
		case later[at]:
		case g.blocked[at] || it.waits || h.early(ctx, it):
			g.wait(p)
		case it.traits != nil && g.crowd.Meets(&it.op):
			later[at] = true
		default:
			ops, asked = append(ops, it.op), append(asked, p)
			g.crowd.Ask(&it.op)
			h.flight.set(at, it.record.Offset, passage{stray: true})
		}
	}
	results, err := h.grant(ctx, ledger.Chunk{Batch: fmt.Sprintf("%s/%d", h.cfg.Process, h.batch), Seen: h.seen, Ops: ops})
	if err != nil {
		return nil, err
	}
	h.take(g, asked, results[len(voids):])
	return results[:len(voids)], nil
}

// take enters the answers to some items. What stands behind an outdated one has none.
func (h *Handler) take(g *granting, asked []place, results []ledger.Result) {
	behind := map[kstream.TopicPartition]bool{}
	granted := false
	for k, p := range asked {
		r, at := results[k], p.at()
		h.seen = max(h.seen, r.Grant.Sequence)
		switch {
		case r.Code == ledger.Outdated:
			behind[at] = true
		case r.Code == ledger.Busy && behind[at]:
			r = ledger.Result{}
		case r.Code == ledger.Busy:
			g.blocked[at] = true
		default:
			granted = true
			g.crowd.Granted(&r.Grant)
		}
		*p.result() = r
	}
	switch {
	case granted:
		g.vain = 0
	case len(behind) > 0:
		g.vain++
	}
}

// early says whether a reassignment has to wait: after an outage, acceptances that came
// in time are applied before the clocks that ran out since. One that was granted before is only
// told of: activities wait for its lead, and nobody would ever go on if it waited for them.
func (h *Handler) early(ctx context.Context, it *item) bool {
	if h.current || h.topics[it.record.Topic] != event.LeadReassign {
		return false
	}
	if h.flight[kstream.PartitionOf(it.record)][it.record.Offset].stray {
		return false
	}
	current, err := h.cfg.Current(ctx)
	if err != nil {
		h.log.Warn("cannot tell whether activities are behind, asking again", zap.Error(err))
	}
	h.current = current
	return !current
}
