package router

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// unknownLead is the refusal of a record about a lead that was never decided.
const unknownLead = "unknown_lead"

// patience is how long a record waits for its lead, which may have been published just
// before it.
const patience = 5 * time.Second

// mover is what a record says of a lead that is to move on.
type mover struct {
	leadID  string
	attempt int // that it speaks of; 0: whichever is the current one
	unless  string
	outside bool // the record comes from outside: an unknown lead is an error
	stay    bool // an owner who has the lead already keeps it as it is
	// with completes the input of the plan.
	with func(in *routing.Input, known *known)
}

// known is a lead as the ledger has it, and the plan that decided it.
type known struct {
	ledger.Lead
	draft routing.Draft
	step  *routing.DraftStep
}

// look reads what the ledger knows of the leads that a section is to move.
func (h *Handler) look(ctx context.Context, s *section) (map[string]ledger.Lead, error) {
	var ids []string
	for _, it := range s.items {
		if it.mover != nil {
			ids = append(ids, it.mover.leadID)
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
	items := s.items[:0]
	for _, it := range s.items {
		if it.mover != nil {
			if err := h.planMove(it, leads, by); err != nil {
				s.dead = append(s.dead, kstream.Dead{Record: it.record, Code: codeOf(err), Err: err})
				continue
			}
		}
		items = append(items, it)
	}
	s.items = items
	return nil
}

// planMove plans a lead from the facts that its last plan recorded. A lead that has gone
// on, or is closed, is left to the ledger to say so: there is no plan then.
func (h *Handler) planMove(it *item, leads map[string]ledger.Lead, by basis) error {
	m, op := it.mover, &it.op
	op.Kind, op.Lead, op.Verb = ledger.Move, m.leadID, m.unless
	op.Attempt, op.Fence = m.attempt, m.attempt > 0
	l, found := leads[m.leadID]
	if !found && m.outside {
		age := by.now.Sub(it.record.Timestamp)
		if it.waits = age.Abs() < patience; it.waits {
			return nil
		}
		return lead.Fail(unknownLead, "lead_id", "was never decided, or closed too long ago")
	}
	if !op.Fence {
		op.Attempt = max(l.Attempt, 1)
	}
	if !found || l.Closed > 0 || l.Attempt != op.Attempt {
		return nil
	}
	k := known{Lead: l}
	if err := json.Unmarshal(l.Draft, &k.draft); err != nil && len(l.Draft) > 0 {
		return fmt.Errorf("read the plan of lead %s: %w", op.Lead, err)
	}
	k.step = k.draft.Step(l.Step)
	in := k.draft.Again(l, by.now)
	in.Absent = by.absent
	m.with(&in, &k)
	if len(in.Facts) == 0 && len(l.Draft) == 0 && in.First == nil && in.Send == nil {
		// It was closed, and what was known of it is gone: rules would only guess.
		in.Send = &routing.Send{To: ledger.Review, Code: routing.Escalated}
	}
	plan := by.planner.Plan(in)
	op.Steps, op.Roster, op.Line, op.TurnBack = plan.Steps, plan.Roster, plan.Line, plan.TurnBack
	op.Stay = m.stay || l.Outcome == ledger.Waiting && plan.Hold == 0 && op.Verb != ledger.Taken
	it.draft = plan.Draft()
	var err error
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
	// As with a refusal: what the policy does not know may be anybody's words.
	if !slices.Contains(p.Reassign.TurnBack, r.Reason) {
		r.Reason = ""
	}
	m := &mover{leadID: r.LeadID, attempt: r.Attempt, unless: routing.Stops(r.Clock)}
	if r.Cause == event.CauseAway {
		// What the owner has accepted meanwhile stays; the turn goes back if the policy
		// takes that for a reason.
		m.unless, r.Reason = ledger.Accepted, event.CauseAway
	}
	m.with = func(in *routing.Input, k *known) {
		if k.Rep != "" {
			in.Previous = &routing.Previous{Rep: k.Rep, Cause: r.Cause, Clock: r.Clock, Reason: r.Reason}
		}
		if r.Cause == event.CauseQualified && k.step.OnQualified != "" {
			in.Entry = k.step.OnQualified
		}
		if k.step.Code == routing.Commanded && (r.Cause == event.CauseSLA || r.Cause == event.CauseAway) {
			// A person has chosen this owner: rotation does not undo that, a person does.
			r.To = event.ToReview
		}
		direct(in, k, r.To, p)
	}
	it.op.Wake = r.Cause == event.CausePolicy
	m.stay = r.Cause == event.CauseCapacity || it.op.Wake
	it.mover = m
	return nil
}

// direct sends a lead where a clock wants it.
func direct(in *routing.Input, k *known, to string, p *policy.Policy) {
	stand, code := "", routing.StandIn
	switch to {
	case event.ToReview:
		in.Send = &routing.Send{To: ledger.Review, Code: routing.Escalated}
	case event.ToBackup:
		stand = p.StandIn(k.Rep, policy.MoveBackup)
	case event.ToManager:
		stand, code = p.StandIn(k.Rep, policy.MoveManager), routing.Escalated
	}
	if stand != "" {
		in.First = &routing.First{Rep: stand, Code: code, Rule: k.step.Rule, SLA: k.step.SLA}
	}
}

// prepareUpdate is about what is known of a lead by now. Who has it keeps it; a lead that
// nobody has is planned again.
func prepareUpdate(it *item, e event.Envelope) error {
	l, err := e.Updated()
	if err != nil {
		return err
	}
	facts := l.Facts()
	for _, name := range []string{"id", "test", "bulk"} {
		delete(facts, name)
	}
	it.mover = &mover{leadID: l.ID, unless: ledger.Taken, outside: true}
	it.mover.with = func(in *routing.Input, _ *known) {
		all := maps.Clone(in.Facts)
		if all == nil {
			all = lead.Facts{}
		}
		maps.Copy(all, facts)
		in.Facts = all
	}
	return nil
}

// prepareCommand is about what a person decides.
func prepareCommand(it *item, e event.Envelope, p *policy.Policy) error {
	c, err := e.Command()
	if err != nil {
		return err
	}
	m := &mover{leadID: c.LeadID, attempt: c.Attempt, outside: true, stay: c.Command == event.CommandAssign}
	by := firstName(p, c.By)
	m.with = func(in *routing.Input, k *known) {
		if k.Rep != "" {
			in.Previous = &routing.Previous{Rep: k.Rep, Cause: "command"}
		}
		switch c.Command {
		case event.CommandAssign:
			in.First = &routing.First{Rep: c.RepID, Code: routing.Commanded, By: by, Rule: k.step.Rule, SLA: k.step.SLA}
		case event.CommandRelease:
			in.Send = &routing.Send{To: ledger.Review, Code: routing.Commanded, By: by}
		case event.CommandDisqualify:
			in.Send = &routing.Send{To: ledger.Disqualified, Code: routing.Commanded, By: by}
		}
	}
	it.mover = m
	if c.Command == event.CommandAssign {
		return knownRep(p, c.RepID)
	}
	return nil
}

// prepareClaim is about a lead that a person took, or got in the CRM: it wins over any
// attempt.
func prepareClaim(it *item, a event.Activity, p *policy.Policy) error {
	it.mover = &mover{leadID: a.LeadID, outside: true, stay: true}
	it.mover.with = func(in *routing.Input, k *known) {
		if k.Rep != "" {
			in.Previous = &routing.Previous{Rep: k.Rep, Cause: a.Activity}
		}
		in.First = &routing.First{
			Rep: a.RepID, Code: routing.Commanded, By: firstName(p, a.RepID), Rule: k.step.Rule, SLA: k.step.SLA,
		}
	}
	return knownRep(p, a.RepID)
}

func knownRep(p *policy.Policy, id string) error {
	if _, known := p.Rep(id); !known {
		return lead.Fail(unknownRep, "rep_id", "is no rep of policy %s", p.Name)
	}
	return nil
}

// firstName of a rep; "" for anybody else, whose name is not for the log.
func firstName(p *policy.Policy, id string) string {
	rep, ok := p.Rep(id)
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(p.Reps[rep].Name, " ")
	return name
}
