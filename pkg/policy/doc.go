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
// Files are read in two passes. The first goes through the sections in the order
// in which they refer to each other (calendars, teams, reps, names, pools, SLAs,
// rules, tests) and only parses expressions. The second knows every name, so that
// definitions may stand in any order, and checks and compiles them.
//
//	parse.go, yaml.go, reader.go, csv.go, source.go   sources, strict YAML, places
//	people.go, reps.go, roster.go                     who there is, and when
//	names.go, derive.go, lookup.go                    what conditions may ask for
//	expr.go, compile.go, value.go, binding.go         CEL, closures, evaluation
//	pools.go, rules.go, guards.go, slas.go, tests.go  the sections that use all that
//	check.go, finder.go                               the policy as a whole; rules by atoms
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
// # Choices where the language leaves one
//
//   - Of two rows of a table with the same keys filled, an exact value goes before a
//     prefix and a long prefix before a short one; only rows with equal keys tie.
//   - Weights are multiplied so that every step of the ramp is a whole number; shares
//     depend on their ratio alone.
//   - A lead whose currency has no rate has no value: a guess would be counted.
//   - weights: performance is a warning, since the reps' own weights hold meanwhile;
//     pick: predicted and experiment are errors.
//   - until includes its day; from and until begin days in UTC.
//
// # Time
//
// The package is pure: no clock, no chance, no I/O but [Load]. What depends on
// time (ramp-up, shifts, the zone of a rep) is asked with an instant and
// remembered for as long as the answer stays the same.
package policy
