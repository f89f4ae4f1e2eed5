package sla_test

import (
	"regexp"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

var decode = kstream.Decode

// follow takes the records up to an offset into the view. Those that it has seen change
// nothing.
func (v *view) follow(t require.TestingT, b *topics, part int32, offset int64) {
	for _, r := range b.logs[timers(part)] {
		if r.Offset < v.seen || r.Offset >= offset {
			continue
		}
		id := string(r.Key)
		if r.Value == nil {
			delete(v.timers, id)
			delete(v.targets, id)
			continue
		}
		e, err := decode(r)
		require.NoError(t, err)
		timer, err := e.Timer()
		require.NoError(t, err)
		if v.timers[id].Attempt != timer.Attempt {
			v.targets[id] = map[string]event.Due{}
		}
		for _, d := range timer.Due {
			if len(d.Do) == 0 {
				v.targets[id][d.Clock] = d
			}
		}
		v.timers[id] = timer
	}
	v.seen = max(v.seen, offset)
}

// expect is what has to be said by now, and notes that it was.
func (v *view) expect(now time.Time) []string {
	var lines []string
	for id, timer := range v.timers {
		if s, ok := v.said[id]; !ok || s.attempt != timer.Attempt {
			s = saying{timer.Attempt, map[string]bool{}}
			got := v.expectOf(timer, s, now)
			if len(got) > 0 {
				v.said[id] = s
			}
			lines = append(lines, got...)
		} else {
			lines = append(lines, v.expectOf(timer, s, now)...)
		}
	}
	for id := range v.said {
		if _, runs := v.timers[id]; !runs {
			lines = append(lines, id+" forgotten")
			delete(v.said, id)
		}
	}
	return lines
}

// expectOf is expect for one lead.
func (v *view) expectOf(timer event.Timer, s saying, now time.Time) []string {
	var lines []string
	say := func(key string, text ...string) {
		if !s.what[key] {
			s.what[key] = true
			lines = append(lines, text...)
		}
	}
	fire := func(d event.Due) {
		if d.At.After(now) {
			return
		}
		var text []string
		for _, what := range outcomes(d) {
			text = append(text, line(timer.LeadID, timer.Attempt, d.Clock, d.Stage, what, d.At))
		}
		say(stageKey(d.Clock, d.Stage, len(d.Do) == 0), text...)
	}
	for _, stop := range timer.Stopped {
		target, known := v.targets[timer.LeadID][stop.Clock]
		switch {
		case known && stop.At.After(target.At):
			fire(target)
		case known || !s.what[stop.Clock+" breached"]:
			say(stop.Clock+" met", line(timer.LeadID, timer.Attempt, stop.Clock, 0, "met", stop.At))
		}
	}
	for _, d := range timer.Due {
		if !slices.ContainsFunc(timer.Stopped, func(s event.Stop) bool { return s.Clock == d.Clock }) {
			fire(d)
		}
	}
	return lines
}

// outcomes are the texts of a stage of the property test.
func outcomes(d event.Due) []string {
	switch {
	case len(d.Do) == 0:
		return []string{"breached"}
	case d.Do[0] == "remind":
		return []string{"warned"}
	case d.Do[0] == "to_backup":
		return []string{"escalated", "reassign to backup"}
	default:
		return []string{"escalated", "reassign to "}
	}
}

// stageLine finds what a stage says, and when it was due.
var stageLine = regexp.MustCompile(`(?:warned|breached|escalated|reassign to \w*) at (\S+)$`)

// requireOrdered checks that stages come in the order in which they were due.
func requireOrdered(t require.TestingT, lines []string) {
	last := ""
	for _, text := range lines {
		if m := stageLine.FindStringSubmatch(text); m != nil {
			require.LessOrEqual(t, last, m[1], "%v", lines)
			last = m[1]
		}
	}
}
