package event

import (
	"encoding/json"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/score"
)

// Activity is the data of lead.activity: something happened to a lead.
type Activity struct {
	LeadID   string    `json:"lead_id"`
	Activity string    `json:"activity"` // one of Activities
	RepID    string    `json:"rep_id,omitempty"`
	By       string    `json:"by,omitempty"` // who says so
	At       time.Time `json:"at,omitzero"`
	Reason   string    `json:"reason,omitempty"`
	Value    *float64  `json:"value,omitempty"`   // of a deal, whole units of the lead's currency
	Attempt  int       `json:"attempt,omitempty"` // the attempt it speaks of; 0 = the current one
	Intent   string    `json:"intent,omitempty"`  // of a signal: high, medium, low
}

// Activities beyond the verbs of the ledger.
const (
	Claimed      = "claimed"       // a human took it; wins over any attempt
	OwnerChanged = "owner_changed" // done in the CRM
	Signal       = "signal"        // intent
)

// Activities lists what can happen to a lead.
func Activities() []string {
	return []string{
		ledger.Accepted, ledger.Rejected, ledger.Contacted, ledger.Qualified, ledger.Converted,
		ledger.Lost, ledger.Closed, ledger.Reopened, Claimed, OwnerChanged, Signal,
	}
}

// Command is the data of lead.command: what a person has decided about a lead.
type Command struct {
	LeadID  string    `json:"lead_id"`
	Command string    `json:"command"`          // one of Commands
	RepID   string    `json:"rep_id,omitempty"` // of assign: to whom
	By      string    `json:"by"`               // who decides
	Because string    `json:"because"`
	At      time.Time `json:"at,omitzero"`
	Attempt int       `json:"attempt,omitempty"` // a fence: only while it is the current one; 0 = whichever is
}

// The commands.
const (
	CommandAssign     = "assign"     // to a rep, whatever the rules say
	CommandRelease    = "release"    // from its rep, into review
	CommandReroute    = "reroute"    // the rules decide again
	CommandDisqualify = "disqualify" // it is no lead
)

// Commands lists what a person can decide.
func Commands() []string {
	return []string{CommandAssign, CommandRelease, CommandReroute, CommandDisqualify}
}

// Status is the data of rep.status.
type Status struct {
	RepID     string    `json:"rep_id"`
	Status    string    `json:"status"` // available, away, left
	Until     time.Time `json:"until,omitzero"`
	By        string    `json:"by,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Open      *int64    `json:"open,omitempty"`       // leads held, as the CRM counts
	OpenValue *float64  `json:"open_value,omitempty"` // whole units of the base currency
}

// Assigned is the data of lead.assigned: what subscribers read.
type Assigned struct {
	AssignmentID string         `json:"assignment_id"`
	LeadID       string         `json:"lead_id"`
	Attempt      int            `json:"attempt"` // subscribers keep the highest
	Outcome      ledger.Outcome `json:"outcome"`
	RepID        string         `json:"rep_id,omitempty"`
	Team         string         `json:"team,omitempty"`
	Pool         string         `json:"pool,omitempty"`
	Rule         string         `json:"rule,omitempty"` // ruleset/name where it stands in one
	Row          string         `json:"row,omitempty"`  // of a decision table, as written
	Pick         ledger.Pick    `json:"pick,omitempty"`
	// Reason is one sentence that a sales rep understands; ReasonCode and ReasonData
	// say the same to a program.
	Reason     string         `json:"reason"`
	ReasonCode string         `json:"reason_code"`
	ReasonData map[string]any `json:"reason_data,omitempty"`
	Relaxed    []string       `json:"relaxed,omitempty"` // match axes that were dropped
	Over       bool           `json:"over,omitempty"`    // past a cap, by even_if
	Score      *int64         `json:"score,omitempty"`
	Fit        string         `json:"fit,omitempty"`
	Intent     string         `json:"intent,omitempty"`
	Tags       []string       `json:"tags,omitempty"` // of the policy's marks
	Tell       []string       `json:"tell,omitempty"` // reps whom these inform
	AssignedAt time.Time      `json:"assigned_at"`
	SLA        *SLA           `json:"sla,omitempty"`
	Previous   *Previous      `json:"previous,omitempty"`
	Policy     Policy         `json:"policy"`
	Sequence   int64          `json:"sequence"`
	// Evidence is how what the decision rests on came to be known; nil: from the sender.
	Evidence *lead.Evidence `json:"evidence,omitempty"`
	// Learned is what the policy's model tells of the lead, and why; nil: it has none.
	Learned *score.Prediction `json:"learned,omitempty"`
	Lead    *lead.Lead        `json:"lead,omitempty"` // enriched
}

// Headers lets a subscriber filter without parsing.
func (a Assigned) Headers() []Header {
	headers := []Header{{"outcome", []byte(a.Outcome)}}
	if a.RepID != "" {
		headers = append(headers, Header{"rep_id", []byte(a.RepID)})
	}
	if a.Team != "" {
		headers = append(headers, Header{"team", []byte(a.Team)})
	}
	return headers
}

// SLA says what is expected of the owner; no instant, no deadline.
type SLA struct {
	Name      string    `json:"name"`
	AcceptBy  time.Time `json:"accept_by,omitzero"`
	ContactBy time.Time `json:"contact_by,omitzero"`
}

// Previous owner of a lead that moved on.
type Previous struct {
	RepID string `json:"rep_id"`
	Cause string `json:"cause"`           // sla, rejected, left, command, …
	Clock string `json:"clock,omitempty"` // of cause sla: the one that ran out
}

// Policy names the policy of a decision.
type Policy struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Hash    string `json:"hash"`
}

// Decision is the data of lead.decisions: one change of the ledger, with all it
// takes to do it again. It holds no personal data.
type Decision struct {
	Engine int         `json:"engine"` // what a plan means; raised when that changes
	Op     ledger.OpID `json:"op"`
	Digest string      `json:"digest,omitempty"` // of the input record's value
	Kind   ledger.Kind `json:"kind"`
	Policy *Policy     `json:"policy,omitempty"`
	// Draft is the plan as the ledger's memo keeps it: canonical JSON of a
	// routing.Draft, byte for byte.
	Draft json.RawMessage `json:"draft,omitempty"`
	Grant ledger.Grant    `json:"grant"`
	// Asked is the lead.reassign that a move answers, but for its owner and reason; nil:
	// the record came from outside.
	Asked *Reassign `json:"asked,omitempty"`

	// Room for experiments: which one, the arm, and how likely the arm was.
	Experiment string   `json:"experiment,omitempty"`
	Arm        string   `json:"arm,omitempty"`
	Propensity *float64 `json:"propensity,omitempty"`
}

// Timer is the data of lead.timers: the clocks of a lead's current assignment,
// frozen when it was made.
type Timer struct {
	LeadID  string    `json:"lead_id"`
	Attempt int       `json:"attempt"`
	RepID   string    `json:"rep_id,omitempty"`
	SLA     string    `json:"sla,omitempty"`
	Start   time.Time `json:"start"`
	Due     []Due     `json:"due"`               // ascending by At, without those of stopped clocks
	Tell    []string  `json:"tell,omitempty"`    // reps whom tell_manager informs
	Stopped []Stop    `json:"stopped,omitempty"` // clocks that an activity has stopped
}

// Due is one stage of a clock.
type Due struct {
	Clock string    `json:"clock"` // accepted, contacted, qualified, overall, waiting, review
	Stage int       `json:"stage"` // position in its clock
	At    time.Time `json:"at"`
	Do    []string  `json:"do"` // empty: the target of the clock
}

// Stop is a clock that has been stopped.
type Stop struct {
	Clock string    `json:"clock"`
	At    time.Time `json:"at"` // of the activity
}

// Fired is the data of lead.fired: what was said of the clocks of an attempt. The
// last record of a lead has all of it.
type Fired struct {
	LeadID  string       `json:"lead_id"`
	Attempt int          `json:"attempt"`
	Fired   []FiredStage `json:"fired"`         // in the order in which they fired
	Met     []string     `json:"met,omitempty"` // clocks that were stopped in time
}

// FiredStage is a stage that has fired.
type FiredStage struct {
	Clock  string    `json:"clock"`
	Stage  int       `json:"stage"`
	At     time.Time `json:"at"` // when it was due
	Breach bool      `json:"breach,omitempty"`
}

// Milestone is the data of lead.sla: how a clock goes.
type Milestone struct {
	LeadID  string    `json:"lead_id"`
	Attempt int       `json:"attempt"`
	Event   string    `json:"event"` // one of Milestones
	SLA     string    `json:"sla,omitempty"`
	Clock   string    `json:"clock"`
	Stage   int       `json:"stage,omitempty"` // none of met
	RepID   string    `json:"rep_id,omitempty"`
	Due     time.Time `json:"due,omitzero"` // none of met
	At      time.Time `json:"at"`           // Due, or for met the activity's
	Do      []string  `json:"do,omitempty"`
	Tell    []string  `json:"tell,omitempty"` // reps to inform, of escalated
}

// Events of a [Milestone].
const (
	Warned    = "warned"    // the owner is reminded
	Breached  = "breached"  // the target has passed
	Escalated = "escalated" // others are told, or the lead is to move
	Met       = "met"       // the clock was stopped in time
)

// Milestones lists the events of lead.sla.
func Milestones() []string { return []string{Warned, Breached, Escalated, Met} }

// Reassign is the data of lead.reassign: an assignment is over, or a waiting lead
// can go.
type Reassign struct {
	LeadID  string    `json:"lead_id"`
	Attempt int       `json:"attempt"` // the one that is over: a fence
	RepID   string    `json:"rep_id,omitempty"`
	Cause   string    `json:"cause"`            // one of Causes
	Reason  string    `json:"reason,omitempty"` // of cause rejected: one that the policy knows
	Clock   string    `json:"clock,omitempty"`  // of cause sla
	Stage   int       `json:"stage,omitempty"`
	To      string    `json:"to,omitempty"` // backup, manager, review; empty: walk again
	At      time.Time `json:"at"`
}

// Causes of a [Reassign].
const (
	CauseSLA       = "sla"
	CauseCapacity  = "capacity"
	CauseRejected  = "rejected"
	CauseQualified = "qualified" // it is handed on
	CauseLeft      = "left"
	CauseAway      = "away"
	CauseHold      = "hold"
	CauseHeld      = "held"   // activities have waited for the lead long enough
	CausePolicy    = "policy" // another one is in force: everybody in line is planned again
	CauseCommand   = "command"
)

// Causes lists the causes of a [Reassign].
func Causes() []string {
	return []string{CauseSLA, CauseCapacity, CauseRejected, CauseQualified, CauseLeft, CauseAway, CauseHold, CauseHeld, CausePolicy, CauseCommand}
}

// Clocks of a lead. The first four are those of an SLA; a lead that waits for a rep or for
// a person has the others, and one that was not heard of yet the last.
func Clocks() []string {
	return []string{"accepted", "contacted", "qualified", "overall", "waiting", "review", "hold", "shift", "held"}
}

// Destinations lists where a [Reassign] can want a lead to go.
func Destinations() []string { return []string{ToBackup, ToManager, ToReview} }

// Where a [Reassign] wants a lead to go; else the rules decide again.
const (
	ToBackup  = "backup"
	ToManager = "manager"
	ToReview  = "review"
)
