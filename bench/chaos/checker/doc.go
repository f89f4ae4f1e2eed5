// Package checker looks at what a run has left in the topics and says what must not be.
// It is pure, and shares no code with what decides: it reads the JSON of the contract,
// and counts by itself.
//
//	records ──► history ──► input    each record decided once, or set aside
//	                   ├──► chain    each lead one chain of owners, none lost or doubled
//	                   ├──► count    sequences, caps, turns, counted again; who waits in vain
//	                   ├──► clocks   each stage once, and none too soon
//	                   └──► linear   what was seen of a lead is one order (porcupine)
//	                                        │
//	                                 violations, each with the story of a lead
//
// What Redis holds, and whether each decision can be derived again, is the audit's to
// say (leadrouter audit --ledger), which is run beside it.
package checker
