// Package enrich derives what follows from what a lead says of itself, without asking
// anybody: the place from phone, e-mail, postal code or IP address, the kind of mail, rank and
// function from the job title.
//
//	e-mail ──► normal form, free?, throw-away? ──► company.domain
//	phone  ──► E.164 ─────────────┐
//	e-mail, postal code, IP ──────┴─► country ─┬─► region ─► timezone
//	                                           └─► language
//	job title ──► seniority, job_function
//
// Who sends a lead knows best: only what is empty is filled in, and [lead.Evidence] says from
// where. What cannot be read is left alone. The tables are embedded, read when they are first
// needed, and never change, so that all routers of a version agree; the package is pure.
package enrich
