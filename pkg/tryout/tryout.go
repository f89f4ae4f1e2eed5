// Package tryout asks a policy about one lead, before anything is decided: which
// rules it comes by, who would get it, and who not and why.
//
//	policy, lead ──routing.Plan──► steps ──empty ledger──► Trial
//
// The ledger is an empty one: nobody has leads, everybody's turn is equal. The
// package is pure.
package tryout

import (
	"context"
	"fmt"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Config says when the lead comes, and to whom.
type Config struct {
	At time.Time // when the lead comes
	// Calendars asks who is on shift at that time; otherwise everybody is at work.
	Calendars bool
	// What the ledger would know, rep ids; empty: nobody.
	LastOwner    string // of this person's earlier lead
	CompanyOwner string // of a lead of the same company
}

// Trial is what would become of a lead.
type Trial struct {
	Assigned event.Assigned `json:"assigned"`
	Step     int            `json:"step"` // of the plan: the one that takes the lead
	routing.Explanation
}

// Run tries a lead as it is: whoever asks adds what a router would find out.
func Run(p *policy.Policy, l lead.Lead, cfg Config) (Trial, error) {
	in := routing.Input{Facts: l.Facts(), Evidence: l.Evidence, At: cfg.At, LastOwner: cfg.LastOwner, CompanyOwner: cfg.CompanyOwner}
	if cfg.LastOwner != "" {
		in.Facts["duplicate"] = true
	}
	if !cfg.Calendars {
		in.Shift = make(policy.Set, (len(p.Reps)+63)/64)
		for i := range p.Reps {
			in.Shift.Add(int32(i))
		}
	}
	plan := routing.New(p).Plan(in)
	draft, err := plan.Draft().Encode()
	if err != nil {
		return Trial{}, err
	}
	op := ledger.Op{
		ID: ledger.OpID{Partition: ledger.Partition{Topic: "try"}}, Kind: ledger.Assign, At: cfg.At.UnixMilli(),
		Lead: l.ID, Value: plan.Value, Steps: plan.Steps, Roster: plan.Roster, Body: draft,
	}
	results, err := ledger.NewModel(ledger.Config{}).Apply(context.Background(), ledger.Chunk{Ops: []ledger.Op{op}})
	if err != nil {
		return Trial{}, fmt.Errorf("try lead: %w", err)
	}
	assigned, err := routing.Decide(draft, results[0].Grant)
	if err != nil {
		return Trial{}, fmt.Errorf("try lead: %w", err)
	}
	assigned.Lead = &l
	return Trial{Assigned: assigned, Step: results[0].Grant.Step, Explanation: plan.Explain()}, nil
}
