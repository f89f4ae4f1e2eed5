package checker

import (
	"fmt"
	"time"
)

// maxDrift is how far a watcher's clock may be from the brokers' before nothing fires.
const maxDrift = 2 * time.Second

// stage is one stage of a clock of one attempt.
type stage struct {
	lead    string
	attempt int
	clock   string
	number  int
}

func (s stage) String() string {
	return fmt.Sprintf("stage %d of clock %s, attempt %d", s.number, s.clock, s.attempt)
}

// checkClocks: each stage is said once and not before its time; what was due in the end
// has been said, and so have the stages before one that moved a lead.
func (f *findings) checkClocks(h *History) {
	fired := f.milestones(h)
	moved := f.lapses(h)
	last := map[string]clocks{}
	for _, r := range h.byTopic(timers) {
		if r.Value == nil {
			delete(last, r.Key)
			continue
		}
		c, ok := decode[clocks](f, r)
		if !ok {
			continue
		}
		last[r.Key] = c
		f.count("clocks", 1)
		for _, d := range c.Due {
			s := stage{c.Lead, c.Attempt, d.Clock, d.Stage}
			if by, lapsed := moved[stage{lead: c.Lead, attempt: c.Attempt, clock: d.Clock}]; lapsed && d.Stage < by && fired[s] == 0 {
				f.add(Stage, c.Lead, "%s was never said, and stage %d has moved the lead", s, by)
			}
		}
	}
	for _, c := range last {
		for _, d := range c.Due {
			s := stage{c.Lead, c.Attempt, d.Clock, d.Stage}
			if !d.At.After(h.Settled) && fired[s] == 0 {
				f.add(Stage, c.Lead, "%s was due at %s and was never said", s, d.At.Format(time.TimeOnly))
			}
		}
	}
}

// milestones counts lead.sla by stage.
func (f *findings) milestones(h *History) map[stage]int {
	type event struct {
		stage
		name string
	}
	fired, once := map[stage]int{}, map[event]string{}
	for _, r := range h.byTopic(milestone) {
		m, ok := decode[said](f, r)
		if !ok {
			continue
		}
		f.count("milestones", 1)
		s := stage{m.Lead, m.Attempt, m.Clock, m.Stage}
		e := event{s, m.Event}
		if first := once[e]; first != "" {
			f.add(Stage, m.Lead, "%s is %s again at %s, first at %s", s, m.Event, r.place(), first)
		}
		once[e] = r.place()
		if m.Event == "met" {
			continue
		}
		fired[s]++
		if r.At.Before(m.Due.Add(-maxDrift)) {
			f.add(Stage, m.Lead, "%s is %s %s too soon at %s", s, m.Event, m.Due.Sub(r.At), r.place())
		}
	}
	return fired
}

// lapses are the clocks that have moved a lead, by the stage that did.
func (f *findings) lapses(h *History) map[stage]int {
	moved, once := map[stage]int{}, map[stage]string{}
	for _, r := range h.byTopic(reassign) {
		m, ok := decode[said](f, r)
		if !ok || m.Cause != "sla" {
			continue
		}
		f.count("lapses", 1)
		s := stage{m.Lead, m.Attempt, m.Clock, m.Stage}
		if first := once[s]; first != "" {
			f.add(Stage, m.Lead, "%s moves the lead again at %s, first at %s", s, r.place(), first)
		}
		once[s] = r.place()
		if r.At.Before(m.At.Add(-maxDrift)) {
			f.add(Stage, m.Lead, "%s moves the lead %s too soon at %s", s, m.At.Sub(r.At), r.place())
		}
		s.number = 0
		moved[s] = m.Stage
	}
	return moved
}
