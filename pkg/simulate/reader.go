package simulate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/routing"
)

// Why something in the log cannot be run again.
const (
	skippedFenced  = "decisions by people about an attempt that was over"
	skippedClosed  = "decisions by people about leads that were closed"
	skippedUnknown = "leads that moved on, and nothing says why"
	skippedVoid    = "operations that were taken back"
)

// Reader makes a history of a decision log.
//
// It keeps, for each lead, what was due in the past, by the same rules as a simulation, and
// notes where the past came to it: decisions say which of it they answer.
type Reader struct {
	h     *History
	leads map[string]*trace
}

// trace is a lead in the past.
type trace struct {
	agenda
	draft  *routing.Draft // of the current attempt; nil: closed
	answer *Answer        // of the current owner; nil: nobody has it
}

// NewReader reads a log from its beginning.
func NewReader() *Reader { return &Reader{h: NewHistory(), leads: map[string]*trace{}} }

// Add takes the next decision, in the order of sequences.
func (r *Reader) Add(d event.Decision) error {
	g := &d.Grant
	switch d.Kind {
	case ledger.Assign, ledger.Move:
		if err := r.plan(&d); err != nil {
			return fmt.Errorf("decision %d: %w", g.Sequence, err)
		}
	case ledger.Activity:
		if err := r.activity(&d); err != nil {
			return fmt.Errorf("decision %d: %w", g.Sequence, err)
		}
	case ledger.Presence:
		r.record(Record{Kind: Status, At: g.At, Rep: g.Rep, Verb: g.Verb, Until: g.Until})
	case ledger.Expire:
		r.record(Record{Kind: Expiry, At: g.At, Lead: g.Lead})
	case ledger.Void:
		r.h.Skipped[skippedVoid]++
	case ledger.Rebuild: // nothing has happened
	}
	for _, back := range lifecycle.Returned(*g) {
		r.lead(back.LeadID).add(causeOf(back))
	}
	if offer := lifecycle.Offered(*g); offer != nil {
		r.lead(offer.LeadID).add(causeOf(*offer))
	}
	return nil
}

// History is what was read. What the past has not come to by its end it never does: a
// simulation knows no more.
func (r *Reader) History() *History {
	_, until := r.h.Span()
	for _, t := range r.leads {
		for i := range t.pending {
			if c := &t.pending[i]; c.due <= until.UnixMilli() {
				r.h.resolved[c.key] = len(r.h.Records)
			}
		}
		r.over(t, until.UnixMilli())
	}
	r.h.index()
	return r.h
}

func (r *Reader) record(rec Record) { r.h.Records = append(r.h.Records, rec) }

func (r *Reader) lead(id string) *trace {
	t := r.leads[id]
	if t == nil {
		t = &trace{}
		r.leads[id] = t
	}
	return t
}

// plan takes a decision that a plan has led to, or that came too late to have one.
func (r *Reader) plan(d *event.Decision) error {
	g := &d.Grant
	if g.Effect == ledger.Repeat {
		return nil
	}
	var draft routing.Draft
	if len(d.Draft) > 0 {
		if err := json.Unmarshal(d.Draft, &draft); err != nil {
			return fmt.Errorf("read the plan of lead %s: %w", g.Lead, err)
		}
		r.h.Policies[draft.Policy.Hash] = draft.Policy
	}
	t := r.lead(g.Lead)
	before := slices.Clone(t.pending)
	rec := Record{
		Kind: Arrival, At: cmp.Or(draft.At, g.At), Lead: g.Lead, Facts: draft.Facts, Test: g.Test,
		traits: g.Traits, evidence: draft.Evidence,
	}
	if d.Kind == ledger.Move {
		rec = r.move(t, d, &draft)
	}
	if g.Effect == ledger.Owned || g.Effect == ledger.Ended {
		rec.past = &decided{g.Sequence, g.Attempt, g.Outcome, g.Rep}
		r.over(t, g.At)
		t.begin(g.Attempt)
		if t.draft = &draft; g.Outcome == ledger.Disqualified {
			t.draft = nil
		}
		if g.Rep != "" && !g.Test {
			t.answer = &Answer{Rep: g.Rep, Since: g.At}
		}
	}
	t.follow(lifecycle.Decided(*g, &draft), g.At)
	if rec.Kind != 0 {
		rec.now, rec.absent = g.At, draft.Absent
		r.record(rec)
		r.resolve(t, before, g.At)
	}
	return nil
}

// move tells what a move was for.
func (r *Reader) move(t *trace, d *event.Decision, draft *routing.Draft) Record {
	g := &d.Grant
	rec := Record{At: cmp.Or(draft.At, g.At), Lead: g.Lead}
	switch {
	case d.Asked != nil:
		r.turnover(t, d, &rec)
	case g.Verb == ledger.Taken:
		if len(draft.Facts) > 0 {
			rec.Kind, rec.Facts = Update, draft.Facts
		}
	case g.Effect == ledger.Fenced:
		r.h.Skipped[skippedFenced]++
	case len(d.Draft) == 0:
		r.h.Skipped[skippedClosed]++
	case draft.First != nil && draft.First.Code == routing.Commanded:
		rec.Kind, rec.Verb, rec.Rep = Command, event.CommandAssign, draft.First.Rep
	case draft.Send != nil && draft.Send.Code == routing.Commanded && draft.Send.To == ledger.Review:
		rec.Kind, rec.Verb = Command, event.CommandRelease
	case draft.Send != nil && draft.Send.Code == routing.Commanded:
		rec.Kind, rec.Verb = Command, event.CommandDisqualify
	case draft.Previous == nil || draft.Previous.Cause == event.CauseCommand:
		rec.Kind, rec.Verb = Command, event.CommandReroute
	default: // a router that did not say yet what had asked
		r.h.Skipped[skippedUnknown]++
	}
	return rec
}

// turnover takes what a move has answered from what was due. The line that was woken because
// of another policy, or because a router began, was not due: that comes from outside.
func (r *Reader) turnover(t *trace, d *event.Decision, rec *Record) {
	c, due := t.take(causeOf(*d.Asked).key)
	moved := d.Grant.Effect == ledger.Owned || d.Grant.Effect == ledger.Ended
	switch {
	case due:
		rec.Kind, rec.cause = Turnover, &c
	case d.Asked.Cause == event.CausePolicy && d.Grant.Effect != ledger.Fenced:
		rec.Kind, rec.Verb = Command, Wake
	case moved:
		r.h.Skipped[skippedUnknown]++
	default: // it was due no more: its clock had run out just when something happened
	}
}

// activity takes something that happened to a lead.
func (r *Reader) activity(d *event.Decision) error {
	g := &d.Grant
	var said struct{ Reason string }
	if len(d.Draft) > 0 {
		if err := json.Unmarshal(d.Draft, &said); err != nil {
			return fmt.Errorf("read the refusal of lead %s: %w", g.Lead, err)
		}
	}
	rec := Record{Kind: Activity, At: g.At, Lead: g.Lead, Verb: g.Verb, Attempt: g.Attempt, Reason: said.Reason}
	switch g.Effect {
	case ledger.Held:
		rec.Early, rec.Rep = true, g.By
		r.record(rec)
		return nil
	case ledger.Fenced:
		rec.Attempt, rec.Late = g.Asked, true
		r.record(rec)
		return nil
	default: // it was about the attempt of the time
	}
	t := r.lead(g.Lead)
	before := slices.Clone(t.pending)
	t.follow(lifecycle.Happened(*g, cmp.Or(t.draft, &routing.Draft{}), said.Reason), g.At)
	if g.Effect == ledger.Freed {
		r.over(t, g.At)
		t.draft = nil
	}
	if t.answer != nil {
		t.answer.take(g.Verb, said.Reason, g.At)
	}
	r.record(rec)
	r.resolve(t, before, g.At)
	return nil
}

// over ends the current owner's time with the lead.
func (r *Reader) over(t *trace, at int64) {
	if t.answer == nil {
		return
	}
	t.answer.Until = at
	r.h.Answers = append(r.h.Answers, *t.answer)
	t.answer = nil
}

// resolve notes where the past came to what was due before a record: at that record, if
// it is gone by now.
func (r *Reader) resolve(t *trace, before []cause, at int64) {
	for i := range before {
		if c := &before[i]; c.due <= at && !t.has(c.key) {
			r.h.resolved[c.key] = len(r.h.Records) - 1
		}
	}
}
