package routing

import (
	"cmp"
	"slices"
	"time"

	"leadrouter/pkg/policy"
)

// crews sorts reps by team and calendar. The largest crew comes first and lists
// nobody: most plans speak of one crew only. The crews are shared: read them only.
func (pl *Planner) crews(reps policy.Set) []Crew {
	var buf [192]byte
	key := bits(buf[:0], reps)
	if crews, ok := pl.teams.get(key); ok {
		return crews
	}
	var crews []Crew
	for i := range pl.policy.Reps {
		if !reps.Has(int32(i)) {
			continue
		}
		rep := &pl.policy.Reps[i]
		c := Crew{Reps: []string{rep.ID}}
		if rep.Team != nil {
			c.Team = rep.Team.Name
		}
		if rep.Calendar != nil {
			c.Calendar = rep.Calendar.Name
		}
		at := slices.IndexFunc(crews, func(x Crew) bool { return x.Team == c.Team && x.Calendar == c.Calendar })
		if at < 0 {
			crews = append(crews, c)
		} else {
			crews[at].Reps = append(crews[at].Reps, rep.ID)
		}
	}
	slices.SortStableFunc(crews, func(a, b Crew) int { return cmp.Compare(len(b.Reps), len(a.Reps)) })
	if len(crews) > 0 {
		crews[0].Reps = nil
	}
	if len(crews) == 1 && crews[0].Team == "" && crews[0].Calendar == "" {
		crews = nil // nothing to say of anybody
	}
	return pl.teams.put(key, crews)
}

// deadlines computes what the SLAs of the steps demand of each crew.
func (p *Plan) deadlines(crews []Crew) []Deadline {
	var out []Deadline
	for i := range p.Steps {
		if p.origins[i].try < 0 {
			continue
		}
		sla := p.sla(p.origins[i].sla)
		if sla == nil || slices.ContainsFunc(out, func(d Deadline) bool { return d.SLA == sla.Name }) {
			continue
		}
		if len(crews) == 0 {
			crews = []Crew{{}}
		}
		for _, crew := range crews {
			if slices.ContainsFunc(out, func(d Deadline) bool { return d.SLA == sla.Name && d.Calendar == crew.Calendar }) {
				continue
			}
			calendar := p.planner.calendar(crew.Calendar)
			if !sla.Business {
				calendar = nil
			}
			out = append(out, Deadline{
				SLA: sla.Name, Calendar: crew.Calendar,
				AcceptBy:  due(calendar, p.input.At, sla.Accepted),
				ContactBy: due(calendar, p.input.At, sla.Contacted),
			})
		}
	}
	return out
}

// due is when the owner must have acted: the clock's target, else the first stage
// that takes the lead away, else the last stage.
func due(c *policy.Calendar, at time.Time, clock policy.Clock) int64 {
	span := clock.Target
	if span.IsZero() && len(clock.Stages) > 0 {
		span = clock.Stages[len(clock.Stages)-1].After
		if i := slices.IndexFunc(clock.Stages, moves); i >= 0 {
			span = clock.Stages[i].After
		}
	}
	if span.IsZero() {
		return 0
	}
	if c == nil {
		return at.Add(span.Calendar()).UnixMilli()
	}
	t, ok := c.Hours.AddDays(at, span.Days)
	if span.Days == 0 {
		t, ok = at, true
	}
	if ok {
		t, ok = c.Hours.Add(t, span.Rest)
	}
	if !ok {
		return 0 // the calendar never opens again
	}
	return t.UnixMilli()
}

func moves(s policy.Stage) bool {
	return slices.ContainsFunc(s.Do, func(a policy.Action) bool {
		return a != policy.Remind && a != policy.TellManager
	})
}

// calendar finds a calendar of the policy; nil for "".
func (pl *Planner) calendar(name string) *policy.Calendar {
	for _, c := range pl.policy.Calendars {
		if c.Name == name {
			return c
		}
	}
	return nil
}
