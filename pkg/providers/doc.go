// Package providers asks services outside what they know of a lead, over HTTP, and never lets
// them hold up the stream.
//
//	a section of leads                                   one per provider
//	  │ URL of each lead ──► cache (Redis) ──miss──► queue ──► rate ──► slots ──► GET, retries
//	  ▼                         │ hit                newest             breaker       │
//	wait, one budget ◄──────────┴──────────────────── first ◄──────── JSON paths ◄────┤
//	  │                                                                              late
//	  ▼                                                                               ▼
//	facts, and where they are from; or Missing                                  lead.updated
//
// # Budget
//
// A section waits at most one budget, counted from when it is handed over, for all its leads
// and all providers at once. What has not come by then is missing, and the decision says so.
// The call goes on: its answer goes to the cache and, with what the lead still lacks, to
// lead.updated.
//
// # When nobody waits
//
//   - A provider whose breaker is open, or that has said how long to leave it alone, is not
//     asked.
//   - A provider whose last calls (slowAfter of them, in a row) took longer than the budget is
//     asked and not waited for, until one of them is in time again. Looking whether it has
//     become fast so costs nobody anything.
//   - While leads queue up (sections are full), sections wait for a share of the time only,
//     Waiting of the file. This is what bounds the loss of speed, whatever is wrong with a
//     provider.
//
// # What is trusted
//
// Nothing. A body is read up to 1 MB, redirects stay on their host, a value becomes a fact only
// if it is of the fact's type, and a fact that is known stays. Errors are told in words of our
// own: those of package http quote addresses, which hold what is asked about.
//
// # The cache
//
// A key is an HMAC of the URL and of what is taken from its answer, under the instance's name;
// the value is what was taken. Trouble with Redis makes it an empty cache for a second.
package providers
