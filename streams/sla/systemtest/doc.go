// Package systemtest runs SLA watchers as processes on a real Kafka, kills and stops
// them, and reads what a subscriber reads.
//
//	LEADROUTER_CRASH_TIMERS  leads of the crash test, default 4000
//	LEADROUTER_CRASH_KILLS   how often it kills, default 4
//	LEADROUTER_CRASH_SEED    its seed; default: a new one, which it prints
package systemtest
