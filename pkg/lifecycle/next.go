package lifecycle

import (
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Next is what follows from what has happened to a lead.
type Next struct {
	Timer *event.Timer // the lead's clocks, from now on; nil: as they were
	Still bool         // no clock runs any more
	// Move is the reassignment that an activity asks for; nil: none.
	Move *event.Reassign
}

// Decided is what follows from a grant that its own plan has led to: an attempt begins,
// or a lead goes on waiting.
func Decided(g ledger.Grant, plan *routing.Draft) (n Next) {
	switch {
	case g.Effect == ledger.Owned || g.Effect == ledger.Ended:
		timer, runs := plan.Timer(g.Lead, g.Attempt, g.Rep, begun(g))
		if runs && !over(g) {
			n.Timer = &timer
		} else {
			n.Still = g.Attempt > 1 || len(g.Held) > 0
		}
	case g.Effect == ledger.Ignored && g.Outcome == ledger.Waiting && len(plan.Steps) > 0:
		// The next shift may be another one by now.
		timer, runs := plan.Timer(g.Lead, g.Attempt, "", ledger.Marks{Step: len(plan.Steps) - 1})
		if runs {
			n.Timer = &timer
		}
	}
	return n
}

// Asks says whether what follows from an activity takes the draft of the lead.
func Asks(g ledger.Grant) bool {
	if g.Effect != ledger.Noted || g.Rep == "" || g.Marks == nil {
		return false
	}
	return g.Verb == ledger.Accepted || g.Verb == ledger.Contacted || g.Verb == ledger.Qualified || g.Verb == ledger.Rejected
}

// Happened is what follows from an activity: clocks that stop, and an owner who does not
// keep the lead. reason is that of a refusal, if the policy knows it.
func Happened(g ledger.Grant, lead *routing.Draft, reason string) (n Next) {
	if !Asks(g) {
		n.Still = g.Effect == ledger.Freed || g.Effect == ledger.Dropped
		n.Timer = held(g)
		return n
	}
	leaves := event.Reassign{LeadID: g.Lead, Attempt: g.Attempt, RepID: g.Rep, At: instant(g.At)}
	switch {
	case g.Verb == ledger.Rejected:
		leaves.Cause, leaves.Reason = event.CauseRejected, reason
		n.Move = &leaves
		return n
	case g.Verb == ledger.Qualified && lead.Step(g.Marks.Step).OnQualified != "":
		leaves.Cause = event.CauseQualified
		n.Move = &leaves
		return n
	}
	if timer, runs := lead.Timer(g.Lead, g.Attempt, g.Rep, *g.Marks); runs {
		n.Timer = &timer
	}
	return n
}

// Held is how long an activity waits for its lead.
const Held = 15 * time.Minute

// held is the clock of a lead that the first of its activities has told of. It has the
// attempt that the lead will begin with, whose own clocks replace it.
func held(g ledger.Grant) *event.Timer {
	if g.Effect != ledger.Held || g.Ahead > 0 {
		return nil
	}
	at := instant(g.At)
	return &event.Timer{LeadID: g.Lead, Attempt: 1, Start: at, Due: []event.Due{{
		Clock: routing.ClockHeld, At: at.Add(Held), Do: []string{"drop"},
	}}}
}

// Returned are the leads that a rep gives back: each is to move on.
func Returned(g ledger.Grant) []event.Reassign {
	cause := g.Verb
	switch g.Effect {
	case ledger.Present, ledger.Settled:
	case ledger.Reowned:
		cause = ledger.Left
	default:
		return nil
	}
	list := make([]event.Reassign, len(g.Returns))
	for i, r := range g.Returns {
		list[i] = event.Reassign{LeadID: r.Lead, Attempt: r.Attempt, RepID: g.Rep, Cause: cause, At: instant(g.At)}
	}
	return list
}

// Offered has the lead planned again that is first in line for what came free, or the next
// one of all; nil: none is.
func Offered(g ledger.Grant) *event.Reassign {
	if g.Offer == nil {
		return nil
	}
	o, cause := g.Offer, event.CauseCapacity
	if o.Rep == "" {
		cause = event.CausePolicy
	}
	return &event.Reassign{LeadID: o.Lead, Attempt: o.Attempt, RepID: o.Rep, Cause: cause, At: instant(g.At)}
}

// Wakes tells the clocks that say nothing to people: they have a lead which waits planned
// again, or give up what waits for it.
func Wakes(clock string) (cause string, ok bool) {
	switch clock {
	case routing.ClockHold:
		return event.CauseHold, true
	case routing.ClockShift:
		return event.CauseCapacity, true
	case routing.ClockHeld:
		return event.CauseHeld, true
	}
	return "", false
}

// Moves reports whether what a stage does takes the lead away from its owner, and to
// whom: the first action of the list that does counts.
func Moves(do []string) (to string, yes bool) {
	for _, action := range do {
		switch policy.Action(action) {
		case policy.MoveBackup:
			return event.ToBackup, true
		case policy.MoveManager:
			return event.ToManager, true
		case policy.MoveToReview:
			return event.ToReview, true
		case policy.Rewalk:
			return "", true
		default: // it stays
		}
	}
	return "", false
}

// begun is how far an attempt has come that begins: activities may have come before it.
func begun(g ledger.Grant) ledger.Marks {
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

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
