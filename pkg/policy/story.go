package policy

import (
	"encoding/json"
	"time"
)

// Test is one entry of `tests`: a lead and what must become of it.
type Test struct {
	Name   string
	Lead   json.RawMessage // data of lead.created, without an id
	Given  Given
	At     time.Time // zero: everybody is at work
	Count  int       // how often the lead comes, 1 when not said
	Expect []Expect
	Then   []Event
	Pos    Pos
}

// Given is how a test's world differs from an empty ledger with all at work. The
// lists hold positions of reps.
type Given struct {
	Full, Away, OffShift, Left []int32
	// LastOwner and CompanyOwner are what the ledger would say; -1: nobody.
	LastOwner, CompanyOwner int32
}

// Event is one step of a test's story.
type Event struct {
	After  Span   // passes first
	Do     string // an activity: accepted, rejected, …; empty: only time passes
	Reason string // of rejected
	Expect []Expect
	Pos    Pos
}

// Expect is one field of a decision and what it must be.
type Expect struct {
	Field string
	Want  []string // one entry when IsList is not set
	// IsList: the field is a list and must hold exactly Want, in any order.
	IsList bool
	Share  []Share // of the field share
	Pos    Pos
}

// Share is how many of a test's leads a rep must get.
type Share struct {
	Rep  int32
	Want int
}
