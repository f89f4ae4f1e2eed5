// Package simulate runs what has happened through a policy, without touching anything.
//
//	lead.decisions ─► Reader ─► History ─┐
//	lead files     ─► builder ─►         ├─► Run ─► Result: fates of leads, reps, SLAs
//	a spec         ─► Generate ─►        │    ▲
//	                                     │    └── Replies: how soon reps answered
//	                             policy ─┘
//
// # What is history, and what is not
//
// Leads, activities, the status of reps and what people decided come from outside:
// they happen in a simulation as they did, in their order and at their time. What the
// router brought about itself (clocks that ran out, places that came free, leads given
// back) is not history: under another policy it goes otherwise, and so a simulation
// brings it about anew, by package lifecycle, as the router and the watcher do.
//
// The one thing that it takes from the past is the delay. Between the instant at which
// something was due and its decision other leads were decided; where the very same thing
// (lead, attempt, clock, stage, instant) was due in the past, it is decided in the
// simulation where it was decided then. So a simulation under the policy that has
// decided ends as the past did, without a difference.
//
// # What owners do
//
// An attempt that the simulation decides at the same record for the same rep is the one of
// the past: what the rep did then happens. Any other is one that never was, and what the
// rep would have done is drawn: from how soon this rep answered in the past, in working
// time where there is a calendar; from everybody's answers where there are few. Attempts
// that ended before an answer count as "not by then" (Kaplan and Meier 1958). A draw
// follows from (seed, lead, rep, attempt), so two policies that give a lead to the same
// rep draw the same.
//
// What becomes of a lead in the end (qualified, converted, lost, closed) is the lead's own:
// it happens when it happened, whoever has the lead. Nothing is promised of giving leads
// to reps who have closed more.
//
// The package does no input and no output.
package simulate
