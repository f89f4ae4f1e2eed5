// Package redisledger is the ledger in Redis: the transitions of package ledger
// as one Lua script, so that any number of routers share one truth without
// conflicts.
//
//	[Ledger.Apply] ── one EVALSHA per part of a chunk ──► apply (lua/0 … 8)
//	                                                        verify the epoch
//	                                                        acknowledge
//	                                                        read counters once
//	                                                        loop over the operations
//	                                                        write back once
//
// # Keys
//
// Every key is in keys.go, with the log record it is folded from. All share one
// hash tag, so that a Redis Cluster keeps a namespace in one slot and the script
// may touch all of it. Besides meta, keys carry a generation: a rebuilt ledger is
// written beside the one in doubt, and meta is flipped to it last.
//
// # Epoch
//
// meta holds the number of the epoch and the server it was verified on: its
// run_id changes with a restart, its master_replid with a promotion. Each script
// compares both, and that the last sequence is not below what the caller has seen.
// Otherwise it refuses with [ledger.ErrEpoch], and the ledger has to be folded
// from the log again, while routers go on asking it:
//
//	[Replacement.Halt]   meta ──► a generation that nobody knows: all are refused
//	[Replacement.Stage]  keys of the next generation, read by nobody, and checked
//	                     (here the epoch record is committed to the log)
//	[Replacement.Flip]   meta ──► the next generation, if it still stands still as
//	                     Halt has left it and on the same server
//
// Whoever halts a ledger takes it from who halted it before. A crash anywhere leaves
// it standing still, and another replacement starts again.
//
// # Numbers
//
// Lua has doubles only. The limits of package ledger keep every product below
// 2^53; floor division is exact there. Numbers leave the script through
// string.format alone: Redis writes 14 digits otherwise.
package redisledger
