package console

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

// Lines renders assignments and what their clocks say, one line each, in columns that
// widen as longer values come by. Later events of a lead do not hold the lead itself:
// Lines remembers what it has shown. It is for one goroutine.
type Lines struct {
	Style Style
	Zone  *time.Location // of the times shown; nil: UTC

	widths [columns]int
	memory memory
}

// Columns of a line that have a width; what follows them is the last one.
const (
	columnLead = iota
	columnWho
	columnRep
	columnRule
	columnReason
	columns
)

// bound is the width of a column: it starts at least, and grows up to most.
type bound struct{ least, most int }

// bounds let a UUID show whole.
func bounds() [columns]bound {
	return [columns]bound{columnLead: {7, 36}, columnWho: {14, 28}, columnRep: {7, 16}, columnRule: {16, 28}, columnReason: {27, 60}}
}

// Line renders an assignment. took is how long the lead was on its way; 0 when
// that is not known.
func (l *Lines) Line(a event.Assigned, took time.Duration) string {
	before := l.memory.of(a.LeadID)
	l.Remember(a)
	held := time.Duration(0)
	if before.attempt == a.Attempt-1 && !before.since.IsZero() {
		held = a.AssignedAt.Sub(before.since)
	}
	return l.line(a.AssignedAt, a.LeadID, l.mark(a), whoHas(a), cause(a), reason(a, held), last(a, took))
}

// Milestone renders what a clock says: a reminder, a target missed or met, an
// escalation.
func (l *Lines) Milestone(m event.Milestone) string {
	known := l.memory.of(m.LeadID)
	after := time.Duration(0)
	if known.attempt == m.Attempt && !known.since.IsZero() {
		after = m.At.Sub(known.since)
	}
	about := strings.TrimSpace(causeSLA + " " + m.SLA)
	return l.line(m.At, m.LeadID, l.milestoneMark(m), cmp.Or(m.RepID, m.Clock), about, Milestone(m, after), attempt(m.Attempt))
}

// Remember takes an assignment in without showing it.
func (l *Lines) Remember(a event.Assigned) {
	now := memo{who: l.memory.of(a.LeadID).who, attempt: a.Attempt, since: a.AssignedAt}
	if a.Lead != nil {
		now.who = who(a.Lead)
	}
	l.memory.put(a.LeadID, now)
}

func (l *Lines) line(at time.Time, lead, mark, rep, rule, why, end string) string {
	zone := cmp.Or(l.Zone, time.UTC)
	return strings.TrimRight(fmt.Sprintf("%s  %s  %s  %s  %s  %s  %s  %s",
		l.Style.Faint(at.In(zone).Format("15:04:05")),
		l.cell(columnLead, lead),
		l.cell(columnWho, cmp.Or(l.memory.of(lead).who, "-")),
		mark,
		l.Style.Strong(l.cell(columnRep, rep)),
		l.cell(columnRule, rule),
		l.cell(columnReason, why),
		l.Style.Faint(end),
	), " ")
}

// cell pads or cuts a text to the width of its column.
func (l *Lines) cell(column int, text string) string {
	b := bounds()[column]
	text = Printable(text)
	width := utf8.RuneCountInString(text)
	if width > b.most {
		text, width = string([]rune(text)[:b.most-1])+"…", b.most
	}
	l.widths[column] = max(l.widths[column], b.least, width)
	return text + strings.Repeat(" ", l.widths[column]-width)
}

// mark says at a glance what became of the lead.
func (l *Lines) mark(a event.Assigned) string {
	switch a.Outcome {
	case ledger.Waiting:
		return l.Style.Warn("..")
	case ledger.Review:
		return l.Style.Warn("??")
	case ledger.Nurture:
		return l.Style.Faint("~~")
	case ledger.Duplicate:
		return "=="
	case ledger.Disqualified:
		return l.Style.Faint("xx")
	case ledger.Assigned:
	}
	if moved(a) {
		return l.Style.Warn("=>")
	}
	return l.Style.Good("->")
}

// moved reports whether the lead came from another owner.
func moved(a event.Assigned) bool { return a.Previous != nil && a.Previous.RepID != "" }

// who is the company and the country, a dash for what is not known.
func who(l *lead.Lead) string {
	name := cmp.Or(l.Company.Name, l.Company.Domain, "-")
	if l.Country == "" {
		return name
	}
	return name + ", " + l.Country
}

// whoHas is the rep, or what the lead is in instead.
func whoHas(a event.Assigned) string { return cmp.Or(a.RepID, string(a.Outcome)) }

// cause is the rule, or what moved the lead.
func cause(a event.Assigned) string {
	if !moved(a) {
		return cmp.Or(a.Rule, "-")
	}
	if a.Previous.Cause == causeSLA && a.SLA != nil {
		return causeSLA + " " + a.SLA.Name
	}
	return a.Previous.Cause
}

// causeSLA is the cause of a move by a deadline.
const causeSLA = "sla"

// last is the attempt from the second on, else the time it took.
func last(a event.Assigned, took time.Duration) string {
	switch {
	case a.Attempt > 1:
		return attempt(a.Attempt)
	case took <= 0:
		return ""
	case took < time.Second:
		return strconv.FormatInt(max(1, took.Milliseconds()), 10) + "ms"
	default:
		return took.Round(100 * time.Millisecond).String()
	}
}

// attempt says which one, from the second on.
func attempt(n int) string {
	if n < 2 {
		return ""
	}
	return "#" + strconv.Itoa(n)
}

// Printable makes text fit for a terminal: what it cannot show, or what would
// steer it, becomes a dot. Ids and company names come from the outside.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, text)
}
