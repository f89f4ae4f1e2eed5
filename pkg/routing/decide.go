package routing

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// Decide joins a draft and what the ledger did with it. It asks for nothing else,
// so that the same two always give the same event. The lead itself is left out:
// the log does not hold the one, and the other is the record's to name. A grant that gave the lead to nobody and nowhere (a
// repeat, an activity) is an error.
func Decide(draft []byte, g ledger.Grant) (event.Assigned, error) {
	var d Draft
	if err := json.Unmarshal(draft, &d); err != nil {
		return event.Assigned{}, fmt.Errorf("read draft of lead %s: %w", g.Lead, err)
	}
	return d.Decide(g)
}

// Decide is [Decide] for a draft that is read already.
func (d Draft) Decide(g ledger.Grant) (event.Assigned, error) {
	if g.Effect != ledger.Owned && g.Effect != ledger.Ended {
		return event.Assigned{}, fmt.Errorf("decide lead %s: its grant is %s", g.Lead, g.Effect)
	}
	if d.Engine != Engine {
		return event.Assigned{}, fmt.Errorf("decide lead %s: engine %d is not known", g.Lead, d.Engine)
	}
	if g.Step < 0 || g.Step >= len(d.Steps) {
		return event.Assigned{}, fmt.Errorf("decide lead %s: its draft has no step %d", g.Lead, g.Step)
	}
	s := &d.Steps[g.Step]
	a := event.Assigned{
		LeadID: g.Lead, Attempt: g.Attempt, Outcome: g.Outcome,
		RepID: g.Rep, Pool: s.pool(), Rule: s.Rule, Row: s.Row, Pick: s.Code.pick(),
		Reason: d.Reason(g.Step), ReasonCode: string(s.Code), ReasonData: d.data(s),
		Relaxed: s.Relaxed, Over: g.Over, Score: d.Score, Fit: d.Fit, Intent: d.Intent,
		Tags: d.Tags, Tell: d.Tell, Evidence: d.Evidence, Learned: d.Learned,
		AssignedAt: instant(g.At), Policy: d.Policy, Sequence: g.Sequence,
	}
	if d.Previous != nil {
		a.Previous = &event.Previous{RepID: d.Previous.Rep, Cause: d.Previous.Cause, Clock: d.Previous.Clock}
	}
	if g.Turn != nil {
		a.ReasonData["turn"] = g.Turn.Before // the credit that won, in micro-leads or minor units
		if g.Turn.Amount != ledger.Unit {
			a.ReasonData["turn_amount"] = g.Turn.Amount // what this lead takes, in the same
		}
	}
	if g.Over {
		a.Reason += " You are past a cap: the policy wants you to have it all the same."
	}
	if len(a.ReasonData) == 0 {
		a.ReasonData = nil
	}
	if g.Rep != "" {
		crew := d.crew(g.Rep)
		a.Team, a.SLA = crew.Team, d.deadline(s.SLA, crew.Calendar)
	}
	return a, nil
}

func (d Draft) crew(rep string) Crew {
	if len(d.Crews) == 0 {
		return Crew{}
	}
	for _, c := range d.Crews[1:] {
		if _, ok := slices.BinarySearch(c.Reps, rep); ok {
			return c
		}
	}
	return d.Crews[0]
}

func (d Draft) deadline(sla, calendar string) *event.SLA {
	stages, at := d.clocks(sla, calendar)
	if stages == nil {
		return nil
	}
	return &event.SLA{
		Name: sla, AcceptBy: instant(by(ClockAccepted, stages, at)), ContactBy: instant(by(ClockContacted, stages, at)),
	}
}

// instant of Unix milliseconds; 0 is none.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
