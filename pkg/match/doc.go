// Package match recognises who is behind a lead: persons that have been here before, and
// companies however they are written.
//
//	lead ──PersonOf──► Person ──Encode, secret key──► Print ─┬─ Keys: digests to look up by
//	                                                         └─ Sketch: what to compare
//	digests in common ──► candidates ──Same──► score ≥ Duplicate: the same person
//
// # What is kept of a person
//
// A [Print] is all that the ledger and the decision log hold of a person. Its keys are
// HMACs, its sketch is sealed: without the encoder's key neither can be read, guessed at
// from a list of names, or counted. With the key a sketch is Bloom filters of pairs of
// letters (Schnell, Bachteler and Reiher 2009), from which it can be estimated how alike two
// names are, and the names not be read.
//
// # How persons are compared
//
// Each field that both have adds evidence, positive where it agrees and negative where it
// does not, by how much more often that happens for one person than for two (Fellegi and
// Sunter 1969). What is unknown says nothing.
//
// The package is pure: no I/O, no clock, no chance. Equal persons under an equal key give
// equal prints, and equal sketches an equal score, on every machine.
package match
