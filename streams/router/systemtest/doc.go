// Package systemtest runs the product as users run it: the built binary, as
// processes of its own, on a real Kafka and a real Redis.
//
//	leadrouter publish ──► Kafka ◄──► leadrouter router (two, killed at will) ◄──► Redis
//	                         │
//	                         ▼
//	       subscribers that are not ours (kcat, a plain client under read_committed)
//
// What the tests know, they know from outside: the topics, what Redis holds, what a
// process prints, its exit code and its metrics. Turns and caps are counted again
// from lead.decisions by code of their own (recount_test.go), which shares nothing
// with the ledger but the JSON of the contract.
//
// Each test is an installation of its own (--instance) on shared servers; those
// that break servers start their own. Where only embedded servers exist the tests
// are skipped; under CI=true that is an error.
//
//	LEADROUTER_BINARY       the program to test; default: built from this tree
//	LEADROUTER_SHARED       folder with the real leads; default ../shared beside the tree
//	LEADROUTER_CRASH_LEADS  leads of the crash test, default 8000; from 50000 on it
//	                        kills ten times instead of four
//	LEADROUTER_CRASH_SEED   its seed; default: a new one, which it prints
package systemtest
