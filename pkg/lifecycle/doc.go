// Package lifecycle is how a lead's life goes on after a decision: what has a known lead
// planned again, and what follows from a grant.
//
//	lead.reassign ─┐
//	lead.command   ├─► Move ──Plan──► operation ──► grant ──► Next: clocks that run,
//	lead.updated   │     ▲                                    leads that are to move
//	claims        ─┘     └──────── Reassign ◄── Wakes, Moves ◄── a clock has run out
//
// The router does this for records, the watcher for clocks, a simulation for both: they
// share it, so that they cannot differ. The package is pure.
package lifecycle
