// Package router is the stream that turns leads into assignments.
//
//	lead.created  ─┐
//	lead.activity  │
//	lead.updated   ├─► prepare ─► plan ─► grant ─► publish ─► lead.decisions
//	lead.command   │   decode     pure    ledger   bytes      lead.assigned
//	lead.reassign  │   refuse             1 call              lead.timers
//	rep.status    ─┘                                          lead.reassign
//
// What a plan of a known lead needs is asked of the ledger first (move.go); what moves a
// lead, and what follows from a grant, is said by package lifecycle.
//
// # One batch
//
// Handle takes the records of a batch through four steps, each in a file of its
// own, and data flows one way:
//
//   - prepare decodes each record and makes an operation of it; what cannot be
//     decoded goes to the dead letter topic, byte for byte;
//   - plan is [routing.Plan] on the policy in force when the batch began;
//   - grant is one call of the ledger for the whole batch;
//   - publish makes the output of a record from three things only: the record,
//     the bytes that the ledger keeps with the operation, and the grant.
//
// The last point is what makes a redelivery harmless: a record read again after a
// crash gets the first grant and the first plan back, and so gives the same
// events to the byte, whatever the policy says by then.
//
// # Positions and memos
//
// The ledger remembers each operation until the router acknowledges the position
// of its partition, which it does once the offsets are committed for certain: with
// the next batch, or alone after a few milliseconds without one.
//
// Whoever gets a partition first settles what is remembered below its committed
// offset (takeover.go): what stands in the decision log is acknowledged, what does
// not will never be read again and is taken back by a void operation, so that
// every hole in the sequence is explained.
//
// The same happens whenever something is committed that no output has told of: a
// record that the stream gave up after its grant, or that was gone when it was to
// be read again. Every record is followed from the batch it came in to its commit
// (flight.go); the position of a partition waits for the voids that it owes.
//
// # Guarantees
//
// One input record has one effect, however often it is delivered and wherever a
// process dies. A lead has at most one owner. Records of one partition are handled
// in order; across partitions, topics and routers the order of a lead is the
// ledger's: an operation on a lead that another batch holds, or a record of another
// partition in the same batch, waits until that is committed.
package router
