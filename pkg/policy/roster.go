package policy

import "time"

// Calendar is a named calendar of the policy.
type Calendar struct {
	Name string
	Zone *time.Location
	Pos  Pos
}

// schedule remembers what depends on time.
type schedule struct{}
