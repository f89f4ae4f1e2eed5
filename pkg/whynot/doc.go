// Package whynot finds the smallest change that would have given a lead to another rep.
//
//	decision, ledger before it ──► Case ──► changes ──┬─► plan again ─► grant again ─► that rep?
//	                                  ▲               │                                  │ no
//	                                  │               └──── the next change, then pairs ◄┘
//	                               Search
//
// Nothing is concluded from the plan: a change is told only when the lead, planned and
// granted once more with it, goes to the rep. What may change: what stands in the rep's
// row, whether the rep was there, had room, had had the lead before; how high the turn
// was; who else was free; and whether a rule matched. Guards are not among it: they are
// never relaxed.
//
// The package is pure.
package whynot
