package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// What happens to a lead between two decisions, and how it came to the next one.

// progress is how far the owner has come with a lead.
func (t Teller) progress(l *ledger.Lead) string {
	for _, mark := range []struct {
		verb string
		at   int64
	}{{ledger.Qualified, l.Qualified}, {ledger.Contacted, l.Contacted}, {ledger.Accepted, l.Accepted}} {
		if mark.at > 0 && l.Closed == 0 {
			return fmt.Sprintf(", %s at %s", mark.verb, t.clock(time.UnixMilli(mark.at)))
		}
	}
	return ""
}

// from says how a lead left the attempt before.
func (t Teller) from(c, last *audit.Chapter) string {
	held := c.When().Sub(last.When())
	if c.Grant.From == "" {
		return fmt.Sprintf("%s, after %s", last.Assigned.Outcome, Span(held))
	}
	text := t.Name(c.Grant.From)
	if previous := c.Assigned.Previous; previous != nil {
		text += ": " + movedBecause(previous, held)
	}
	if c.Draft.Previous != nil && c.Draft.Previous.Reason != "" {
		text += " (" + c.Draft.Previous.Reason + ")"
	}
	if c.Grant.TurnBack {
		text += "; the turn was given back"
	}
	return Printable(text)
}

// happened is a record that was no decision, in words.
func (t Teller) happened(c *audit.Chapter) string {
	g := c.Grant
	if c.Kind == ledger.Move {
		return stayed(g)
	}
	switch g.Effect {
	case ledger.Repeat:
		return "came again; a known id changes nothing"
	case ledger.Freed:
		return fmt.Sprintf("%s; the lead is closed and %s has room again", g.Verb, t.Name(g.Rep))
	case ledger.Held:
		return g.Verb + " came before the lead and waits for it"
	case ledger.Fenced:
		if g.Asked == 0 || g.Asked == g.Attempt {
			return fmt.Sprintf("%s by %s, whose lead it was not: it changed nothing", g.Verb, t.Name(g.By))
		}
		return fmt.Sprintf("%s spoke of attempt %d, when it was in %d, and changed nothing", g.Verb, g.Asked, g.Attempt)
	case ledger.Ignored:
		if g.Verb == ledger.Reopened {
			return "reopened changed nothing: the lead was not closed"
		}
		return g.Verb + " changed nothing: the lead is closed"
	case ledger.Voided:
		return "a decision that was never published was taken back"
	default:
		if c.Reason != "" {
			return g.Verb + ": " + Printable(c.Reason)
		}
		return g.Verb
	}
}

// stayed says why a lead that was to move did not.
func stayed(g ledger.Grant) string {
	switch {
	case g.Effect == ledger.Voided:
		return "a move that was never published was taken back"
	case g.Effect == ledger.Fenced:
		return fmt.Sprintf("was to leave attempt %d, when it was in %d: nothing moved", g.Asked, g.Attempt)
	case g.Outcome == "":
		return "was to move, but it is closed"
	case g.Verb != "":
		return "was to move, but it was " + g.Verb + " just before"
	}
	return "was asked for again, and stays where it is"
}

// before reports whether a milestone is told before what happened at an instant. That a
// clock was met follows from what happened then.
func before(m event.Milestone, at time.Time) bool {
	return m.At.Before(at) || m.At.Equal(at) && m.Event != event.Met
}

// worth leaves the targets out of which an escalation of the same instant says as much.
func worth(all []event.Milestone) []event.Milestone {
	return slices.DeleteFunc(slices.Clone(all), func(m event.Milestone) bool {
		return m.Event == event.Breached && slices.ContainsFunc(all, func(other event.Milestone) bool {
			return other.Event == event.Escalated && other.Attempt == m.Attempt && other.Clock == m.Clock && other.At.Equal(m.At)
		})
	})
}

// milestone is what a clock said.
func (t Teller) milestone(b *strings.Builder, m event.Milestone, s audit.Story) {
	after := time.Duration(0)
	if start := began(s, m); !start.IsZero() {
		after = m.At.Sub(start)
	}
	about := ""
	if m.SLA != "" {
		about = "   sla " + m.SLA
	}
	fmt.Fprintf(b, "  %s  %s\n", t.clock(m.At), Printable(Milestone(m, after)+about))
}

// began is when the clock of a milestone was set; zero when the log does not say.
func began(s audit.Story, m event.Milestone) time.Time {
	for i := range s.Chapters {
		c := &s.Chapters[i]
		if c.Draft == nil || c.Grant.Attempt != m.Attempt {
			continue
		}
		if m.Clock == routing.ClockOverall && c.Draft.Came > 0 {
			return time.UnixMilli(c.Draft.Came)
		}
		return time.UnixMilli(c.Draft.At)
	}
	return time.Time{}
}
