// Package ledger is the one place where counters change: whose turn it is, how
// much every rep holds, who owns which lead.
//
// A [Chunk] of operations goes in, a [Result] per operation comes out. The
// package holds the operations, the [State] they work on and the [Model], the
// reference implementation in plain Go. Package redisledger runs the same
// transitions as one Lua script; the suite in ledgertest drives every [Store]
// with the same random sequences and compares results and states.
//
//	          Chunk{Acks, Ops}                     []Result
//	router ───────────────────► Store.Apply ───────────────────► decision log
//	                               │    ▲
//	                               ▼    │ fold
//	                             State ◄┴──────────────────────── decision log
//
// # How an operation is named
//
// An operation is caused by one input record and named by it ([OpID]). Per input
// partition the ledger keeps the acknowledged position and, above it, one memo
// per operation. A record seen again gives:
//
//   - below the position: [Done], nothing comes out;
//   - on a memo: the memo's grant and the memo's own bytes, so that the first
//     plan wins whatever the policy says by now;
//   - otherwise: it is applied, given a sequence and remembered.
//
// # No dirty reads of a lead
//
// While the last operation on a lead is not acknowledged, only the batch that
// caused it may go on with that lead, and only by records of the same partition;
// everybody else is told [Busy] and comes back, in the order of the partition. So
// all that is in flight of a lead stands in one partition, and if its transaction
// is aborted it is delivered again, and written, in that order: two partitions may
// come back in two batches, and to two routers.
//
// # Turns
//
// Rotation is a credit ledger (Fagin and Williams 1983, "A fair carpool
// scheduling algorithm"; Coppersmith et al. 2011): for a lead whose free set is
// E every rep i of E earns w_i/Σw and the one who gets it pays 1. The largest
// credit wins. Credits are whole micro-units shared out by largest remainder, so
// that a book always adds up to zero and Lua and Go agree to the bit. For equal
// weights a balance stays within (n-1)/2 leads of zero in whatever order leads
// come in, n being the reps of the book.
//
// The package is pure: no I/O, no clock, no chance.
package ledger
