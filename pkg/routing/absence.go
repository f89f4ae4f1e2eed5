package routing

import (
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/policy"
)

// Absence is a rep whose own calendar says that they are not to be had. A plan takes it
// as being off shift.
type Absence struct {
	Rep   string `json:"rep_id"`
	Until int64  `json:"until"` // Unix milliseconds
}

// present takes those who are absent out of a shift, which stays as it is. Who is left
// out so is in Plan.busy; whoever is off shift anyway is not.
func (p *Plan) present(shift policy.Set) policy.Set {
	if len(p.input.Absent) == 0 {
		return shift
	}
	p.busy = p.planner.absentees(p.input.Absent)
	p.busy.And(shift)
	here := p.copyOf(shift)
	without(here, p.busy)
	return here
}

// absentees is the set of those who are absent; ids of nobody are passed over.
func (pl *Planner) absentees(absent []Absence) policy.Set {
	s := pl.empty()
	for i := range absent {
		if rep, ok := pl.policy.Rep(absent[i].Rep); ok {
			s.Add(rep)
		}
	}
	return s
}

// next is when a rep is next at work and not absent any more: now, perhaps. Absences end
// with the minute, since the clock that has a lead planned again then counts in minutes.
func (p *Plan) next(rep int32) (time.Time, bool) {
	from := p.input.At
	if until := p.absentUntil(rep); until.After(from) {
		from = until.Add(time.Minute - 1).Truncate(time.Minute)
	}
	return p.planner.policy.NextShift(rep, from)
}

// absentUntil is the end of a rep's absence; zero when there is none.
func (p *Plan) absentUntil(rep int32) time.Time {
	i, ok := slices.BinarySearchFunc(p.input.Absent, p.planner.policy.Reps[rep].ID, func(a Absence, id string) int {
		return strings.Compare(a.Rep, id)
	})
	if !ok {
		return time.Time{}
	}
	return instant(p.input.Absent[i].Until)
}

// seen are the absences that the plan depends on: those of reps who fit somewhere, who are
// asked first, or who fit where the rules would have led a lead that a person has given
// away. Planned again with these alone, the lead gets the same plan, and a record does not
// list everybody who is in a meeting.
func (p *Plan) seen() []Absence {
	if len(p.input.Absent) == 0 {
		return nil
	}
	fit, _ := p.fitting()
	var out []Absence
	for _, a := range p.input.Absent {
		rep, ok := p.planner.policy.Rep(a.Rep)
		if ok && (fit.Has(rep) || p.way.Has(rep) || p.input.First != nil && p.input.First.Rep == a.Rep) {
			out = append(out, a)
		}
	}
	return out
}

// missing is why a rep is not on shift.
func (w *walk) missing(rep int32) Barrier {
	r := &w.policy.Reps[rep]
	switch {
	case w.busy.Has(rep):
		return Barrier{Busy, when(w.absentUntil(rep), w.input.At, r.Zone())}
	case r.DayOff(w.input.At):
		back, _ := w.policy.NextShift(rep, w.input.At)
		return Barrier{DayOff, day(back, w.input.At, r.Zone())}
	}
	return Barrier{OffShift, ""}
}

// when writes an instant for people: the time if it is today, else the day, with the time
// unless the day begins with it.
func when(at, now time.Time, zone *time.Location) string {
	clock, date := at.In(zone).Format("15:04"), day(at, now, zone)
	switch {
	case date == day(now, now, zone):
		return clock
	case clock == "00:00":
		return date
	}
	return date + " " + clock
}

// day writes a date for people, with the year if it is another one; "" for none.
func day(at, now time.Time, zone *time.Location) string {
	at, now = at.In(zone), now.In(zone)
	switch {
	case at.IsZero():
		return ""
	case at.Year() != now.Year():
		return at.Format("2 Jan 2006")
	}
	return at.Format("2 Jan")
}
