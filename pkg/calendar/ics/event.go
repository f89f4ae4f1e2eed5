package ics

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"leadrouter/pkg/calendar"
)

// event is a VEVENT: a single one, the master of a series, or one changed occurrence.
type event struct {
	*component        // for the properties by which it recurs
	uid        string // shared by a series and its changed occurrences
	start      moment
	length     length // zero for an instant, which is no absence
	busy       bool
	changed    *moment // RECURRENCE-ID: the occurrence of the series that this one replaces
}

// event reads what every VEVENT has. Its recurrence is left to expand.
func (f *feedReader) event(c *component) (event, error) {
	uid, _ := c.get("UID")
	e := event{component: c, uid: strings.TrimSpace(uid.value), busy: isBusy(c)}
	start, ok := c.get("DTSTART")
	if !ok {
		return e, errors.New("the event has no DTSTART")
	}
	var err error
	if e.start, err = f.moment(start, start.value); err != nil {
		return e, fmt.Errorf("DTSTART: %w", err)
	}
	if e.length, err = f.eventLength(c, e.start); err != nil {
		return e, err
	}
	if id, ok := c.get("RECURRENCE-ID"); ok {
		changed, err := f.moment(id, id.value)
		if err != nil {
			return e, fmt.Errorf("RECURRENCE-ID: %w", err)
		}
		if id.params["RANGE"] != "" {
			f.warn(id.line, errors.New("RANGE=THISANDFUTURE is not supported: only this occurrence is changed"))
		}
		e.changed = &changed
	}
	return e, nil
}

// isBusy reports whether the rep cannot take leads during an event. Tentative counts:
// whoever may be in a meeting cannot be promised.
func isBusy(c *component) bool {
	outlook := c.text("X-MICROSOFT-CDO-BUSYSTATUS")
	return c.text("TRANSP") != "TRANSPARENT" && c.text("STATUS") != "CANCELLED" &&
		outlook != "FREE" && outlook != "WORKINGELSEWHERE"
}

// eventLength comes from DTEND, from DURATION, or from the kind of DTSTART. From DTEND it
// is exact, so that all occurrences of a meeting last as long, whatever the clocks do;
// whole days remain whole days.
func (f *feedReader) eventLength(c *component, start moment) (length, error) {
	if end, ok := c.get("DTEND"); ok {
		m, err := f.moment(end, end.value)
		switch {
		case err != nil:
			return length{}, fmt.Errorf("DTEND: %w", err)
		case start.allDay && m.allDay && m.date == start.date:
			return length{days: 1}, nil // meant as that day, by many programs
		case start.allDay && m.allDay && m.date > start.date:
			return length{days: int(m.date - start.date)}, nil
		case m.instant().Before(start.instant()):
			return length{}, errors.New("the event ends before it starts")
		}
		return length{exact: m.instant().Sub(start.instant())}, nil
	}
	if duration, ok := c.get("DURATION"); ok {
		l, err := parseLength(duration.value)
		if err != nil {
			return length{}, fmt.Errorf("DURATION: %w", err)
		}
		return l, nil
	}
	if start.allDay {
		return length{days: 1}, nil
	}
	return length{}, nil // an instant: a reminder, not an absence
}

// moment reads one value of a property in the zone that the property names. A day has
// none: it is a day where the rep is.
func (f *feedReader) moment(p property, value string) (moment, error) {
	zone, err := f.zones.find(p.params["TZID"])
	if err != nil {
		f.warn(p.line, err)
	}
	m, err := parseMoment(value, zone)
	if m.allDay {
		m.zone = f.cfg.Zone
	}
	return m, err
}

// freeBusy reads a VFREEBUSY, as Outlook publishes for a rep who shares no details.
func (f *feedReader) freeBusy(c *component) error {
	for _, p := range c.props {
		if p.name != "FREEBUSY" || strings.EqualFold(p.params["FBTYPE"], "FREE") {
			continue
		}
		for value := range values(p) {
			start, l, err := f.period(p, value)
			if err != nil {
				f.warn(p.line, fmt.Errorf("FREEBUSY: %w", err))
				continue
			}
			if err := f.add(start.instant(), l.after(start)); err != nil {
				return err
			}
		}
	}
	return nil
}

// period reads start/end or start/duration.
func (f *feedReader) period(p property, value string) (moment, length, error) {
	first, second, ok := strings.Cut(value, "/")
	if !ok {
		return moment{}, length{}, fmt.Errorf("%.40q is no period", value)
	}
	start, err := f.moment(p, first)
	if err != nil {
		return moment{}, length{}, err
	}
	if strings.HasPrefix(strings.TrimLeft(second, " +"), "P") {
		l, err := parseLength(second)
		return start, l, err
	}
	end, err := f.moment(p, second)
	if err != nil {
		return moment{}, length{}, err
	}
	return start, length{exact: end.instant().Sub(start.instant())}, nil
}

// series are the events of a feed and the occurrences that were changed, by UID.
type series struct {
	events  []event
	changes map[string]*occurrences
}

// newSeries returns an empty collection.
func newSeries() *series { return &series{changes: map[string]*occurrences{}} }

// add takes in an event. Without a UID a changed occurrence cannot say whose it is.
func (s *series) add(e event) {
	s.events = append(s.events, e)
	if e.changed == nil || e.uid == "" {
		return
	}
	if s.changes[e.uid] == nil {
		s.changes[e.uid] = &occurrences{}
	}
	s.changes[e.uid].add(*e.changed)
}

// excluded returns the occurrences of e that other events replace.
func (s *series) excluded(e event) *occurrences {
	if e.changed != nil {
		return nil // a changed occurrence stands for itself
	}
	return s.changes[e.uid]
}

// occurrences is a set of occurrences, named by day or by instant. A day stands for all
// occurrences on it: programs name those of timed events by day as well. The nil set is
// empty.
type occurrences struct {
	dates    map[calendar.Date]bool
	instants map[time.Time]bool
}

func (o *occurrences) add(m moment) {
	if o.dates == nil {
		o.dates, o.instants = map[calendar.Date]bool{}, map[time.Time]bool{}
	}
	if m.allDay {
		o.dates[m.date] = true
	} else {
		o.instants[m.instant()] = true
	}
}

func (o *occurrences) has(m moment) bool {
	return o != nil && (o.dates[m.date] || o.instants[m.instant()])
}
