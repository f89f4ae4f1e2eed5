package routing

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/score"
)

// Engine is what a plan means. A change of that raises it, and what it meant
// before stays callable.
const Engine = policy.Engine

// Draft is the record of a plan: all that [Decide] and an audit need, and nothing
// that follows from the rest of it. Instants are Unix milliseconds.
type Draft struct {
	Engine   int          `json:"engine"`
	Versions string       `json:"versions,omitempty"` // of what read the policy: [policy.Versions]
	Policy   event.Policy `json:"policy"`

	// What the plan was made from.
	At    int64      `json:"at"`
	Facts lead.Facts `json:"facts"` // that the policy asks for; nothing personal
	// Evidence is how the facts came to be known; nil: from the sender.
	Evidence     *lead.Evidence `json:"evidence,omitempty"`
	LastOwner    string         `json:"last_owner,omitempty"`
	CompanyOwner string         `json:"company_owner,omitempty"`
	Past         []string       `json:"past,omitempty"`
	Left         []string       `json:"left,omitempty"`
	Absent       []Absence      `json:"absent,omitempty"` // of those who fit, or are asked first
	Previous     *Previous      `json:"previous,omitempty"`
	Came         int64          `json:"came,omitempty"`   // 0: as At
	Queued       int64          `json:"queued,omitempty"` // 0: as At
	Reached      bool           `json:"reached,omitempty"`
	First        *First         `json:"first,omitempty"`
	Send         *Send          `json:"send,omitempty"`
	Entry        string         `json:"entry,omitempty"`
	Waited       int64          `json:"waited,omitempty"` // milliseconds

	// What the policy makes of it.
	Value int64  `json:"value,omitempty"` // minor units of the base currency
	Score *int64 `json:"score,omitempty"`
	// Learned is what the policy's model tells, and why; nil: there is no model.
	Learned *score.Prediction `json:"learned,omitempty"`
	Fit     string            `json:"fit,omitempty"`
	Intent  string            `json:"intent,omitempty"`
	Tags    []string          `json:"tags,omitempty"`   // of the marks that match
	Tell    []string          `json:"tell,omitempty"`   // rep ids, of these
	Shadow  []string          `json:"shadow,omitempty"` // rules on trial that would have matched
	// Asked is what the lead asks for on the axes that steps match or relax.
	Asked []Asked `json:"asked,omitempty"`

	Steps []DraftStep `json:"steps"` // as in the ledger's operation
	// Crews are the reps of all steps by what differs between them; a rep that none
	// lists belongs to the first.
	Crews []Crew `json:"crews,omitempty"`
	// SLAs are the clocks of the SLAs that steps name, by calendar.
	SLAs []Deadline `json:"slas,omitempty"`
}

// DraftStep says of a step what the ledger does not need to know.
type DraftStep struct {
	Rule    string   `json:"rule,omitempty"`
	Row     string   `json:"row,omitempty"`
	To      string   `json:"to,omitempty"` // destination, as the policy writes it
	Code    Code     `json:"code"`
	Owner   string   `json:"owner,omitempty"`   // name of whom a backup or a manager stands in for
	Match   []string `json:"match,omitempty"`   // axes that the reps cover
	Relaxed []string `json:"relaxed,omitempty"` // axes left out
	Unknown []string `json:"unknown,omitempty"` // axes that ask nothing: the lead does not say
	EvenIf  []string `json:"even_if,omitempty"`
	Past    bool     `json:"past,omitempty"` // among past owners
	SLA     string   `json:"sla,omitempty"`

	// Of an end where leads wait: how many fit, how many of these are off shift, and how
	// many more are absent by calendars of their own.
	Fit      int `json:"fit,omitempty"`
	OffShift int `json:"off_shift,omitempty"`
	Busy     int `json:"busy,omitempty"`

	OnQualified string `json:"on_qualified,omitempty"` // ruleset
	Watch       bool   `json:"watch,omitempty"`
	OwnsAccount bool   `json:"owns_account,omitempty"`
	Hold        int64  `json:"hold,omitempty"` // milliseconds: plan again then
	// Stages and At are the clocks of an end where leads wait for a rep or a person, as
	// those of a Deadline, and Told whom `tell_manager` of these means.
	Stages []string `json:"stages,omitempty"`
	At     []int64  `json:"at,omitempty"`
	Told   []string `json:"told,omitempty"`
}

// Crew is reps who share a team and a calendar.
type Crew struct {
	Team     string   `json:"team,omitempty"`
	Calendar string   `json:"calendar,omitempty"`
	Manager  string   `json:"manager,omitempty"`
	Reps     []string `json:"reps,omitempty"` // ids, ascending
}

// Deadline are the clocks of an SLA.
type Deadline struct {
	SLA    string   `json:"sla"`
	Stages []string `json:"stages"` // clock, and what is done; nothing is the target
	Dues   []Dues   `json:"dues"`
}

// Dues are instants for owners with one calendar.
type Dues struct {
	Calendar string  `json:"calendar,omitempty"`
	At       []int64 `json:"at"` // of each stage; 0: never
}

// Draft makes the plan's record.
func (p *Plan) Draft() Draft {
	pol, in := p.planner.policy, &p.input
	d := Draft{
		Engine: Engine, Versions: policy.Versions, Policy: event.Policy{Name: pol.Name, Version: pol.Version, Hash: pol.Hash},
		At: in.At.UnixMilli(), Facts: p.facts(), Evidence: in.Evidence, LastOwner: in.LastOwner, CompanyOwner: in.CompanyOwner,
		Past: in.Past, Left: in.Left, Absent: p.seen(), Previous: p.previous(), Reached: in.Reached, First: in.First, Send: in.Send,
		Entry: in.Entry, Waited: in.Waited.Milliseconds(),
		Value: p.Value, Fit: p.binding.Text("fit"), Intent: p.binding.Text("intent"),
		Steps: make([]DraftStep, len(p.Steps)),
	}
	if !in.Came.IsZero() {
		d.Came = in.Came.UnixMilli()
	}
	if !in.Queued.IsZero() {
		d.Queued = in.Queued.UnixMilli()
	}
	if score, ok := p.binding.Value("score"); ok {
		if n, ok := score.(int64); ok {
			d.Score = &n
		}
	}
	d.Learned = p.binding.Predict()
	for _, v := range p.Visits {
		if v.Fate == Shadow {
			d.Shadow = append(d.Shadow, v.Rule.Path)
		}
	}
	p.marks(&d)
	reps := p.planner.empty()
	for i := range p.Steps {
		p.draftStep(i, &d.Steps[i])
		if t := p.origins[i].try; t >= 0 {
			reps.Or(p.tries[t].here)
			d.Asked = p.asked(d.Asked, &p.tries[t])
		} else if p.origins[i].first != nil {
			reps.Add(p.Steps[i].Members[0])
		}
	}
	d.Crews = p.planner.crews(reps)
	d.SLAs = p.deadlines(d.Crews)
	for i := range p.Steps {
		p.line(i, &d)
	}
	return d
}

// Input is what the plan was made from: planned again with the policy of that
// hash, it gives the same draft.
func (d Draft) Input() Input {
	return Input{
		Facts: d.Facts, Evidence: d.Evidence, At: time.UnixMilli(d.At).UTC(), LastOwner: d.LastOwner, CompanyOwner: d.CompanyOwner,
		Past: d.Past, Left: d.Left, Absent: d.Absent, Previous: d.Previous, Came: instant(d.Came), Queued: instant(d.Queued), Reached: d.Reached,
		First: d.First, Send: d.Send, Entry: d.Entry, Waited: time.Duration(d.Waited) * time.Millisecond,
	}
}

// Again is the input of the next plan of a lead that this one decided. Who is absent by
// then is the caller's to add.
func (d Draft) Again(l ledger.Lead, at time.Time) Input {
	in := Input{
		Facts: d.Facts, Evidence: d.Evidence, At: at, LastOwner: d.LastOwner, CompanyOwner: d.CompanyOwner, Entry: d.Entry,
		Past: with(slices.Clone(d.Past), l.Rep), Came: instant(cmp.Or(d.Came, d.At)),
		Reached: d.Reached || l.Contacted > 0 || l.Qualified > 0,
	}
	if l.Outcome == ledger.Waiting {
		in.Queued = instant(cmp.Or(d.Queued, d.At))
		in.Waited = max(0, at.Sub(in.Queued))
	}
	return in
}

// Step of the draft; an empty one when it has none of that place.
func (d Draft) Step(i int) *DraftStep {
	if i < 0 || i >= len(d.Steps) {
		return &DraftStep{}
	}
	return &d.Steps[i]
}

// facts are those that the policy asks for. It cannot ask for personal data.
func (p *Plan) facts() lead.Facts {
	facts := make(lead.Facts, len(p.planner.uses))
	for _, name := range p.planner.uses {
		if v, ok := p.input.Facts[name]; ok {
			facts[name] = v
		}
	}
	return facts
}

// previous is the owner before, with the name that the new one knows.
func (p *Plan) previous() *Previous {
	if p.input.Previous == nil {
		return nil
	}
	prev := *p.input.Previous
	prev.Name = ""
	if rep, ok := p.planner.policy.Rep(prev.Rep); ok {
		prev.Name, _, _ = strings.Cut(p.planner.policy.Reps[rep].Name, " ")
	}
	return &prev
}

func (p *Plan) marks(d *Draft) {
	w := walk{Plan: p, policy: p.planner.policy}
	for _, m := range w.policy.Marks {
		if m.When.Eval(p.binding) != policy.True {
			continue
		}
		if m.Tag != "" {
			d.Tags = append(d.Tags, m.Tag)
		}
		if m.Tell == nil {
			continue
		}
		t := try{to: m.Tell, pool: m.Tell.Pool, owner: -1}
		told := []int32{w.person(&t)}
		if t.pool != nil {
			told = t.pool.Members
		}
		for _, rep := range told {
			if rep >= 0 && !slices.Contains(d.Tell, w.policy.Reps[rep].ID) {
				d.Tell = append(d.Tell, w.policy.Reps[rep].ID)
			}
		}
	}
}

// asked adds what the lead asks for on the axes of a try.
func (p *Plan) asked(out []Asked, t *try) []Asked {
	for _, axes := range [][]*policy.Axis{t.asked, t.relaxed} {
		for _, a := range axes {
			if slices.ContainsFunc(out, func(x Asked) bool { return x.Axis == a.Name }) {
				continue
			}
			if v, ok := a.Value(p.binding); ok {
				out = append(out, Asked{a.Name, v})
			}
		}
	}
	return out
}

func (p *Plan) draftStep(i int, d *DraftStep) {
	o := &p.origins[i]
	d.Code = p.code(i)
	if o.first != nil {
		d.Rule, d.To, d.SLA = o.first.Rule, o.first.Rep, ""
		if sla := p.slaOf(i); sla != nil {
			d.SLA = sla.Name
		}
		return
	}
	if o.frame == nil {
		return
	}
	d.Rule, d.Watch, d.OwnsAccount, d.OnQualified = o.rule.Path, o.watch, o.ownsAccount, p.OnQualified(i)
	if o.row != nil {
		d.Row = o.row.Key
	}
	if o.to != nil {
		d.To = o.to.Name
	}
	if o.hold {
		d.Hold = p.Hold.Milliseconds()
	}
	if d.Code == NoneFree || d.Code == NoneFits {
		d.Fit, d.OffShift, d.Busy = p.fits()
	}
	if o.try < 0 {
		return
	}
	t := &p.tries[o.try]
	d.Match, d.Relaxed, d.Unknown = axisNames(t.asked), axisNames(t.relaxed), axisNames(t.unasked)
	d.EvenIf, d.Past = even[t.lift], t.past
	if t.owner >= 0 {
		d.Owner = p.planner.policy.Reps[t.owner].Name
	}
	if sla := p.slaOf(i); sla != nil {
		d.SLA = sla.Name
	}
}

// even names what a lift overlooks.
var even = map[policy.Lift][]string{
	{OffShift: true}: {"off_shift"}, {Full: true}: {"full"}, {OffShift: true, Full: true}: {"off_shift", "full"},
}

// slaOf a step is the one that its rule names, else the first whose `for` holds; nil
// for an end.
func (p *Plan) slaOf(i int) *policy.SLA {
	o := &p.origins[i]
	switch {
	case o.first != nil:
		for _, s := range p.planner.policy.SLAs {
			if s.Name == o.first.SLA {
				return s
			}
		}
	case o.try < 0:
		return nil
	case o.sla != nil:
		return o.sla
	}
	for _, s := range p.planner.policy.SLAs {
		if s.For != nil && s.For.Eval(p.binding) == policy.True {
			return s
		}
	}
	return nil
}

func axisNames(axes []*policy.Axis) []string {
	if len(axes) == 0 {
		return nil
	}
	names := make([]string, len(axes))
	for i, a := range axes {
		names[i] = a.Name
	}
	return names
}

// OnQualified is the ruleset that a step sends a qualified lead to; "" for none.
func (p *Plan) OnQualified(step int) string {
	if o := p.origins[step]; o.frame != nil && o.onQualified != nil {
		return o.onQualified.Name
	}
	return ""
}
