package routing

import (
	"cmp"
	"slices"

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
			if m := rep.Team.Manager; m >= 0 {
				c.Manager = pl.policy.Reps[m].ID
			}
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

// calendar finds a calendar of the policy; nil for "".
func (pl *Planner) calendar(name string) *policy.Calendar {
	for _, c := range pl.policy.Calendars {
		if c.Name == name {
			return c
		}
	}
	return nil
}
