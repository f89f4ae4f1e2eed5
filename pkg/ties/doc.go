// Package ties finds out who has the leads of the same person and of the same company.
//
//	lead ──Recogniser──► traits ──ledger──► Known ──Bind──► the plan's input, the operation's ties
//
// Traits are keyed digests. The ledger keeps for each who stands for it, and refuses an
// operation whose plan took somebody else to: two leads of one company that are decided at
// the same moment, wherever, end with the same owner. A digest in common makes a candidate
// of a person; only the sketches tell whether it is the same one, so that a mailbox that
// many share does not make one person of them.
//
// The package is pure.
package ties
