package simulate

import (
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// Result is what a simulation comes to.
type Result struct {
	Policy event.Policy `json:"policy"`
	From   time.Time    `json:"from"`  // the first lead came
	Until  time.Time    `json:"until"` // the last
	Leads  int          `json:"leads"` // counted: test leads and earlier ones are left out, here and below
	// Outcomes count leads by where they are at the end.
	Outcomes map[ledger.Outcome]int `json:"outcomes"`
	Waits    Waits                  `json:"waits"`
	SLAs     []SLA                  `json:"slas"` // by name
	Reps     []Rep                  `json:"reps"` // by id
	// Over counts grants past a cap, which `even_if: [full]` or a person asked for.
	Over  int    `json:"over"`
	Turns []Turn `json:"turns"` // books that count leads, by name
	// Draws are answers of owners that never were: with any, what follows is an estimate.
	Draws int  `json:"draws"`
	Past  Past `json:"past"`
	// Skipped counts what could not be run, by why.
	Skipped map[string]int `json:"skipped,omitempty"`

	// Fates of leads, by id.
	Fates map[string]*Fate `json:"-"`
}

// Waits is how long leads waited that did not get an owner at once.
type Waits struct {
	Leads int           `json:"leads"` // that waited, and got one
	Still int           `json:"still"` // that wait at the end
	P50   time.Duration `json:"p50_ns"`
	P95   time.Duration `json:"p95_ns"`
}

// SLA is how its targets were kept.
type SLA struct {
	Name   string `json:"name"`
	Met    int    `json:"met"`
	Missed int    `json:"missed"`
	Drawn  int    `json:"drawn"` // of both, what an owner is thought to have done
}

// Share of the targets that were met; 0 where none was measured.
func (s SLA) Share() float64 {
	if s.Met+s.Missed == 0 {
		return 0
	}
	return float64(s.Met) / float64(s.Met+s.Missed)
}

// Rep is what a rep got.
type Rep struct {
	ID    string `json:"rep_id"`
	Leads int    `json:"leads"`           // that the rep has at the end, or closed
	Value int64  `json:"value,omitempty"` // of these, minor units
	Given int    `json:"given"`           // attempts; some were taken away again
	Lost  int    `json:"lost"`            // attempts that others have got after
	Open  int64  `json:"open"`            // at the end
	Peak  int64  `json:"peak"`            // most open at a time
	Full  int    `json:"full"`            // grants that filled a cap
	Over  int    `json:"over"`            // grants past one
}

// Turn is how far a book of turns was from even.
type Turn struct {
	Book    string  `json:"book"`
	Largest float64 `json:"largest"` // credit or debt of anybody at any time, in leads
	Bound   float64 `json:"bound"`   // that equal weights never pass: (reps - 1) / 2
}

// Past says how a simulation differs from what has happened.
type Past struct {
	Decisions   int          `json:"decisions"`   // that the past has made
	Same        int          `json:"same"`        // made here by the same record: owner, outcome, attempt
	Differences int          `json:"differences"` // made otherwise, not made, or made besides
	Leads       int          `json:"leads"`       // that these are about
	First       []Difference `json:"first,omitempty"`
}

// Difference is a decision that the past does not have so.
type Difference struct {
	Sequence int64          `json:"sequence,omitempty"` // of the past; 0: it has none there
	Lead     string         `json:"lead_id"`
	At       time.Time      `json:"at"`
	Attempt  int            `json:"attempt"`
	Was      string         `json:"was"` // rep, else outcome; empty: nothing was decided
	Is       string         `json:"is"`
	Outcome  ledger.Outcome `json:"outcome,omitempty"`
}

// Fate is what becomes of a lead.
type Fate struct {
	Lead    string
	Apart   bool  // a test, or from before what is counted
	Arrived int64 // Unix milliseconds
	First   int64 // it has its first owner; 0: none ever
	Waited  bool  // there was nobody at first
	Value   int64 // minor units
	Outcome ledger.Outcome
	Rep     string // the last owner
	Begins  string // the first owner
	Rule    string // that led to the last outcome
	Row     string
	Owners  int  // it had
	Drawn   bool // something drawn has led here
	Missed  int  // targets
}

// Who has the lead: a rep, or an outcome.
func (f *Fate) Who() string {
	if f.Rep != "" {
		return f.Rep
	}
	return string(f.Outcome)
}
