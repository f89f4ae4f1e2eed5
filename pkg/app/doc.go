// Package app holds what every role of leadrouter shares when it runs as a
// process: settings from flags, environment and file, the log, the health and
// metrics endpoints, reload of the policy, and the exit codes.
//
//	[Router]   policy, feeds, accounts ─► streams/router ─► health, metrics
//	[Watcher]                             streams/sla    ─► health, metrics
//	[Auditor]                             audit.Follower ─► health, metrics
//	              survey: every 10 s what no batch meets on its way: the lag of the
//	              whole group, the waiting line, memos, the memory of Redis
package app
