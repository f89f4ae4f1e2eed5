package lifecycle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// UnknownRep is the refusal of a decision about somebody whom the policy does not know.
const UnknownRep lead.Code = "unknown_rep"

// Move is what a record says of a lead that is to move on.
type Move struct {
	Lead    string
	Attempt int    // that it speaks of; 0: whichever is the current one
	Unless  string // the activity that makes it pointless; "": none does
	Outside bool   // the record comes from outside: an unknown lead is an error
	Stay    bool   // an owner who has the lead already keeps it as it is
	Wake    bool   // everybody in line is to be planned again: see [ledger.Op]
	// Asked is what a decision says of the reassignment that it answers; nil: something from
	// outside is answered.
	Asked *event.Reassign

	with func(in *routing.Input, known *Known) // completes the input of the plan
}

// Known is a lead as the ledger has it, and the plan that decided it.
type Known struct {
	ledger.Lead
	Draft routing.Draft
	// Company is who has the leads of the same company; nil: nobody asks.
	Company *ledger.Tie
}

// Read is a lead as the ledger gives it, with its plan read.
func Read(id string, l ledger.Lead) (Known, error) {
	k := Known{Lead: l}
	if err := json.Unmarshal(l.Draft, &k.Draft); err != nil && len(l.Draft) > 0 {
		return k, fmt.Errorf("read the plan of lead %s: %w", id, err)
	}
	return k, nil
}

// step that decided the lead.
func (k *Known) step() *routing.DraftStep { return k.Draft.Step(k.Step) }

// Op fills in what the ledger is asked for, as far as it does not take a plan: of an
// open lead at its attempt, [Move.Plan] has the rest.
func (m *Move) Op(op *ledger.Op, current ledger.Lead) (open bool) {
	op.Kind, op.Lead, op.Verb = ledger.Move, m.Lead, m.Unless
	op.Attempt, op.Fence, op.Wake = m.Attempt, m.Attempt > 0, m.Wake
	if !op.Fence {
		op.Attempt = max(current.Attempt, 1)
	}
	return current.Closed == 0 && current.Attempt == op.Attempt
}

// Plan plans a lead again from the facts that its last plan recorded, with who is absent by
// then, and completes the operation that Op has begun.
func (m *Move) Plan(op *ledger.Op, planner *routing.Planner, k Known, at time.Time, absent []routing.Absence) *routing.Plan {
	in := k.Draft.Again(k.Lead, at)
	in.Absent = absent
	if k.Company != nil {
		in.CompanyOwner, op.Ties = k.Company.Holder, []ledger.Tie{*k.Company}
	}
	m.with(&in, &k)
	if len(in.Facts) == 0 && k.Draft.Engine == 0 && in.First == nil && in.Send == nil {
		// It was closed, and what was known of it is gone: rules would only guess.
		in.Send = &routing.Send{To: ledger.Review, Code: routing.Escalated}
	}
	plan := planner.Plan(in)
	op.Steps, op.Roster, op.Line, op.TurnBack = plan.Steps, plan.Roster, plan.Line, plan.TurnBack
	op.Stay = m.Stay || k.Outcome == ledger.Waiting && plan.Hold == 0 && op.Verb != ledger.Taken
	return plan
}

// Reassign is about an assignment that is over, or a lead that can go.
func Reassign(r event.Reassign, p *policy.Policy) *Move {
	asked := r
	asked.RepID, asked.Reason = "", "" // the lead's story has them
	// As with a refusal: what the policy does not know may be anybody's words.
	if !slices.Contains(p.Reassign.TurnBack, r.Reason) {
		r.Reason = ""
	}
	m := &Move{Lead: r.LeadID, Attempt: r.Attempt, Unless: routing.Stops(r.Clock), Asked: &asked}
	if r.Cause == event.CauseAway {
		// What the owner has accepted meanwhile stays; the turn goes back if the policy
		// takes that for a reason.
		m.Unless, r.Reason = ledger.Accepted, event.CauseAway
	}
	m.with = func(in *routing.Input, k *Known) {
		if k.Rep != "" {
			in.Previous = &routing.Previous{Rep: k.Rep, Cause: r.Cause, Clock: r.Clock, Reason: r.Reason}
		}
		if r.Cause == event.CauseQualified && k.step().OnQualified != "" {
			in.Entry = k.step().OnQualified
		}
		to := r.To
		if k.step().Code == routing.Commanded && (r.Cause == event.CauseSLA || r.Cause == event.CauseAway) {
			// A person has chosen this owner: rotation does not undo that, a person does.
			to = event.ToReview
		}
		direct(in, k, to, p)
	}
	m.Wake = r.Cause == event.CausePolicy
	m.Stay = r.Cause == event.CauseCapacity || m.Wake
	return m
}

// direct sends a lead where a clock wants it.
func direct(in *routing.Input, k *Known, to string, p *policy.Policy) {
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
		in.First = &routing.First{Rep: stand, Code: code, Rule: k.step().Rule, SLA: k.step().SLA}
	}
}

// Update is about what is known of a lead by now. Who has it keeps it; a lead that
// nobody has is planned again.
func Update(id string, facts lead.Facts) *Move {
	facts = maps.Clone(facts)
	for _, name := range []string{"id", "test", "bulk"} {
		delete(facts, name)
	}
	return &Move{Lead: id, Unless: ledger.Taken, Outside: true, with: func(in *routing.Input, k *Known) {
		if _, told := facts["account.id"]; !told && k.step().Code == routing.AccountDoubt {
			in.Send = routing.Doubt(in.Evidence) // nobody has decided yet
		}
		all := maps.Clone(in.Facts)
		if all == nil {
			all = lead.Facts{}
		}
		maps.Copy(all, facts)
		in.Facts = all
	}}
}

// Found is an update by a provider whose answer came too late for the decision.
func Found(id string, facts lead.Facts, provider string) *Move {
	m := Update(id, facts)
	update := m.with
	m.with = func(in *routing.Input, known *Known) {
		update(in, known)
		in.Evidence = in.Evidence.Later(provider, facts)
	}
	return m
}

// Updated is [Update] with a lead of which some facts follow from others, as its evidence
// says. These give way to what was known before, unless that came from the same source.
func Updated(l lead.Lead) *Move {
	facts := l.Facts()
	m := Update(l.ID, facts)
	if l.Evidence == nil {
		return m
	}
	from := l.Evidence.From
	m.with = func(in *routing.Input, _ *Known) {
		all, source := maps.Clone(in.Facts), map[string]string{}
		if all == nil {
			all = lead.Facts{}
		}
		if in.Evidence != nil {
			maps.Copy(source, in.Evidence.From)
		}
		for name, v := range facts {
			found, derived := from[name]
			_, known := all[name]
			switch {
			case name == "id" || name == "test" || name == "bulk":
			case !derived:
				all[name] = v
				delete(source, name) // the sender's word by now
			case !known || source[name] == found:
				all[name], source[name] = v, found
			}
		}
		in.Facts, in.Evidence = all, in.Evidence.With(source)
	}
	return m
}

// Command is about what a person decides. It fails for a rep whom the policy does not
// know.
func Command(c event.Command, p *policy.Policy) (*Move, error) {
	by := firstName(p, c.By)
	m := &Move{Lead: c.LeadID, Attempt: c.Attempt, Outside: true, Stay: c.Command == event.CommandAssign}
	m.with = func(in *routing.Input, k *Known) {
		if k.Rep != "" {
			in.Previous = &routing.Previous{Rep: k.Rep, Cause: event.CauseCommand}
		}
		switch c.Command {
		case event.CommandAssign:
			in.First = k.chosen(c.RepID, by)
		case event.CommandRelease:
			in.Send = &routing.Send{To: ledger.Review, Code: routing.Commanded, By: by}
		case event.CommandDisqualify:
			in.Send = &routing.Send{To: ledger.Disqualified, Code: routing.Commanded, By: by}
		}
	}
	if c.Command == event.CommandAssign {
		return m, KnownRep(p, c.RepID)
	}
	return m, nil
}

// Claim is about a lead that a person took, or got in the CRM: it wins over any attempt.
// It fails for a rep whom the policy does not know.
func Claim(a event.Activity, p *policy.Policy) (*Move, error) {
	m := &Move{Lead: a.LeadID, Outside: true, Stay: true}
	m.with = func(in *routing.Input, k *Known) {
		if k.Rep != "" {
			in.Previous = &routing.Previous{Rep: k.Rep, Cause: a.Activity}
		}
		in.First = k.chosen(a.RepID, firstName(p, a.RepID))
	}
	return m, KnownRep(p, a.RepID)
}

// chosen is a rep whom a person has named.
func (k *Known) chosen(rep, by string) *routing.First {
	return &routing.First{Rep: rep, Code: routing.Commanded, By: by, Rule: k.step().Rule, SLA: k.step().SLA}
}

// KnownRep fails for a rep whom the policy does not know.
func KnownRep(p *policy.Policy, id string) error {
	if _, known := p.Rep(id); !known {
		return lead.Fail(UnknownRep, "rep_id", "is no rep of policy %s", p.Name)
	}
	return nil
}

// GivesBack says whether a rep who goes away gives back what is not accepted. Who is
// back by now keeps the leads: the word may be old.
func GivesBack(p *policy.Policy, verb string, until, now time.Time) bool {
	over := !until.IsZero() && !until.After(now)
	return verb == ledger.Away && !over && !p.Reassign.KeepAway
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
