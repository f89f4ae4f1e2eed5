// Package ledgertest is the conformance suite of [ledger.Store]. It drives a store
// and the model with the same random operations, redelivers, acknowledges, takes
// back and rebuilds, and compares every answer and the whole state; and it checks
// what must hold whatever happens.
package ledgertest
