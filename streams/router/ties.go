package router

import (
	"context"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ties"
)

// recognise asks the ledger who has the leads of the same persons and companies as the new
// ones of a section, as far as the policy asks.
func (h *Handler) recognise(ctx context.Context, s *section, by basis) (ties.Known, error) {
	asks := by.planner.Policy().Asks()
	var traits []string
	for _, it := range s.items {
		if it.lead == nil || h.cfg.Recogniser == nil {
			continue
		}
		if it.traits = h.cfg.Recogniser.Traits(it.lead, asks); it.traits != nil {
			traits = append(traits, it.traits.Person...)
			if it.traits.Company != "" {
				traits = append(traits, it.traits.Company)
			}
		}
	}
	known := ties.Known{}
	var err error
	if known.Bearers, err = h.bearers(ctx, traits); err != nil || len(known.Bearers) == 0 {
		return known, err
	}
	var ids []string
	for _, it := range s.items {
		ids = append(ids, known.Candidates(it.traits)...)
	}
	leads, err := h.look(ctx, ids)
	if err != nil {
		return known, err
	}
	known.Sketches = make(map[string]string, len(leads))
	for id, l := range leads {
		if l.Traits != nil {
			known.Sketches[id] = l.Traits.Sketch
		}
	}
	return known, nil
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
