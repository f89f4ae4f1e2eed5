// Package dev is `leadrouter dev`: the router on an embedded Kafka and Redis,
// with sample leads coming in and a live picture of who gets what.
//
//	sample leads ─► lead.created ─► router ─► lead.decisions ─► Board ─► screen
//	                lead.activity ◄─ closings ◄───────────────────┘
//
// The board folds the decision log, as the ledger in Redis was folded from it at
// the start: what the screen shows is what the log says.
package dev
