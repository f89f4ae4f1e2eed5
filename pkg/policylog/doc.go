// Package policylog keeps policies in the topic policy.published, so that every
// router decides by the same one and each that ever decided can be read again.
//
//	key                       value
//	<hash>/<part>/<parts>     event.FilePart     a piece of a file, by the file's SHA-256
//	publication/<number>      event.Publication  who published what and why; its files by hash
//	active                    event.Publication  the last of these, marked active
//
// The topic is compacted and has one partition. A key is written once, but for
// active, so compaction takes nothing away: files, publications and with them the
// history stay. A file that several policies share, such as a large table, is kept
// once. Going back to an earlier policy is a publication of its own.
//
// # Publishing
//
// Parts, publication and pointer are written in this order in one transaction, by
// whoever opened the transactional id "<instance>-policy" last. Numbers have no
// holes, no publication overwrites another, and a crash leaves all or nothing.
//
// # Reading
//
// [Archive] is pure: it takes the records in any order, repeated or not, and gives
// a file back only when its bytes have the hash that names it. [Log] is the thin
// shell that feeds it from Kafka. What a policy means is not looked at here: callers
// parse the files and compare the policy's own hash.
package policylog
