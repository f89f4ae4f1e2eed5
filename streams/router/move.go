package router

import (
	"context"
	"slices"

	"go.uber.org/zap"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/ties"
)

// unknownLead is the refusal of a record about a lead that was never decided.
const unknownLead = "unknown_lead"

// look reads what the ledger knows of leads.
func (h *Handler) look(ctx context.Context, ids []string) (map[string]ledger.Lead, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	leads, err := h.ledger.Look(ctx, ids)
	return leads, h.answered(ctx, err)
}

// planMoves plans the leads of a section that are to move. What cannot be is for the
// dead letter topic.
func (h *Handler) planMoves(ctx context.Context, s *section, by basis) error {
	var ids []string
	for _, it := range s.items {
		if it.mover != nil {
			ids = append(ids, it.mover.Lead)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	leads, err := h.look(ctx, ids)
	if err != nil {
		return err
	}
	if err := h.vouch(ctx, s.items, leads); err != nil {
		return err
	}
	bearers, err := h.companies(ctx, leads, by)
	if err != nil {
		return err
	}
	s.keep(func(it *item) error {
		if it.mover == nil {
			return nil
		}
		return h.planMove(ctx, it, leads, bearers, by)
	})
	return nil
}

// vouch has the ledger say that it is the one we know before a lead that it lacks is taken for
// unknown: a question is answered by any server, also by one that has lost all it knew.
func (h *Handler) vouch(ctx context.Context, items []*item, leads map[string]ledger.Lead) error {
	if !slices.ContainsFunc(items, func(it *item) bool {
		if it.mover == nil || !it.mover.Outside {
			return false
		}
		_, found := leads[it.mover.Lead]
		return !found
	}) {
		return nil
	}
	_, err := h.ledger.Apply(ctx, ledger.Chunk{})
	return h.answered(ctx, err)
}

// planMove plans a lead from the facts that its last plan recorded. A lead that has gone
// on, or is closed, is left to the ledger to say so: there is no plan then.
func (h *Handler) planMove(ctx context.Context, it *item, leads map[string]ledger.Lead, bearers map[string]ledger.Bearer, by basis) error {
	m, op := it.mover, &it.op
	l, found := leads[m.Lead]
	open := m.Op(op, l)
	if !found && m.Outside {
		mayCome, err := h.cfg.MayCome(ctx, it.record)
		if err != nil {
			h.log.Warn("cannot tell whether a lead may still come, asking again", zap.Error(err))
		}
		if it.waits = mayCome || err != nil; it.waits {
			return nil
		}
		return lead.Fail(unknownLead, "lead_id", "was never decided, or closed too long ago")
	}
	if !found || !open {
		return nil
	}
	known, err := lifecycle.Read(m.Lead, l)
	if err != nil {
		return err
	}
	if bearers != nil {
		known.Company = ties.Company(m.Lead, l.Traits, op.At, bearers)
	}
	it.draft = m.Plan(op, by.planner, known, by.now, by.absent).Draft()
	if op.Body, err = it.draft.Encode(); err != nil {
		return err
	}
	return h.checkSize(it)
}

// prepareReassign is about an assignment that is over, or a lead that can go.
func prepareReassign(it *item, e event.Envelope, p *policy.Policy) error {
	r, err := e.Reassign()
	if err != nil {
		return err
	}
	if r.Cause == event.CauseHeld {
		it.op.Kind, it.op.Lead = ledger.Expire, r.LeadID
		return nil
	}
	it.mover = lifecycle.Reassign(r, p)
	return nil
}

// prepareUpdate is about what is known of a lead by now, and what follows from that.
func (h *Handler) prepareUpdate(it *item, e event.Envelope) error {
	l, err := e.Updated()
	if err != nil {
		return err
	}
	if provider := e.Provider(); provider != "" {
		it.mover = lifecycle.Found(l.ID, l.Facts(), provider)
		return nil
	}
	h.cfg.Derive(&l)
	it.mover = lifecycle.Updated(l)
	return nil
}

// prepareCommand is about what a person decides.
func prepareCommand(it *item, e event.Envelope, p *policy.Policy) error {
	c, err := e.Command()
	if err != nil {
		return err
	}
	it.mover, err = lifecycle.Command(c, p)
	return err
}
