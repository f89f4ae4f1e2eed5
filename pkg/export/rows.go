package export

import (
	"encoding/json"
	"fmt"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// Assignment is a row of lead.assigned. Its JSON names are the columns in every format.
type Assignment struct {
	AssignedAt    time.Time  `json:"assigned_at" parquet:"assigned_at,timestamp(millisecond)"`
	LeadID        string     `json:"lead_id" parquet:"lead_id"`
	Attempt       int64      `json:"attempt" parquet:"attempt"`
	Outcome       string     `json:"outcome" parquet:"outcome,dict"`
	RepID         string     `json:"rep_id,omitempty" parquet:"rep_id,optional,dict"`
	Team          string     `json:"team,omitempty" parquet:"team,optional,dict"`
	Pool          string     `json:"pool,omitempty" parquet:"pool,optional,dict"`
	Rule          string     `json:"rule,omitempty" parquet:"rule,optional,dict"`
	Row           string     `json:"row,omitempty" parquet:"row,optional,dict"`
	Pick          string     `json:"pick,omitempty" parquet:"pick,optional,dict"`
	Reason        string     `json:"reason" parquet:"reason"`
	ReasonCode    string     `json:"reason_code" parquet:"reason_code,dict"`
	Relaxed       []string   `json:"relaxed,omitempty" parquet:"relaxed,list"`
	Over          bool       `json:"over" parquet:"over"`
	Score         *int64     `json:"score,omitempty" parquet:"score,optional"`
	Fit           string     `json:"fit,omitempty" parquet:"fit,optional,dict"`
	Intent        string     `json:"intent,omitempty" parquet:"intent,optional,dict"`
	Tags          []string   `json:"tags,omitempty" parquet:"tags,list"`
	SLA           string     `json:"sla,omitempty" parquet:"sla,optional,dict"`
	AcceptBy      *time.Time `json:"accept_by,omitempty" parquet:"accept_by,optional,timestamp(millisecond)"`
	ContactBy     *time.Time `json:"contact_by,omitempty" parquet:"contact_by,optional,timestamp(millisecond)"`
	PreviousRep   string     `json:"previous_rep,omitempty" parquet:"previous_rep,optional,dict"`
	PreviousCause string     `json:"previous_cause,omitempty" parquet:"previous_cause,optional,dict"`
	Policy        string     `json:"policy" parquet:"policy,dict"`
	PolicyVersion string     `json:"policy_version,omitempty" parquet:"policy_version,optional,dict"`
	PolicyHash    string     `json:"policy_hash" parquet:"policy_hash,dict"`
	Sequence      int64      `json:"sequence" parquet:"sequence"`
	AssignmentID  string     `json:"assignment_id" parquet:"assignment_id"`
	Lead          string     `json:"lead,omitempty" parquet:"lead,optional"` // JSON; personal
}

// NewAssignment makes a row. The lead itself, which is personal, is left out unless it is
// asked for.
func NewAssignment(a event.Assigned, personal bool) (Assignment, error) {
	row := Assignment{
		AssignedAt: a.AssignedAt.UTC(), LeadID: a.LeadID, Attempt: int64(a.Attempt), Outcome: string(a.Outcome), RepID: a.RepID,
		Team: a.Team, Pool: a.Pool, Rule: a.Rule, Row: a.Row, Pick: string(a.Pick), Reason: a.Reason, ReasonCode: a.ReasonCode,
		Relaxed: a.Relaxed, Over: a.Over, Score: a.Score, Fit: a.Fit, Intent: a.Intent, Tags: a.Tags,
		Policy: a.Policy.Name, PolicyVersion: a.Policy.Version, PolicyHash: a.Policy.Hash, Sequence: a.Sequence, AssignmentID: a.AssignmentID,
	}
	if a.SLA != nil {
		row.SLA, row.AcceptBy, row.ContactBy = a.SLA.Name, known(a.SLA.AcceptBy), known(a.SLA.ContactBy)
	}
	if a.Previous != nil {
		row.PreviousRep, row.PreviousCause = a.Previous.RepID, a.Previous.Cause
	}
	if !personal || a.Lead == nil {
		return row, nil
	}
	text, err := json.Marshal(a.Lead)
	if err != nil {
		return row, fmt.Errorf("export lead %s: %w", a.LeadID, err)
	}
	row.Lead = string(text)
	return row, nil
}

// Decision is a row of lead.decisions.
type Decision struct {
	At         time.Time `json:"at" parquet:"at,timestamp(millisecond)"` // ledger time
	Sequence   int64     `json:"sequence" parquet:"sequence"`
	Kind       string    `json:"kind" parquet:"kind,dict"`
	Effect     string    `json:"effect" parquet:"effect,dict"`
	LeadID     string    `json:"lead_id,omitempty" parquet:"lead_id,optional"`
	Attempt    int64     `json:"attempt,omitempty" parquet:"attempt,optional"`
	Outcome    string    `json:"outcome,omitempty" parquet:"outcome,optional,dict"`
	RepID      string    `json:"rep_id,omitempty" parquet:"rep_id,optional,dict"`
	FromRep    string    `json:"from_rep,omitempty" parquet:"from_rep,optional,dict"`
	Verb       string    `json:"verb,omitempty" parquet:"verb,optional,dict"`
	Value      int64     `json:"value,omitempty" parquet:"value,optional"` // minor units
	Test       bool      `json:"test" parquet:"test"`
	Over       bool      `json:"over" parquet:"over"`
	Book       string    `json:"book,omitempty" parquet:"book,optional,dict"`
	TurnAmount *int64    `json:"turn_amount,omitempty" parquet:"turn_amount,optional"`
	TurnBefore *int64    `json:"turn_before,omitempty" parquet:"turn_before,optional"`
	TurnAfter  *int64    `json:"turn_after,omitempty" parquet:"turn_after,optional"`
	Open       *int64    `json:"open,omitempty" parquet:"open,optional"` // what the rep holds afterwards
	OpenValue  *int64    `json:"open_value,omitempty" parquet:"open_value,optional"`
	Engine     int64     `json:"engine" parquet:"engine"`
	Policy     string    `json:"policy,omitempty" parquet:"policy,optional,dict"`
	PolicyHash string    `json:"policy_hash,omitempty" parquet:"policy_hash,optional,dict"`
	Input      string    `json:"input" parquet:"input"`                    // the record that it answers: topic id/partition/offset
	Draft      string    `json:"draft,omitempty" parquet:"draft,optional"` // the plan, JSON
	Partition  int64     `json:"partition" parquet:"partition"`            // of the log
	Offset     int64     `json:"offset" parquet:"offset"`
}

// NewDecision makes a row of a record of the log at a partition and offset.
func NewDecision(d event.Decision, partition int32, offset int64) Decision {
	g := d.Grant
	row := Decision{
		At: time.UnixMilli(g.At).UTC(), Sequence: g.Sequence, Kind: string(d.Kind), Effect: string(g.Effect), LeadID: g.Lead,
		Attempt: int64(g.Attempt), Outcome: string(g.Outcome), RepID: g.Rep, FromRep: g.From, Verb: g.Verb, Value: g.Value,
		Test: g.Test, Over: g.Over, Engine: int64(d.Engine), Input: d.Op.String(), Draft: string(d.Draft),
		Partition: int64(partition), Offset: offset,
	}
	if t := g.Turn; t != nil {
		row.Book, row.TurnAmount, row.TurnBefore, row.TurnAfter = t.Book, &t.Amount, &t.Before, &t.After
	}
	if l := g.Load; l != nil {
		row.Open, row.OpenValue = &l.Open, &l.OpenValue
	}
	var by struct {
		Policy event.Policy `json:"policy"`
	}
	if d.Kind != ledger.Activity && json.Unmarshal(d.Draft, &by) == nil { // a draft of none has no policy
		row.Policy, row.PolicyHash = by.Policy.Name, by.Policy.Hash
	}
	return row
}

// known is an instant, or nil for none.
func known(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
