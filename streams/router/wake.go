package router

import (
	"context"
	"strconv"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// wake has everybody in line planned again when another policy is in force than the one that
// this process last did it by: the first here, each further one by the decision about the one
// before. Every router does so, and when it starts; who is asked twice stays in place.
func (h *Handler) wake(ctx context.Context, out *kstream.Output) error {
	hash := h.cfg.Planner().Policy().Hash
	if hash == h.woken {
		return nil
	}
	head, err := h.ledger.Head(ctx)
	h.heard(err)
	if err != nil {
		return h.fate(ctx, err)
	}
	if head == nil {
		h.woken = hash
		return nil
	}
	// Of all routers it is one event: its id derives from what it says.
	cause := "policy/" + hash + "/" + head.Lead + "/" + strconv.Itoa(head.Attempt)
	now := h.cfg.Clock.Now()
	e, err := event.New(event.LeadReassign, cause, 0, head.Lead, now, event.Reassign{
		LeadID: head.Lead, Attempt: head.Attempt, Cause: event.CausePolicy, At: now.UTC(),
	})
	if err != nil {
		return err
	}
	out.Records = append(out.Records, kstream.Encode(h.names[event.LeadReassign], head.Lead, e))
	out.Unprompted, out.Then = true, func() { h.woken = hash }
	return nil
}
