package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Milestone is what a clock says, in a few words. after is how long it had run; 0 when
// that is not known.
func Milestone(m event.Milestone, after time.Duration) string {
	switch m.Event {
	case event.Warned:
		return "reminded: " + undone(m.Clock, after)
	case event.Breached:
		return "target missed: " + undone(m.Clock, after)
	case event.Escalated:
		return undone(m.Clock, after) + ": " + strings.Join(consequences(m), ", ")
	case event.Met:
		return m.Clock + " in time"
	}
	return m.Event
}

// milestoneMark says at a glance how bad it is.
func (l *Lines) milestoneMark(m event.Milestone) string {
	switch m.Event {
	case event.Met:
		return l.Style.Good("ok")
	case event.Warned:
		return l.Style.Warn(" !")
	}
	return l.Style.Bad("!!")
}

// undone is what should have happened while a clock ran.
func undone(clock string, after time.Duration) string {
	text := ""
	switch clock {
	case "":
		return "not in time"
	case routing.ClockAccepted, routing.ClockContacted, routing.ClockQualified:
		text = "not " + clock
	case routing.ClockOverall:
		text = "no contact"
	case routing.ClockWaiting:
		text = "no rep"
	case routing.ClockReview:
		text = "no decision"
	default:
		text = clock + " not stopped"
	}
	if after <= 0 {
		return text + " in time"
	}
	return text + " in " + Span(after)
}

// consequences of an escalation: who is told, and where the lead goes.
func consequences(m event.Milestone) []string {
	var out []string
	does := func(action policy.Action, text string) {
		if slices.Contains(m.Do, string(action)) {
			out = append(out, text)
		}
	}
	told := strings.Join(m.Tell, ", ")
	if told == "" {
		told = "nobody" // the team has no manager
	}
	does(policy.TellManager, told+" told")
	does(policy.MoveBackup, "to the backup")
	does(policy.MoveManager, "to the manager")
	does(policy.MoveToReview, "to review")
	does(policy.Rewalk, "by the rules again")
	return out
}

// Span writes a duration as people say it: 45s, 10m, 1h30m, 3d. The longer it is, the
// rounder.
func Span(d time.Duration) string {
	round := time.Second
	switch {
	case d >= 48*time.Hour:
		round = 24 * time.Hour
	case d >= 5*time.Minute:
		round = time.Minute
	case d >= time.Minute:
		round = 10 * time.Second
	}
	d = d.Round(round)
	days, hours := d/(24*time.Hour), d/time.Hour
	minutes, seconds := d%time.Hour/time.Minute, d%time.Minute/time.Second
	if days >= 2 {
		return fmt.Sprintf("%dd", days)
	}
	var b strings.Builder
	for _, part := range []struct {
		n    time.Duration
		unit string
	}{{hours, "h"}, {minutes, "m"}, {seconds, "s"}} {
		if part.n > 0 {
			fmt.Fprintf(&b, "%d%s", part.n, part.unit)
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}
