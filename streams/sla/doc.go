// Package sla is the stream that watches the clocks of assigned leads: the SLA watcher.
//
//	lead.timers ──► book of clocks ──► what is due ──► lead.sla       a milestone
//	lead.fired  ──►   (restore)                        lead.reassign  the lead has to move
//	                                                   lead.fired     what was said
//
// # What is said
//
// A stage fires once per lead, attempt, clock and stage, when it is due: a target is
// breached, a remind warned, everything else escalated; an action that moves the lead is a
// lead.reassign besides. A clock that an activity stopped before its target is met, once.
// A clock that is stopped fires nothing more, with one exception: that its target had
// passed before is a fact, and is said even if the watcher comes to it later. A new
// attempt replaces everything, a tombstone forgets the lead.
//
// Everything in these events follows from the records. The hour at which the watcher
// came to it is in none of them, and ids derive from (lead, attempt, clock, stage, event):
// what is derived again is the same to the byte.
//
// # Exactly once
//
//   - The group tells who owns a partition of lead.timers, and with it the same partition
//     of lead.fired: both are keyed by the lead and have as many partitions. Every
//     transaction commits the group's offsets, be they unchanged, under the member and the
//     generation, and so cannot come through once the group has gone on without us.
//   - What was said stands in lead.fired, written with the events. lead.timers is the
//     router's: two writers of one compacted key would overwrite each other.
//   - On assignment a barrier is written to the end of both topics, and nothing fires
//     before both were read up to it, under read_committed. Whoever had the partition
//     before could write only below the barrier.
//   - Notices are taken from the book when they go into a transaction. If it does not come
//     through they are put back, lead.fired is read on to a new barrier, and that decides.
//   - A record only changes the book, and output only comes out of the book. So a record
//     that is read again, below the book's position, is passed over.
//
// # Time
//
// An instant is due by the wall clock. When that and the monotonic clock have moved apart
// by more than two seconds somebody has set it, and nothing fires until the brokers' time,
// as a barrier in lead.fired has it, agrees.
//
// What has fallen due while no watcher ran fires at the start: in each partition, and so
// for each lead, in the order in which it was due.
//
// # File map
//
//	handler.go   the stream's handler: records into books, notices out of them
//	restore.go   barriers, reading lead.fired, putting notices back
//	book.go      pure: the clocks of one partition, and the queue of what is due
//	lead.go      pure: the clocks of one lead
//	pool.go      what leads have in common, kept once
//	events.go    a notice as records
//	steady.go    whether the wall clock can be trusted
package sla
