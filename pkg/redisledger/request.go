package redisledger

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"leadrouter/pkg/ledger"
)

// request is the first argument of apply.lua. Numbers that point into a list of
// the request count from 1, as Lua does.
type request struct {
	Epoch      string `json:"epoch"`
	Generation string `json:"generation"`
	ReplID     string `json:"replid"`
	Run        string `json:"run"`

	Seen   int64  `json:"seen"`
	Batch  string `json:"batch"`
	Unit   int64  `json:"unit"`
	Dedupe int64  `json:"dedupe"` // milliseconds of ledger time
	Keep   int64  `json:"keep"`   // milliseconds after which Redis may drop a closed lead

	Parts   []string    `json:"parts"`
	Acks    [][2]int64  `json:"acks"` // part, position
	Leads   []string    `json:"leads"`
	Reps    []string    `json:"reps"` // whose presence changes
	Rosters []rosterUse `json:"rosters"`
	Width   int         `json:"width"` // bytes of a slot in a set
	Sets    []memberSet `json:"sets"`
	Books   []bookUse   `json:"books"`
	Ops     []any       `json:"ops"`
}

// A slot is a rep in use, counted from 1, the same under every roster.

// rosterUse is what a chunk needs of a roster.
type rosterUse struct {
	Digest    string  `json:"digest"`
	Positions []int32 `json:"positions"` // in use
	Slots     []int   `json:"slots"`     // of these positions
	Install   [][]any `json:"install"`   // all terms, if the server may not have them
}

// memberSet describes a set of members; its slots are an argument of their own.
type memberSet struct {
	Bitmap ledger.Bitmap `json:"bitmap"` // of positions
	Alike  bool          `json:"alike"`  // all have the same weight
}

type bookUse struct {
	Name  string `json:"name"`
	Slots []int  `json:"slots"` // who may move in it
}

type wireOp struct {
	Kind    ledger.Kind `json:"kind"`
	Part    int         `json:"part"`
	Offset  int64       `json:"offset"`
	Ordinal int32       `json:"ordinal"`
	At      int64       `json:"at"`
	Lead    int         `json:"lead"` // 0 = none
	ID      string      `json:"id"`   // of the lead
}

type wireAssign struct {
	wireOp
	Value  int64      `json:"value"`
	Test   bool       `json:"test"`
	Roster int        `json:"roster"` // 0 = none
	Steps  []wireStep `json:"steps"`
}

type wireStep struct {
	Finish  ledger.Outcome `json:"finish"` // an end, or empty
	Pick    ledger.Pick    `json:"pick,omitempty"`
	Set     int            `json:"set,omitempty"`
	Book    int            `json:"book,omitempty"`
	ByValue bool           `json:"by_value,omitempty"`
	Lift    bool           `json:"lift,omitempty"`
	Outcome ledger.Outcome `json:"outcome,omitempty"`
}

type wireActivity struct {
	wireOp
	Verb    string `json:"verb"`
	Attempt int    `json:"attempt"`
}

type wirePresence struct {
	wireOp
	Rep   string `json:"rep"`
	Verb  string `json:"verb"`
	Until int64  `json:"until"`
}

// memory is how much longer than it must be known a closed lead stays in Redis: a
// server's clock and ledger time differ, results must not.
const memory = 7 * 24 * time.Hour

// builder turns a part of a chunk into a call of apply.lua.
type builder struct {
	request
	keys      keys
	installed map[string]bool

	parts   map[string]int
	leads   map[string]int
	rosters map[string]int
	slots   map[string]int
	slotAt  [][]int // per roster: slot by position, 0 = not in use
	books   map[string]int
	inBook  []map[int]bool
	sets    map[string]int
	members [][]int // per set: its slots
	payload []string
}

func newBuilder(l *Ledger, b binding, installed map[string]bool) *builder {
	return &builder{
		request: request{
			Epoch: strconv.FormatInt(b.epoch, 10), Generation: b.generation, ReplID: b.replid, Run: b.run,
			Unit: ledger.Unit, Dedupe: l.cfg.Dedupe.Milliseconds(), Keep: (l.cfg.Dedupe + memory).Milliseconds(),
			Parts: []string{}, Acks: [][2]int64{}, Leads: []string{}, Reps: []string{},
			Rosters: []rosterUse{}, Sets: []memberSet{}, Books: []bookUse{}, Ops: []any{},
		},
		keys: l.keys(b.generation), installed: installed,
		parts: map[string]int{}, leads: map[string]int{}, rosters: map[string]int{}, slots: map[string]int{},
		books: map[string]int{}, sets: map[string]int{},
	}
}

// number finds or adds a name in a list that is counted from 1.
func number(index map[string]int, list *[]string, name string) int {
	n, ok := index[name]
	if !ok {
		*list = append(*list, name)
		n = len(*list)
		index[name] = n
	}
	return n
}

func (b *builder) ack(a ledger.Ack) {
	part := number(b.parts, &b.Parts, a.Partition.String())
	b.Acks = append(b.Acks, [2]int64{int64(part), a.Position})
}

func (b *builder) add(op *ledger.Op) {
	wire := wireOp{
		Kind: op.Kind, Part: number(b.parts, &b.Parts, op.ID.Partition.String()),
		Offset: op.ID.Offset, Ordinal: op.ID.Ordinal, At: op.At, ID: op.Lead,
	}
	if op.Lead != "" {
		wire.Lead = number(b.leads, &b.Leads, op.Lead)
	}
	switch op.Kind {
	case ledger.Assign:
		b.Ops = append(b.Ops, b.assign(wire, op))
	case ledger.Activity:
		b.Ops = append(b.Ops, wireActivity{wireOp: wire, Verb: op.Verb, Attempt: op.Attempt})
	case ledger.Presence:
		b.Reps = append(b.Reps, op.Rep)
		b.Ops = append(b.Ops, wirePresence{wireOp: wire, Rep: op.Rep, Verb: op.Verb, Until: op.Until})
	case ledger.Void:
		b.Ops = append(b.Ops, wire)
	}
	b.payload = append(b.payload, op.Digest+"\n"+string(op.Body))
}

func (b *builder) assign(wire wireOp, op *ledger.Op) wireAssign {
	assign := wireAssign{wireOp: wire, Value: op.Value, Test: op.Test, Steps: make([]wireStep, len(op.Steps))}
	if op.Roster != nil {
		assign.Roster = b.roster(op.Roster)
	}
	for i := range op.Steps {
		step := &op.Steps[i]
		if step.End != "" {
			assign.Steps[i] = wireStep{Finish: step.End}
			continue
		}
		outcome := step.Outcome
		if outcome == "" {
			outcome = ledger.Assigned
		}
		assign.Steps[i] = wireStep{
			Pick: step.Pick, Set: b.set(assign.Roster, op.Roster, step),
			ByValue: step.ByValue, Lift: step.LiftFull, Outcome: outcome,
		}
		if step.Pick == ledger.RoundRobin {
			assign.Steps[i].Book = b.book(step.Book, assign.Steps[i].Set)
		}
	}
	return assign
}

func (b *builder) roster(r *ledger.Roster) int {
	n, ok := b.rosters[r.Digest]
	if !ok {
		use := rosterUse{Digest: r.Digest, Positions: []int32{}, Slots: []int{}, Install: [][]any{}}
		if !b.installed[r.Digest] {
			for _, t := range r.Reps {
				use.Install = append(use.Install, termsList(t))
			}
		}
		b.Rosters = append(b.Rosters, use)
		b.slotAt = append(b.slotAt, make([]int, len(r.Reps)))
		n = len(b.Rosters)
		b.rosters[r.Digest] = n
	}
	return n
}

// slot of a position, given when it is first used.
func (b *builder) slot(roster int, r *ledger.Roster, position int32) int {
	at := b.slotAt[roster-1]
	if at[position] == 0 {
		id := r.Reps[position].ID
		slot, ok := b.slots[id]
		if !ok {
			slot = len(b.slots) + 1
			b.slots[id] = slot
		}
		at[position] = slot
		use := &b.Rosters[roster-1]
		use.Positions = append(use.Positions, position)
		use.Slots = append(use.Slots, slot)
	}
	return at[position]
}

// set gives a step's members a number; equal ones are sent once.
func (b *builder) set(roster int, r *ledger.Roster, step *ledger.Step) int {
	key := make([]byte, 0, 3*len(step.Members)+4)
	key = strconv.AppendInt(key, int64(roster), 10)
	for _, p := range step.Members {
		key = append(key, byte(p), byte(p>>8), byte(p>>16))
	}
	if n, ok := b.sets[string(key)]; ok {
		return n
	}
	slots := make([]int, len(step.Members))
	alike := true
	for i, p := range step.Members {
		slots[i] = b.slot(roster, r, p)
		alike = alike && r.Reps[p].Weight == r.Reps[step.Members[0]].Weight
	}
	b.Sets = append(b.Sets, memberSet{Bitmap: ledger.NewBitmap(step.Members), Alike: alike})
	b.members = append(b.members, slots)
	b.sets[string(key)] = len(b.Sets)
	return len(b.Sets)
}

func (b *builder) book(name string, set int) int {
	n, ok := b.books[name]
	if !ok {
		b.Books = append(b.Books, bookUse{Name: name, Slots: []int{}})
		b.inBook = append(b.inBook, map[int]bool{})
		n = len(b.Books)
		b.books[name] = n
	}
	for _, slot := range b.members[set-1] {
		if !b.inBook[n-1][slot] {
			b.inBook[n-1][slot] = true
			b.Books[n-1].Slots = append(b.Books[n-1].Slots, slot)
		}
	}
	return n
}

// call gives the KEYS and ARGV.
func (b *builder) call() ([]string, []any, error) {
	b.Width = 1
	if len(b.slots) > 255 {
		b.Width = 2
	}
	keys := []string{
		b.keys.meta(), b.keys.clock(), b.keys.reps(), b.keys.credit(),
		b.keys.rosters(), b.keys.held(), b.keys.acked(), b.keys.floors(),
	}
	for _, part := range b.Parts {
		keys = append(keys, b.keys.in(memoPrefix+part))
	}
	for _, lead := range b.Leads {
		keys = append(keys, b.keys.lead(lead))
	}
	head, err := json.Marshal(b.request)
	if err != nil {
		return nil, nil, fmt.Errorf("encode request: %w", err)
	}
	args := make([]any, 0, 1+len(b.members)+len(b.payload))
	args = append(args, head)
	for _, slots := range b.members {
		args = append(args, b.bytes(slots))
	}
	for _, payload := range b.payload {
		args = append(args, payload)
	}
	return keys, args, nil
}

// bytes writes slots as the script reads them.
func (b *builder) bytes(slots []int) []byte {
	set := make([]byte, 0, b.Width*len(slots))
	for _, slot := range slots {
		if b.Width == 2 {
			set = append(set, byte(slot>>8))
		}
		set = append(set, byte(slot))
	}
	return set
}

// termsList is how a roster's terms are kept: rep, weight, offset, then the caps.
func termsList(t ledger.Terms) []any {
	c := t.Caps
	return []any{t.ID, t.Weight, t.Offset, c.Open, c.OpenValue, c.Hour, c.Day, c.Week}
}
