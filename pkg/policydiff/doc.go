// Package policydiff tells what a change of a policy does.
//
//	old, new ──Compare──► Changes: rules, rows, pools, reps and settings that differ
//	old, new, leads ──Owners──► Moved: leads that somebody else would get
//	policy, leads ──Sample──► Findings: what of it no lead of a sample reaches
//
// Leads are tried one by one on an empty ledger with everybody at work, as
// `policy try` does: who is full or whose turn it is plays no part.
//
// The package is pure: the same input gives the same answer, in one order.
package policydiff
