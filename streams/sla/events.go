package sla

import (
	"strconv"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/policy"
)

// outputs are the names of the topics that a watcher writes.
type outputs struct{ sla, reassign, fired string }

// records are what is written of a notice: milestones, a reassignment where the lead
// has to move, and last what has been said by now.
func (o outputs) records(n notice) ([]*kstream.Record, error) {
	switch {
	case n.stage != nil:
		return o.stageRecords(n)
	case n.met != "":
		return o.metRecords(n)
	default:
		return []*kstream.Record{{Topic: o.fired, Key: []byte(n.lead)}}, nil
	}
}

func (o outputs) stageRecords(n notice) ([]*kstream.Record, error) {
	w := writer{notice: n, cause: n.cause(n.stage.clock, strconv.Itoa(n.stage.number)), at: instant(n.at)}
	if cause, wakes := lifecycle.Wakes(n.stage.clock); wakes {
		w.write(o.reassign, event.LeadReassign, "", event.Reassign{
			LeadID: n.lead, Attempt: n.attempt, Cause: cause, Clock: n.stage.clock, At: w.at,
		})
		w.write(o.fired, event.LeadFired, "", n.fired())
		return w.out, w.err
	}
	for _, e := range n.stage.events() {
		m := n.milestone(e, n.stage.clock)
		m.Stage, m.Due, m.Do = n.stage.number, w.at, n.stage.do
		if e == event.Escalated && n.stage.does(policy.TellManager) {
			m.Tell = n.owner.tell
		}
		w.write(o.sla, event.LeadSLA, e, m)
	}
	if to, moves := lifecycle.Moves(n.stage.do); moves {
		w.write(o.reassign, event.LeadReassign, "", event.Reassign{
			LeadID: n.lead, Attempt: n.attempt, RepID: n.owner.rep, Cause: "sla",
			Clock: n.stage.clock, Stage: n.stage.number, To: to, At: w.at,
		})
	}
	w.write(o.fired, event.LeadFired, "", n.fired())
	return w.out, w.err
}

func (o outputs) metRecords(n notice) ([]*kstream.Record, error) {
	w := writer{notice: n, cause: n.cause(n.met, event.Met), at: instant(n.at)}
	w.write(o.sla, event.LeadSLA, event.Met, n.milestone(event.Met, n.met))
	w.write(o.fired, event.LeadFired, "", n.fired())
	return w.out, w.err
}

// cause names what the events of a notice derive from. Only the first part may hold a
// slash of its own.
func (n notice) cause(clock, what string) string {
	return n.lead + "/" + strconv.Itoa(n.attempt) + "/" + clock + "/" + what
}

// milestone is one of the notice, as far as all of them are alike.
func (n notice) milestone(name, clock string) event.Milestone {
	return event.Milestone{
		LeadID: n.lead, Attempt: n.attempt, Event: name, SLA: n.owner.sla,
		Clock: clock, RepID: n.owner.rep, At: instant(n.at),
	}
}

// fired is all that has been said of the attempt, with this notice.
func (n notice) fired() event.Fired {
	f := event.Fired{LeadID: n.lead, Attempt: n.attempt, Fired: make([]event.FiredStage, len(n.now.fired)), Met: n.now.met}
	for i, m := range n.now.fired {
		f.Fired[i] = event.FiredStage{Clock: m.clock, Stage: int(m.stage), At: instant(m.at), Breach: m.breach}
	}
	return f
}

// writer makes the records of one notice. The first error stays.
type writer struct {
	notice
	cause string
	at    time.Time
	out   []*kstream.Record
	err   error
}

// write adds an event. kind tells apart events of one type with one cause.
func (w *writer) write(topic string, t event.Type, kind string, data any) {
	cause := w.cause
	if kind != "" {
		cause += "/" + kind
	}
	e, err := event.New(t, cause, 0, w.lead, w.at, data)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.out = append(w.out, kstream.Encode(topic, w.lead, e))
}

// instant is the other way round of how the book keeps them.
func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
