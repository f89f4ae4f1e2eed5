// Package dev is `leadrouter dev`: the router and the SLA watcher on an embedded Kafka
// and Redis, with sample leads coming in, sample reps who act on them, and a live
// picture of who gets what and what becomes of it.
//
//	Samples ─► lead.created ──► router ─► lead.decisions ─► Board ─► screen
//	Reps ────► lead.activity ─► │    │                       │
//	  ▲        lead.reassign ─► │    └─► lead.timers ─► watcher ─► lead.sla ─► screen
//	  │              ▲                                     │
//	  │              └─────────────────────────────────────┘
//	  └──────────────────────────── attempts that began ─────┘ (of the Board)
//
// The board folds the decision log, as the ledger in Redis was folded from it at
// the start: what the screen shows is what the log says.
//
// # Time
//
// Leads, decisions, clocks and reps go by dev's clock, which runs faster than the
// world's: a minute in a second. Kafka, Redis, the rate of leads and the repainting go
// by the world's. A run starts at the present, or at the last decision in the log if an
// earlier run has got ahead of the present: time never goes back.
package dev
