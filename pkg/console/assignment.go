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
	"leadrouter/pkg/ledger"
)

// Lines renders assignments, one line each, in columns that widen as longer values
// come by. It is for one goroutine.
type Lines struct {
	Style Style
	Zone  *time.Location // of the times shown; nil: UTC

	widths [columns]int
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
	zone := l.Zone
	if zone == nil {
		zone = time.UTC
	}
	return strings.TrimRight(fmt.Sprintf("%s  %s  %s  %s  %s  %s  %s  %s",
		l.Style.Faint(a.AssignedAt.In(zone).Format("15:04:05")),
		l.cell(columnLead, a.LeadID),
		l.cell(columnWho, who(a)),
		l.mark(a),
		l.Style.Strong(l.cell(columnRep, whoHas(a))),
		l.cell(columnRule, cause(a)),
		l.cell(columnReason, Reason(a)),
		l.Style.Faint(last(a, took)),
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
func who(a event.Assigned) string {
	if a.Lead == nil {
		return "-"
	}
	name := cmp.Or(a.Lead.Company.Name, a.Lead.Company.Domain, "-")
	if a.Lead.Country == "" {
		return name
	}
	return name + ", " + a.Lead.Country
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
		return "#" + strconv.Itoa(a.Attempt)
	case took <= 0:
		return ""
	case took < time.Second:
		return strconv.FormatInt(max(1, took.Milliseconds()), 10) + "ms"
	default:
		return took.Round(100 * time.Millisecond).String()
	}
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
