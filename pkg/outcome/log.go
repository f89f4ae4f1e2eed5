package outcome

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/score/train"
)

// story is what the log says of a lead, as far as it matters here.
type story struct {
	example
	sequence int64 // of the decision that brought it in
	latest   int64 // of what closed or reopened it last
	closed   bool  // with an outcome
	test     bool
}

// Log gathers from the decisions of a log. Its zero value is not usable: see [NewLog].
type Log struct {
	planner *routing.Planner
	leads   map[string]*story
}

// NewLog begins with an empty log. The policy of planner gives points beside; nil: none
// does.
func NewLog(planner *routing.Planner) *Log {
	return &Log{planner: planner, leads: map[string]*story{}}
}

// Add takes a decision. Partitions may be interleaved, in any order.
func (l *Log) Add(d event.Decision) error {
	g := d.Grant
	switch {
	case g.Lead == "":
	case d.Kind == ledger.Assign && len(d.Draft) > 0:
		var draft routing.Draft
		if err := json.Unmarshal(d.Draft, &draft); err != nil {
			return fmt.Errorf("read the draft of lead %s: %w", g.Lead, err)
		}
		s := l.lead(g.Lead)
		if s.sequence == 0 || g.Sequence < s.sequence {
			s.sequence, s.facts, s.came, s.test = g.Sequence, draft.Facts, time.UnixMilli(draft.At).UTC(), g.Test
		}
	case d.Kind == ledger.Activity:
		l.lead(g.Lead).happened(g.Sequence, g.Verb, g.Effect)
	}
	for _, late := range g.Held { // what came before its lead, and was applied with it
		l.lead(g.Lead).happened(g.Sequence, late.Verb, late.Effect)
	}
	return nil
}

// happened takes what became of the lead. Closed without saying how is no outcome.
func (s *story) happened(sequence int64, verb string, effect ledger.Effect) {
	if sequence < s.latest {
		return
	}
	switch effect { //nolint:exhaustive // all others leave it as it was
	case ledger.Freed:
		s.latest = sequence
		s.closed, s.won = verb == ledger.Converted || verb == ledger.Lost, verb == ledger.Converted
	case ledger.Reowned:
		s.latest, s.closed = sequence, false
	}
}

func (l *Log) lead(id string) *story {
	s, ok := l.leads[id]
	if !ok {
		s = &story{}
		l.leads[id] = s
	}
	return s
}

// Table is of the leads whose outcome is known, by arrival.
func (l *Log) Table() (*train.Table, Summary) {
	var s Summary
	g := &gathering{planner: l.planner}
	for _, lead := range slices.SortedFunc(maps.Values(l.leads), byCame) {
		switch {
		case lead.sequence == 0: // it came by a record that is not there
		case lead.test:
			s.Tests++
		case !lead.closed:
			s.Leads++
			s.Open++
		default:
			s.Leads++
			g.examples = append(g.examples, lead.example)
		}
	}
	return g.table(), s
}
