package calendar

import (
	"maps"
	"time"
)

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

// Without returns the calendar with further days off, whatever else is said of them: no
// shift starts on them. The calendar itself stays as it is.
func (c *Calendar) Without(days []Date) *Calendar {
	if c.base != nil {
		return &Calendar{zone: c.zone, base: c.base.Without(days), absent: c.absent}
	}
	less := &Calendar{zone: c.zone, hours: c.hours, holidays: c.holidays, closed: maps.Clone(c.closed), open: maps.Clone(c.open)}
	for _, day := range days {
		less.closed[day] = true
		delete(less.open, day)
	}
	return less
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
