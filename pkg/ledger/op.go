package ledger

import (
	"cmp"
	"strconv"
)

// Unit is what one lead is worth in a book that counts leads: micro-leads.
const Unit = 1_000_000

// MaxReturns bounds the open leads of a rep, by id, that are looked at when leads are given
// back; a status that comes again gets to those behind the ones that have moved.
const MaxReturns = 5_000

// Limits keep every product of the transitions below 2^53, where the numbers of
// Lua stop being whole.
const (
	MaxWeight = 10_000          // of a rep
	MaxValue  = 900_000_000_000 // of a lead, in minor units of the base currency
)

// Partition is one partition of an input topic. Topic is the broker's topic id,
// not its name: a topic deleted and made again starts its offsets anew.
type Partition struct {
	Topic string `json:"topic"`
	Index int32  `json:"partition"`
}

// OpID names an operation by the input record that caused it. Ordinal counts
// the operations of one record.
type OpID struct {
	Partition
	Offset  int64 `json:"offset"`
	Ordinal int32 `json:"ordinal,omitempty"`
}

// String is "topic/partition".
func (p Partition) String() string { return p.Topic + "/" + strconv.Itoa(int(p.Index)) }

// String is "topic/partition/offset" or "topic/partition/offset/ordinal".
func (id OpID) String() string {
	b := make([]byte, 0, 64)
	b = append(b, id.Topic...)
	b = strconv.AppendInt(append(b, '/'), int64(id.Index), 10)
	b = strconv.AppendInt(append(b, '/'), id.Offset, 10)
	if id.Ordinal > 0 {
		b = strconv.AppendInt(append(b, '/'), int64(id.Ordinal), 10)
	}
	return string(b)
}

// compare orders the operations of one partition.
func (id OpID) compare(o OpID) int {
	return cmp.Or(cmp.Compare(id.Offset, o.Offset), cmp.Compare(id.Ordinal, o.Ordinal))
}

// Kind says what an operation does.
type Kind string

// The kinds of operations.
const (
	Assign   Kind = "assign"   // a new lead looks for its owner
	Activity Kind = "activity" // something happened to a lead: accepted, lost, …
	Move     Kind = "move"     // a known lead looks for another owner, or for another end
	Expire   Kind = "expire"   // what came before its lead has waited long enough
	Presence Kind = "presence" // a rep is available, away or has left
	Void     Kind = "void"     // an operation that never came to be committed is taken back
	Rebuild  Kind = "rebuild"  // in the log only: the ledger was folded anew
)

// Verbs of an [Activity]. Converted, Lost and Closed free the owner's capacity.
const (
	Accepted  = "accepted"
	Rejected  = "rejected"
	Contacted = "contacted"
	Qualified = "qualified"
	Converted = "converted"
	Lost      = "lost"
	Closed    = "closed"
	Reopened  = "reopened"
)

// Taken stands in a [Move] for an activity: a lead that has an owner is not moved.
const Taken = "taken"

// States of a rep, the verbs of a [Presence].
const (
	Available = "available"
	Away      = "away" // until Op.Until, or until told otherwise when that is 0
	Left      = "left"
)

// Op is one operation. What it needs depends on its Kind. A [Void] has the ID of
// the operation that it takes back: both come from the same input record.
type Op struct {
	ID     OpID
	Digest string // of the input record's value; a memo with another digest is a fault
	Kind   Kind
	At     int64 // the instant of the plan, Unix milliseconds, above 0

	Lead  string // Assign, Activity, Move, Expire: lead id
	Value int64  // Assign: minor units of the base currency, 0 … MaxValue
	Test  bool   // Assign: decided as any other, never counted
	// Steps of the plan of an Assign or a Move, in order of preference; the last one is an
	// end. A Move of a lead that was closed, or had gone on, when it was planned has none.
	Steps  []Step
	Roster *Roster // what Steps' members refer to
	Line   *Line   // of an Assign or a Move: how the lead waits, if it comes to that
	// Traits of the lead, of an Assign; nil: none, and none for a Test. They stay with it.
	Traits *Traits
	// Ties, of an Assign or a Move: who the plan took to stand for traits. Where that is
	// somebody else by now, the plan is out of date, and the answer is [Outdated].
	Ties []Tie

	Verb string // Activity, Presence; Move: the activity that makes it pointless, if any
	// Attempt of an Activity: the one it speaks of; 0 = the current one. Of a Move: the
	// one that the plan takes the lead from.
	Attempt int
	// Fence: the record of a Move names the attempt, and a lead that has gone on is not
	// moved. Else the plan is out of date, and the answer is [Busy]: plan again.
	Fence    bool
	TurnBack bool // Move: the owner's turn is given back
	Stay     bool // Move: a lead that would come to where it is, without a turn, is left there
	// Wake, of a Move: everybody in line is to be planned again, so that the next one is
	// offered that in turn; and who waits for others than before, or behind others, does not
	// Stay.
	Wake  bool
	Rep   string // Presence; Activity: who did it, empty if that is not known
	Until int64  // Presence Away: Unix milliseconds
	// GiveBack: who goes Away gives back the leads that are not accepted. Who has Left
	// gives back all.
	GiveBack bool

	// Body is the caller's own record of the plan, one line. The ledger stores it with
	// the memo and gives it back when the input record is read once more; of an Assign
	// and a Move it is kept with the lead as [Lead.Draft].
	Body []byte
}

// Pick is how a step chooses among its free members.
type Pick string

// The picks. Only RoundRobin moves credit.
const (
	RoundRobin  Pick = "round_robin"  // the largest credit; then the longest unassigned; then id
	LeastLoaded Pick = "least_loaded" // the least filled by the fullest cap; then as above
	Ranked      Pick = "ranked"       // the first free one in the order of Members
)

// Outcome is where a walk ends for a lead.
type Outcome string

// The outcomes a lead can have.
const (
	Assigned     Outcome = "assigned"
	Waiting      Outcome = "waiting"
	Review       Outcome = "review"
	Nurture      Outcome = "nurture"
	Duplicate    Outcome = "duplicate" // assigned to the owner of this person's earlier lead
	Disqualified Outcome = "disqualified"
)

// Step is one destination of a plan at one level of relaxation. It has Members,
// or an End.
type Step struct {
	Pick    Pick
	Book    string // RoundRobin: the credit book; pools may share one
	ByValue bool   // RoundRobin: the book earns and pays Op.Value instead of one lead
	// Members are positions in the roster: ascending, except for Ranked, where
	// they stand in order of preference.
	Members []int32
	// Among, of RoundRobin in a Move: a person has chosen the one of Members, who pays a turn; whoever
	// of these is free earns, and the payer with them. Positions, ascending, with that one.
	Among    []int32
	LiftFull bool    // even_if: [full]; a grant past a cap is marked Over
	LiftAway bool    // who is away is asked, too; who has left never is
	Pins     bool    // who gets the lead has the leads of its company for good
	End      Outcome // what becomes of the lead when the walk gets here
	// Outcome of a grant by this step; empty means Assigned.
	Outcome Outcome
}

// MaxRank of a lead that waits.
const MaxRank = 999_999_999_999_999

// Line is how a lead waits: for whom, and behind whom.
type Line struct {
	Rank  int64  `json:"rank"`  // the highest comes first, 0 … MaxRank
	Since int64  `json:"since"` // then the oldest: Unix milliseconds
	Reps  Bitmap `json:"reps"`  // positions in the roster of the grant: whose capacity is waited for, if anybody's
}

// Roster is what the ledger must know of the reps at an instant: the terms that
// a policy gives them, ramp-up and daylight saving applied. It is immutable and
// named by its content, so that it is sent and logged once.
type Roster struct {
	Digest string
	Reps   []Terms // ascending by ID
}

// Terms of one rep.
type Terms struct {
	ID     string `json:"id"`
	Weight int64  `json:"weight"`           // 1 … MaxWeight
	Offset int64  `json:"offset,omitempty"` // of local time from UTC, in seconds: where an hour, a day, a week begins
	Caps   Caps   `json:"caps,omitzero"`
}

// Caps of a rep; 0 means no cap. Hour, Day and Week count assignments in the
// rep's own time, Open and OpenValue what the rep holds.
type Caps struct {
	Open      int64 `json:"open,omitempty"`
	OpenValue int64 `json:"open_value,omitempty"` // minor units
	Hour      int64 `json:"hour,omitempty"`
	Day       int64 `json:"day,omitempty"`
	Week      int64 `json:"week,omitempty"`
}

// Ack says that every operation of a partition below Position is committed.
type Ack struct {
	Partition
	Position int64
}

// Chunk is one call of a [Store]: acknowledgements first, then operations in
// order. Operations of one partition must stand in ascending order of their ids.
// A chunk is no transaction: an operation answered [Busy] stops only its own
// partition.
type Chunk struct {
	// Batch names the batch of the caller; operations of one batch and one partition
	// may follow each other on a lead. Empty puts no lead in anybody's hands.
	Batch string
	Seen  int64 // the highest sequence the caller has been given: a store behind it has lost writes
	Acks  []Ack
	Ops   []Op
}
