// Package kstream applies a handler to Kafka topics exactly once. It is the only package that
// talks to Kafka: streams, and for tools a [Publisher], an [Exclusive] for records that belong
// together, readers ([Client.ReadToEnd], [Client.Tail]), barriers ([Client.Mark],
// [Client.ReadThrough]) and the administration of topics ([Client.CreateTopics]).
//
// # The loop
//
// One group consumer, and two or three transactional producers in turn:
//
//	       poll ──► queue ──► Handle ──► begin, produce ──► offsets ──► end ──► Committed
//	batch k                   ██         ████████           ███         ██
//	batch k+1                        ██           ████████         ···         ███  ██
//	batch k+2                                              ██ ···      ████████
//	                                                       waits for a place
//
// A transaction is the output, the offsets of its input (TxnOffsetCommit with the member id and
// generation from before the poll), and the end. Batch k+1 is handled at any time and written
// while k ends, but not while k is written, or the records of a key could be swapped; its
// offsets wait until k is committed, so commits are in order and never behind a gap. At most
// two transactions are under way. The producer that has been idle longest takes the next one:
// the broker answers a transaction that begins while the last one's markers are being written
// with 20 ms of waiting. A batch without output commits its offsets without a transaction.
//
// The batch size follows the backlog: a batch is whatever has arrived when its turn comes, at
// most [Config.MaxBatch] and [Config.MaxBatchBytes]. Nothing lingers, and nothing is read ahead
// beyond that: a handler that is slow leaves the backlog with the brokers.
//
// # What the handler may rely on
//
// All methods of [Handler] are called from one goroutine. Per partition:
//
//		Assigned(p: offset) ── Handle ── Handle ── Committed ── … ── Revoked(p)
//		      ▲                                        │ abort: what was handled above the
//		      └────────────────────────────────────────┘ committed offset did not happen
//
//	  - Assigned comes before the first record of a partition and names the first offset. It comes
//	    again after an abort. Assigned and Handle are repeated, with backoff, while they fail.
//	  - Records of a partition come in order, none is left out, and none comes again unless
//	    Assigned has said so, or the handler itself has put it back through Output.Until.
//	  - Committed(k) comes after Handle(k), and possibly after Handle(k+1). Its offsets only rise
//	    between two Assigned.
//	  - Revoked comes when everything handed out of the partition is committed or void.
//	  - A process may die between a commit and Committed: the next Assigned tells where it got to.
//
// # What is trusted
//
// Offsets in memory are trusted only while this process is a member of the group without a
// break. The group's callbacks are handed to the loop and wait for it, so:
//
//   - A revoked partition leaves the group's hands only after its batches are settled.
//   - member is read when a generation begins, before anything of it is polled. If the group
//     goes on without us (a stopped process, a long pause) the commit carries the old
//     generation and is refused. A commit without a member is never sent: the broker would take
//     it unfenced.
//   - A client that was thrown out in the middle of a rebalance comes back under a new member
//     id and keeps its positions, although others had the partitions in between. The loop sees
//     the id change and reads the committed offsets again.
//
// # Failures
//
// Four fates, decided here and nowhere else:
//
//	retry   handler: [Retry]                     the same batch again, before a transaction is begun;
//	                                             heartbeats go on, one log line, not ready
//	        a rebalance, a failed write,         abort everything under way, renew producers of
//	        a failed or unknown end, a fence     which nobody knows the outcome, read on from the
//	                                             group's committed offsets; stay in the group
//	abort   handler: any other error, a panic;   counted; after three times the records go one by
//	        a record that the broker refuses     one, and the one that fails alone is the culprit
//	DLQ     Output.DLQ, or the culprit;          to `<topic>.dlq`, with the offsets
//	        a batch too large to unpack
//	fatal   handler: [Fatal]; missing rights     Run returns the error
//
// An end without an answer may be a commit. Opening the transactional id again (InitProducerID)
// completes or aborts what it left, and only then are the committed offsets asked for: nothing
// is taken from memory. For the same reason a process takes over its transactional ids first
// when it starts, which also frees the transaction of its predecessor at once.
//
// A record that waits for another (Output.Until) holds its partition: only that record is tried
// again, and the partition is not fetched, so that what it waits for can be read.
//
// Shutdown: the batches under way are committed, the group is left, the clients are closed.
//
// # File map
//
//	stream.go       Handler, Batch, Output; New
//	run.go          Run: open, loop, close
//	loop.go         the state machine: advance, settle, rewind, stall
//	handle.go       a batch to the handler and its answer into a transaction
//	transaction.go  one transaction from begin to end, in its own goroutine
//	txn.go          a transactional producer
//	offsets.go      committing and fetching the group's offsets
//	rebalance.go    the group's callbacks as steps of the loop
//	queue.go        pure: owned partitions, records in hand, suspects
//	poll.go         the poll under way
//	survey.go       how far the whole group is behind, for the metrics
//	unpack.go       what a fetch may unpack to
//	errors.go       the fates
package kstream
