package calendar

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

const (
	firstYear = 1970
	lastYear  = 2199
	// horizon bounds every search, in years: a calendar that has not changed for that
	// long never will, as far as anybody waiting for it is concerned.
	horizon = 10
)

// Config describes a calendar as a policy does.
type Config struct {
	Zone     string // IANA name, as for LoadZone
	Hours    string // timetable, as for ParseHours
	Holidays string // code, as for LoadHolidays; empty for none
	Closed   []Date // further days off
	Open     []Date // days worked although they are holidays or closed
}

// Calendar answers when people are at work. It never changes and is safe for
// concurrent use. See the package documentation for what it promises.
type Calendar struct {
	zone     *time.Location
	hours    Hours
	holidays *Holidays // nil for none
	closed   map[Date]bool
	open     map[Date]bool

	base   *Calendar // what absent is taken from; nil for a calendar without absences
	absent []span    // sorted, disjoint

	// By year. The years around the first and last are included, because a local day may
	// reach into them and because all instants beyond are treated as theirs.
	tables [lastYear - firstYear + 3]atomic.Pointer[table]
}

// New checks the configuration and reports all that is wrong with it.
func New(cfg Config) (*Calendar, error) {
	c := &Calendar{closed: map[Date]bool{}, open: map[Date]bool{}}
	var errs [3]error
	c.zone, errs[0] = LoadZone(cfg.Zone)
	c.hours, errs[1] = ParseHours(cfg.Hours)
	if cfg.Holidays != "" {
		c.holidays, errs[2] = LoadHolidays(cfg.Holidays)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	for _, date := range cfg.Closed {
		c.closed[date] = true
	}
	for _, date := range cfg.Open {
		if len(c.hours.week[date.Weekday()]) == 0 {
			return nil, fmt.Errorf("open %s: the hours name no shift on a %s", date, date.Weekday())
		}
		c.open[date] = true
	}
	return c, nil
}

// Location returns the calendar's time zone.
func (c *Calendar) Location() *time.Location { return c.zone }

// Open reports whether t is within working hours. It takes some tens of nanoseconds.
func (c *Calendar) Open(t time.Time) bool {
	tab, at := c.at(t)
	return tab.isOpen(at)
}

// Window reports whether t is within working hours, and an instant after t up to which
// this is so for certain, so that a caller need not ask again before. Unlike NextChange
// it does not search: the state may well be the same after until.
func (c *Calendar) Window(t time.Time) (open bool, until time.Time) {
	tab, at := c.at(t)
	i := tab.search(at)
	switch {
	case i == len(tab.spans):
		return false, instant(tab.to)
	case at < tab.spans[i].from:
		return false, instant(tab.spans[i].from)
	default:
		return true, instant(tab.spans[i].to)
	}
}

// NextOpen returns t if that is within working hours, else the next opening.
// It is false when nothing opens for the next ten years.
func (c *Calendar) NextOpen(t time.Time) (time.Time, bool) {
	if c.Open(t) {
		return t.UTC(), true
	}
	return c.NextChange(t)
}

// NextChange returns the next instant after t at which the calendar opens or closes.
// It is false when nothing does for the next ten years.
func (c *Calendar) NextChange(t time.Time) (time.Time, bool) {
	was, next := c.Window(t)
	for limit := t.AddDate(horizon, 0, 0); next.Before(limit); {
		is, until := c.Window(next)
		if is != was {
			return next, true
		}
		if !until.After(next) {
			break // past the last year
		}
		next = until
	}
	return time.Time{}, false
}

// Add returns the first instant at which d of business time has passed since t; a span
// of work that ends with a shift ends at its closing, not at the next opening. With
// d <= 0 that is t. It is false when the next ten years do not have that much.
func (c *Calendar) Add(t time.Time, d time.Duration) (time.Time, bool) {
	if d <= 0 {
		return t.UTC(), true
	}
	tab, at := c.at(t)
	if d > horizon*366*day {
		return time.Time{}, false
	}
	d += tab.elapsed(at)
	for range horizon {
		if d <= tab.open {
			return instant(tab.reach(d)), true
		}
		d -= tab.open
		tab, _ = c.at(instant(tab.to))
	}
	return time.Time{}, false
}

// Between returns the business time from a to b, negative when b is before a.
func (c *Calendar) Between(a, b time.Time) time.Duration {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	first, from := c.at(a)
	last, to := c.at(b)
	sum := last.elapsed(to) - first.elapsed(from)
	for first.from < last.from {
		sum += first.open
		first, _ = c.at(instant(first.to))
	}
	return sum
}

// AddDays returns the time of day of t, n working days later; n = 0 moves to the next
// opening. A working day is a day on which a shift starts, and an instant outside all
// shifts counts as the next opening. If the calendar is closed at that time of the last
// day, the result is when it closed before, or when it opens if it has not yet.
// It is false when the next ten years do not have that many.
func (c *Calendar) AddDays(t time.Time, n int) (time.Time, bool) {
	start, ok := c.NextOpen(t)
	if !ok || n <= 0 {
		return start, ok
	}
	date := c.shiftDate(start)
	midnight := date.Time().UnixNano()
	timeOfDay := c.wall(start) - midnight
	for limit := date + horizon*366; n > 0; n-- {
		for date++; len(c.spansOn(date)) == 0; date++ {
			if date > limit {
				return time.Time{}, false
			}
		}
	}
	return c.onDay(date, timeOfDay), true
}

// shiftDate returns the day whose shift is running at t, which may be the day before.
func (c *Calendar) shiftDate(t time.Time) Date {
	date, at := DateOf(t.In(c.zone)), t.UnixNano()
	if slices.ContainsFunc(c.spansOn(date), func(s span) bool { return s.from <= at && at < s.to }) {
		return date
	}
	return date - 1
}

// wall returns what the clock on the wall shows at t, in nanoseconds since 1970.
func (c *Calendar) wall(t time.Time) int64 {
	_, offset := t.In(c.zone).Zone()
	return t.UnixNano() + int64(offset)*int64(time.Second)
}

// onDay returns the last instant, up to timeOfDay of a working day, at which its shifts
// were running or had just ended; failing that, their start.
func (c *Calendar) onDay(date Date, timeOfDay int64) time.Time {
	year, month, dayOfMonth := date.Time().Date()
	at := time.Date(year, month, dayOfMonth, 0, 0, 0, int(timeOfDay), c.zone).UnixNano()
	spans := c.spansOn(date)
	best := spans[0].from
	for _, s := range spans {
		if s.from <= at {
			best = min(at, s.to)
		}
	}
	return instant(best)
}
