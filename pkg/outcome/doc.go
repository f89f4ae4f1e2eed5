// Package outcome gathers leads whose outcome is known, for a score to be learned from.
//
//	lead file ─► intake ─► facts ──────────┐
//	                                       ├─► rows in the order of time ─► train.Table
//	decision log ─► draft of the first plan┘
//	              └► converted, lost
//
// Both give the facts that a router sees, by the same names, so that what is learned of them
// fits the leads to come. Personal data is left out. A lead that is still open is no example
// yet, and so it is left out, too.
package outcome
