package router

import (
	"encoding/json"
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
	more, err := h.effects(it, r)
	if err != nil {
		return nil, err
	}
	if r.Grant.Offer != nil {
		offered, err := h.offered(it, r.Grant)
		if err != nil {
			return nil, err
		}
		more = append(more, offered)
	}
	return append([]*kstream.Record{decision}, more...), nil
}

// offered has the lead planned again that is first in line for what came free, or the next
// one of all.
func (h *Handler) offered(it *item, g ledger.Grant) (*kstream.Record, error) {
	o, cause := g.Offer, event.CauseCapacity
	if o.Rep == "" {
		cause = event.CausePolicy
	}
	return h.reassign(it, g, len(g.Returns)+1, event.Reassign{LeadID: o.Lead, Attempt: o.Attempt, RepID: o.Rep, Cause: cause})
}

// reassign has a lead planned again; ordinal tells apart those of one grant.
func (h *Handler) reassign(it *item, g ledger.Grant, ordinal int, r event.Reassign) (*kstream.Record, error) {
	r.At = time.UnixMilli(g.At).UTC()
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
	case ledger.Noted:
		return h.noted(it, r)
	case ledger.Ignored:
		return h.waitsOn(it, r)
	case ledger.Freed:
		return []*kstream.Record{h.noTimers(r.Grant.Lead)}, nil
	case ledger.Present, ledger.Settled:
		return h.returned(it, r.Grant, r.Grant.Verb)
	case ledger.Reowned:
		return h.returned(it, r.Grant, ledger.Left)
	default:
		return nil, nil
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
	timer, runs := draft.Timer(a.LeadID, a.Attempt, a.RepID, marks(r.Grant))
	switch {
	case runs && !over(r.Grant):
		timers, err := h.record(event.LeadTimers, cause, a.LeadID, r.Grant, timer, it.trace, nil)
		return []*kstream.Record{assigned, timers}, err
	case a.Attempt > 1:
		return []*kstream.Record{assigned, h.noTimers(a.LeadID)}, nil
	}
	return []*kstream.Record{assigned}, nil
}

// marks of an attempt that begins: activities may have come before it.
func marks(g ledger.Grant) ledger.Marks {
	m := ledger.Marks{Step: g.Step, Since: g.At}
	for _, late := range g.Held {
		if late.Effect == ledger.Fenced {
			continue
		}
		switch late.Verb {
		case ledger.Accepted:
			m.Accepted = g.At
		case ledger.Contacted:
			m.Contacted = g.At
		case ledger.Qualified:
			m.Qualified = g.At
		}
	}
	return m
}

// waitsOn winds the clocks of a lead that was planned again and goes on waiting: the next
// shift may be another one by now.
func (h *Handler) waitsOn(it *item, r ledger.Result) ([]*kstream.Record, error) {
	g := r.Grant
	if g.Outcome != ledger.Waiting || len(r.Body) == 0 {
		return nil, nil
	}
	draft, err := it.plan(r)
	if err != nil {
		return nil, fmt.Errorf("read the plan of %s: %w", it.op.ID, err)
	}
	timer, runs := draft.Timer(g.Lead, g.Attempt, "", ledger.Marks{Step: len(draft.Steps) - 1})
	if !runs {
		return nil, nil
	}
	return h.one(event.LeadTimers, it, g, timer)
}

// noted is what follows from an activity: clocks that stop, and an owner who does not
// keep the lead.
func (h *Handler) noted(it *item, r ledger.Result) ([]*kstream.Record, error) {
	g := r.Grant
	if g.Rep == "" || g.Marks == nil {
		return nil, nil
	}
	var draft routing.Draft
	if len(r.Draft) > 0 {
		if err := json.Unmarshal(r.Draft, &draft); err != nil {
			return nil, fmt.Errorf("read the plan of lead %s: %w", g.Lead, err)
		}
	}
	leaves := event.Reassign{LeadID: g.Lead, Attempt: g.Attempt, RepID: g.Rep, At: time.UnixMilli(g.At).UTC()}
	switch g.Verb {
	case ledger.Rejected:
		var said refusal
		if len(r.Body) > 0 {
			if err := json.Unmarshal(r.Body, &said); err != nil {
				return nil, fmt.Errorf("read the refusal of lead %s: %w", g.Lead, err)
			}
		}
		leaves.Cause, leaves.Reason = event.CauseRejected, said.Reason
		return h.one(event.LeadReassign, it, g, leaves)
	case ledger.Qualified:
		if draft.Step(g.Marks.Step).OnQualified != "" {
			leaves.Cause = event.CauseQualified
			return h.one(event.LeadReassign, it, g, leaves)
		}
	case ledger.Accepted, ledger.Contacted:
	default: // stops no clock
		return nil, nil
	}
	timer, runs := draft.Timer(g.Lead, g.Attempt, g.Rep, *g.Marks)
	if !runs {
		return nil, nil
	}
	return h.one(event.LeadTimers, it, g, timer)
}

// returned are the leads that a rep gives back, because of having left or going away: each
// is to move on.
func (h *Handler) returned(it *item, g ledger.Grant, cause string) ([]*kstream.Record, error) {
	out := make([]*kstream.Record, 0, len(g.Returns))
	for i, r := range g.Returns {
		record, err := h.reassign(it, g, i, event.Reassign{LeadID: r.Lead, Attempt: r.Attempt, RepID: g.Rep, Cause: cause})
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
