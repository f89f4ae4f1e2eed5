package router

import (
	"context"

	"go.uber.org/zap"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/policy"
)

// unknownLead is the refusal of a record about a lead that was never decided.
const unknownLead = "unknown_lead"

// look reads what the ledger knows of the leads that a section is to move.
func (h *Handler) look(ctx context.Context, s *section) (map[string]ledger.Lead, error) {
	var ids []string
	for _, it := range s.items {
		if it.mover != nil {
			ids = append(ids, it.mover.Lead)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	leads, err := h.ledger.Look(ctx, ids)
	if ctx.Err() != nil {
		return nil, ctx.Err() // called off: it says nothing of the ledger
	}
	h.cfg.Report(err)
	if err != nil {
		return nil, h.fate(ctx, err)
	}
	return leads, nil
}

// planMoves plans the leads of a section that are to move. What cannot be is for the
// dead letter topic.
func (h *Handler) planMoves(ctx context.Context, s *section, by basis) error {
	leads, err := h.look(ctx, s)
	if err != nil || leads == nil {
		return err
	}
	s.keep(func(it *item) error {
		if it.mover == nil {
			return nil
		}
		return h.planMove(ctx, it, leads, by)
	})
	return nil
}

// planMove plans a lead from the facts that its last plan recorded. A lead that has gone
// on, or is closed, is left to the ledger to say so: there is no plan then.
func (h *Handler) planMove(ctx context.Context, it *item, leads map[string]ledger.Lead, by basis) error {
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

// prepareUpdate is about what is known of a lead by now.
func prepareUpdate(it *item, e event.Envelope) error {
	l, err := e.Updated()
	if err != nil {
		return err
	}
	it.mover = lifecycle.Update(l.ID, l.Facts())
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
