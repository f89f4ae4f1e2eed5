// Package seal makes a log evident of tampering: who reads it seals what is there, and
// who reads it later holds it against the seals.
//
//	records ──► Maker ──Seal──► lead.seals ──► Chain ──► Checker ◄── records, again
//	                                 number 1 ◄─previous─ number 2 ◄─previous─ …
//
// A writer cannot chain its records: several append to one partition, and transactions
// abort. So a reader does it, over what is committed. Each partition is cut into blocks
// of at most 256 records; a seal holds the Merkle root of each block, of each partition's
// stretch over its blocks, and of all stretches, and the digest of the seal before. A
// record that was changed, dropped or added behind a seal changes the root of its block,
// by which it is located, and a seal that was changed or dropped breaks the chain.
//
// Whoever can write the log can write the seals anew, too. A digest that was noted
// elsewhere (an anchor) shows that: it is not in a chain that was made up later.
//
// The package is pure.
package seal
