// Package bench measures streams from the outside, as their users see them: records are
// published at a steady rate, and the time until a read_committed subscriber has the output.
//
//	publisher ──► input topic ──► stream under test ──► output topic ──► subscriber
//	   └───────────────────── latency of a record ──────────────────────────┘
//
// [Latency] and [Throughput] know nothing of the stream under test, so that the bare copy loop
// of [Copy] and the router can be measured in one run, one after the other.
package bench
