// Package calendar computes business time: whether a team is at work, when it opens
// next, and when a span of working time is over. It is pure: every question takes
// the instant it is asked for, and answers come back in UTC.
//
//	Config{Zone, Hours, Holidays, Closed, Open}
//	        │ New: parse and check once
//	        ▼
//	    Calendar ── Without, WithAbsences ──► Calendar of one rep
//	        │ lazily, per UTC year
//	        ▼
//	    table: sorted open spans and the open time before each
//
// # What open means
//
// Hours are local wall-clock hours: a calendar is open while a clock on the wall of
// its zone shows a time within a shift. Elapsed time is real time within those spans.
// So when clocks go forward a shift over the gap is shorter, and when they go back the
// repeated hour counts twice. A shift belongs to the day on which it starts: a holiday
// on Friday removes all of "Fri 22:00-06:00" and leaves Thursday's to end that morning.
//
// For every calendar, instants a <= b and durations x, y >= 0 whose sums stay in range:
//
//	Between(t, Add(t, x)) == x
//	Add(Add(t, x), y)     == Add(t, x+y)
//	Between(a, b)         >= 0, and adds up over any cut
//
// # Data
//
// Time zones and holidays are embedded, never read from the machine, so that hosts with
// different system data decide alike. [ZoneVersion] and [HolidaysVersion] name them and
// belong in the hash of whatever depends on them. Calendars cover 1970 to 2199;
// outside these years they are closed.
package calendar
