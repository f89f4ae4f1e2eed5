package sla

import (
	"slices"
	"strings"

	"leadrouter/pkg/event"
	"leadrouter/pkg/policy"
)

// pool keeps one of each thing that leads have in common. What is in it comes from
// policies and rosters, so it is small, and it stays.
type pool struct {
	texts  map[string]string
	owners map[ownerKey]*owner
	stages map[stageKey]*stage
}

// owner is who has a lead, and by which rules.
type owner struct {
	rep  string
	sla  string
	tell []string
}

type ownerKey struct{ rep, sla, tell string }

// stage is one stage of a clock of some policy.
type stage struct {
	clock  string
	number int
	do     []string
}

type stageKey struct {
	clock, do string
	number    int
}

func newPool() *pool {
	return &pool{texts: map[string]string{}, owners: map[ownerKey]*owner{}, stages: map[stageKey]*stage{}}
}

func (p *pool) text(s string) string {
	shared, ok := p.texts[s]
	if !ok {
		shared = strings.Clone(s)
		p.texts[shared] = shared
	}
	return shared
}

// joined is a list as a key; neither reps nor actions hold a space.
func joined(list []string) string { return strings.Join(list, " ") }

func (p *pool) owner(t event.Timer) *owner {
	key := ownerKey{t.RepID, t.SLA, joined(t.Tell)}
	shared := p.owners[key]
	if shared == nil {
		shared = &owner{t.RepID, t.SLA, slices.Clone(t.Tell)}
		p.owners[key] = shared
	}
	return shared
}

func (p *pool) stage(d event.Due) *stage {
	key := stageKey{d.Clock, joined(d.Do), d.Stage}
	shared := p.stages[key]
	if shared == nil {
		shared = &stage{p.text(d.Clock), d.Stage, slices.Clone(d.Do)}
		p.stages[key] = shared
	}
	return shared
}

// target reports whether the stage is what the clock is measured by.
func (s *stage) target() bool { return len(s.do) == 0 }

// events are the milestones that the stage is.
func (s *stage) events() []string {
	if s.target() {
		return []string{event.Breached}
	}
	var events []string
	if s.does(policy.Remind) {
		events = append(events, event.Warned)
	}
	if s.does(policy.TellManager, policy.MoveBackup, policy.MoveManager, policy.MoveToReview, policy.Rewalk) {
		events = append(events, event.Escalated)
	}
	return events
}

// does reports whether the stage takes any of these actions.
func (s *stage) does(actions ...policy.Action) bool {
	return slices.ContainsFunc(s.do, func(do string) bool { return slices.Contains(actions, policy.Action(do)) })
}
