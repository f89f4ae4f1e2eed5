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
	NoneFree     Code = "none_free"     // some fit, none is free
	NoneFits     Code = "none_fits"     // nobody fits
	ByRule       Code = "rule"          // the rule says so
	NoRule       Code = "no_rule"       // no rule takes the lead
	MaxOwners    Code = "max_owners"    // as many had it as the policy allows
)

// said is a reason in words and for a program.
type said struct {
	text string
	code Code
	data map[string]any
}

// reason says why step i takes the lead.
func (p *Plan) reason(i int) said {
	o := p.origins[i]
	if o.try < 0 {
		return p.endReason(p.Steps[i].End, o)
	}
	t := &p.tries[o.try]
	s := p.personReason(t)
	if s.code == "" {
		s = p.poolReason(t)
	}
	s.data = p.axesData(t)
	if t.past {
		s.text = "You had this lead before, and nobody else is free."
	}
	if prev := p.input.Previous; prev != nil {
		s.text = p.came(prev) + "; " + lowerFirst(s.text)
	}
	return s
}

// personReason speaks to a rep whom the destination means in person; its code is
// empty for a pool.
func (p *Plan) personReason(t *try) said {
	owner := ""
	if t.owner >= 0 {
		owner = p.planner.policy.Reps[t.owner].Name
	}
	switch t.to.Kind {
	case policy.ToOwner:
		return said{text: "This account is yours.", code: Owner}
	case policy.ToBackup:
		return said{text: fmt.Sprintf("%s owns this account, and you are the backup.", owner), code: BackupOf}
	case policy.ToManager:
		return said{text: fmt.Sprintf("%s owns this account, and you manage the team.", owner), code: ManagerOf}
	case policy.ToLastOwner:
		return said{text: "You had an earlier lead of this person.", code: LastOwner}
	case policy.ToCompanyOwner:
		return said{text: "You have another lead of this company.", code: CompanyOwner}
	case policy.ToPool, policy.ToWait, policy.ToReview, policy.ToNurture, policy.ToDisqualify, policy.ToNext:
	}
	if t.pool.Book == "" && len(t.pool.Members) == 1 && t.pool.Pick == ledger.Ranked {
		return said{text: fmt.Sprintf("The rule %s names you.", t.rule.Path), code: Named}
	}
	return said{}
}

// poolReason speaks to one of many: what the lead asked for and the rep covers,
// how the pick was made, and what was left out.
func (p *Plan) poolReason(t *try) said {
	var code Code
	var why string
	switch t.pool.Pick {
	case ledger.RoundRobin:
		code, why = Turn, "it was your turn"
	case ledger.LeastLoaded:
		code, why = Load, "you had the most room"
	case ledger.Ranked:
		code, why = Rank, "you were the first on the list who was free"
	}
	text := upperFirst(why)
	if skills := p.skills(t.asked); skills != "" {
		text = "You " + skills + ", and " + why
	}
	for _, axis := range t.relaxed {
		text += "; nobody free " + p.lacking(axis)
	}
	return said{text: text + ".", code: code}
}

// axesData is what was asked, left out and not known.
func (p *Plan) axesData(t *try) map[string]any {
	data := map[string]any{}
	asked := map[string]string{}
	for _, a := range t.asked {
		asked[a.Name] = p.binding.Text(a.Name)
	}
	if len(asked) > 0 {
		data["match"] = asked
	}
	if len(t.relaxed) > 0 {
		data["relaxed"] = axisNames(t.relaxed)
	}
	if len(t.unasked) > 0 {
		data["unknown"] = axisNames(t.unasked)
	}
	if t.lift.OffShift || t.lift.Full {
		var even []string
		if t.lift.OffShift {
			even = append(even, "off_shift")
		}
		if t.lift.Full {
			even = append(even, "full")
		}
		data["even_if"] = even
	}
	if t.past {
		data["past_owners"] = true
	}
	if len(data) == 0 {
		return nil
	}
	return data
}

func (p *Plan) endReason(outcome ledger.Outcome, o origin) said {
	if o.frame == nil {
		if n := len(p.input.Past); n > 0 && len(p.Visits) == 0 {
			text := fmt.Sprintf("%s this lead already; a person has to decide.", people(n, "had", "had"))
			return said{text: text, code: MaxOwners, data: map[string]any{"owners": int64(n)}}
		}
		return said{text: "No rule takes this lead; a person has to decide.", code: NoRule}
	}
	data := map[string]any{"rule": o.rule.Path}
	s := said{code: ByRule, data: data}
	switch outcome {
	case ledger.Review:
		s.text = fmt.Sprintf("The rule %s asks a person to decide.", o.rule.Path)
	case ledger.Nurture:
		s.text = fmt.Sprintf("The rule %s keeps this lead in nurture.", o.rule.Path)
	case ledger.Disqualified:
		s.text = fmt.Sprintf("The rule %s turns this lead away.", o.rule.Path)
	default:
		return p.waitReason(o)
	}
	if o.row != nil {
		s.text = strings.TrimSuffix(s.text, ".") + fmt.Sprintf(" (%s).", o.row.Key)
		data["row"] = o.row.Key
	}
	return s
}

// waitReason tells how many fit and why none of them has the lead. Who is full or
// away only the ledger knows.
func (p *Plan) waitReason(o origin) said {
	fit, here := p.planner.empty(), p.planner.empty()
	for i := range p.tries {
		fit.Or(p.tries[i].fit)
		here.Or(p.tries[i].here)
	}
	n, off := fit.Len(), fit.Len()-here.Len()
	s := said{code: NoneFree, data: map[string]any{"rule": o.rule.Path, "fit": int64(n), "off_shift": int64(off)}}
	switch {
	case n == 0:
		s.code, s.text = NoneFits, "Nobody fits this lead."
	case off == n:
		s.text = fmt.Sprintf("%s, and %s off shift.", people(n, "fits", "fit"), allOf(n))
	case off == 0:
		s.text = fmt.Sprintf("%s, and %s full or away.", people(n, "fits", "fit"), allOf(n))
	default:
		s.text = fmt.Sprintf("%s: %d off shift, %d full or away.", people(n, "fits", "fit"), off, n-off)
	}
	return s
}

// came says how the lead left the owner it comes from.
func (p *Plan) came(prev *Previous) string {
	name := prev.Rep
	if rep, ok := p.planner.policy.Rep(prev.Rep); ok {
		name, _, _ = strings.Cut(p.planner.policy.Reps[rep].Name, " ")
	}
	switch prev.Cause {
	case "sla":
		if prev.Clock == "accepted" {
			return name + " did not accept in time"
		}
		return name + " did not act in time"
	case "rejected":
		return name + " turned it down"
	case "left":
		return name + " has left"
	}
	return "It comes from " + name
}

// verbs say what a rep does who covers an axis, by its column; any other is covered
// like a place.
var verbs = map[string]string{"language": "speak", "industry": "know", "product": "know", "use_case": "know"}

// skills are the axes as what a rep can do, at most two things: what the rep speaks
// and knows says more than a place, and the last place is the closest one.
func (p *Plan) skills(axes []*policy.Axis) string {
	var speak, know, cover []string
	for _, a := range axes {
		switch value := p.spoken(a); verbs[a.Column] {
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

// lacking is what nobody free does: "speaks German".
func (p *Plan) lacking(a *policy.Axis) string {
	return cmp.Or(verbs[a.Column], "cover") + "s " + p.spoken(a)
}

// spoken is the value of an axis in a sentence: German for de.
func (p *Plan) spoken(a *policy.Axis) string {
	value := p.binding.Text(a.Name)
	if a.Column != "language" {
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
	for _, word := range []string{"You ", "It ", "This ", "The "} {
		if strings.HasPrefix(s, word) {
			return strings.ToLower(s[:1]) + s[1:]
		}
	}
	return s
}
