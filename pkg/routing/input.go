package routing

import (
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

// Input is what a plan is made from.
type Input struct {
	Facts lead.Facts // of the enriched lead
	At    time.Time
	// Evidence is how the facts came to be known, for the record; nil: from the sender.
	Evidence *lead.Evidence

	// What is known from before, rep ids; empty: nobody.
	LastOwner    string   // of this person's earlier lead
	CompanyOwner string   // of a lead of the same company
	Past         []string // earlier owners of this lead: they do not get it again
	Left         []string // reps who have left, as far as the caller knows

	Previous *Previous // the owner it comes from
	Came     time.Time // when the lead arrived, for clocks that run from there; zero: At
	Queued   time.Time // since when it waits for a rep; zero: since At
	Reached  bool      // there was a first contact: `overall` has stopped
	First    *First    // who is asked before the rules; nil: nobody
	Send     *Send     // where the lead goes instead of by the rules; nil: by the rules
	// Entry is the ruleset to walk instead of the rules; empty: the rules.
	Entry string
	// Waited is how long the lead has been held already: patience is spent once.
	Waited time.Duration

	// Shift says who is on shift; nil: what the calendars say at At.
	Shift policy.Set
	// Absent are the reps who are absent at At by calendars of their own, ascending by id.
	// Nobody changes the list: a batch has one.
	Absent []Absence
}

// Previous is the owner that a lead is taken from.
type Previous struct {
	Rep   string `json:"rep_id"`
	Name  string `json:"name,omitempty"` // first name; the plan fills it in
	Cause string `json:"cause"`          // sla, rejected, left, …
	Clock string `json:"clock,omitempty"`
	// Reason of a refusal, in the policy's words; empty: none that it knows.
	Reason string `json:"reason,omitempty"`
}

// First is a rep who is asked before the rules: who stands in for the owner before, or
// whom a person has named.
type First struct {
	Rep  string `json:"rep_id"`
	Code Code   `json:"code"`           // StandIn, Escalated, Commanded
	By   string `json:"by,omitempty"`   // of Commanded: first name, if it is a rep's
	Rule string `json:"rule,omitempty"` // by which the lead came to the owner before
	SLA  string `json:"sla,omitempty"`
}

// Send is an end that a clock, a person or a doubt has chosen.
type Send struct {
	To   ledger.Outcome `json:"to"`           // review or disqualified
	Code Code           `json:"code"`         // Escalated, Commanded, AccountDoubt
	By   string         `json:"by,omitempty"` // as of First
}

// Plan is what becomes of a lead, as far as that can be told without counters. It
// belongs to one goroutine.
type Plan struct {
	// Steps by preference, the last one an end. Their Members are shared between
	// plans: equal sets are the same slice, and nobody may change them.
	Steps  []ledger.Step
	Roster *ledger.Roster // what Members are positions in
	Value  int64          // of the lead, minor units of the base currency; 0 when unknown
	// Hold is how long the lead waits before it is planned again; 0: for good.
	Hold time.Duration
	// Line is how the lead waits, if it comes to that.
	Line *ledger.Line
	// TurnBack: the owner before refused for a reason that returns the turn.
	TurnBack bool
	// Visits are the rules on the way whose condition holds; [Plan.Path] has all.
	Visits []Visit

	planner *Planner
	binding *policy.Binding
	input   Input
	tries   []try
	origins []origin // by step
	fit     fitting
	busy    policy.Set // on shift, and absent by a calendar of their own; nil: nobody
	way     policy.Set // who fits where the rules would have led; nil: a person has named nobody
	tooMany bool       // had the lead already: max_owners
	room    room
}

// room is what a typical plan takes, in one piece of memory.
type room struct {
	steps   [4]ledger.Step
	visits  [4]Visit
	tries   [4]try
	origins [4]origin
	frames  []frame
	axes    []*policy.Axis
	words   []uint64
}

// set is an empty set of reps, cut from a larger piece of memory.
func (p *Plan) set() policy.Set {
	n := len(p.planner.everyone)
	return policy.Set(cut(&p.room.words, n, 12*n))
}

// frame is a copy that lives as long as the plan.
func (p *Plan) frame(f frame) *frame {
	own := cut(&p.room.frames, 1, 4)
	own[0] = f
	return &own[0]
}

// axisList is a list of n axes to be filled.
func (p *Plan) axisList(n int) []*policy.Axis { return cut(&p.room.axes, n, 16) }

// cut takes n zero values from a larger piece of memory, made for that many at once.
func cut[T any](from *[]T, n, atOnce int) []T {
	if len(*from) < n {
		*from = make([]T, max(n, atOnce))
	}
	s := (*from)[:n:n]
	*from = (*from)[n:]
	return s
}

func (p *Plan) copyOf(s policy.Set) policy.Set {
	c := p.set()
	copy(c, s)
	return c
}

// Visit is one rule that the walk came to.
type Visit struct {
	Rule *policy.Rule
	Row  *policy.Row // the row that matched, of a rule with a table
	Fate Fate
}

// Fate is how a rule took a lead.
type Fate string

// The fates.
const (
	Matched Fate = "matched"
	No      Fate = "no"
	Unknown Fate = "unknown" // it asks for what is not known
	NoRow   Fate = "no_row"  // its table has no row for the lead
	Resting Fate = "resting" // before `from` or after `until`
	Shadow  Fate = "shadow"  // would have matched; logged, not acted on
)

// frame is what holds for the destinations of a rule.
type frame struct {
	rule        *policy.Rule
	row         *policy.Row
	settings    policy.Settings
	sla         *policy.SLA
	onQualified *policy.Ruleset
	watch       bool
	ownsAccount bool
}

// within adds a route inside of the frame: what the route says wins.
func (outer *frame) within(r *policy.Route) frame {
	f := *outer
	f.settings = r.Settings.Or(f.settings)
	if r.SLA != nil {
		f.sla = r.SLA
	}
	if r.OnQualified != nil {
		f.onQualified = r.OnQualified
	}
	f.watch = f.watch || r.Watch
	f.ownsAccount = f.ownsAccount || r.OwnsAccount
	return f
}

// try is one destination at one level.
type try struct {
	*frame
	to      *policy.Destination
	pool    *policy.Pool // nil for a person
	owner   int32        // the person that backup and manager are of
	level   int
	asked   []*policy.Axis // what the reps were asked for
	relaxed []*policy.Axis // asked before, left out at this level
	unasked []*policy.Axis // the lead's value is not known
	base    policy.Set     // members who may have the lead at all
	fit     policy.Set     // of these, who cover what is asked
	here    policy.Set     // of these, who are on shift, or all by even_if
	lift    policy.Lift
	past    bool // among past owners, as nobody else is free
}

// origin is where a step comes from.
type origin struct {
	*frame        // nil: no rule has taken the lead
	first  *First // it is not the rules that ask this rep
	try    int    // position in Plan.tries; -1 for an end
	to     *policy.Destination
	hold   bool // the end is patience at the try before
}
