// Package ics reads iCalendar feeds (RFC 5545): what a rep's own calendar publishes
// becomes absences for [calendar.Calendar.WithAbsences].
//
//	bytes ─► lines ─► components ─► events ─┬─ rule: days it recurs on
//	                      │                 ├─ RDATE, EXDATE, RECURRENCE-ID
//	                      └─ VTIMEZONE ─────┴─► absences within the horizon
//
// Busy is a VEVENT that is neither TRANSPARENT nor CANCELLED, and a busy period of a
// VFREEBUSY. All-day events and times without a zone are the rep's own.
//
// Feeds come from outside and from many programs. What one part of a feed gets wrong is
// a warning and leaves the rest; a feed that would cost too much is refused as a whole.
// The work is bounded whatever it holds, which is why rules are expanded here: the
// libraries search for an occurrence until the year 9999 and cannot be stopped.
package ics
