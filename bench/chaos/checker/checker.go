package checker

import (
	"fmt"
	"slices"

	"leadrouter/pkg/testkit/recount"
)

// Kind of a violation.
type Kind string

// The kinds.
const (
	Unreadable Kind = "unreadable" // an event is no JSON of the contract
	Lost       Kind = "lost"       // a lead, or a record, that nothing came of
	Doubled    Kind = "doubled"    // what must come once came again
	Chain      Kind = "chain"      // attempts that do not follow from each other
	Mismatch   Kind = "mismatch"   // subscribers read something else than the log says
	Sequence   Kind = "sequence"   // a number twice, or a hole that nothing explains
	Owner      Kind = "owner"      // a lead went from somebody who did not have it
	Cap        Kind = "cap"        // a rep holds more than the policy allows
	Turn       Kind = "turn"       // it was somebody else's turn, or a book leaves its bound
	Stage      Kind = "stage"      // of a clock: said twice, never, or too soon
	Order      Kind = "order"      // what was seen of a lead is not one order of events
	Stuck      Kind = "stuck"      // a lead waits although there is room
	DeadLetter Kind = "dead-letter"
)

// Violation is something that must not be.
type Violation struct {
	Kind Kind   `json:"kind"`
	Lead string `json:"lead,omitempty"`
	What string `json:"what"`
}

// Result is what a check has come to.
type Result struct {
	Violations []Violation
	// Counts of what was looked at, by name: a check of nothing finds nothing.
	Counts map[string]int
}

// findings collects violations and counts.
type findings struct{ Result }

func (f *findings) add(kind Kind, lead, format string, args ...any) {
	f.Violations = append(f.Violations, Violation{Kind: kind, Lead: lead, What: fmt.Sprintf(format, args...)})
}

func (f *findings) count(what string, n int) { f.Counts[what] += n }

// Check looks at everything.
func Check(h History) Result {
	f := &findings{Result{Counts: map[string]int{}}}
	log := f.readLog(&h)
	f.checkInput(&h, log)
	f.checkChains(&h, log)
	f.checkCounts(&h, log)
	f.checkClocks(&h)
	f.checkOrder(&h, log)
	return f.Result
}

// readLog reads lead.decisions, by sequence. What was taken back never came to the log
// by itself: it stands at its own place.
func (f *findings) readLog(h *History) []entry {
	var log []entry
	for _, r := range h.byTopic(decisions) {
		e, ok := decode[entry](f, r)
		if !ok {
			continue
		}
		e.record = r
		log = append(log, e)
		if e.Grant.Undone != nil {
			log = append(log, entry{Entry: recount.Entry{Grant: *e.Grant.Undone}})
		}
	}
	slices.SortStableFunc(log, func(a, b entry) int { return int(a.Grant.Sequence - b.Grant.Sequence) })
	f.count("decisions", len(log))
	return log
}

// Shortest gives for each kind one violation: that of the lead with the fewest records,
// whose story is the easiest to read.
func (r Result) Shortest(h History) []Violation {
	length := map[string]int{}
	for i := range h.Records {
		length[h.Records[i].Key]++
	}
	best := map[Kind]Violation{}
	var kinds []Kind
	for _, v := range r.Violations {
		b, seen := best[v.Kind]
		if !seen {
			kinds = append(kinds, v.Kind)
		}
		if !seen || v.Lead != "" && (b.Lead == "" || length[v.Lead] < length[b.Lead]) {
			best[v.Kind] = v
		}
	}
	shortest := make([]Violation, len(kinds))
	for i, kind := range kinds {
		shortest[i] = best[kind]
	}
	return shortest
}
