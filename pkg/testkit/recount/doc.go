// Package recount counts the ledger again from lead.decisions, from outside: it knows the JSON
// of the log and the rules of turns and caps, and shares neither types nor code with what
// decides.
//
//	log ──Entry──► Tally ──► open leads, owners, credit; Fault for each rule that was broken
package recount
