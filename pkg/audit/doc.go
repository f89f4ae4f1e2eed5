// Package audit derives the ledger from the decision log: what Redis is refilled
// from, and what every claim about a decision is checked against.
//
//	                 ┌─► Folder   ─► the ledger; a lead's story (Teller)
//	lead.decisions ──┼─► Auditor  ─► plan again, grant again, compare ─► findings
//	                 └─► seal.Checker ◄── lead.seals                  ─► findings
//	       Pass: once, from the beginning or a snapshot
//	       Follower: again and again; writes lead.seals and ledger.snapshot
//
// # Order
//
// Sequences order the log, partitions do not. Records that come early wait in the folder
// for those before them. Partitions are read in step ([kstream.Client.ReadInStep]), so
// that few wait, however long the log is.
//
// # Holes
//
// A decision names its floor: what is below was committed before it was given. A hole
// below the floor of a record that was in the log before the reading began is a finding;
// one above may be in flight, while there are routers.
//
// # Memory
//
// The ledger, with closed leads as long as a store keeps them; records that wait; and 72
// bytes for each block of 256 records that is sealed and was not read yet.
//
// # Snapshots
//
// A [Snapshot] is the ledger at a point of the log and the records that waited there.
// It is taken only while nothing was found: whoever begins at one comes to what the whole
// log gives. The seal that it was written with holds its digest.
package audit
