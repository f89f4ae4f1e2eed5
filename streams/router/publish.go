package router

import (
	"fmt"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// publish makes the output of one operation from its record, the body kept with
// it and its grant, and from nothing else: given again, they give the same bytes.
func (h *Handler) publish(it *item, r ledger.Result) ([]*kstream.Record, error) {
	if r.Code == ledger.Busy || r.Code == ledger.Done {
		return nil, nil
	}
	if r.Code == ledger.Replayed && r.Digest != it.op.Digest {
		return nil, fmt.Errorf("operation %s: %w", it.op.ID, errDigest)
	}
	decision, err := h.decisionRecord(it.op, r, it.trace)
	if err != nil {
		return nil, err
	}
	out := []*kstream.Record{decision}
	switch r.Grant.Effect {
	case ledger.Owned, ledger.Ended:
		more, err := h.assignment(it, r)
		return append(out, more...), err
	case ledger.Freed:
		return append(out, h.noTimers(r.Grant.Lead)), nil
	default:
		return out, nil
	}
}

// decisionRecord is the entry in the decision log.
func (h *Handler) decisionRecord(op ledger.Op, r ledger.Result, trace string) (*kstream.Record, error) {
	d := event.Decision{
		Engine: routing.Engine, Op: op.ID, Digest: op.Digest, Kind: op.Kind,
		Draft: r.Body, Grant: r.Grant,
	}
	return h.record(event.LeadDecisions, op.ID.String(), keyOf(r.Grant), r.Grant, d, trace, nil)
}

// assignment is what subscribers read of a lead with a new outcome, and its clocks.
func (h *Handler) assignment(it *item, r ledger.Result) ([]*kstream.Record, error) {
	a, err := it.decide(r)
	if err != nil {
		return nil, fmt.Errorf("decide %s: %w", it.op.ID, err)
	}
	cause := it.op.ID.String()
	a.AssignmentID = event.ID(cause, event.LeadAssigned, 0) // as the event's own
	a.Lead = it.lead
	assigned, err := h.record(event.LeadAssigned, cause, a.LeadID, r.Grant, a, it.trace, a.Headers())
	if err != nil || a.SLA == nil || over(r.Grant) {
		return []*kstream.Record{assigned}, err
	}
	timer, err := h.record(event.LeadTimers, cause, a.LeadID, r.Grant, event.Timer{
		LeadID: a.LeadID, Attempt: a.Attempt, RepID: a.RepID, SLA: a.SLA.Name,
		Start: a.AssignedAt, Due: []event.Due{},
	}, it.trace, nil)
	return []*kstream.Record{assigned, timer}, err
}

// over reports whether what had come before the lead has closed it at once: then no
// clock is to run.
func over(g ledger.Grant) bool {
	closed := false
	for _, late := range g.Held {
		switch late.Effect {
		case ledger.Freed:
			closed = true
		case ledger.Reowned:
			closed = false
		default: // neither closes nor opens
		}
	}
	return closed
}

// noTimers stops the clocks of a lead: a tombstone.
func (h *Handler) noTimers(leadID string) *kstream.Record {
	return &kstream.Record{Topic: h.names[event.LeadTimers], Key: []byte(leadID)}
}

// record wraps data in the envelope of an event.
func (h *Handler) record(t event.Type, cause, key string, g ledger.Grant, data any, trace string, extra []event.Header) (*kstream.Record, error) {
	e, err := event.New(t, cause, 0, key, time.UnixMilli(g.At), data)
	if err != nil {
		return nil, err
	}
	e.Traceparent, e.Extra = trace, extra
	return kstream.Encode(h.names[t], key, e), nil
}

// keyOf is the key of a grant's record: the lead, or the rep where it is about
// none.
func keyOf(g ledger.Grant) string {
	if g.Lead != "" {
		return g.Lead
	}
	return g.Rep
}
