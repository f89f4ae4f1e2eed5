package routing

import (
	"cmp"
	"slices"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// Clocks of a lead. The first four are those of an SLA; a lead that waits for a rep or
// for a person has one of its own.
const (
	ClockAccepted  = "accepted"
	ClockContacted = "contacted"
	ClockQualified = "qualified"
	ClockOverall   = "overall" // from the arrival to the first contact
	ClockWaiting   = "waiting"
	ClockReview    = "review"
)

// Stops says which activity stops a clock; "" for one that none does.
func Stops(clock string) string {
	switch clock {
	case ClockAccepted, ClockContacted, ClockQualified:
		return clock
	case ClockOverall:
		return ledger.Contacted
	}
	return ""
}

// deadlines are the clocks of the SLAs of all steps, for each calendar.
func (p *Plan) deadlines(crews []Crew) []Deadline {
	var out []Deadline
	for i := range p.Steps {
		sla := p.slaOf(i)
		if sla == nil || slices.ContainsFunc(out, func(d Deadline) bool { return d.SLA == sla.Name }) {
			continue
		}
		if len(crews) == 0 {
			crews = []Crew{{}}
		}
		for _, crew := range crews {
			if !slices.ContainsFunc(out, func(d Deadline) bool { return d.SLA == sla.Name && d.Calendar == crew.Calendar }) {
				out = append(out, p.deadline(sla, crew.Calendar))
			}
		}
	}
	return out
}

// deadline are the clocks of an SLA for owners with a calendar, frozen now.
func (p *Plan) deadline(sla *policy.SLA, calendar string) Deadline {
	hours := p.planner.calendar(calendar)
	if !sla.Business {
		hours = nil
	}
	came := p.input.At
	if !p.input.Came.IsZero() {
		came = p.input.Came
	}
	d := Deadline{SLA: sla.Name, Calendar: calendar}
	d.AcceptBy, d.Due = dues(nil, hours, p.input.At, ClockAccepted, sla.Accepted)
	d.ContactBy, d.Due = dues(d.Due, hours, p.input.At, ClockContacted, sla.Contacted)
	_, d.Due = dues(d.Due, hours, p.input.At, ClockQualified, sla.Qualified)
	if !p.input.Reached {
		_, d.Due = dues(d.Due, hours, came, ClockOverall, sla.Overall)
		// What is past has been told of the owner before.
		now := p.input.At.UnixMilli()
		d.Due = slices.DeleteFunc(d.Due, func(x Due) bool { return x.Clock == ClockOverall && x.At <= now })
	}
	slices.SortStableFunc(d.Due, func(a, b Due) int { return cmp.Compare(a.At, b.At) })
	return d
}

// dues adds the stages of a clock that begins at an instant, and gives when the owner
// must have acted: the target, which without one is the first stage that takes the lead
// away, else the last stage. A stage that a calendar never comes to is left out.
func dues(out []Due, hours *policy.Calendar, from time.Time, name string, clock policy.Clock) (by int64, all []Due) {
	target := clock.Target
	if i := slices.IndexFunc(clock.Stages, moves); i >= 0 && target.IsZero() {
		target = clock.Stages[i].After
	}
	if by = after(hours, from, target); by > 0 {
		out = append(out, Due{Clock: name, At: by})
	}
	for i := range clock.Stages {
		at := after(hours, from, clock.Stages[i].After)
		if at == 0 {
			continue
		}
		out = append(out, Due{Clock: name, At: at, Do: clock.Stages[i].Do})
		if target.IsZero() {
			by = at
		}
	}
	return by, out
}

// after adds a span, in working time if there is a calendar; 0 when it never comes, or
// for no span.
func after(c *policy.Calendar, from time.Time, span policy.Span) int64 {
	if span.IsZero() {
		return 0
	}
	if c == nil {
		return from.Add(span.Calendar()).UnixMilli()
	}
	t, ok := from, true
	if span.Days > 0 {
		t, ok = c.Hours.AddDays(from, span.Days)
	}
	if ok {
		t, ok = c.Hours.Add(t, span.Rest)
	}
	if !ok {
		return 0
	}
	return t.UnixMilli()
}

func moves(s policy.Stage) bool {
	return slices.ContainsFunc(s.Do, func(a policy.Action) bool {
		return a != policy.Remind && a != policy.TellManager
	})
}

// line gives an end where leads wait its clocks: patience, and the stages of the
// waiting line or of review.
func (p *Plan) line(i int, d *Draft) {
	pol, step := p.planner.policy, &d.Steps[i]
	switch p.Steps[i].End {
	case ledger.Waiting:
		if step.Hold > 0 {
			step.Due = append(step.Due, Due{Clock: ClockWaiting, At: d.At + step.Hold, Do: []policy.Action{policy.Rewalk}})
		}
		step.Due = append(step.Due, p.stages(ClockWaiting, pol.Waiting.After, p.input.Queued)...)
		slices.SortStableFunc(step.Due, func(a, b Due) int { return cmp.Compare(a.At, b.At) })
		for _, crew := range d.Crews {
			step.Told = with(step.Told, crew.Manager)
		}
	case ledger.Review:
		step.Due = p.stages(ClockReview, pol.Review.After, time.Time{})
		for _, rep := range pol.Review.By {
			step.Told = with(step.Told, pol.Reps[rep].ID)
		}
	default: // nobody waits there
	}
	if len(step.Due) == 0 {
		step.Told = nil
	}
}

// with adds an id to a list that has each once.
func with(ids []string, id string) []string {
	if id == "" || slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// stages run around the clock, from an instant or from now. What is past was said of the
// attempt before.
func (p *Plan) stages(clock string, stages []policy.Stage, from time.Time) []Due {
	if from.IsZero() {
		from = p.input.At
	}
	var out []Due
	for i := range stages {
		if at := from.Add(stages[i].After.Calendar()); at.After(p.input.At) {
			out = append(out, Due{Clock: clock, At: at.UnixMilli(), Do: stages[i].Do})
		}
	}
	return out
}

// Timer is the record of the clocks that run for an attempt of a lead, marks being how
// far that has come; ok is false when none ever ran.
func (d Draft) Timer(lead string, attempt int, rep string, m ledger.Marks) (t event.Timer, ok bool) {
	if m.Step < 0 || m.Step >= len(d.Steps) {
		return t, false
	}
	step := &d.Steps[m.Step]
	t = event.Timer{LeadID: lead, Attempt: attempt, RepID: rep, Start: instant(d.At), Tell: step.Told, Due: []event.Due{}}
	due := step.Due
	if rep != "" {
		crew := d.crew(rep)
		t.SLA, t.Tell = step.SLA, with(nil, crew.Manager)
		for _, x := range d.SLAs {
			if x.SLA == step.SLA && x.Calendar == crew.Calendar {
				due = x.Due
			}
		}
	}
	stage, stopped := map[string]int{}, stops(m)
	for _, x := range due {
		at, over := stopped[x.Clock]
		switch {
		case !over:
			t.Due = append(t.Due, event.Due{Clock: x.Clock, Stage: stage[x.Clock], At: instant(x.At), Do: words(x.Do)})
		case stage[x.Clock] == 0:
			t.Stopped = append(t.Stopped, event.Stop{Clock: x.Clock, At: instant(at)})
		}
		stage[x.Clock]++
	}
	return t, len(due) > 0
}

// stops are the clocks that have stopped, and when: contact implies acceptance, and
// qualification both.
func stops(m ledger.Marks) map[string]int64 {
	first := func(marks ...int64) (at int64) {
		for _, mark := range marks {
			if mark > 0 && (at == 0 || mark < at) {
				at = mark
			}
		}
		return at
	}
	at := map[string]int64{
		ClockAccepted:  first(m.Accepted, m.Contacted, m.Qualified),
		ClockContacted: first(m.Contacted, m.Qualified),
		ClockQualified: m.Qualified,
		ClockOverall:   first(m.Contacted, m.Qualified),
	}
	for clock, mark := range at {
		if mark == 0 {
			delete(at, clock)
		}
	}
	return at
}

func words(actions []policy.Action) []string {
	out := make([]string, len(actions))
	for i, a := range actions {
		out[i] = string(a)
	}
	return out
}
