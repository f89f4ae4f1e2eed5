// Package policytest runs the tests that a policy carries.
//
//	policy.Test ──lead──► routing ──► ledger.Model ──► decision ──► expect
//	                                                      │
//	                                     then: activities, in order
//
// Every test has a ledger of its own, empty but for what `given` says, and
// everybody is at work unless `at` or `given` differ. What a test needs and this
// package does not do is reported as not run, never as passed.
//
// The package is pure: the same policy gives the same report.
package policytest
