package policy

import (
	"time"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/ledger"
)

// Engine is the version of what a policy means. It goes into the hash and onto
// every decision: a change of behaviour raises it.
const Engine = 1

// Versions are those of what reads a policy, beside Engine, in words. They go into the
// hash and onto every decision, too.
const Versions = "cel " + celVersion + ", zones " + calendar.ZoneVersion + ", " + calendar.HolidaysVersion

// Policy is a checked policy. It is immutable and safe for concurrent use.
type Policy struct {
	Name    string // policy:
	Version string // version: as written
	// Hash names the content: YAML and CSV bytes and the versions of everything
	// that gives them meaning. Lower-case hexadecimal, 64 digits.
	Hash string
	// Files are what Hash covers, by name: the YAML and the CSV that it speaks of, as
	// read. Nobody changes them.
	Files map[string][]byte

	Currency Currency
	// Reps ascend by ID. A rep's position here is the number that Members, guards
	// and the roster of the ledger use.
	Reps      []Rep
	Teams     []*Team     // by name
	Calendars []*Calendar // by name
	Pools     []*Pool     // by name
	Rules     []*Rule     // the first that matches decides
	Rulesets  []*Ruleset  // by name
	Score     *Score      // nil: no points are given
	Guards    []*Guard    // all hold
	Marks     []*Mark     // all that match
	SLAs      []*SLA      // the first whose For holds, unless a rule names one
	Waiting   Waiting
	Review    Review
	Reassign  Reassign
	Accounts  Accounts
	Tests     []Test

	index    index
	schedule schedule
	company  bool // a destination is whoever has the leads of a company
}

// Pos is a place in a source file; lines and columns count from 1, columns in
// characters.
type Pos struct {
	File string
	Line int
	Col  int
}

// Currency converts deal values to the policy's base currency.
type Currency struct {
	Base  string             // ISO 4217; empty: values are taken as they come
	Rates map[string]float64 // what one unit is worth in Base
}

// Rep is one sales person.
type Rep struct {
	ID       string
	Name     string // ID when not given
	Team     *Team  // nil: none
	Level    string
	Weight   int64       // share of turns, 1 … 10000, before ramp-up
	Caps     ledger.Caps // of the level, its own columns winning; before ramp-up
	Calendar *Calendar   // its own, else the team's; nil: always at work, UTC
	Backup   int32       // position; -1: none
	Joined   time.Time   // first day, midnight in the rep's zone; zero: not ramped
	Off      []Days      // days off, in the rep's zone; ascending, disjoint
	Feed     Feed        // of the rep's own calendar; zero: none
	// Columns holds every other column, e.g. geo, language: what a match axis asks.
	Columns map[string][]string
	Pos     Pos

	hours *calendar.Calendar // of Calendar less Off; nil: always at work
}

// Team groups reps.
type Team struct {
	Name     string
	Manager  int32     // position; -1: none
	Calendar *Calendar // nil: none
	Members  []int32   // ascending
	Pos      Pos
}

// Pool is a set of reps that a lead can be offered to, and how one is picked.
// Teams, single reps and `all` have one too, without match axes.
type Pool struct {
	Name    string
	Members []int32 // in the order of `who`; ascending when it gives none
	Match   []*Axis
	Relax   []*Axis // dropped one by one, in this order
	Pick    ledger.Pick
	Book    string // credit book: `ledger`, else the pool's name
	ByValue bool   // fair_by: value
	Pos     Pos
}

// Axis is one thing that a lead asks of a rep: the value of Name must be covered
// by the rep's column Column.
type Axis struct {
	Name   string // of a lead: company.industry
	Column string // of a rep: industry

	slot slot
	sets map[string]Set // of reps, by value; parents (de for de-AT) and `any` included
	any  Set            // who covers whatever is asked
}

// Rule is one entry of `rules` or of a ruleset. It has Route.To, Route.Use or a
// Table.
type Rule struct {
	Name  string
	Path  string // Name, or ruleset/Name
	When  *Cond  // nil: always
	Route Route
	Table *Table // nil: Route decides
	// From and Until bound the rule in time, [From, Until); zero: no bound.
	From, Until time.Time
	Shadow      bool   // logged, not acted on
	Why         string // its reason, in the author's words
	Pos         Pos

	flawed bool // has issues of its own: nothing is concluded from it
}

// Active reports whether the rule is in force at an instant.
func (rule *Rule) Active(at time.Time) bool {
	return !at.Before(rule.From) && (rule.Until.IsZero() || at.Before(rule.Until))
}

// Route is what a rule or a row says about a lead that it matches: To or Use, and
// what holds for all of their steps.
type Route struct {
	To  []*Destination
	Use *Ruleset
	Settings
	SLA         *SLA     // nil: not said
	OnQualified *Ruleset // nil: none
	Watch       bool     // plan again when intent rises
	OwnsAccount bool     // the owner becomes company_owner for good
}

// Settings are keys that may stand at a destination, a row, a rule, a rule that
// uses this one's ruleset and a pool; the innermost that says something wins.
type Settings struct {
	Match  []*Axis        // nil: not said; empty: asks nothing
	Relax  []*Axis        // nil: not said
	Hold   *time.Duration // patience before the next level; nil: not said
	EvenIf *Lift          // nil: not said
}

// Or fills what s leaves unsaid from outer.
func (s Settings) Or(outer Settings) Settings {
	if s.Match == nil {
		s.Match = outer.Match
	}
	if s.Relax == nil {
		s.Relax = outer.Relax
	}
	if s.Hold == nil {
		s.Hold = outer.Hold
	}
	if s.EvenIf == nil {
		s.EvenIf = outer.EvenIf
	}
	return s
}

// Lift is what `even_if` overlooks.
type Lift struct {
	OffShift bool
	Full     bool
}

// Kind says what a destination is.
type Kind int

// The kinds of destinations. ToWait and the kinds after it end a list.
const (
	ToPool         Kind = iota // Pool: a pool, team, rep or all
	ToOwner                    // of the account or its parent
	ToBackup                   // of that owner
	ToManager                  // of that owner's team
	ToLastOwner                // of this person's earlier lead
	ToCompanyOwner             // of this company's leads
	ToWait
	ToReview
	ToNurture
	ToDisqualify
	ToNext // as if the rule had not matched
)

// IsEnd reports whether the kind ends a list of destinations.
func (k Kind) IsEnd() bool { return k >= ToWait }

// Destination is one entry of `to`.
type Destination struct {
	Kind     Kind
	Name     string // as written
	Pool     *Pool  // of ToPool, else nil
	Settings        // of this destination alone
	Pos      Pos
}

// Ruleset is a list of rules that other rules use.
type Ruleset struct {
	Name  string
	Rules []*Rule
	Pos   Pos

	finder finder
}

// Table is a decision table: the first row whose cells all hold decides.
type Table struct {
	Names []string // of a lead, one per cell
	Rows  []*Row

	slots  []slot
	finder finder
}

// Row is one line of a [Table].
type Row struct {
	Key   string   // as written: "high, weak"
	Cells []string // values; "" takes anything, unknown too
	Route Route
	Why   string
	Pos   Pos
}

// Guard forbids reps: where When holds, only reps for whom Then holds may have
// the lead. It is never relaxed.
type Guard struct {
	Name string
	When *Cond // nil: always
	Then *Cond // over the names of a lead and rep.*
	Pos  Pos

	allowed Set // of reps, when Then speaks of rep.* alone; else nil
}

// Mark adds a tag or tells someone; it never decides who gets a lead.
type Mark struct {
	When *Cond // nil: always
	Tag  string
	Tell *Destination // an owner, a manager or a rep's pool; nil: nobody
	Pos  Pos
}

// Span is a length of time as written. In business time a day is a working day,
// not 24 hours, so that both parts are kept.
type Span struct {
	Days int
	Rest time.Duration
}

// IsZero reports whether the span has no length.
func (s Span) IsZero() bool { return s == Span{} }

// Calendar time, a day being 24 hours.
func (s Span) Calendar() time.Duration { return time.Duration(s.Days)*24*time.Hour + s.Rest }

// Action is what a stage of a clock does.
type Action string

// The actions.
const (
	Remind       Action = "remind"       // informs the owner
	TellManager  Action = "tell_manager" // informs the owner's manager
	MoveBackup   Action = "to_backup"    // moves; none free: Rewalk
	MoveManager  Action = "to_manager"
	MoveToReview Action = "to_review"
	Rewalk       Action = "reassign" // walks again from where the lead came in
)

// Stage is a point on a clock.
type Stage struct {
	After Span
	Do    []Action
	Pos   Pos
}

// Clock is one deadline of an SLA.
type Clock struct {
	Target Span    // what reports measure; zero: none
	Stages []Stage // ascending by After
}

// IsZero reports whether the clock is not used.
func (c Clock) IsZero() bool { return c.Target.IsZero() && len(c.Stages) == 0 }

// SLA is a set of clocks, presets filled in.
type SLA struct {
	Name     string
	For      *Cond // nil: only where a rule names it
	Business bool  // counts the owner's working time, else around the clock
	Preset   string
	// Accepted, Contacted and Qualified start with each owner, Overall with the
	// arrival; it ends with the first contact.
	Accepted, Contacted, Qualified, Overall Clock
	Pos                                     Pos
}

// Waiting says how leads queue that nobody free fits.
type Waiting struct {
	First *Expr // the highest first, then the oldest; nil: the oldest
	After []Stage
}

// Review says who looks at leads that the rules hand to people.
type Review struct {
	By    []int32 // positions
	After []Stage
}

// Accounts says from which score on a lead is taken to be of an account that is alike, in
// basis points.
type Accounts struct {
	Same   int // default DefaultSame
	Review int // from here on, below Same, a person decides; Same: off. Default DefaultReview
}

// What bench/eval found to be right most often, in basis points.
const (
	DefaultSame   = 8_500
	DefaultReview = 7_500
)

// Reassign bounds how a lead is moved on.
type Reassign struct {
	PastOwners bool     // past_owners: last — a walk that ends in wait is repeated with them
	MaxOwners  int      // 0: no bound
	TurnBack   []string // reasons of refusal that return the turn
	KeepAway   bool     // away: keep — who goes away keeps what is not accepted, too
}

// StandIn is the rep id that an action of a stage moves an owner's lead to: the backup,
// or the manager of the team; "" for nobody.
func (p *Policy) StandIn(owner string, action Action) string {
	i, ok := p.Rep(owner)
	if !ok {
		return ""
	}
	to := nobody
	switch rep := &p.Reps[i]; action {
	case MoveBackup:
		to = rep.Backup
	case MoveManager:
		if rep.Team != nil {
			to = rep.Team.Manager
		}
	case Remind, TellManager, MoveToReview, Rewalk:
	}
	if to == nobody {
		return ""
	}
	return p.Reps[to].ID
}
