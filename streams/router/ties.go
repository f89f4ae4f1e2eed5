package router

import (
	"context"
	"slices"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ties"
)

// recognise finds the traits of the new leads of a section, as far as the policy asks.
func (h *Handler) recognise(s *section, by basis) {
	if h.cfg.Recogniser == nil {
		return
	}
	asks := by.planner.Policy().Asks()
	for _, it := range s.items {
		if it.lead != nil {
			it.traits = h.cfg.Recogniser.Traits(it.lead, asks)
		}
	}
}

// meet asks the ledger who has the leads of the same persons and companies as some of those
// that are decided together.
func (h *Handler) meet(ctx context.Context, items, all []*item) (ties.Known, error) {
	var traits []string
	known := ties.Known{}
	for _, it := range all {
		known.Meet(it.op.Lead, it.traits)
	}
	for _, it := range items {
		traits = slices.AppendSeq(traits, it.traits.All())
	}
	var err error
	if known.Bearers, err = h.bearers(ctx, traits); err != nil || len(known.Bearers) == 0 {
		return known, err
	}
	var ids []string
	for _, it := range items {
		ids = append(ids, known.Candidates(it.traits)...)
	}
	if len(ids) == 0 {
		return known, nil
	}
	known.Sketches, err = h.ledger.Sketches(ctx, ids)
	return known, h.answered(ctx, err)
}

// planAgain plans the leads whose ties others have got since they were planned. A plan that
// cannot be made again is refused when its record comes with the next batch.
func (h *Handler) planAgain(ctx context.Context, g *granting, by basis) error {
	var items, all []*item
	for _, p := range g.open {
		it := p.item()
		all = append(all, it)
		old := p.result().Code == ledger.Outdated || g.crowd.Outdated(&it.op)
		if it.traits != nil && old && !g.blocked[p.at()] {
			items = append(items, it)
		}
	}
	if len(items) == 0 {
		return nil
	}
	known, err := h.meet(ctx, items, all)
	if err != nil {
		return err
	}
	for _, it := range items {
		g.crowd.Learn(it.traits, known)
		if err := h.planLead(it, known, by); err != nil {
			return nil //nolint:nilerr // the next batch deals with it
		}
	}
	return nil
}

// companies asks the ledger who has the leads of the same companies as those that are to
// move.
func (h *Handler) companies(ctx context.Context, leads map[string]ledger.Lead, by basis) (map[string]ledger.Bearer, error) {
	if !by.planner.Policy().Asks().Company {
		return nil, nil
	}
	var traits []string
	for _, l := range leads {
		if l.Traits != nil && l.Traits.Company != "" {
			traits = append(traits, l.Traits.Company)
		}
	}
	return h.bearers(ctx, traits)
}

func (h *Handler) bearers(ctx context.Context, traits []string) (map[string]ledger.Bearer, error) {
	if len(traits) == 0 {
		return nil, nil
	}
	bearers, err := h.ledger.Bearers(ctx, traits)
	return bearers, h.answered(ctx, err)
}

// answered is the fate of an error with which the ledger did not answer a question.
func (h *Handler) answered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err() // called off: it says nothing of the ledger
	}
	h.heard(err)
	if err != nil {
		return h.fate(ctx, err)
	}
	return nil
}
