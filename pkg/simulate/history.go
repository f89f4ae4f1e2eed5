package simulate

import (
	"cmp"
	"slices"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// Kind says what a record of a history is about.
type Kind uint8

// The kinds of records. All but Turnover come from outside.
const (
	Arrival  Kind = iota + 1 // a lead comes
	Update                   // more is known of a lead
	Activity                 // something happens to a lead
	Status                   // a rep is available, away or has left
	Command                  // a person decides about a lead
	Expiry                   // what came before a lead that never came is given up
	Turnover                 // the past's own doing: where it was decided
)

// Wake is the verb of a command that nobody gave: another policy was in force, or a router
// began, and a lead that waits was planned again.
const Wake = "wake"

// Record is one thing that has happened. Instants are Unix milliseconds.
type Record struct {
	Kind Kind
	At   int64
	Lead string
	Rep  string // of a status the rep, of a command to whom, of an early activity by whom
	// Verb of an activity, a status or a command, as in package event; [Wake] besides.
	Verb  string
	Until int64 // of a status: end of an absence; 0: until told
	// Attempt of the past that an activity speaks of; 0: before there was one, or in no
	// past at all.
	Attempt int
	Late    bool       // an activity about an attempt that was over
	Early   bool       // an activity that came before its lead
	Reason  string     // of a refusal, in the policy's words
	Facts   lead.Facts // of an arrival, an update
	Test    bool       // an arrival that is decided and never counted

	// absent are the reps whose calendars kept them away then, as far as the past asked.
	absent []routing.Absence
	// Of an arrival: what told of other leads of its person and company, and how its facts
	// were known, as far as the past asked.
	traits   *ledger.Traits
	evidence *lead.Evidence

	now   int64    // ledger time, where the past had gone on a little by the time of it
	cause *cause   // of a turnover, what it answered
	past  *decided // what became of it; nil: nothing was decided
}

// decided is a decision of the past.
type decided struct {
	sequence int64
	attempt  int
	outcome  ledger.Outcome
	rep      string
}

// History is what a simulation runs, in order. It is read only once it is made, and may
// be used by several simulations at a time.
type History struct {
	Records []Record
	// Leads that came, test leads left out.
	Leads int
	// Skipped counts what the log does not tell enough about, by why.
	Skipped map[string]int
	// Policies that decided in the past, by hash; none: there is no past.
	Policies map[string]event.Policy
	// Answers are the attempts of the past: how soon who answered.
	Answers []Answer

	arrivals map[string]int // of leads, in Records
	resolved map[key]int    // where the past came to what was due, in Records
}

// NewHistory is an empty history to add to, in any order; [History.Sort] comes last.
func NewHistory() *History {
	return &History{
		Skipped: map[string]int{}, Policies: map[string]event.Policy{},
		arrivals: map[string]int{}, resolved: map[key]int{},
	}
}

// Arrive adds a lead.
func (h *History) Arrive(l lead.Lead, at time.Time) {
	h.Records = append(h.Records, Record{Kind: Arrival, At: at.UnixMilli(), Lead: l.ID, Facts: l.Facts(), Test: l.Test})
}

// Happen adds an activity at its instant.
func (h *History) Happen(a event.Activity) {
	r := Record{Kind: Activity, At: a.At.UnixMilli(), Lead: a.LeadID, Verb: a.Activity, Reason: a.Reason}
	if a.Activity == event.Claimed || a.Activity == event.OwnerChanged {
		r = Record{Kind: Command, At: r.At, Lead: a.LeadID, Verb: event.CommandAssign, Rep: a.RepID}
	}
	h.Records = append(h.Records, r)
}

// Tell adds the status of a rep at its instant.
func (h *History) Tell(s event.Status) {
	r := Record{Kind: Status, At: s.At.UnixMilli(), Rep: s.RepID, Verb: s.Status}
	if !s.Until.IsZero() {
		r.Until = s.Until.UnixMilli()
	}
	h.Records = append(h.Records, r)
}

// Sort puts the records in the order of time; what came at one instant keeps its order.
// A history that was read from a log is in order.
func (h *History) Sort() {
	slices.SortStableFunc(h.Records, func(a, b Record) int { return cmp.Compare(a.At, b.At) })
	h.index()
}

// index counts the leads and finds where they arrived.
func (h *History) index() {
	h.Leads = 0
	clear(h.arrivals)
	for i := range h.Records {
		r := &h.Records[i]
		if r.Kind != Arrival {
			continue
		}
		h.arrivals[r.Lead] = i
		if !r.Test {
			h.Leads++
		}
	}
}

// Facts of a lead as it came; nil for one that never did.
func (h *History) Facts(id string) (facts lead.Facts, at time.Time) {
	i, ok := h.arrivals[id]
	if !ok {
		return nil, time.Time{}
	}
	return h.Records[i].Facts, time.UnixMilli(h.Records[i].At).UTC()
}

// Span is the time from the first record to the last.
func (h *History) Span() (from, until time.Time) {
	if len(h.Records) == 0 {
		return from, until
	}
	return time.UnixMilli(h.Records[0].At).UTC(), time.UnixMilli(h.Records[len(h.Records)-1].At).UTC()
}

// Complete adds facts of a lead that the log does not hold: it holds what the policy of the
// day asked for. What it does hold stays.
func (h *History) Complete(id string, facts lead.Facts, names []string) {
	i, ok := h.arrivals[id]
	if !ok {
		return
	}
	r := &h.Records[i]
	for _, name := range names {
		v, known := facts[name]
		if _, held := r.Facts[name]; held || !known {
			continue
		}
		r.Facts[name] = v
	}
}

// Lacking counts for each name the leads that do not have it.
func (h *History) Lacking(names []string) map[string]int {
	out := map[string]int{}
	for _, i := range h.arrivals {
		for _, name := range names {
			if _, ok := h.Records[i].Facts[name]; !ok {
				out[name]++
			}
		}
	}
	return out
}
