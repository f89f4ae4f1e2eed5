package ics

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"leadrouter/pkg/calendar"
)

// moment is a DATE or a DATE-TIME as written: a day, a time on the wall, and its zone.
type moment struct {
	date   calendar.Date
	time   time.Duration // since midnight; 0 for a DATE
	zone   *time.Location
	allDay bool // a DATE
}

// instant returns when the clock on the wall of the moment's zone shows it. As the
// standard has it, a time that comes twice is the first, and one that the clocks skip is
// as much later as they skip.
func (m moment) instant() time.Time { return wallTime(m.date, m.time, m.zone) }

// wallTime corrects time.Date, which leaves open what it returns in these two cases.
func wallTime(date calendar.Date, sinceMidnight time.Duration, zone *time.Location) time.Time {
	wanted := date.Time().Add(sinceMidnight)
	t := time.Date(wanted.Year(), wanted.Month(), wanted.Day(),
		wanted.Hour(), wanted.Minute(), wanted.Second(), 0, zone)
	_, offset := t.Zone()
	if shown := t.Add(time.Duration(offset) * time.Second); shown.Before(wanted) {
		t = t.Add(wanted.Sub(shown))
	}
	start, _ := t.ZoneBounds()
	if start.IsZero() {
		return t.UTC()
	}
	_, before := start.Add(-1).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); before > offset && first.Before(start) {
		t = first
	}
	return t.UTC()
}

// parseMoment reads 20260302, 20260302T090000 in zone, or 20260302T090000Z.
func parseMoment(text string, zone *time.Location) (moment, error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	utc := strings.HasSuffix(text, "Z")
	layout := "20060102T150405Z"
	switch {
	case !strings.Contains(text, "T"):
		layout = "20060102"
	case !utc:
		layout = "20060102T150405"
	}
	t, err := time.Parse(layout, text)
	if err != nil || t.Year() == 0 {
		return moment{}, fmt.Errorf("%.40q is no date or time", text)
	}
	if utc {
		zone = time.UTC
	}
	date := calendar.DateOf(t)
	return moment{date: date, time: t.Sub(date.Time()), zone: zone, allDay: layout == "20060102"}, nil
}

// length is a DURATION: days are as long as the calendar makes them, the rest is exact.
type length struct {
	days  int
	exact time.Duration
}

// after returns the end of an event of that length. An all-day event ends at midnight.
func (l length) after(m moment) time.Time {
	end := moment{date: m.date + calendar.Date(l.days), time: m.time, zone: m.zone}
	return end.instant().Add(l.exact)
}

// parseLength reads P1W, P2D, PT1H30M, P1DT12H. Negative ones have no use here.
func parseLength(text string) (length, error) {
	var l length
	bad := fmt.Errorf("%.40q is no duration", text)
	rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(text), "+"), "P")
	if !ok || rest == "" {
		return l, bad
	}
	units := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	inTime := false // behind the T, where M is a minute
	for rest != "" {
		if after, ok := strings.CutPrefix(rest, "T"); ok {
			rest, inTime = after, true
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if end <= 0 {
			return length{}, bad
		}
		n, err := strconv.ParseUint(rest[:end], 10, 20)
		unit := rest[end]
		rest = rest[end+1:]
		switch {
		case err != nil:
			return length{}, bad
		case inTime && units[unit] > 0:
			l.exact += time.Duration(n) * units[unit]
		case !inTime && unit == 'D':
			l.days += int(n)
		case !inTime && unit == 'W':
			l.days += 7 * int(n)
		default:
			return length{}, bad
		}
		if l.days > maxDays || l.exact > maxDays*24*time.Hour {
			return length{}, fmt.Errorf("%.40q is longer than a lifetime", text)
		}
	}
	return l, nil
}

// maxDays bounds durations far below what overflows.
const maxDays = 36_600
