package calendar

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
	// maxHoursText bounds the work of the parser; the longest sensible text is a tenth of it.
	maxHoursText = 2000
)

// Hours is a weekly timetable in local wall-clock time. Its zero value is never open.
type Hours struct {
	week [7][]shift // by time.Weekday; each sorted and disjoint
}

// shift is a span of wall-clock time since the midnight that begins its day,
// 0 <= from < 24h and from < to < from+24h, or the whole day. to is past 24h
// when the shift ends the next morning.
type shift struct{ from, to time.Duration }

// HoursError tells what is wrong with a timetable, where, and what to do.
type HoursError struct {
	Text    string // the whole timetable
	Offset  int    // byte in Text at which the problem begins
	Problem string
	Advice  string
}

// Column returns the 1-based column of the problem, in characters.
func (e *HoursError) Column() int { return utf8.RuneCountInString(e.Text[:e.Offset]) + 1 }

func (e *HoursError) Error() string {
	return fmt.Sprintf("hours %q: column %d: %s: %s", e.Text, e.Column(), e.Problem, e.Advice)
}

// ParseHours reads a timetable. Groups are separated by semicolons; each names days and
// the shifts worked on them. A shift whose end is not after its start ends the next day.
//
//	Mon-Fri 09:00-18:00
//	Mon-Thu 09:00-14:00 15:00-18:30; Fri 08:30-15:00
//	Sat,Sun 22:00-06:00
//	24x7
//
// A returned error is a *HoursError.
func ParseHours(text string) (Hours, error) {
	p := &hoursParser{text: text}
	if len(text) > maxHoursText {
		return Hours{}, p.fail(maxHoursText, "the timetable is too long", "keep it within 2000 characters")
	}
	if strings.EqualFold(strings.TrimSpace(text), "24x7") {
		return always(), nil
	}
	if err := p.parse(); err != nil {
		return Hours{}, err
	}
	for _, shifts := range p.hours.week {
		slices.SortFunc(shifts, func(a, b shift) int { return int(a.from - b.from) })
	}
	return p.hours, nil
}

// String writes the timetable so that ParseHours reads it back: one group per weekday,
// beginning with Monday.
func (h Hours) String() string {
	var groups []string
	for i := range h.week {
		weekday := (i + 1) % len(h.week)
		if len(h.week[weekday]) == 0 {
			continue
		}
		group := []string{dayNames[weekday]}
		for _, s := range h.week[weekday] {
			group = append(group, s.String())
		}
		groups = append(groups, strings.Join(group, " "))
	}
	return strings.Join(groups, "; ")
}

func (s shift) String() string { return wallClock(s.from) + "-" + wallClock(s.end()) }

// end is the wall clock at the end of the shift. Only a midnight that ends a shift is
// written 24:00.
func (s shift) end() time.Duration {
	if s.to > day {
		return s.to - day
	}
	return s.to
}

func wallClock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

func always() Hours {
	var h Hours
	for weekday := range h.week {
		h.week[weekday] = []shift{{0, day}}
	}
	return h
}
