package ledger

// Code says how the ledger answered an operation.
type Code string

// The codes.
const (
	Applied  Code = "applied"  // applied now: Grant is new
	Replayed Code = "replayed" // applied before, not acknowledged: Grant and Body are the first ones
	Done     Code = "done"     // acknowledged before: nothing comes out
	Busy     Code = "busy"     // its lead is in other hands, or the partition is blocked: come back
	Outdated Code = "outdated" // others have its ties by now: plan again; the partition is blocked
)

// Result answers one operation.
type Result struct {
	ID    OpID
	Code  Code
	Grant Grant  // of Applied and Replayed
	Body  []byte // of Applied and Replayed: the body given with the first one
	// Digest of the input record remembered with a Replayed operation.
	Digest string
	// Draft of the lead, as an Activity or a Move found it.
	Draft []byte
}

// Effect says what an operation changed.
type Effect string

// The effects. Repeat, Fenced, Ignored and Noted leave all counters alone.
const (
	Owned   Effect = "owned"   // a lead got an owner
	Ended   Effect = "ended"   // a lead ended without an owner: waiting, review, …
	Repeat  Effect = "repeat"  // the lead is known: another record with its id
	Freed   Effect = "freed"   // a lead was closed; what it took of its owner's capacity, if any, is free again
	Reowned Effect = "reowned" // a closed lead was reopened and counts again
	Noted   Effect = "noted"   // an activity that frees nothing
	Held    Effect = "held"    // an activity that came before its lead
	Dropped Effect = "dropped" // activities that their lead never came for
	Fenced  Effect = "fenced"  // an activity of an attempt that is over, or of a rep who is not the owner
	Ignored Effect = "ignored" // nothing to do: closed already, or not closed
	Present Effect = "present" // a rep's presence changed
	Settled Effect = "settled" // a rep left; the balance is shared out
	Voided  Effect = "voided"  // an operation was taken back
	// Rebuilt: the ledger was folded from the log anew. Written by who rebuilds it,
	// never answered by a store.
	Rebuilt Effect = "rebuilt"
)

// Grant is what one operation did. It is written to the decision log as it is,
// and holds all that [State.Fold] needs to do it again.
type Grant struct {
	Sequence int64  `json:"sequence"`
	Floor    int64  `json:"floor"` // the lowest sequence not acknowledged when this was given
	Epoch    int64  `json:"epoch"`
	At       int64  `json:"at"` // ledger time, Unix milliseconds: max of Op.At and all before
	Effect   Effect `json:"effect"`

	Lead    string  `json:"lead,omitempty"`
	Attempt int     `json:"attempt,omitempty"`
	Outcome Outcome `json:"outcome,omitempty"`
	Step    int     `json:"step,omitempty"` // index of the step that took the lead
	Rep     string  `json:"rep,omitempty"`
	Value   int64   `json:"value,omitempty"`
	Test    bool    `json:"test,omitempty"`
	Over    bool    `json:"over,omitempty"` // granted past a cap, by even_if

	// Traits of a new lead; Pins: its owner has that of the company for good.
	Traits *Traits `json:"traits,omitempty"`
	Pins   bool    `json:"pins,omitempty"`

	// Turn is the entry in a credit book, of round_robin only.
	Turn *Turn `json:"turn,omitempty"`
	// Load of the rep after Owned, Freed and Reowned.
	Load *Load `json:"load,omitempty"`

	// Roster names the terms in force; Install is their content, given with the first
	// grant of each input partition that uses them.
	Roster  string  `json:"roster,omitempty"`
	Install []Terms `json:"install,omitempty"`

	Verb  string `json:"verb,omitempty"`
	Asked int    `json:"asked,omitempty"` // of Fenced: the attempt that the activity named
	By    string `json:"by,omitempty"`    // of Held and Fenced: who did it, if known
	Until int64  `json:"until,omitempty"`
	// From is the owner that a move took the lead from; TurnBack: and who got the turn
	// back.
	From     string `json:"from,omitempty"`
	TurnBack bool   `json:"turn_back,omitempty"`
	Marks    *Marks `json:"marks,omitempty"` // of Noted
	// Held are activities that waited for this lead, in the order they came: applied with it,
	// or of Dropped given up. Ahead, of Held, is how many waited when this one came.
	Held  []Late `json:"held,omitempty"`
	Ahead int    `json:"ahead,omitempty"`
	// Line is how the lead waits, of Ended.
	Line *Line `json:"line,omitempty"`
	// Offer is capacity that has come free, or was refused, and the lead that is to be
	// planned again for it: the first in line for that rep. Taken is the offer that this
	// operation has answered.
	Offer *Offer `json:"offer,omitempty"`
	Taken *Offer `json:"taken,omitempty"`
	// Shares of a leaver's balance by book, of Settled.
	Shares []Share `json:"shares,omitempty"`
	// Returns are open leads that a rep gives back, of Present where GiveBack says so and
	// of Settled, by lead id, at most [MaxReturns]; of Reowned the lead, if its owner has left.
	// They stay where they are until they are moved.
	GiveBack bool     `json:"give_back,omitempty"`
	Returns  []Return `json:"returns,omitempty"`
	// Undone is the grant that Voided took back. It never came to the log by
	// itself: readers put it at its own sequence, which would be a hole otherwise.
	Undone *Grant `json:"undone,omitempty"`
	// Lost, of Rebuilt, are the sequences below this one that were given and never
	// came to the log: they count as not given.
	Lost []int64 `json:"lost,omitempty"`
	// Before is what Undone had changed, of Voided.
	Before *Image `json:"before,omitempty"`
}

// WaitsOn says whether a lead goes on waiting as it did. Its clocks are wound anew then, so the
// operation holds the lead as one that changes it: whoever comes next must not be overtaken.
func (g *Grant) WaitsOn() bool { return g.Effect == Ignored && g.Outcome == Waiting }

// Turn is one entry in a credit book: every rep of Free earned a share of
// Amount, the payer (Grant.Rep) paid all of it.
type Turn struct {
	Book   string `json:"book"`
	Amount int64  `json:"amount"` // micro-leads, or minor units by value
	Free   Bitmap `json:"free"`   // over the positions of Grant.Roster
	Before int64  `json:"before"` // the payer's credit, before earning
	After  int64  `json:"after"`  // and after earning and paying
	// Given: a person chose the payer, whose credit says nothing of that.
	Given bool `json:"given,omitempty"`
}

// Load is what a rep holds. Hour, Day and Week are of Owned alone: they need the
// terms that a plan brings along.
type Load struct {
	Open      int64 `json:"open"`
	OpenValue int64 `json:"open_value,omitempty"`
	Hour      int64 `json:"hour,omitempty"`
	Day       int64 `json:"day,omitempty"`
	Week      int64 `json:"week,omitempty"`
}

// Marks say how far an attempt has come: ledger times, 0 = not yet.
type Marks struct {
	Step      int   `json:"step"` // of the plan, that decided the attempt
	Since     int64 `json:"since"`
	Accepted  int64 `json:"accepted,omitempty"`
	Contacted int64 `json:"contacted,omitempty"`
	Qualified int64 `json:"qualified,omitempty"`
}

// Late is an activity that overtook its lead.
type Late struct {
	ID      OpID   `json:"id"`
	Verb    string `json:"verb"`
	Attempt int    `json:"attempt,omitempty"`
	By      string `json:"by,omitempty"`
	Effect  Effect `json:"effect,omitempty"` // when applied
}

// Offer of a rep's capacity to a lead that waits, or of another plan.
type Offer struct {
	Lead    string `json:"lead"`
	Attempt int    `json:"attempt"`
	Rep     string `json:"rep,omitempty"` // empty: whoever it may be by now, see [Op.Wake]
	// Drain: the rep has come back with more than one place, so that the next in line is
	// asked until one does not get it.
	Drain bool `json:"drain,omitempty"`
	Hops  int  `json:"hops,omitempty"` // leads that it was offered to before in vain
	// Rank and Since of the lead in line: who comes behind it leaves the place alone.
	Rank  int64 `json:"rank,omitempty"`
	Since int64 `json:"since,omitempty"`
}

// Return is a lead that a rep gives back.
type Return struct {
	Lead    string `json:"lead"`
	Attempt int    `json:"attempt"`
}

// Share is what one rep gets of a leaver's balance.
type Share struct {
	Book   string `json:"book"`
	Rep    string `json:"rep"`
	Amount int64  `json:"amount"`
}
