package ics

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"leadrouter/pkg/calendar"
)

// budget bounds the work on all rules of a feed: a step is a day compared with a few
// numbers.
type budget struct{ steps int }

// err reports an exhausted budget.
func (b *budget) err() error {
	if b.steps < 0 {
		return fmt.Errorf("its rules take too long to expand: %w", ErrLimit)
	}
	return nil
}

// dates yields the days from from to last on which a rule recurs that starts on start.
// It stops early when the budget is used up; the caller checks for that.
func (r *rule) dates(start, from, last calendar.Date, b *budget) iter.Seq[calendar.Date] {
	return func(yield func(calendar.Date) bool) {
		seen := 0 // occurrences since start, which is what COUNT counts
		for k := r.skip(start, from); ; k++ {
			first, end := r.period(start, k)
			if first > last {
				return
			}
			for _, date := range r.within(first, end, b) {
				if b.steps < 0 || date > last || r.count > 0 && seen == r.count {
					return
				}
				if date < start {
					continue
				}
				seen++
				if date >= from && !yield(date) {
					return
				}
			}
			if b.steps < 0 || r.count > 0 && seen == r.count {
				return
			}
		}
	}
}

// skip returns a period before which nothing falls on or after from. A rule with a count
// must be followed from its start.
func (r *rule) skip(start, from calendar.Date) int {
	longest := [...]int{daily: 1, weekly: 7, monthly: 31, yearly: 366}
	if r.count > 0 || from <= start {
		return 0
	}
	return max(0, int(from-start)/(longest[r.freq]*r.interval)-1)
}

// period returns the days [first, end) among which the rule chooses in its kth turn.
func (r *rule) period(start calendar.Date, k int) (first, end calendar.Date) {
	k *= r.interval
	year, month, _ := start.Time().Date()
	switch r.freq {
	case daily:
		first = start + calendar.Date(k)
		return first, first + 1
	case weekly:
		intoWeek := (start.Weekday() - r.weekStart + 7) % 7
		first = start - calendar.Date(intoWeek) + calendar.Date(7*k)
		return first, first + 7
	case monthly:
		month += time.Month(k)
		return calendar.NewDate(year, month, 1), calendar.NewDate(year, month+1, 1)
	default:
		return calendar.NewDate(year+k, 1, 1), calendar.NewDate(year+k+1, 1, 1)
	}
}

// within returns the days of a period that the rule chooses. All parts of a rule but the
// last narrow down: a day is chosen if every part names it. BYSETPOS then picks by place
// among the chosen.
func (r *rule) within(first, end calendar.Date, b *budget) []calendar.Date {
	var chosen []calendar.Date
	b.steps -= int(end-first) * r.cost
	for date := first; date < end; date++ {
		if r.matches(date) {
			chosen = append(chosen, date)
		}
	}
	if len(r.positions) == 0 {
		return chosen
	}
	var picked []calendar.Date
	for i, date := range chosen {
		if slices.Contains(r.positions, i+1) || slices.Contains(r.positions, i-len(chosen)) {
			picked = append(picked, date)
		}
	}
	return picked
}

// matches reports whether all parts of the rule but BYSETPOS name the day.
func (r *rule) matches(date calendar.Date) bool {
	t := date.Time()
	year, month, day := t.Date()
	if len(r.months) > 0 && !slices.Contains(r.months, int(month)) {
		return false
	}
	monthLength := int(calendar.NewDate(year, month+1, 1) - calendar.NewDate(year, month, 1))
	yearLength := int(calendar.NewDate(year+1, 1, 1) - calendar.NewDate(year, 1, 1))
	if !chosen(r.monthDays, day, monthLength) || !chosen(r.yearDays, t.YearDay(), yearLength) {
		return false
	}
	if len(r.weeks) > 0 && !chosen(r.weeks, weekNumber(date, r.weekStart), weeksInYear(date, r.weekStart)) {
		return false
	}
	if len(r.weekdays) == 0 {
		return true
	}
	// A numbered weekday counts within the month where the rule speaks of months.
	place, length := t.YearDay(), yearLength
	if r.freq == monthly || len(r.months) > 0 {
		place, length = day, monthLength
	}
	return slices.ContainsFunc(r.weekdays, func(d ordinalDay) bool {
		nth, nthLast := (place+6)/7, -(length-place)/7-1
		return d.weekday == t.Weekday() && (d.n == 0 || d.n == nth || d.n == nthLast)
	})
}

// chosen reports whether a list names place, counted from 1 or, negative, from the end.
// An empty list names all.
func chosen(list []int, place, length int) bool {
	return len(list) == 0 || slices.Contains(list, place) || slices.Contains(list, place-length-1)
}

// weekYear returns the first day of week 1 of the year that the week of date belongs to,
// and of the year after: week 1 is the first with four days in the year.
func weekYear(date calendar.Date, weekStart time.Weekday) (first, next calendar.Date) {
	weekOne := func(year int) calendar.Date {
		fourth := calendar.NewDate(year, 1, 4)
		return fourth - calendar.Date((fourth.Weekday()-weekStart+7)%7)
	}
	year := date.Year()
	switch {
	case date < weekOne(year):
		return weekOne(year - 1), weekOne(year)
	case date >= weekOne(year+1):
		return weekOne(year + 1), weekOne(year + 2)
	}
	return weekOne(year), weekOne(year + 1)
}

// weekNumber returns the number, from 1, of the week of date in its year.
func weekNumber(date calendar.Date, weekStart time.Weekday) int {
	first, _ := weekYear(date, weekStart)
	return int(date-first)/7 + 1
}

// weeksInYear returns 52 or 53.
func weeksInYear(date calendar.Date, weekStart time.Weekday) int {
	first, next := weekYear(date, weekStart)
	return int(next-first) / 7
}
