package ics

import (
	"fmt"
	"strings"

	"leadrouter/pkg/calendar"
)

// expand adds the absences of an event: its occurrences by rule and by date, less those
// that are excluded or that other events replace.
func (f *feedReader) expand(e event, replaced *occurrences) error {
	if !e.busy {
		return nil
	}
	excluded := f.exclusions(e)
	// Several rules, or a rule and a date, may name the same occurrence: absences are a
	// set, so counting it twice does no harm.
	add := func(m moment, l length) error {
		if excluded.has(m) || replaced.has(m) {
			return nil
		}
		return f.add(m.instant(), l.after(m))
	}
	recurs := false
	for _, p := range e.props {
		switch p.name {
		case "RRULE":
			r, err := parseRule(p.value, e.start)
			if err != nil {
				f.warn(p.line, fmt.Errorf("RRULE: %w: only its first occurrence is taken", err))
				continue
			}
			recurs = true
			if err := f.recur(e, r, add); err != nil {
				return err
			}
		case "RDATE":
			if err := f.extra(e, p, add); err != nil {
				return err
			}
		}
	}
	if recurs {
		return nil
	}
	return add(e.start, e.length)
}

// recur adds the occurrences of a rule within the horizon. It begins early enough for
// those that reach into the horizon from before.
func (f *feedReader) recur(e event, r *rule, add func(moment, length) error) error {
	reach := calendar.Date(e.length.days) + calendar.Date(e.length.exact.Hours()/24) + margin
	from := calendar.DateOf(f.cfg.From.UTC()) - reach
	for date := range r.dates(e.start.date, from, f.zones.last, &f.budget) {
		m := e.start
		m.date = date
		if r.ended(m) {
			break
		}
		if err := add(m, e.length); err != nil {
			return err
		}
	}
	return f.budget.err()
}

// extra adds the occurrences of an RDATE; a period brings its own length.
func (f *feedReader) extra(e event, p property, add func(moment, length) error) error {
	for value := range values(p) {
		var m moment
		var err error
		l := e.length
		if strings.Contains(value, "/") {
			m, l, err = f.period(p, value)
		} else {
			m, err = f.moment(p, value)
		}
		if err != nil {
			f.warn(p.line, fmt.Errorf("RDATE: %w", err))
			continue
		}
		if err := add(m, l); err != nil {
			return err
		}
	}
	return nil
}

// exclusions reads the EXDATEs of an event.
func (f *feedReader) exclusions(e event) *occurrences {
	excluded := &occurrences{}
	for _, p := range e.props {
		if p.name != "EXDATE" {
			continue
		}
		for value := range values(p) {
			m, err := f.moment(p, value)
			if err != nil {
				f.warn(p.line, fmt.Errorf("EXDATE: %w", err))
				continue
			}
			excluded.add(m)
		}
	}
	return excluded
}
