package calendar

import "time"

// Absence is a time at which a rep does not work, From included, To excluded: leave,
// a sick day, a meeting in the rep's own calendar.
type Absence struct{ From, To time.Time }

// WithAbsences returns the calendar less the given absences, in any order; those that
// end before they start have no effect. A day that is absent from first shift to last
// is no working day for AddDays. The calendar itself stays as it is and shares its work.
func (c *Calendar) WithAbsences(absences []Absence) *Calendar {
	absent := make([]span, 0, len(absences))
	for _, a := range absences {
		if a.From.Before(a.To) {
			absent = append(absent, span{nanoseconds(a.From), nanoseconds(a.To)})
		}
	}
	return &Calendar{zone: c.zone, base: c, absent: union(absent)}
}

// nanoseconds moves instants beyond the years that calendars cover to their edge, so that
// an open end can be any far away instant.
func nanoseconds(t time.Time) int64 {
	switch year := t.UTC().Year(); {
	case year < firstYear-1:
		return yearStart(firstYear - 1)
	case year > lastYear+1:
		return yearStart(lastYear + 2)
	}
	return t.UnixNano()
}
