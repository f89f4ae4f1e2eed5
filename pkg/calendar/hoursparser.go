package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dayNames is indexed by time.Weekday.
var dayNames = [7]string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}

// hoursParser is a recursive-descent parser for
//
//	hours = group { ";" group } [ ";" ]
//	group = days shift { [","] shift }
//	days  = day [ "-" day ] { "," day [ "-" day ] }
//	shift = time "-" time
//
// Blanks may stand between any two tokens.
type hoursParser struct {
	text  string
	pos   int
	hours Hours
}

func (p *hoursParser) parse() error {
	for {
		if err := p.group(); err != nil {
			return err
		}
		if at := p.skip(); !p.eat(';') && !p.done() {
			return p.fail(at, fmt.Sprintf("%q does not belong here", p.word()), "separate groups of days with a semicolon")
		}
		if p.done() {
			return nil
		}
	}
}

func (p *hoursParser) group() error {
	days, err := p.days()
	if err != nil {
		return err
	}
	for first := true; first || p.moreShifts(); first = false {
		at := p.skip()
		s, err := p.shift()
		if err != nil {
			return err
		}
		for _, weekday := range days {
			if err := p.add(at, weekday, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *hoursParser) moreShifts() bool {
	if p.eat(',') {
		return true
	}
	p.skip()
	return p.pos < len(p.text) && isDigit(p.text[p.pos])
}

func (p *hoursParser) days() ([]time.Weekday, error) {
	var days []time.Weekday
	for {
		at := p.skip()
		first, err := p.day()
		if err != nil {
			return nil, err
		}
		last := first
		if p.eat('-') {
			if last, err = p.day(); err != nil {
				return nil, err
			}
		}
		for weekday := first; ; weekday = (weekday + 1) % 7 {
			if slices.Contains(days, weekday) {
				return nil, p.fail(at, dayNames[weekday]+" is named twice", "name each day once in a group")
			}
			days = append(days, weekday)
			if weekday == last {
				break
			}
		}
		if !p.eat(',') {
			return days, nil
		}
	}
}

func (p *hoursParser) day() (time.Weekday, error) {
	at := p.skip()
	word := p.word()
	for weekday, name := range dayNames {
		if strings.EqualFold(word, name) {
			return time.Weekday(weekday), nil
		}
	}
	advice := "write Mon, Tue, Wed, Thu, Fri, Sat or Sun"
	for weekday, name := range dayNames {
		if len(word) > len(name) && strings.EqualFold(word, time.Weekday(weekday).String()) {
			advice = "write " + name
		}
	}
	return 0, p.fail(at, found(word)+", where a day of the week is expected", advice)
}

func (p *hoursParser) shift() (shift, error) {
	at := p.skip()
	from, err := p.time()
	if err != nil {
		return shift{}, err
	}
	if !p.eat('-') {
		return shift{}, p.fail(p.pos, "the shift has no end", "write it as 09:00-18:00")
	}
	to, err := p.time()
	switch {
	case err != nil:
		return shift{}, err
	case from == day:
		return shift{}, p.fail(at, "a shift cannot start at 24:00", "write 00:00 and name the next day")
	case from == to:
		return shift{}, p.fail(at, "the shift is empty", "write 00:00-24:00 for a whole day")
	case to < from:
		to += day
	}
	return shift{from, to}, nil
}

// time reads 09:00 or 9:00, up to 24:00.
func (p *hoursParser) time() (time.Duration, error) {
	at := p.skip()
	word := p.word()
	hour, minute, ok := strings.Cut(word, ":")
	h, hourErr := strconv.ParseUint(hour, 10, 8)
	m, minuteErr := strconv.ParseUint(minute, 10, 8)
	switch {
	case !ok || hourErr != nil || minuteErr != nil || len(hour) > 2 || len(minute) != 2:
		return 0, p.fail(at, found(word)+", where a time is expected", "write it as 09:00")
	case m > 59 || h > 24 || h == 24 && m > 0:
		return 0, p.fail(at, fmt.Sprintf("there is no time %q", word), "write a time between 00:00 and 24:00")
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

// add refuses a shift that overlaps another one, the morning after and the turn of the
// week included: which of the two was meant is a question for the writer.
func (p *hoursParser) add(at int, weekday time.Weekday, s shift) error {
	start := time.Duration(weekday)*day + s.from
	for otherDay, shifts := range p.hours.week {
		for _, other := range shifts {
			otherStart := time.Duration(otherDay)*day + other.from
			if after(otherStart, start) < other.to-other.from || after(start, otherStart) < s.to-s.from {
				return p.fail(at, fmt.Sprintf("%s %s overlaps %s %s", dayNames[weekday], s, dayNames[otherDay], other),
					"give every hour of the week once")
			}
		}
	}
	p.hours.week[weekday] = append(p.hours.week[weekday], s)
	return nil
}

// after is the time from a to the next b, going round the week.
func after(a, b time.Duration) time.Duration { return (b - a + week) % week }

// word reads the letters, digits and colons at the current position; failing those, one character.
func (p *hoursParser) word() string {
	p.skip()
	rest := p.text[p.pos:]
	end := strings.IndexFunc(rest, func(r rune) bool { return strings.ContainsRune(" \t\n\r,;-", r) })
	if end < 0 {
		end = len(rest)
	}
	p.pos += end
	return rest[:end]
}

func (p *hoursParser) eat(c byte) bool {
	p.skip()
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// skip passes blanks and returns the position it stops at.
func (p *hoursParser) skip() int {
	p.pos = len(p.text) - len(strings.TrimLeft(p.text[p.pos:], " \t\n\r"))
	return p.pos
}

func (p *hoursParser) done() bool { return p.skip() == len(p.text) }

func (p *hoursParser) fail(offset int, problem, advice string) error {
	return &HoursError{Text: p.text, Offset: offset, Problem: problem, Advice: advice}
}

func found(word string) string {
	if word == "" {
		return "nothing"
	}
	return strconv.Quote(word)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
