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

// meet asks the ledger who has the leads of the same persons and companies as some.
func (h *Handler) meet(ctx context.Context, items []*item) (ties.Known, error) {
	var traits []string
	known := ties.Known{}
	for _, it := range items {
		traits = slices.AppendSeq(traits, it.traits.All())
		known.Meet(it.op.Lead, it.traits)
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

// planAgain plans the leads of a section that are not decided for want of knowing each other.
// A plan that cannot be made again is refused when its record comes with the next batch.
func (h *Handler) planAgain(ctx context.Context, s *section, by basis) error {
	var items []*item
	for i, it := range s.items {
		if code := s.results[i].Code; it.traits != nil && (code == "" || code == ledger.Outdated) {
			items = append(items, it)
		}
	}
	known, err := h.meet(ctx, items)
	if err != nil {
		return err
	}
	for _, it := range items {
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
	h.cfg.Report(err)
	if err != nil {
		return h.fate(ctx, err)
	}
	return nil
}
