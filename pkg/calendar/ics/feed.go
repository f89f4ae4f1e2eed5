package ics

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"leadrouter/pkg/calendar"
)

// ErrLimit marks a feed that is refused because it is too large or too costly.
var ErrLimit = errors.New("limit exceeded")

const (
	defaultMaxBytes    = 10 << 20
	defaultMaxAbsences = 10_000
	// maxSteps bounds the work on the rules of a feed to less than a second.
	maxSteps    = 10_000_000
	maxWarnings = 50
	// margin, in days, is more than a zone or an event on the wall can shift a time.
	margin = 2
)

// Config tells how to read a feed.
type Config struct {
	Zone        *time.Location // the rep's, for all-day events and times without a zone; required
	From, To    time.Time      // the horizon: absences outside are left out; required
	MaxBytes    int64          // default 10 MiB
	MaxAbsences int            // within the horizon, before overlapping ones are joined; default 10,000
}

func (cfg Config) withDefaults() Config {
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, defaultMaxBytes)
	cfg.MaxAbsences = cmp.Or(cfg.MaxAbsences, defaultMaxAbsences)
	return cfg
}

func (cfg Config) validate() error {
	if cfg.Zone == nil {
		return errors.New("the rep's zone is missing")
	}
	if !cfg.From.Before(cfg.To) {
		return errors.New("the horizon is empty")
	}
	return nil
}

// Feed is what a feed says about a rep.
type Feed struct {
	Absences []calendar.Absence // within the horizon, sorted and disjoint
	// Warnings name, by line, what was not understood; they quote dates, rules and zone
	// names and never what a meeting is about. At most 50 are kept.
	Warnings []error
}

// Read reads a feed. An error means that it cannot be used at all: it is no iCalendar
// feed, reading failed, or it exceeds a limit, which errors.Is(err, ErrLimit) tells.
func Read(r io.Reader, cfg Config) (Feed, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return Feed{}, fmt.Errorf("read feed: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(r, cfg.MaxBytes+1))
	if err != nil {
		return Feed{}, fmt.Errorf("read feed: %w", err)
	}
	if int64(len(data)) > cfg.MaxBytes {
		return Feed{}, fmt.Errorf("read feed: more than %d bytes: %w", cfg.MaxBytes, ErrLimit)
	}
	f := &feedReader{cfg: cfg, budget: budget{steps: maxSteps}}
	if err := f.read(string(data)); err != nil {
		return Feed{}, fmt.Errorf("read feed: %w", err)
	}
	return Feed{Absences: join(f.absences), Warnings: f.warnings}, nil
}

// feedReader is one reading of one feed.
type feedReader struct {
	cfg      Config // complete and valid
	zones    zones
	budget   budget
	absences []calendar.Absence // as found: unsorted, overlapping, at most cfg.MaxAbsences
	warnings []error            // at most maxWarnings
}

// warn keeps a problem that costs one part of the feed; what it costs is in err.
func (f *feedReader) warn(line int, err error) {
	if len(f.warnings) < maxWarnings {
		f.warnings = append(f.warnings, fmt.Errorf("line %d: %w", line, err))
	}
}

// read goes over the feed twice: an occurrence may be changed by an event that is written
// behind the series, or in another calendar of the feed.
func (f *feedReader) read(text string) error {
	root, err := parseComponents(text, f.warn)
	if err != nil {
		return err
	}
	root.children = slices.DeleteFunc(root.children, func(c *component) bool { return c.name != "VCALENDAR" })
	if len(root.children) == 0 {
		return errors.New("it has no VCALENDAR: is the address that of an iCalendar feed?")
	}
	f.zones = zones{
		own: f.cfg.Zone, loaded: map[string]*time.Location{}, defined: map[string]*component{},
		last: calendar.DateOf(f.cfg.To.UTC()) + margin, budget: &f.budget,
	}
	series := newSeries()
	for _, c := range root.children {
		if err := f.collect(c, series); err != nil {
			return err
		}
	}
	for _, e := range series.events {
		if err := f.expand(e, series.excluded(e)); err != nil {
			return err
		}
	}
	return nil
}

// collect reads the components of a calendar. Zones come first, whatever their order:
// programs write them behind the events that need them.
func (f *feedReader) collect(c *component, s *series) error {
	for _, child := range c.children {
		if id, ok := child.get("TZID"); ok && child.name == "VTIMEZONE" {
			f.zones.defined[id.value] = child
		}
	}
	for _, child := range c.children {
		switch child.name {
		case "VEVENT":
			e, err := f.event(child)
			if err != nil {
				f.warn(child.line, err)
				continue
			}
			s.add(e)
		case "VFREEBUSY":
			if err := f.freeBusy(child); err != nil {
				return err
			}
		}
	}
	return nil
}

// add keeps an absence if it touches the horizon.
func (f *feedReader) add(from, to time.Time) error {
	if !from.Before(to) || !from.Before(f.cfg.To) || !f.cfg.From.Before(to) {
		return nil
	}
	if len(f.absences) == f.cfg.MaxAbsences {
		return fmt.Errorf("more than %d absences from %s to %s: %w", f.cfg.MaxAbsences,
			f.cfg.From.Format(time.DateOnly), f.cfg.To.Format(time.DateOnly), ErrLimit)
	}
	f.absences = append(f.absences, calendar.Absence{From: from, To: to})
	return nil
}

// join sorts absences and joins those that overlap or touch.
func join(absences []calendar.Absence) []calendar.Absence {
	slices.SortFunc(absences, func(a, b calendar.Absence) int { return a.From.Compare(b.From) })
	var joined []calendar.Absence
	for _, a := range absences {
		if last := len(joined) - 1; last >= 0 && !a.From.After(joined[last].To) {
			if a.To.After(joined[last].To) {
				joined[last].To = a.To
			}
		} else {
			joined = append(joined, a)
		}
	}
	return joined
}
