package console

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/routing"
)

// Reason is why, in a few words. The sentence of the event speaks to the rep; a
// line speaks about the rep.
func Reason(a event.Assigned) string { return reason(a, 0) }

// reason is Reason, where it is known how long the owner before had the lead.
func reason(a event.Assigned, held time.Duration) string {
	if moved(a) {
		return a.Previous.RepID + ": " + movedBecause(a.Previous, held)
	}
	text := because(a)
	if len(a.Relaxed) > 0 {
		text += ", not " + strings.Join(a.Relaxed, ", ")
	}
	if a.Over {
		text += ", past a cap"
	}
	return text
}

// because is the reason by its code; a code that is not known yet speaks for
// itself.
func because(a event.Assigned) string {
	switch routing.Code(a.ReasonCode) {
	case routing.Turn:
		return "their turn" + turn(a)
	case routing.Load:
		return "most room"
	case routing.Rank:
		return "first of the list"
	case routing.Named:
		return "named by the rule"
	case routing.Owner:
		return "owns the account"
	case routing.BackupOf:
		return "backup of the owner"
	case routing.ManagerOf:
		return "manager of the owner"
	case routing.LastOwner:
		return "had this person before"
	case routing.CompanyOwner:
		return "has this company"
	case routing.StandIn:
		return "stands in"
	case routing.Escalated:
		return "waited too long"
	case routing.Commanded:
		return "a person says so"
	case routing.NoneFree:
		return noneFree(a)
	case routing.NoneFits:
		return "nobody fits"
	case routing.NoRule:
		return "no rule takes it"
	case routing.MaxOwners:
		return "too many owners"
	case routing.AccountDoubt:
		return "which account is in doubt"
	case routing.ByRule:
		if a.Row != "" {
			return "row " + a.Row
		}
		return "the rule says so"
	}
	return a.ReasonCode
}

// movedBecause is what took the lead from its owner.
func movedBecause(p *event.Previous, held time.Duration) string {
	switch p.Cause {
	case event.CauseSLA:
		return undone(p.Clock, held)
	case event.CauseRejected:
		return "turned it down"
	case event.CauseQualified:
		return "qualified it"
	case event.CauseLeft:
		return "has left"
	case event.CauseAway:
		return "is away"
	case event.CauseCommand:
		return "taken by a person"
	case event.Claimed:
		return "somebody else took it"
	case event.OwnerChanged:
		return "changed in the CRM"
	}
	return p.Cause
}

// turn is the credit that won, in leads like this one.
func turn(a event.Assigned) string {
	credit, ok := number(a.ReasonData["turn"])
	if !ok {
		return ""
	}
	amount, _ := number(a.ReasonData["turn_amount"])
	return " (" + Turn(int64(credit), int64(amount)) + ")"
}

// noneFree counts who fits, and says what keeps them.
func noneFree(a event.Assigned) string {
	fit, _ := number(a.ReasonData["fit"])
	off, _ := number(a.ReasonData["off_shift"])
	busy, _ := number(a.ReasonData["busy"])
	n := int(fit)
	if n == 0 {
		return "none is free"
	}
	var parts []string
	for _, part := range []struct {
		count int
		why   string
	}{{int(off), "off shift"}, {int(busy), "busy in the calendar"}, {int(fit - off - busy), "full or away"}} {
		switch part.count {
		case 0:
		case n:
			return fmt.Sprintf("%d fit, %s %s", n, all(n), part.why)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.why))
		}
	}
	return fmt.Sprintf("%d fit: %s", n, strings.Join(parts, ", "))
}

func all(n int) string {
	switch n {
	case 1:
		return "is"
	case 2:
		return "both"
	}
	return "all"
}

// number reads a number of reason_data, which came through JSON or not.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v)
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
