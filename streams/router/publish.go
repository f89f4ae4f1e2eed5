package router

import (
	"encoding/json"
	"fmt"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/lifecycle"
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
	var asked *event.Reassign
	if it.mover != nil {
		asked = it.mover.Asked
	}
	decision, err := h.decisionRecord(it.op, r, asked, it.trace)
	if err != nil {
		return nil, err
	}
	more, err := h.effects(it, r)
	if err != nil {
		return nil, err
	}
	if offered := lifecycle.Offered(r.Grant); offered != nil {
		record, err := h.reassign(it, len(r.Grant.Returns)+1, *offered)
		if err != nil {
			return nil, err
		}
		more = append(more, record)
	}
	return append([]*kstream.Record{decision}, more...), nil
}

// reassign has a lead planned again; ordinal tells apart those of one grant.
func (h *Handler) reassign(it *item, ordinal int, r event.Reassign) (*kstream.Record, error) {
	e, err := event.New(event.LeadReassign, it.op.ID.String(), ordinal, r.LeadID, r.At, r)
	if err != nil {
		return nil, err
	}
	e.Traceparent = it.trace
	return kstream.Encode(h.names[event.LeadReassign], r.LeadID, e), nil
}

// effects are the records beside the decision.
func (h *Handler) effects(it *item, r ledger.Result) ([]*kstream.Record, error) {
	switch r.Grant.Effect {
	case ledger.Owned, ledger.Ended:
		return h.assignment(it, r)
	case ledger.Noted, ledger.Freed, ledger.Held, ledger.Dropped:
		return h.happened(it, r)
	case ledger.Ignored:
		return h.waitsOn(it, r)
	case ledger.Present, ledger.Settled, ledger.Reowned:
		return h.returned(it, r.Grant)
	default:
		return nil, nil
	}
}

// decisionRecord is the entry in the decision log.
func (h *Handler) decisionRecord(op ledger.Op, r ledger.Result, asked *event.Reassign, trace string) (*kstream.Record, error) {
	d := event.Decision{
		Engine: routing.Engine, Op: op.ID, Digest: op.Digest, Kind: op.Kind,
		Draft: r.Body, Grant: r.Grant, Asked: asked,
	}
	return h.record(event.LeadDecisions, op.ID.String(), keyOf(r.Grant), r.Grant, d, trace, nil)
}

// assignment is what subscribers read of a lead with a new outcome, and its clocks. The
// lead itself goes with the first attempt alone: later ones are planned from the log,
// which holds nothing personal.
func (h *Handler) assignment(it *item, r ledger.Result) ([]*kstream.Record, error) {
	draft, err := it.plan(r)
	if err != nil {
		return nil, fmt.Errorf("read the plan of %s: %w", it.op.ID, err)
	}
	a, err := draft.Decide(r.Grant)
	if err != nil {
		return nil, fmt.Errorf("decide %s: %w", it.op.ID, err)
	}
	cause := it.op.ID.String()
	a.AssignmentID = event.ID(cause, event.LeadAssigned, 0) // as the event's own
	a.Lead = it.lead
	assigned, err := h.record(event.LeadAssigned, cause, a.LeadID, r.Grant, a, it.trace, a.Headers())
	if err != nil {
		return nil, err
	}
	after, err := h.next(it, r.Grant, lifecycle.Decided(r.Grant, &draft))
	return append([]*kstream.Record{assigned}, after...), err
}

// waitsOn winds the clocks of a lead that was planned again and goes on waiting.
func (h *Handler) waitsOn(it *item, r ledger.Result) ([]*kstream.Record, error) {
	if r.Grant.Outcome != ledger.Waiting || len(r.Body) == 0 {
		return nil, nil
	}
	draft, err := it.plan(r)
	if err != nil {
		return nil, fmt.Errorf("read the plan of %s: %w", it.op.ID, err)
	}
	return h.next(it, r.Grant, lifecycle.Decided(r.Grant, &draft))
}

// happened is what follows from an activity: clocks that stop, and an owner who does not
// keep the lead.
func (h *Handler) happened(it *item, r ledger.Result) ([]*kstream.Record, error) {
	g := r.Grant
	var draft routing.Draft
	if lifecycle.Asks(g) && len(r.Draft) > 0 {
		if err := json.Unmarshal(r.Draft, &draft); err != nil {
			return nil, fmt.Errorf("read the plan of lead %s: %w", g.Lead, err)
		}
	}
	var said refusal
	if g.Verb == ledger.Rejected && len(r.Body) > 0 {
		if err := json.Unmarshal(r.Body, &said); err != nil {
			return nil, fmt.Errorf("read the refusal of lead %s: %w", g.Lead, err)
		}
	}
	return h.next(it, g, lifecycle.Happened(g, &draft, said.Reason))
}

// next are the records of what follows for a lead.
func (h *Handler) next(it *item, g ledger.Grant, n lifecycle.Next) ([]*kstream.Record, error) {
	switch {
	case n.Move != nil:
		return h.one(event.LeadReassign, it, g, *n.Move)
	case n.Timer != nil:
		return h.one(event.LeadTimers, it, g, *n.Timer)
	case n.Still:
		return []*kstream.Record{h.noTimers(g.Lead)}, nil
	}
	return nil, nil
}

// returned are the leads that a rep gives back: each is to move on.
func (h *Handler) returned(it *item, g ledger.Grant) ([]*kstream.Record, error) {
	out := make([]*kstream.Record, 0, len(g.Returns))
	for i, r := range lifecycle.Returned(g) {
		record, err := h.reassign(it, i, r)
		if err != nil {
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

// one is a list of one record about a grant's lead.
func (h *Handler) one(t event.Type, it *item, g ledger.Grant, data any) ([]*kstream.Record, error) {
	record, err := h.record(t, it.op.ID.String(), g.Lead, g, data, it.trace, nil)
	return []*kstream.Record{record}, err
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
