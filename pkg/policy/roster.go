package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync/atomic"
	"time"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/ledger"
)

// Calendar is a named calendar of the policy.
type Calendar struct {
	Name  string
	Hours *calendar.Calendar
	Pos   Pos
}

// schedule remembers what depends on time, for as long as it stays the same. Both
// are only a cache: two goroutines that miss compute the same.
type schedule struct {
	ramp   ramp
	roster atomic.Pointer[rosterWindow]
	shift  atomic.Pointer[shiftWindow]
}

// ramp brings new reps up to their full share.
type ramp struct {
	steps []int64 // percent of weight and caps
	every int     // days that a step lasts
}

// window is a time in which something stays the same, [from, until).
type window struct{ from, until time.Time }

func (w window) has(at time.Time) bool { return !at.Before(w.from) && at.Before(w.until) }

// cut makes the window end, or begin, at an instant at which something changes.
func (w *window) cut(change, at time.Time) {
	switch {
	case change.After(at):
		w.until = earliest(w.until, change)
	case change.After(w.from):
		w.from = change
	}
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// always is a window that has every instant that a decision can be made at.
func always() window {
	return window{until: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
}

type rosterWindow struct {
	window
	roster *ledger.Roster
}

type shiftWindow struct {
	window
	set Set
}

// Roster gives the terms of all reps at an instant, ramp-up and daylight saving
// applied. While nothing changes it is the same roster.
func (p *Policy) Roster(at time.Time) *ledger.Roster {
	if w := p.schedule.roster.Load(); w != nil && w.has(at) {
		return w.roster
	}
	w := &rosterWindow{window: always(), roster: &ledger.Roster{Reps: make([]ledger.Terms, len(p.Reps))}}
	scale := p.schedule.ramp.scale()
	for i := range p.Reps {
		w.roster.Reps[i] = p.Reps[i].terms(at, &p.schedule.ramp, scale, &w.window)
	}
	w.roster.Digest = digest(w.roster.Reps)
	p.schedule.roster.Store(w)
	return w.roster
}

// terms of a rep at an instant; the window is cut to where they hold.
func (rep *Rep) terms(at time.Time, ramp *ramp, scale int64, w *window) ledger.Terms {
	local := at.In(rep.location())
	_, offset := local.Zone()
	start, end := local.ZoneBounds()
	if !start.IsZero() {
		w.cut(start, at)
	}
	if !end.IsZero() {
		w.cut(end, at)
	}
	percent := ramp.percent(rep.Joined, at, w)
	part := func(n int64) int64 { return (n*percent + 99) / 100 }
	return ledger.Terms{
		ID: rep.ID, Weight: max(1, rep.Weight*scale*percent/100), Offset: int64(offset),
		Caps: ledger.Caps{
			Open: part(rep.Caps.Open), OpenValue: part(rep.Caps.OpenValue),
			Hour: part(rep.Caps.Hour), Day: part(rep.Caps.Day), Week: part(rep.Caps.Week),
		},
	}
}

// percent of their full share that somebody has who joined some time ago.
func (r *ramp) percent(joined, at time.Time, w *window) int64 {
	if joined.IsZero() {
		return 100
	}
	percent := int64(100)
	if len(r.steps) > 0 && at.Before(joined) {
		percent = r.steps[0]
	}
	for i, step := range r.steps {
		from, until := joined.AddDate(0, 0, i*r.every), joined.AddDate(0, 0, (i+1)*r.every)
		w.cut(from, at)
		w.cut(until, at)
		if !at.Before(from) && at.Before(until) {
			percent = step
		}
	}
	return percent
}

// scale is what all weights are multiplied by, so that every step of the ramp is a
// whole number of a weight of 1.
func (r *ramp) scale() int64 {
	divisor := int64(100)
	for _, s := range r.steps {
		divisor = gcd(divisor, s)
	}
	return 100 / divisor
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// digest names terms by their content.
func digest(terms []ledger.Terms) string {
	text, err := json.Marshal(terms)
	if err != nil { // strings and integers always are JSON
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Shift gives the reps who are at work at an instant. The set is shared: read it
// only. Absences are the ledger's to know.
func (p *Policy) Shift(at time.Time) Set {
	if w := p.schedule.shift.Load(); w != nil && w.has(at) {
		return w.set
	}
	w := &shiftWindow{window: window{from: at, until: always().until}, set: newSet(len(p.Reps))}
	for i := range p.Reps {
		open := true
		if hours := p.Reps[i].hours; hours != nil {
			var until time.Time
			open, until = hours.Window(at)
			w.until = earliest(w.until, until)
		}
		if open {
			w.set.Add(int32(i))
		}
	}
	p.schedule.shift.Store(w)
	return w.set
}

// OnShift reports whether a rep is at work at an instant.
func (p *Policy) OnShift(rep int32, at time.Time) bool { return p.Shift(at).Has(rep) }

// NextShift is when a rep is next at work: at itself while on shift. It is false
// when that is never.
func (p *Policy) NextShift(rep int32, at time.Time) (time.Time, bool) {
	if hours := p.Reps[rep].hours; hours != nil {
		return hours.NextOpen(at)
	}
	return at, true
}
