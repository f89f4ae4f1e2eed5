package routing

import (
	"slices"
	"strings"
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
	// Nobody is told of these: a lead that waits is planned again when its patience ends,
	// or when a shift begins.
	ClockHold  = "hold"
	ClockShift = "shift"
	// ClockHeld is of a lead that only its activities have told of.
	ClockHeld = "held"
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

// schedule is what a set of clocks does, and after which time. It follows from the policy
// alone.
type schedule struct {
	stages []string // "accepted remind": a clock and what is done; nothing is the target
	after  []policy.Span
}

// scheduleOf lists the clocks of an SLA.
func scheduleOf(sla *policy.SLA) *schedule {
	s := &schedule{}
	s.add(ClockAccepted, sla.Accepted)
	s.add(ClockContacted, sla.Contacted)
	s.add(ClockQualified, sla.Qualified)
	s.add(ClockOverall, sla.Overall)
	return s
}

// lineOf lists the stages of a line: it has no target.
func lineOf(clock string, stages []policy.Stage) *schedule {
	s := &schedule{}
	for _, stage := range stages {
		s.stages, s.after = append(s.stages, named(clock, stage.Do)), append(s.after, stage.After)
	}
	return s
}

// named is a stage as the draft has it.
func named(clock string, do []policy.Action) string {
	return clock + " " + strings.Join(words(do), " ")
}

// add appends a clock in the order of its time. Its target stands before the stage that it
// falls together with; without one it is the first stage that takes the lead away.
func (s *schedule) add(name string, clock policy.Clock) {
	target := clock.Target
	if i := slices.IndexFunc(clock.Stages, moves); i >= 0 && target.IsZero() {
		target = clock.Stages[i].After
	}
	said := target.IsZero()
	for _, stage := range clock.Stages {
		if !said && target.Calendar() <= stage.After.Calendar() {
			s.stages, s.after, said = append(s.stages, name), append(s.after, target), true
		}
		s.stages = append(s.stages, named(name, stage.Do))
		s.after = append(s.after, stage.After)
	}
	if !said {
		s.stages, s.after = append(s.stages, name), append(s.after, target)
	}
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
		schedule := p.planner.schedules[sla]
		d := Deadline{SLA: sla.Name, Stages: schedule.stages}
		for _, crew := range crews {
			if !slices.ContainsFunc(d.Dues, func(x Dues) bool { return x.Calendar == crew.Calendar }) {
				d.Dues = append(d.Dues, Dues{Calendar: crew.Calendar, At: p.dues(sla, schedule, crew.Calendar)})
			}
		}
		out = append(out, d)
	}
	return out
}

// dues are the instants of a schedule for owners with a calendar, frozen now; 0 for what
// the calendar never comes to, and for what was said of the owner before.
func (p *Plan) dues(sla *policy.SLA, s *schedule, calendar string) []int64 {
	hours := p.planner.calendar(calendar)
	if !sla.Business {
		hours = nil
	}
	now, came := p.input.At, p.input.At
	if !p.input.Came.IsZero() {
		came = p.input.Came
	}
	at := make([]int64, len(s.after))
	for i, span := range s.after {
		if clock, _, _ := strings.Cut(s.stages[i], " "); clock != ClockOverall {
			at[i] = after(hours, now, span)
		} else if due := after(hours, came, span); !p.input.Reached && (due > now.UnixMilli() || came.Equal(now)) {
			at[i] = due
		}
	}
	return at
}

// after adds a span, in working time if there is a calendar; 0 when it never comes.
func after(c *policy.Calendar, from time.Time, span policy.Span) int64 {
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
			step.wait(ClockHold, d.At+step.Hold)
		}
		if at := p.opening(); !at.IsZero() {
			step.wait(ClockShift, at.UnixMilli())
		}
		p.stages(step, p.planner.waiting, p.input.Queued)
		for _, crew := range d.Crews {
			step.Told = with(step.Told, crew.Manager)
		}
	case ledger.Review:
		p.stages(step, p.planner.review, time.Time{})
		for _, rep := range pol.Review.By {
			step.Told = with(step.Told, pol.Reps[rep].ID)
		}
	default: // nobody waits there
	}
	if len(step.Stages) == 0 {
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

// wait has the lead planned again.
func (s *DraftStep) wait(clock string, at int64) {
	s.Stages, s.At = append(s.Stages, named(clock, []policy.Action{policy.Rewalk})), append(s.At, at)
}

// stages run around the clock, from an instant or from now. What is past was said before;
// it keeps its number.
func (p *Plan) stages(step *DraftStep, s *schedule, from time.Time) {
	if from.IsZero() {
		from = p.input.At
	}
	for i, span := range s.after {
		due := from.Add(span.Calendar())
		at := due.UnixMilli()
		if !due.After(p.input.At) {
			at = 0
		}
		step.Stages, step.At = append(step.Stages, s.stages[i]), append(step.At, at)
	}
}

// Timer is the record of the clocks that run for an attempt of a lead, marks being how
// far that has come; ok is false when none ever ran.
func (d Draft) Timer(lead string, attempt int, rep string, m ledger.Marks) (t event.Timer, ok bool) {
	step := d.Step(m.Step)
	t = event.Timer{LeadID: lead, Attempt: attempt, RepID: rep, Start: instant(d.At), Tell: step.Told, Due: []event.Due{}}
	stages, at := step.Stages, step.At
	if rep != "" {
		crew := d.crew(rep)
		t.SLA, t.Tell = step.SLA, with(nil, crew.Manager)
		stages, at = d.clocks(step.SLA, crew.Calendar)
	}
	if len(stages) == 0 {
		return t, false
	}
	stage, stopped := map[string]int{}, stops(m)
	for i, text := range stages {
		words := strings.Split(text, " ")
		clock := words[0]
		if clock == ClockShift {
			// An attempt can wait for one shift after another: each is a stage of its own.
			stage[clock] = int(at[i] / time.Minute.Milliseconds())
		}
		switch stop, over := stopped[clock]; {
		case at[i] == 0:
		case !over:
			t.Due = append(t.Due, event.Due{Clock: clock, Stage: stage[clock], At: instant(at[i]), Do: words[1:]})
		case !slices.ContainsFunc(t.Stopped, func(s event.Stop) bool { return s.Clock == clock }):
			t.Stopped = append(t.Stopped, event.Stop{Clock: clock, At: instant(stop)})
		}
		stage[clock]++
	}
	slices.SortStableFunc(t.Due, func(a, b event.Due) int { return a.At.Compare(b.At) })
	return t, len(t.Due)+len(t.Stopped) > 0
}

// clocks of an SLA for owners with a calendar.
func (d Draft) clocks(sla, calendar string) (stages []string, at []int64) {
	for i := range d.SLAs {
		if d.SLAs[i].SLA != sla {
			continue
		}
		for _, x := range d.SLAs[i].Dues {
			if x.Calendar == calendar {
				return d.SLAs[i].Stages, x.At
			}
		}
	}
	return nil, nil
}

// by is when the owner must have stopped a clock: its target, else its last stage; 0 for
// a clock that does not run.
func by(clock string, stages []string, at []int64) (by int64) {
	for i, text := range stages {
		name, does, _ := strings.Cut(text, " ")
		if name != clock || at[i] == 0 {
			continue
		}
		if by = at[i]; does == "" {
			return by
		}
	}
	return by
}

// stops are the clocks that have stopped, and when: contact implies acceptance, and
// qualification both.
func stops(m ledger.Marks) map[string]int64 {
	if m.Accepted+m.Contacted+m.Qualified == 0 {
		return nil // as of every attempt that begins
	}
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
