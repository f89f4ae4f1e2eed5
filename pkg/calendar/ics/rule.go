package ics

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadrouter/pkg/calendar"
)

// rule is an RRULE, by whole days: rules that fire within a day are refused.
type rule struct {
	freq      frequency
	interval  int     // at least 1
	count     int     // 0 for no end
	until     *moment // zone nil: on the wall of wherever the event is; nil for no end
	weekStart time.Weekday
	months    []int
	weeks     []int // BYWEEKNO
	yearDays  []int
	monthDays []int
	weekdays  []ordinalDay
	positions []int // BYSETPOS
	cost      int   // steps of budget for each day looked at
}

// frequency is the unit of the period among whose days a rule chooses.
type frequency int

const (
	daily frequency = iota
	weekly
	monthly
	yearly
)

// ordinalDay is a weekday, or the nth (from the end: -nth) of a month or year.
type ordinalDay struct {
	n       int // 0 for all
	weekday time.Weekday
}

var errWithinDay = errors.New("rules that fire more than once a day are not supported")

// parseRule reads an RRULE and completes it from DTSTART.
func parseRule(text string, start moment) (*rule, error) {
	r := &rule{interval: 1, weekStart: time.Monday, freq: -1}
	text = strings.ToUpper(strings.ReplaceAll(text, " ", ""))
	for part := range strings.SplitSeq(text, ";") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if err := r.set(name, value, start); err != nil {
			return nil, fmt.Errorf("rule part %.40q: %w", part, err)
		}
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("rule %.80q: %w", text, err)
	}
	r.complete(start.date)
	numbers := len(r.months) + len(r.weeks) + len(r.yearDays) + len(r.monthDays) + len(r.weekdays) + len(r.positions)
	r.cost = 1 + numbers/8
	return r, nil
}

// set takes over one part, such as BYDAY=MO,-1FR. Values that the standard leaves out
// are refused, so that what is accepted can be expanded.
func (r *rule) set(name, value string, start moment) (err error) {
	switch name {
	case "FREQ":
		r.freq, err = parseFrequency(value)
	case "INTERVAL":
		r.interval, err = parseNumber(value, 1, 1000)
	case "COUNT":
		r.count, err = parseNumber(value, 1, 1_000_000)
	case "UNTIL":
		var until moment
		until, err = parseMoment(value, nil)
		r.until = &until
	case "WKST":
		r.weekStart, err = parseWeekday(value)
	case "BYMONTH":
		r.months, err = parseList(value, 1, 12)
	case "BYWEEKNO":
		r.weeks, err = parseList(value, -53, 53)
	case "BYYEARDAY":
		r.yearDays, err = parseList(value, -366, 366)
	case "BYMONTHDAY":
		r.monthDays, err = parseList(value, -31, 31)
	case "BYDAY":
		r.weekdays, err = parseOrdinalDays(value)
	case "BYSETPOS":
		r.positions, err = parseList(value, -366, 366)
	case "BYHOUR":
		err = onlyAt(value, int(start.time.Hours()))
	case "BYMINUTE":
		err = onlyAt(value, int(start.time.Minutes())%60)
	case "BYSECOND":
		err = onlyAt(value, int(start.time.Seconds())%60)
	case "RSCALE", "SKIP": // RFC 7529: what a rule without them means
		if value != "GREGORIAN" && value != "OMIT" {
			err = errors.New("other calendars than the Gregorian one are not supported")
		}
	default:
		err = errors.New("unknown")
	}
	return err
}

// onlyAt accepts what some programs repeat of DTSTART.
func onlyAt(value string, start int) error {
	if n, err := strconv.Atoi(value); err != nil || n != start {
		return errWithinDay
	}
	return nil
}

// check refuses combinations that have no meaning.
func (r *rule) check() error {
	ordinal := slices.ContainsFunc(r.weekdays, func(d ordinalDay) bool { return d.n != 0 })
	switch {
	case r.freq < 0:
		return errors.New("FREQ is missing")
	case len(r.weeks) > 0 && r.freq != yearly:
		return errors.New("BYWEEKNO needs FREQ=YEARLY")
	case ordinal && (r.freq < monthly || len(r.weeks) > 0):
		return errors.New("a numbered BYDAY needs FREQ=MONTHLY or YEARLY, without BYWEEKNO")
	}
	return nil
}

// complete takes from DTSTART what the rule leaves open.
func (r *rule) complete(start calendar.Date) {
	_, month, day := start.Time().Date()
	switch {
	case len(r.yearDays) > 0 || len(r.monthDays) > 0 || len(r.weekdays) > 0:
	case r.freq == weekly || len(r.weeks) > 0:
		r.weekdays = []ordinalDay{{0, start.Weekday()}}
	case r.freq == monthly:
		r.monthDays = []int{day}
	case r.freq == yearly:
		r.monthDays = []int{day}
		if len(r.months) == 0 {
			r.months = []int{int(month)}
		}
	}
}

// ended reports whether an occurrence is past UNTIL, which itself is included. Days are
// compared as days, whatever else UNTIL says.
func (r *rule) ended(m moment) bool {
	switch {
	case r.until == nil:
		return false
	case r.until.allDay || m.allDay:
		return m.date > r.until.date
	case r.until.zone == nil:
		until := *r.until
		until.zone = m.zone
		return m.instant().After(until.instant())
	}
	return m.instant().After(r.until.instant())
}

// parseFrequency reads a FREQ.
func parseFrequency(value string) (frequency, error) {
	switch i := slices.Index([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}, value); {
	case i >= 0:
		return frequency(i), nil
	case slices.Contains([]string{"HOURLY", "MINUTELY", "SECONDLY"}, value):
		return 0, errWithinDay
	}
	return 0, errors.New("not a frequency")
}

// parseNumber reads a number and bounds it: what is multiplied later cannot overflow.
func parseNumber(text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		return 0, fmt.Errorf("not a number from %d to %d", low, high)
	}
	return n, nil
}

// parseList reads numbers with commas between; where negative ones count from the end, 0
// is none.
func parseList(text string, low, high int) ([]int, error) {
	var list []int
	for item := range strings.SplitSeq(text, ",") {
		n, err := parseNumber(item, low, high)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, errors.New("there is no 0th")
		}
		if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list, nil
}

// parseWeekday reads MO.
func parseWeekday(text string) (time.Weekday, error) {
	i := slices.Index([]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}, text)
	if i < 0 {
		return 0, fmt.Errorf("%q is no weekday", text)
	}
	return time.Weekday(i), nil
}

// parseOrdinalDays reads MO,2TU,-1FR.
func parseOrdinalDays(text string) ([]ordinalDay, error) {
	var days []ordinalDay
	for item := range strings.SplitSeq(text, ",") {
		split := max(0, len(item)-2)
		weekday, err := parseWeekday(item[split:])
		if err != nil {
			return nil, err
		}
		n := 0
		if split > 0 {
			if n, err = parseNumber(item[:split], -53, 53); err != nil || n == 0 {
				return nil, fmt.Errorf("%q is no weekday of a month or year", item)
			}
		}
		if d := (ordinalDay{n, weekday}); !slices.Contains(days, d) {
			days = append(days, d)
		}
	}
	return days, nil
}
