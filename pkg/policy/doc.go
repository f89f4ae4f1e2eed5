// Package policy turns YAML, CEL and CSV into an immutable, checked [Policy].
//
//	*.yaml, *.csv ──Load──► Issues, or a *Policy ──Bind(facts, at)──► *Binding
//	                                    │                                │
//	                                    ▼                                ▼
//	                        rules, pools, reps to walk       answers of every condition
//
// # Reading
//
// All problems are found in one run; each is an [Issue] with its place, an
// excerpt and, where there is one, a suggestion. A policy with errors is never
// handed out.
//
// # Conditions
//
// A condition is CEL over the names of a lead ([lead.Names]) and those that the
// policy makes: define, bands, tables, fit, intent, score, value. Logic has three
// values: a condition on a name that the lead lacks is [Unknown], and so is its
// negation. Unknown is not a match. Most conditions are compiled to closures over
// numbered slots of a [Binding]; what is not of a common form runs as a
// cel.Program, with any error read as Unknown.
//
// # Time
//
// The package is pure: no clock, no chance, no I/O but [Load]. What depends on
// time (ramp-up, shifts, the zone of a rep) is asked with an instant and
// remembered for as long as the answer stays the same.
package policy
