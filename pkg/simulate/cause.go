package simulate

import (
	"slices"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/routing"
)

// key names one reason to have a lead planned again. What has the same key in the past
// and in a simulation is the same.
type key struct {
	lead    string
	attempt int
	why     string // one of event.Causes
	clock   string
	stage   int
	to      string
	due     int64
}

// cause is a reason to have a lead planned again, from its instant on.
type cause struct {
	key
	rep    string
	reason string // of a refusal
}

func causeOf(r event.Reassign) cause {
	return cause{
		key: key{
			lead: r.LeadID, attempt: r.Attempt, why: r.Cause, clock: r.Clock, stage: r.Stage, to: r.To, due: r.At.UnixMilli(),
		},
		rep: r.RepID, reason: r.Reason,
	}
}

// reassign is the cause as the record that the router would read.
func (c *cause) reassign() event.Reassign {
	return event.Reassign{
		LeadID: c.lead, Attempt: c.attempt, RepID: c.rep, Cause: c.why, Reason: c.reason, Clock: c.clock, Stage: c.stage, To: c.to, At: instant(c.due),
	}
}

// agenda is what is to come for one lead.
type agenda struct {
	attempt int
	pending []cause
	said    []key // clocks of this attempt that have run out: each does once
}

// begin forgets what was about an earlier attempt.
func (a *agenda) begin(attempt int) {
	if attempt == a.attempt {
		return
	}
	a.attempt, a.said = attempt, nil
	a.pending = slices.DeleteFunc(a.pending, func(c cause) bool { return c.attempt != attempt })
}

// wind replaces the clocks by those of a timer. It gives those that are new.
func (a *agenda) wind(t *event.Timer, now int64) (added []cause) {
	old := slices.Clone(a.pending)
	a.still(now)
	for _, due := range t.Due {
		r := event.Reassign{LeadID: t.LeadID, Attempt: t.Attempt, RepID: t.RepID, Clock: due.Clock, Stage: due.Stage, At: due.At}
		if due.Clock == routing.ClockHeld {
			continue // the past tells when it gave up what came before its lead
		}
		if why, wakes := lifecycle.Wakes(due.Clock); wakes {
			r.Cause = why
		} else if to, moves := lifecycle.Moves(due.Do); moves {
			r.Cause, r.To = event.CauseSLA, to
		} else {
			continue
		}
		c := causeOf(r)
		if slices.Contains(a.said, c.key) || a.has(c.key) {
			continue
		}
		a.pending = append(a.pending, c)
		if !slices.ContainsFunc(old, func(o cause) bool { return o.key == c.key }) {
			added = append(added, c)
		}
	}
	return added
}

// still stops all clocks. What has run out already is under way: whether it was in time is
// for the ledger to say.
func (a *agenda) still(now int64) {
	a.pending = slices.DeleteFunc(a.pending, func(c cause) bool { return c.clock != "" && c.due > now })
}

// add takes a cause that holds from its instant on, whatever the clocks say.
func (a *agenda) add(c cause) { a.pending = append(a.pending, c) }

// has says whether a cause is still to come.
func (a *agenda) has(k key) bool {
	return slices.ContainsFunc(a.pending, func(c cause) bool { return c.key == k })
}

// take removes a cause that has come.
func (a *agenda) take(k key) (c cause, ok bool) {
	i := slices.IndexFunc(a.pending, func(c cause) bool { return c.key == k })
	if i < 0 {
		return c, false
	}
	c = a.pending[i]
	a.pending = slices.Delete(a.pending, i, i+1)
	if c.clock != "" {
		a.said = append(a.said, k)
	}
	return c, true
}

// follow takes what follows from a decision or an activity. It gives the causes that are
// new.
func (a *agenda) follow(n lifecycle.Next, now int64) (added []cause) {
	switch {
	case n.Timer != nil:
		return a.wind(n.Timer, now)
	case n.Still:
		a.still(now)
	case n.Move != nil:
		c := causeOf(*n.Move)
		a.add(c)
		return []cause{c}
	}
	return nil
}
