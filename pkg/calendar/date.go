package calendar

import (
	"fmt"
	"time"
)

// Date is a day of the civil calendar, as the number of days since 1970-01-01.
type Date int32

// DateOf returns the day that t falls on in t's location.
func DateOf(t time.Time) Date { return NewDate(t.Date()) }

// NewDate returns the given day; months and days out of range carry over as in time.Date.
func NewDate(year int, month time.Month, day int) Date {
	return Date(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// ParseDate reads a day written as 2006-01-02.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("date %q: write a day of the calendar as 2026-12-24", text)
	}
	return DateOf(t), nil
}

// String writes the day as 2006-01-02.
func (d Date) String() string { return d.Time().Format(time.DateOnly) }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.Time().Weekday() }

// Year returns the year the day is in.
func (d Date) Year() int { return d.Time().Year() }

// Time returns the midnight in UTC that begins the day.
func (d Date) Time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

const secondsPerDay = 24 * 60 * 60
