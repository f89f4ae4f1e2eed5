package redisledger

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	Plain   bool        `json:"plain"` // the leads are the same as JSON
	Reps    []string    `json:"reps"`  // whose presence changes
	Gives   string      `json:"gives"` // the rep whose leads these are, who gives back, or empty
	Most    int         `json:"most"`  // leads that are given back at once
	Rosters []rosterUse `json:"rosters"`
	Width   int         `json:"width"` // bytes of a slot in a set
	Shapes  []shape     `json:"shapes"`
	Books   []string    `json:"books"`

	Bitmaps []ledger.Bitmap `json:"bitmaps"` // of each set, over positions
	Lines   []string        `json:"lines"`   // of those who are waited for, the same
	// Behind these come "ops" and "ties", lists of lists: names would take longer to read than
	// all else.
}

// A slot is a rep in use, counted from 1, the same under every roster.

// rosterUse is what a chunk needs of a roster.
type rosterUse struct {
	Digest    string   `json:"digest"`
	Positions []int32  `json:"positions"` // in use
	Fields    []string `json:"fields"`    // the same as the ends of field names
	Slots     []int    `json:"slots"`     // of these positions
	Install   [][]any  `json:"install"`   // all terms, if the server may not have them
}

// shape is what steps have in common, however many sets of members they have.
type shape struct {
	Finish  ledger.Outcome `json:"finish"` // an end, or empty
	Pick    ledger.Pick    `json:"pick"`
	ByValue bool           `json:"by_value"`
	Lift    bool           `json:"lift"`
	Away    bool           `json:"away"`
	Pins    bool           `json:"pins"`
	Among   int            `json:"among"` // set of those who earn when a person has chosen who pays, or 0
	Outcome ledger.Outcome `json:"outcome"`
}

// memory is how much longer than it must be known a closed lead stays in Redis: a
// server's clock and ledger time differ, results must not.
const memory = 7 * 24 * time.Hour

// builder turns a part of a chunk into a call of apply.lua.
type builder struct {
	request
	keys      keys
	installed map[string]bool

	ops  rows
	ties rows

	parts   map[ledger.Partition]int
	leads   map[string]int
	rosters map[string]int
	slots   map[string]int
	slotAt  [][]int // per roster: slot by position, 0 = not in use
	shapes  map[shape]int
	books   map[string]int
	sets    map[string]int
	lines   map[string]int
	members [][]int // per set: its slots
	payload []any   // digest and body of each operation
}

func newBuilder(l *Ledger, b binding, installed map[string]bool) *builder {
	return &builder{
		request: request{
			Epoch: strconv.FormatInt(b.epoch, 10), Generation: b.generation, ReplID: b.replid, Run: b.run,
			Unit: ledger.Unit, Most: ledger.MaxReturns, Dedupe: l.cfg.Dedupe.Milliseconds(), Keep: (l.cfg.Dedupe + memory).Milliseconds(),
			Parts: []string{}, Acks: [][2]int64{}, Leads: []string{}, Reps: []string{},
			Rosters: []rosterUse{}, Shapes: []shape{}, Books: []string{}, Bitmaps: []ledger.Bitmap{}, Lines: []string{},
		},
		keys: l.keys(b.generation), installed: installed,
		parts: map[ledger.Partition]int{}, leads: map[string]int{}, rosters: map[string]int{}, slots: map[string]int{},
		shapes: map[shape]int{}, books: map[string]int{}, sets: map[string]int{}, lines: map[string]int{},
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
	b.Acks = append(b.Acks, [2]int64{b.part(a.Partition), a.Position})
}

// give names the leads of a rep who gives them back.
func (b *builder) give(rep string, leads []string) {
	b.Gives = rep
	for _, lead := range leads {
		number(b.leads, &b.Leads, lead)
	}
}

// part finds or adds a partition.
func (b *builder) part(p ledger.Partition) int64 {
	n, ok := b.parts[p]
	if !ok {
		b.Parts = append(b.Parts, p.String())
		n = len(b.Parts)
		b.parts[p] = n
	}
	return int64(n)
}

// add appends an operation: kind, part, offset, ordinal, at, lead, then of an
// assign value, test, roster, rank, since and reps of its line, and for each step shape, set, book; of a move verb,
// attempt, fence, turn back, stay, wake, and from the roster on as an assign; of an activity
// verb, attempt and rep; of a presence rep, verb, until and give back. 0 is none.
func (b *builder) add(op *ledger.Op) {
	lead := 0
	if op.Lead != "" {
		lead = number(b.leads, &b.Leads, op.Lead)
	}
	b.ops.beginWord(string(op.Kind))
	b.ops.numbers(b.part(op.ID.Partition), op.ID.Offset, int64(op.ID.Ordinal), op.At, int64(lead))
	switch op.Kind {
	case ledger.Assign:
		b.ops.numbers(op.Value, int64(bit(op.Test)))
		b.plan(op)
	case ledger.Move:
		b.ops.texts(op.Verb)
		b.ops.numbers(int64(op.Attempt), int64(bit(op.Fence)), int64(bit(op.TurnBack)), int64(bit(op.Stay)), int64(bit(op.Wake)))
		b.plan(op)
	case ledger.Activity:
		b.ops.texts(op.Verb)
		b.ops.numbers(int64(op.Attempt))
		b.ops.texts(op.Rep)
	case ledger.Presence:
		b.Reps = append(b.Reps, op.Rep)
		b.ops.texts(op.Rep, op.Verb)
		b.ops.numbers(op.Until, int64(bit(op.GiveBack)))
	case ledger.Expire, ledger.Void, ledger.Rebuild:
	}
	b.ops.end()
	b.tie(op)
	b.payload = append(b.payload, op.Digest, op.Body)
}

// tie appends an operation's ties: its number, the traits of a new lead in words, whether the
// first is its company, how many they are, then these, and in turn trait, holder and others.
func (b *builder) tie(op *ledger.Op) {
	if op.Traits == nil && len(op.Ties) == 0 {
		return
	}
	b.ties.begin(int64(len(b.payload)/2 + 1))
	b.ties.texts(traitWords(op.Traits))
	own, ofCompany := 0, false
	if op.Traits != nil {
		if own = len(op.Traits.Person); op.Traits.Company != "" {
			own, ofCompany = own+1, true
		}
	}
	b.ties.numbers(int64(bit(ofCompany)), int64(own))
	for trait := range op.Traits.All() {
		b.ties.texts(trait)
	}
	for _, tie := range op.Ties {
		b.ties.texts(tie.Trait, tie.Holder, lines(tie.Others))
	}
	b.ties.end()
}

// lines puts texts on lines of their own, with an empty one at each end.
func lines(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return "\n" + strings.Join(texts, "\n") + "\n"
}

// plan appends the roster and the steps.
func (b *builder) plan(op *ledger.Op) {
	roster := 0
	if op.Roster != nil {
		roster = b.roster(op.Roster)
	}
	b.ops.numbers(int64(roster))
	if op.Line == nil {
		b.ops.numbers(0, 0, 0)
	} else {
		b.ops.numbers(op.Line.Rank, op.Line.Since, int64(number(b.lines, &b.Lines, string(op.Line.Reps))))
	}
	for i := range op.Steps {
		step := &op.Steps[i]
		if step.End != "" {
			b.ops.numbers(int64(b.shape(shape{Finish: step.End})), 0, 0)
			return
		}
		set, among, book := b.set(roster, op.Roster, step.Members), 0, 0
		if step.Among != nil {
			among = b.set(roster, op.Roster, step.Among)
		}
		if step.Pick == ledger.RoundRobin {
			book = number(b.books, &b.Books, step.Book)
		}
		b.ops.numbers(int64(b.shape(shape{
			Pick: step.Pick, ByValue: step.ByValue, Lift: step.LiftFull, Away: step.LiftAway, Pins: step.Pins, Among: among,
			Outcome: cmp.Or(step.Outcome, ledger.Assigned),
		})), int64(set), int64(book))
	}
}

func (b *builder) shape(s shape) int {
	n, ok := b.shapes[s]
	if !ok {
		b.Shapes = append(b.Shapes, s)
		n = len(b.Shapes)
		b.shapes[s] = n
	}
	return n
}

func (b *builder) roster(r *ledger.Roster) int {
	n, ok := b.rosters[r.Digest]
	if !ok {
		use := rosterUse{Digest: r.Digest, Positions: []int32{}, Fields: []string{}, Slots: []int{}, Install: [][]any{}}
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
		use.Fields = append(use.Fields, "/"+decimal(int64(position)))
		use.Slots = append(use.Slots, slot)
	}
	return at[position]
}

// set gives members of a roster a number; equal ones are sent once.
func (b *builder) set(roster int, r *ledger.Roster, members []int32) int {
	key := make([]byte, 0, 3*len(members)+4)
	key = strconv.AppendInt(key, int64(roster), 10)
	for _, p := range members {
		key = append(key, byte(p), byte(p>>8), byte(p>>16))
	}
	if n, ok := b.sets[string(key)]; ok {
		return n
	}
	slots := make([]int, len(members))
	for i, p := range members {
		slots[i] = b.slot(roster, r, p)
	}
	b.Bitmaps = append(b.Bitmaps, ledger.NewBitmap(members))
	b.members = append(b.members, slots)
	b.sets[string(key)] = len(b.members)
	return len(b.members)
}

// call gives the KEYS and ARGV.
func (b *builder) call() ([]string, []any, error) {
	b.Width = 1
	if len(b.slots) > 255 {
		b.Width = 2
	}
	keys := []string{
		b.keys.meta(), b.keys.clock(), b.keys.reps(), b.keys.credit(),
		b.keys.rosters(), b.keys.held(), b.keys.acked(), b.keys.floors(), b.keys.told(), b.keys.owned(),
		b.keys.line(), b.keys.offers(), b.keys.bearer(""),
	}
	for _, part := range b.Parts {
		keys = append(keys, b.keys.in(memoPrefix+part))
	}
	for _, lead := range b.Leads {
		keys = append(keys, b.keys.lead(lead))
	}
	b.Plain = !slices.ContainsFunc(b.Leads, func(lead string) bool { return strings.ContainsFunc(lead, special) })
	head, err := json.Marshal(b.request)
	if err != nil {
		return nil, nil, fmt.Errorf("encode request: %w", err)
	}
	head = slices.Concat(head[:len(head)-1], []byte(`,"ops":`), b.ops.list(), []byte(`,"ties":`), b.ties.list(), []byte{'}'})
	args := make([]any, 0, 1+len(b.members)+len(b.payload))
	args = append(args, head)
	for _, slots := range b.members {
		args = append(args, b.bytes(slots))
	}
	return keys, append(args, b.payload...), nil
}

// special says whether a character is not itself in JSON.
func special(r rune) bool { return r < ' ' || r == '"' || r == '\\' }

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
