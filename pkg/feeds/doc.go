// Package feeds keeps the calendars that reps publish themselves, and tells who is absent.
//
//	policy in force ──follow──► one loop per rep with a feed
//	                                 │ file, or http(s) with ETag and backoff
//	                                 ▼
//	                        calendar/ics: absences ──► the last good ones
//	                                                        │
//	                     a batch: Absent(now) ◄── window ◄──┘
//
// # What is kept
//
// Of a feed nothing is kept but when its rep is absent, from two days ago to two months
// ahead; what a meeting is about is never read. A feed that cannot be read, or is no
// calendar, leaves what was read last, says so once in the log, and shows in
// leadrouter_feed_age_seconds. A rep whose feed was never read is available by the hours
// of the policy: no feed can stop a router.
//
// # How much it costs
//
// Who is absent changes when a meeting begins or ends. In between the answer is the same
// list, so that asking once a batch costs a lock. A feed takes at most what package ics
// allows: 10 MiB, 10,000 absences, and work of less than a second.
//
// # Secrets
//
// The address of a private calendar is its key. Nothing here shows more of it than the
// host: errors of the HTTP client, which quote addresses, are told in words of our own,
// and a redirect neither leaves https nor takes the address along as its referrer.
package feeds
