// Package systemtest runs SLA watchers as processes on a real Kafka, kills them, and
// reads what a subscriber reads.
package systemtest
