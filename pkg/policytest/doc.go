// Package policytest runs the tests that a policy carries.
//
//	policy.Test ──lead──► routing ──► ledger.Model ──► decision ──► expect
//	                         ▲                             │
//	                         └── clocks, refusals ◄── then: time, activities, in order
//
// Every test has a ledger of its own, empty but for what `given` says, and
// everybody is at work unless `at` or `given` differ. The stages of an SLA, patience
// (hold), the waiting line and refusals are played here as the policy describes
// them; around the clock unless the test has an `at`.
//
// A lead that moves on leaves its owner's counters; the credit of the turn stays
// paid, whatever turn_back says. What a test needs and this package does not do is
// reported as not run, never as passed.
//
// The package is pure: the same policy gives the same report.
package policytest
