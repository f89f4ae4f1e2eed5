package routing

import (
	"cmp"
	"fmt"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// Code is why a lead is where it is, for a program.
type Code string

// The codes. Those of an owner come first.
const (
	Turn         Code = "turn"          // round_robin
	Load         Code = "load"          // least_loaded
	Rank         Code = "rank"          // ranked
	Named        Code = "named"         // the rule names this rep
	Owner        Code = "owner"         // of the account
	BackupOf     Code = "backup"        // of the account's owner
	ManagerOf    Code = "manager"       // of the account's owner
	LastOwner    Code = "last_owner"    // of this person's earlier lead
	CompanyOwner Code = "company_owner" // of another lead of the company
	StandIn      Code = "stand_in"      // backup of the owner before
	Escalated    Code = "escalated"     // manager of the owner before; as an end: a clock sends it there
	Commanded    Code = "command"       // a person says so
	NoneFree     Code = "none_free"     // some fit, none is free
	NoneFits     Code = "none_fits"     // nobody fits
	ByRule       Code = "rule"          // the rule says so
	NoRule       Code = "no_rule"       // no rule takes the lead
	MaxOwners    Code = "max_owners"    // as many had it as the policy allows
	AccountDoubt Code = "account_doubt" // it may be of an account, and may not
)

// pick is how a step with this code chooses; "" for an end.
func (c Code) pick() ledger.Pick {
	switch c {
	case Turn:
		return ledger.RoundRobin
	case Load:
		return ledger.LeastLoaded
	case Rank, Named, Owner, BackupOf, ManagerOf, LastOwner, CompanyOwner, StandIn, Escalated, Commanded:
		return ledger.Ranked
	case NoneFree, NoneFits, ByRule, NoRule, MaxOwners, AccountDoubt:
	}
	return ""
}

// pool that the step offers the lead to; "" for a person and for an end.
func (s *DraftStep) pool() string {
	switch s.Code {
	case Turn, Load, Rank, Named:
		return s.To
	case Owner, BackupOf, ManagerOf, LastOwner, CompanyOwner, StandIn, Escalated, Commanded,
		NoneFree, NoneFits, ByRule, NoRule, MaxOwners, AccountDoubt:
	}
	return ""
}

// code is why step i takes the lead.
func (p *Plan) code(i int) Code {
	o := &p.origins[i]
	if o.first != nil {
		return o.first.Code
	}
	if o.try < 0 {
		return p.endCode(p.Steps[i].End, o)
	}
	t := &p.tries[o.try]
	switch t.to.Kind {
	case policy.ToOwner:
		return Owner
	case policy.ToBackup:
		return BackupOf
	case policy.ToManager:
		return ManagerOf
	case policy.ToLastOwner:
		return LastOwner
	case policy.ToCompanyOwner:
		return CompanyOwner
	case policy.ToPool, policy.ToWait, policy.ToReview, policy.ToNurture, policy.ToDisqualify, policy.ToNext:
	}
	switch {
	case t.pool.Pick == ledger.RoundRobin:
		return Turn
	case t.pool.Pick == ledger.LeastLoaded:
		return Load
	case t.pool.Book == "" && len(t.pool.Members) == 1:
		return Named
	}
	return Rank
}

func (p *Plan) endCode(outcome ledger.Outcome, o *origin) Code {
	switch {
	case p.input.Send != nil:
		return p.input.Send.Code
	case p.tooMany:
		return MaxOwners
	case p.input.First != nil && p.input.First.Code == Commanded:
		return Commanded // whom the command names has left
	case o.frame == nil:
		return NoRule
	case outcome != ledger.Waiting:
		return ByRule
	}
	if fit, _, _ := p.fits(); fit == 0 {
		return NoneFits
	}
	return NoneFree
}

// fits counts who fits at any step, and who of them is off shift or, on shift, absent by
// a calendar of their own. Who is full or away only the ledger knows.
func (p *Plan) fits() (fit, offShift, busy int) {
	all, here := p.fitting()
	if p.busy != nil {
		absent := p.copyOf(p.busy)
		absent.And(all)
		without(absent, here)
		busy = absent.Len()
	}
	return all.Len(), all.Len() - here.Len() - busy, busy
}

// Reason says in words why a step of the draft takes the lead: to the rep who gets
// it, or about a lead that nobody gets.
func (d Draft) Reason(step int) string {
	s := &d.Steps[step]
	text := d.reason(s)
	if s.Code.pick() == "" || s.To == "" && (s.Code == Escalated || s.Code == Commanded) {
		return text
	}
	if s.Past {
		text = "You had this lead before, and nobody else is free."
	}
	if d.Previous != nil {
		text = d.Previous.story() + "; " + lowerFirst(text)
	}
	return text
}

func (d *Draft) reason(s *DraftStep) string {
	switch s.Code {
	case Owner:
		return "This account is yours."
	case BackupOf:
		return s.Owner + " owns this account, and you are the backup."
	case ManagerOf:
		return s.Owner + " owns this account, and you manage the team."
	case LastOwner:
		return "You had an earlier lead of this person."
	case CompanyOwner:
		return "You have another lead of this company."
	case Named:
		return "The rule " + s.Rule + " names you."
	case Turn:
		return d.among(s, "it was your turn")
	case Load:
		return d.among(s, "you had the most room")
	case Rank:
		return d.among(s, "you were the first on the list who was free")
	case StandIn:
		return "You are the backup."
	case Escalated, Commanded:
		return d.chosen(s)
	case MaxOwners:
		return people(len(d.Past), "had", "had") + " this lead already; a person has to decide."
	case AccountDoubt:
		return d.doubt()
	case NoRule:
		return "No rule takes this lead; a person has to decide."
	case NoneFits:
		return "Nobody fits this lead."
	case NoneFree:
		return s.waiting()
	case ByRule:
	}
	return s.ruled()
}

// chosen tells of what a clock or a person has decided.
func (d *Draft) chosen(s *DraftStep) string {
	by := "A person"
	switch {
	case d.First != nil && d.First.By != "":
		by = d.First.By
	case d.Send != nil && d.Send.By != "":
		by = d.Send.By
	}
	switch {
	case s.To != "" && s.Code == Commanded:
		return by + " gave it to you."
	case s.To != "":
		return "You manage the team."
	case d.Send == nil:
		return by + " named somebody who has left; a person has to decide."
	case d.Send.To == ledger.Disqualified:
		return by + " turned this lead away."
	case s.Code == Commanded:
		return by + " sent it to review."
	case d.Previous != nil:
		return d.Previous.story() + "; a person has to decide."
	}
	return "It waited too long; a person has to decide."
}

// among speaks to one of many: what the lead asked for and the rep covers, how the
// pick was made, and what was left out.
func (d *Draft) among(s *DraftStep, why string) string {
	text := upperFirst(why)
	if skills := d.skills(s.Match); skills != "" {
		text = "You " + skills + ", and " + why
	}
	for _, axis := range s.Relaxed {
		text += "; nobody free " + cmp.Or(verbs[column(axis)], "cover") + "s " + d.spoken(axis)
	}
	return text + "."
}

// ruled tells of a rule that gives the lead to nobody.
func (s *DraftStep) ruled() string {
	text := "The rule " + s.Rule
	switch s.To {
	case "review":
		text += " asks a person to decide"
	case "nurture":
		text += " keeps this lead in nurture"
	default:
		text += " turns this lead away"
	}
	if s.Row != "" {
		text += " (" + s.Row + ")"
	}
	return text + "."
}

// waiting tells how many fit and why none of them has the lead.
func (s *DraftStep) waiting() string {
	var parts []string
	for _, part := range []struct {
		count int
		why   string
	}{{s.OffShift, "off shift"}, {s.Busy, "busy in the calendar"}, {s.Fit - s.OffShift - s.Busy, "full or away"}} {
		switch part.count {
		case 0:
		case s.Fit:
			return fmt.Sprintf("%s, and %s %s.", people(s.Fit, "fits", "fit"), allOf(s.Fit), part.why)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", part.count, part.why))
		}
	}
	return people(s.Fit, "fits", "fit") + ": " + strings.Join(parts, ", ") + "."
}

// data is the reason for a program; a map of the caller's own.
func (d *Draft) data(s *DraftStep) map[string]any {
	data := map[string]any{}
	if len(s.Match) > 0 {
		match := make(map[string]string, len(s.Match))
		for _, axis := range s.Match {
			match[axis] = d.asks(axis)
		}
		data["match"] = match
	}
	add := func(name string, list []string) {
		if len(list) > 0 {
			data[name] = list
		}
	}
	add("relaxed", s.Relaxed)
	add("unknown", s.Unknown)
	add("even_if", s.EvenIf)
	switch s.Code {
	case AccountDoubt:
		if m := d.account(); m != nil {
			data["account"], data["account_name"], data["by"], data["score"] = m.ID, m.Name, m.By, int64(m.Score)
		}
	case MaxOwners:
		data["owners"] = int64(len(d.Past))
	case NoneFits, NoneFree:
		data["rule"], data["fit"], data["off_shift"] = s.Rule, int64(s.Fit), int64(s.OffShift)
		if s.Busy > 0 {
			data["busy"] = int64(s.Busy)
		}
	case ByRule:
		data["rule"] = s.Rule
		if s.Row != "" {
			data["row"] = s.Row
		}
	case Turn, Load, Rank, Named, Owner, BackupOf, ManagerOf, LastOwner, CompanyOwner, StandIn, Escalated, Commanded, NoRule:
	}
	if s.Past {
		data["past_owners"] = true
	}
	return data
}

// story says how the lead left the owner it comes from.
func (p *Previous) story() string {
	name := cmp.Or(p.Name, p.Rep)
	switch p.Cause {
	case "sla":
		if p.Clock == "accepted" {
			return name + " did not accept in time"
		}
		return name + " did not act in time"
	case "rejected":
		return name + " turned it down"
	case "left":
		return name + " has left"
	case "away":
		return name + " is away"
	case "qualified":
		return name + " qualified it"
	}
	return "It comes from " + name
}

// asks is what the lead asks for on an axis.
func (d *Draft) asks(axis string) string {
	for i := range d.Asked {
		if d.Asked[i].Axis == axis {
			return d.Asked[i].Value
		}
	}
	return ""
}

// column of a rep that an axis is covered by.
func column(axis string) string { return axis[strings.LastIndexByte(axis, '.')+1:] }

// verbs say what a rep does who covers an axis, by its column; any other is covered
// like a place.
var verbs = map[string]string{"language": "speak", "industry": "know", "product": "know", "use_case": "know"}

// skills are the axes as what a rep can do, at most two things: what the rep speaks
// and knows says more than a place, and the last place is the closest one.
func (d *Draft) skills(axes []string) string {
	var speak, know, cover []string
	for _, axis := range axes {
		switch value := d.spoken(axis); verbs[column(axis)] {
		case "speak":
			speak = append(speak, value)
		case "know":
			know = append(know, value)
		default:
			cover = []string{value}
		}
	}
	var out []string
	for _, x := range []struct {
		verb   string
		values []string
	}{{"speak", speak}, {"know", know}, {"cover", cover}} {
		if len(x.values) > 0 && len(out) < 2 {
			out = append(out, x.verb+" "+enumerate(x.values))
		}
	}
	return enumerate(out)
}

// spoken is the value of an axis in a sentence: German for de.
func (d *Draft) spoken(axis string) string {
	value := d.asks(axis)
	if column(axis) != "language" {
		return value
	}
	if tag, err := language.Parse(value); err == nil {
		return display.English.Tags().Name(tag)
	}
	return value
}

// enumerate is "", "a", "a and b" or "a, b and c".
func enumerate(items []string) string {
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

func people(n int, one, many string) string {
	if n == 1 {
		return "1 person " + one
	}
	return fmt.Sprintf("%d people %s", n, many)
}

func allOf(n int) string {
	switch n {
	case 1:
		return "is"
	case 2:
		return "both are"
	}
	return "all are"
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// lowerFirst lets a sentence follow another; names of people stay as they are.
func lowerFirst(s string) string {
	for _, word := range []string{"You ", "It ", "This ", "The ", "A "} {
		if strings.HasPrefix(s, word) {
			return strings.ToLower(s[:1]) + s[1:]
		}
	}
	return s
}
