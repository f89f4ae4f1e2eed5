package whynot

import (
	"fmt"
	"maps"
	"slices"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// Case is a decision that can be made once more.
type Case struct {
	planner *routing.Planner
	draft   routing.Draft
	op      ledger.Op // without what the plan adds
	grant   ledger.Grant
	state   *ledger.State // before the decision, as far as it matters
}

// NewCase takes a decision, its draft, the planner of its policy, and the ledger before
// it, of which it copies what the decision looked at.
func NewCase(d event.Decision, draft routing.Draft, planner *routing.Planner, before *ledger.State) Case {
	c := Case{planner: planner, draft: draft, grant: d.Grant, op: ledger.Op{
		ID: d.Op, Digest: d.Digest, Kind: d.Kind, Lead: d.Grant.Lead, Test: d.Grant.Test, Body: d.Draft,
	}}
	if d.Kind == ledger.Move {
		c.op.Attempt, c.op.Verb, c.op.Fence = d.Grant.Attempt-1, d.Grant.Verb, true
	}
	s := ledger.NewState()
	s.Sequence, s.At, s.Epoch, s.Rosters, s.Offers = before.Sequence, before.At, before.Epoch, before.Rosters, before.Offers
	s.Reps, s.Books = before.Reps, before.Books
	if lead := before.Leads[d.Grant.Lead]; lead != nil {
		s.Leads[d.Grant.Lead] = lead
	}
	if early := before.Held[d.Grant.Lead]; early != nil {
		s.Held[d.Grant.Lead] = early
	}
	c.state = s.Clone()
	return c
}

// trial is the case with something changed.
type trial struct {
	covers []cell   // added to the rep's row
	rest   []string // rules that do not match
	input  routing.Input
	state  *ledger.State
}

// cell is a value in a column of the rep's row.
type cell struct{ column, value string }

func (c Case) trial() *trial { return &trial{input: c.draft.Input(), state: c.state.Clone()} }

// result is what came of a trial.
type result struct {
	grant ledger.Grant
	plan  *routing.Plan
	state *ledger.State // before
}

// run plans and grants with what was changed. planners are those of policies that were
// changed for this rep before, by how.
func (c Case) run(t *trial, rep string, planners map[string]*routing.Planner) (result, error) {
	planner, err := c.amended(t, rep, planners)
	if err != nil {
		return result{}, err
	}
	plan := planner.Plan(t.input)
	op := c.op
	op.At, op.Value, op.Steps, op.Roster, op.Line, op.TurnBack = c.draft.At, plan.Value, plan.Steps, plan.Roster, plan.Line, plan.TurnBack
	logged := c.grant
	logged.Sequence = t.state.Sequence + 1
	r := result{plan: plan, state: t.state.Clone()}
	r.grant, err = t.state.Regrant(op, logged)
	return r, err
}

// amended is the planner of the policy with what the trial changes of it.
func (c Case) amended(t *trial, rep string, planners map[string]*routing.Planner) (*routing.Planner, error) {
	if len(t.covers)+len(t.rest) == 0 {
		return c.planner, nil
	}
	key := fmt.Sprint(t.covers, t.rest)
	if planner := planners[key]; planner != nil {
		return planner, nil
	}
	p := c.planner.Policy()
	var err error
	for _, cell := range t.covers {
		if p, err = p.Covering(rep, cell.column, cell.value); err != nil {
			return nil, err
		}
	}
	if len(t.rest) > 0 {
		if p, err = p.Resting(t.rest...); err != nil {
			return nil, err
		}
	}
	planners[key] = routing.New(p)
	return planners[key], nil
}

// free are the reps who could have had the lead at a step of a result, by id.
func (r result) free(step int) []string {
	s := r.plan.Steps[step]
	var ids []string
	for _, p := range s.Members {
		terms := &r.plan.Roster.Reps[p]
		presence := r.state.PresenceAt(terms.ID, r.grant.At)
		if presence == ledger.Left || presence == ledger.Away && !s.LiftAway {
			continue
		}
		if s.LiftFull || len(full(terms.Caps, r.state.LoadAt(terms, r.grant.At), r.plan.Value)) == 0 {
			ids = append(ids, terms.ID)
		}
	}
	return ids
}

// terms of a rep at the decision; nil when the policy has no such rep.
func (r result) terms(rep string) *ledger.Terms {
	reps := r.plan.Roster.Reps
	i := slices.IndexFunc(reps, func(t ledger.Terms) bool { return t.ID == rep })
	if i < 0 {
		return nil
	}
	return &reps[i]
}

// full names the caps under which there is no room for a lead.
func full(caps ledger.Caps, load ledger.Load, value int64) []string {
	reached := map[string]bool{
		"open":       caps.Open > 0 && load.Open >= caps.Open,
		"open value": caps.OpenValue > 0 && load.OpenValue+value > caps.OpenValue,
		"hour":       caps.Hour > 0 && load.Hour >= caps.Hour,
		"day":        caps.Day > 0 && load.Day >= caps.Day,
		"week":       caps.Week > 0 && load.Week >= caps.Week,
	}
	maps.DeleteFunc(reached, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(reached))
}
