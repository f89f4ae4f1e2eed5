// Package routing makes the plan for a lead: who may get it, in which order, and
// why.
//
//	Input ──Planner.Plan──► Plan ──Steps, Roster──► ledger ──Grant──┐
//	                         │                                     ▼
//	                         ├──Draft──────────────► bytes ──► Decide ──► lead.assigned
//	                         └──Explain──► everybody's reason, for people
//
// A plan is pure: the same policy and input give the same bytes. It decides all
// that does not change from one moment to the next: rules, guards, who covers what
// the lead asks for, who is on shift. Presence and caps are the ledger's.
//
// # Walking the policy
//
// The first rule that matches gives its destinations; `next` goes on behind it. A
// destination is tried by level: level 0 asks for every match axis, each further
// one leaves one more out. Every level that adds somebody becomes one step, the
// reps who fit and are on shift. The last step is always an end.
//
// A level with patience (hold) at which somebody fits ends the plan for now: the
// lead waits there, and is planned again with [Input.Waited].
//
// # The draft
//
// A draft is the plan's record: it goes to the ledger's memo and to the decision
// log, so that [Decide] needs nothing else, and so that a record that is read once
// more gives the same event although the policy has changed since. It holds the
// facts that the policy asks for and no personal data.
package routing
