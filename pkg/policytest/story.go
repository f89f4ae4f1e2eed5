package policytest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// story is how one lead goes on after its first decision. The world keeps its
// clocks itself, as the policy's SLA says.
type story struct {
	lead    lead.Lead
	came    time.Time       // when it arrived
	since   time.Time       // when the last decision was made: clocks of the owner begin
	past    []string        // owners so far, the present one left out
	entry   string          // ruleset that `reassign` begins at; "": the rules
	waited  time.Duration   // patience spent
	stopped map[string]bool // clocks that have stopped, stages that have passed
}

// happen lets time pass and something happen to the last lead.
func (w *world) happen(e *policy.Event) error {
	if err := w.pass(w.now.Add(e.After.Calendar())); err != nil || e.Do == "" {
		return err
	}
	g, err := w.apply(ledger.Op{Kind: ledger.Activity, Lead: w.last.LeadID, Verb: e.Do})
	if err != nil {
		return err
	}
	if g.Effect == ledger.Ignored && e.Do != ledger.Rejected {
		return fmt.Errorf("%s changes nothing: the lead is %s", e.Do, strings.TrimSpace(w.state(w.last.LeadID)))
	}
	w.story.stop(e.Do)
	switch {
	case e.Do == ledger.Rejected && w.last.RepID == "":
		return fmt.Errorf("rejected changes nothing: nobody has the lead")
	case e.Do == ledger.Rejected:
		return w.move(routing.Previous{Rep: w.last.RepID, Cause: "rejected", Reason: e.Reason}, nil, "")
	case e.Do == ledger.Qualified && w.last.draft.OnQualified != "":
		w.story.entry = w.last.draft.OnQualified
		return w.move(routing.Previous{Rep: w.last.RepID, Cause: "qualified"}, nil, "")
	}
	return nil
}

// stop stops the clocks that an activity ends; contact implies acceptance.
func (s *story) stop(verb string) {
	ends := map[string][]string{
		ledger.Accepted:  {"accepted"},
		ledger.Contacted: {"accepted", "contacted", "overall"},
		ledger.Qualified: {"accepted", "contacted", "overall", "qualified"},
	}[verb]
	if verb == ledger.Converted || verb == ledger.Lost || verb == ledger.Closed {
		ends = []string{"accepted", "contacted", "overall", "qualified"}
	}
	for _, clock := range ends {
		s.stopped[clock] = true
	}
}

// due is the next thing that time brings.
type due struct {
	at time.Time
	do func() error
}

// pass lets time pass until an instant; what falls due on the way happens.
func (w *world) pass(until time.Time) error {
	for {
		next := due{at: until}
		for _, d := range append(w.clocks(), w.line()...) {
			if d.at.Before(next.at) || next.do == nil && !d.at.After(until) {
				next = d
			}
		}
		if next.at.After(w.now) {
			w.now = next.at
		}
		if next.do == nil {
			return nil
		}
		if err := next.do(); err != nil {
			return err
		}
	}
}

// clocks are the stages of the owner's SLA that are still to come.
func (w *world) clocks() []due {
	i := slices.IndexFunc(w.policy.SLAs, func(s *policy.SLA) bool { return s.Name == w.last.draft.SLA })
	if i < 0 || w.last.RepID == "" {
		return nil
	}
	sla := w.policy.SLAs[i]
	var out []due
	for _, c := range []struct {
		name  string
		from  time.Time
		clock policy.Clock
	}{
		{"accepted", w.story.since, sla.Accepted},
		{"contacted", w.story.since, sla.Contacted},
		{"qualified", w.story.since, sla.Qualified},
		{"overall", w.story.came, sla.Overall},
	} {
		for n, stage := range c.clock.Stages {
			id := fmt.Sprintf("%s %d", c.name, n)
			if at, ok := w.after(sla, c.from, stage.After); ok && !w.story.stopped[c.name] && !w.story.stopped[id] {
				out = append(out, due{at, func() error {
					w.story.stopped[id] = true
					return w.stage(c.name, stage)
				}})
			}
		}
	}
	return out
}

// after adds a span in the owner's working time, if the SLA counts that and the
// test asks the calendars.
func (w *world) after(sla *policy.SLA, from time.Time, span policy.Span) (time.Time, bool) {
	rep, _ := w.policy.Rep(w.last.RepID)
	c := w.policy.Reps[rep].Calendar
	if !sla.Business || c == nil || w.test.At.IsZero() {
		return from.Add(span.Calendar()), true
	}
	if span.Days > 0 {
		var ok bool
		if from, ok = c.Hours.AddDays(from, span.Days); !ok {
			return from, false
		}
	}
	return c.Hours.Add(from, span.Rest)
}

// stage does what a stage of a clock says. Reminders change nothing here.
func (w *world) stage(clock string, s policy.Stage) error {
	previous := routing.Previous{Rep: w.last.RepID, Cause: "sla", Clock: clock}
	for _, action := range s.Do {
		switch action {
		case policy.MoveBackup, policy.MoveManager, policy.Rewalk:
			return w.move(previous, w.first(action), routing.Stops(clock))
		case policy.MoveToReview:
			return w.review(&previous, routing.Stops(clock))
		case policy.Remind, policy.TellManager:
		}
	}
	return nil
}

// first is who stands in for the owner, if that is what a clock asks for.
func (w *world) first(action policy.Action) *routing.First {
	stand, code := w.policy.StandIn(w.last.RepID, action), routing.StandIn
	if action == policy.MoveManager {
		code = routing.Escalated
	}
	if stand == "" {
		return nil
	}
	return &routing.First{Rep: stand, Code: code, Rule: w.last.Rule, SLA: w.last.draft.SLA}
}

// move takes the lead from its owner and gives it to the first who is asked, if that one
// is free and has not had it; else to whoever a new walk finds.
func (w *world) move(previous routing.Previous, first *routing.First, unless string) error {
	w.story.past = append(w.story.past, previous.Rep)
	in := w.again()
	in.Previous, in.First = &previous, first
	return w.offer(in, unless)
}

// again is the input of a further walk.
func (w *world) again() routing.Input {
	in := w.input(w.story.lead)
	in.Past, in.Entry, in.Waited = w.story.past, w.story.entry, w.story.waited
	return in
}

// began starts the clocks of a new attempt; that of the arrival goes on.
func (w *world) began() {
	maps.DeleteFunc(w.story.stopped, func(clock string, _ bool) bool { return !strings.HasPrefix(clock, "overall") })
	w.story.since = w.now
}

// line is what time brings to a lead that waits: the end of patience, stages of the
// waiting line, and shifts that begin.
func (w *world) line() []due {
	if w.last.Outcome != ledger.Waiting {
		return nil
	}
	var out []due
	if hold := time.Duration(w.last.draft.Hold) * time.Millisecond; hold > 0 && !w.story.stopped["hold"] {
		out = append(out, due{w.story.since.Add(hold), func() error {
			w.story.stopped["hold"] = true
			w.story.waited += hold
			return w.retry()
		}})
	}
	for n, stage := range w.policy.Waiting.After {
		id := fmt.Sprintf("waiting %d", n)
		if w.story.stopped[id] {
			continue
		}
		out = append(out, due{w.story.since.Add(stage.After.Calendar()), func() error {
			w.story.stopped[id] = true
			if slices.Contains(stage.Do, policy.MoveToReview) {
				return w.review(nil, "")
			}
			return nil
		}})
	}
	for rep := range w.policy.Reps {
		at, ok := w.policy.NextShift(int32(rep), w.now)
		if ok && !w.test.At.IsZero() && at.After(w.now) {
			out = append(out, due{at, w.retry})
		}
	}
	return out
}

// retry plans a waiting lead again.
func (w *world) retry() error { return w.offer(w.again(), "") }

// review hands the lead to the people who decide.
func (w *world) review(previous *routing.Previous, unless string) error {
	in := w.again()
	in.Previous, in.Send = previous, &routing.Send{To: ledger.Review, Code: routing.Escalated}
	return w.offer(in, unless)
}
