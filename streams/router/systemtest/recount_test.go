package systemtest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
)

// microLeads are what one lead is worth in a book of turns.
const microLeads = 1_000_000

// entry is a record of lead.decisions as far as the recount needs it, read from its
// JSON: none of the ledger's types are used, nor any of its code.
type entry struct {
	Op struct {
		Topic     string `json:"topic"`
		Partition int32  `json:"partition"`
		Offset    int64  `json:"offset"`
	} `json:"op"`
	Draft struct {
		Policy struct {
			Hash string `json:"hash"`
		} `json:"policy"`
	} `json:"draft"`
	Grant grant `json:"grant"`
}

type grant struct {
	Sequence int64   `json:"sequence"`
	At       int64   `json:"at"`
	Effect   string  `json:"effect"`
	Lead     string  `json:"lead"`
	Rep      string  `json:"rep"`
	Test     bool    `json:"test"`
	Over     bool    `json:"over"`
	Turn     *turn   `json:"turn"`
	Roster   string  `json:"roster"`
	Install  []terms `json:"install"`
	From     string  `json:"from"`
	TurnBack bool    `json:"turn_back"`
	Undone   *grant  `json:"undone"`
	Lost     []int64 `json:"lost"`
	Held     []struct {
		Verb   string `json:"verb"`
		Effect string `json:"effect"`
	} `json:"held"`
	Shares []struct {
		Book   string `json:"book"`
		Rep    string `json:"rep"`
		Amount int64  `json:"amount"`
	} `json:"shares"`
}

type turn struct {
	Book   string `json:"book"`
	Amount int64  `json:"amount"`
	Free   string `json:"free"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
	Given  bool   `json:"given"` // a person chose who pays
}

type terms struct {
	ID     string `json:"id"`
	Weight int64  `json:"weight"`
	Offset int64  `json:"offset"` // seconds
	Caps   struct {
		Open int64 `json:"open"`
		Day  int64 `json:"day"`
	} `json:"caps"`
}

// recount is the ledger, counted again from the log.
type recount struct {
	t        *testing.T
	rosters  map[string][]terms
	credit   map[string]map[string]int64 // by book and rep, micro-leads
	open     map[string]int              // by rep
	days     map[string]map[int64]int    // by rep and day
	owner    map[string]string           // of leads that count
	closed   map[string]string           // of leads that do not any more
	last     map[string]int64            // by rep: sequence of the last assignment
	reopened map[string]bool             // leads
	slack    map[string]int64            // by book: leads that the bound is wider by
	turns    map[string]grant            // by lead: the last one with a turn

	records map[string]int // decisions by input record
	effects map[string]int
	hashes  map[string]int // decisions of new leads by policy
	largest map[string]int64
	// shaken is true from a grant that was lost with Redis to the rebuild: what was
	// granted in between had counted it, and nobody knows any more whose it was.
	shaken bool
	full   int // grants that took the last place under a cap
	given  int // turns of those whom a person chose
}

// recountLog reads lead.decisions and counts it, record by record in the order of
// their sequences. On the way it checks that no sequence comes twice, that each hole
// is explained, that the turn went to the largest credit, that no book leaves its
// bound and that no rep is above a cap.
func (in *installation) recountLog() *recount {
	in.t.Helper()
	c := &recount{
		t: in.t, rosters: map[string][]terms{}, credit: map[string]map[string]int64{},
		open: map[string]int{}, days: map[string]map[int64]int{}, owner: map[string]string{}, closed: map[string]string{},
		last: map[string]int64{}, slack: map[string]int64{}, reopened: map[string]bool{}, turns: map[string]grant{},
		records: map[string]int{}, effects: map[string]int{}, hashes: map[string]int{}, largest: map[string]int64{},
	}
	entries, lost := in.inSequence()
	next := int64(1)
	for _, e := range entries {
		for ; next < e.Grant.Sequence; next++ {
			require.True(in.t, lost[next], "sequence %d is missing and nothing says why", next)
			c.shaken = true
		}
		require.Equal(in.t, next, e.Grant.Sequence, "a sequence comes twice")
		c.add(e)
		next++
	}
	return c
}

// inSequence are the decisions by sequence. What a void took back was never written
// by itself: it stands at its own place.
func (in *installation) inSequence() (entries []entry, lost map[int64]bool) {
	in.t.Helper()
	lost = map[int64]bool{}
	for _, r := range in.read(in.topic(event.LeadDecisions)) {
		var e entry
		require.NoError(in.t, json.Unmarshal(r.Value, &e))
		entries = append(entries, e)
		if e.Grant.Undone != nil {
			entries = append(entries, entry{Grant: *e.Grant.Undone})
		}
		for _, sequence := range e.Grant.Lost {
			lost[sequence] = true
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.Grant.Sequence, b.Grant.Sequence) })
	return entries, lost
}

func (c *recount) add(e entry) {
	g := e.Grant
	c.effects[g.Effect]++
	if e.Op.Topic != "" {
		record := fmt.Sprintf("%s/%d/%d", e.Op.Topic, e.Op.Partition, e.Op.Offset)
		c.records[record]++
		require.Equal(c.t, 1, c.records[record], "record %s is decided again", record)
		if g.Effect == "rebuilt" {
			delete(c.records, record) // no input has caused it
			c.shaken = false
		}
	}
	if g.Install != nil {
		c.rosters[g.Roster] = g.Install
	}
	switch g.Effect {
	case "owned", "ended":
		c.hashes[e.Draft.Policy.Hash]++
		c.assign(g, +1)
		for _, late := range g.Held {
			c.happened(late.Effect, g.Lead)
		}
	case "freed", "reowned":
		c.happened(g.Effect, g.Lead)
	case "settled":
		for _, s := range g.Shares {
			c.credit[s.Book][s.Rep] += s.Amount
			c.credit[s.Book][g.Rep] -= s.Amount
		}
		books := map[string]bool{}
		for _, s := range g.Shares {
			books[s.Book] = true
		}
		for book := range books {
			c.slack[book]++
		}
	case "voided":
		c.undo(*g.Undone)
	}
}

// assign counts a new owner; sign -1 takes it back.
func (c *recount) assign(g grant, sign int) {
	if sign > 0 {
		c.leave(g)
	}
	if g.Turn != nil {
		c.turn(g, sign)
		c.turns[g.Lead] = g
	}
	if g.Rep == "" || g.Test {
		return
	}
	who := c.terms(g)
	day := (g.At/1000 + who.Offset) / 86400
	if c.days[g.Rep] == nil {
		c.days[g.Rep] = map[int64]int{}
	}
	c.open[g.Rep] += sign
	c.days[g.Rep][day] += sign
	if sign < 0 {
		delete(c.owner, g.Lead)
		return
	}
	c.owner[g.Lead], c.last[g.Rep] = g.Rep, g.Sequence
	open, today := int64(c.open[g.Rep]), int64(c.days[g.Rep][day])
	if !g.Over && !c.shaken {
		require.True(c.t, who.Caps.Open == 0 || open <= who.Caps.Open, "%s holds %d of %d at %d", g.Rep, open, who.Caps.Open, g.Sequence)
		require.True(c.t, who.Caps.Day == 0 || today <= who.Caps.Day, "%s got %d of %d a day at %d", g.Rep, today, who.Caps.Day, g.Sequence)
	}
	if open == who.Caps.Open || today == who.Caps.Day {
		c.full++
	}
}

// leave takes a lead from the owner before, and gives the turn back if the grant says so.
func (c *recount) leave(g grant) {
	rep, owned := c.owner[g.Lead]
	require.Equal(c.t, owned, g.From != "" && !g.Test, "lead %s had %q, and not %q at %d", g.Lead, rep, g.From, g.Sequence)
	if owned {
		require.Equal(c.t, rep, g.From)
		c.move(g.Lead, c.owner, map[string]string{}, -1)
	}
	if g.TurnBack {
		c.turn(c.turns[g.Lead], -1)
	}
	delete(c.turns, g.Lead)
}

// happened counts a lead that was closed or reopened; other effects change nothing.
func (c *recount) happened(effect, lead string) {
	switch effect {
	case "freed":
		c.move(lead, c.owner, c.closed, -1)
	case "reowned":
		c.reopened[lead] = true
		c.move(lead, c.closed, c.owner, +1)
	}
}

func (c *recount) move(lead string, from, to map[string]string, change int) {
	if rep, there := from[lead]; there {
		c.open[rep] += change
		delete(from, lead)
		to[lead] = rep
	}
}

// undo takes back what the tests let be taken back: an assignment.
func (c *recount) undo(g grant) {
	require.Contains(c.t, []string{"owned", "ended"}, g.Effect)
	c.assign(g, -1)
}

// turn enters one turn: all of the free earn by weight, the payer pays.
func (c *recount) turn(g grant, sign int) {
	book := c.credit[g.Turn.Book]
	if book == nil {
		book = map[string]int64{}
		c.credit[g.Turn.Book] = book
	}
	free := c.members(g)
	earned := shares(g.Turn.Amount, free)
	if sign > 0 && !c.shaken {
		require.Equal(c.t, book[g.Rep], g.Turn.Before, "credit of %s before %d", g.Rep, g.Sequence)
		if !g.Turn.Given {
			c.requireTurn(g, free, earned)
		}
	}
	for i, rep := range free {
		book[rep.ID] += int64(sign) * earned[i]
	}
	book[g.Rep] -= int64(sign) * g.Turn.Amount
	switch {
	case sign < 0 || c.shaken:
		c.slack[g.Turn.Book]++
	case g.Turn.Given:
		c.slack[g.Turn.Book]++
		c.given++
		require.Equal(c.t, book[g.Rep], g.Turn.After, "credit of %s after %d", g.Rep, g.Sequence)
	default:
		require.Equal(c.t, book[g.Rep], g.Turn.After, "credit of %s after %d", g.Rep, g.Sequence)
	}
	c.requireBound(g)
}

// requireTurn: the one who got the lead had the largest credit; among equals it was
// the one who had waited longest.
func (c *recount) requireTurn(g grant, free []terms, earned []int64) {
	book, payer := c.credit[g.Turn.Book], slices.IndexFunc(free, func(r terms) bool { return r.ID == g.Rep })
	require.GreaterOrEqual(c.t, payer, 0, "%s got lead %s and was not free", g.Rep, g.Lead)
	best := book[g.Rep] + earned[payer]
	for i, rep := range free {
		other := book[rep.ID] + earned[i]
		require.LessOrEqual(c.t, other, best, "it was the turn of %s at %d, not of %s", rep.ID, g.Sequence, g.Rep)
		if other == best {
			require.LessOrEqual(c.t, c.last[g.Rep], c.last[rep.ID], "%s had waited longer than %s at %d", rep.ID, g.Rep, g.Sequence)
		}
	}
}

// requireBound: a book adds up to zero, and nobody in it is further from zero than
// (n-1)/2 leads. That holds for weights too: for any set A of k reps let S(A) be the
// sum of their credits; then S(A) <= k(n-k)/2 is kept by every turn, whatever the
// shares, because the payer had the largest credit of the free. With k = 1 it bounds
// a rep from above, with k = n-1 from below. A leaver's balance, shared out over the
// rest, widens that by less than a lead, and so does a turn that is taken back, and one that a
// person gave to whom they chose.
func (c *recount) requireBound(g grant) {
	book := c.credit[g.Turn.Book]
	sum, most := int64(0), int64(0)
	for _, credit := range book {
		sum += credit
		most = max(most, credit, -credit)
	}
	require.Zero(c.t, sum, "book %s at %d", g.Turn.Book, g.Sequence)
	bound := int64(len(book)-1)*microLeads/2 + c.slack[g.Turn.Book]*microLeads
	require.LessOrEqual(c.t, most, bound, "book %s of %d reps at %d", g.Turn.Book, len(book), g.Sequence)
	c.largest[g.Turn.Book] = max(c.largest[g.Turn.Book], most)
}

// members are the free of a turn: hexadecimal digits, the least significant first,
// over the positions of the roster.
func (c *recount) members(g grant) []terms {
	roster := c.rosters[g.Roster]
	var free []terms
	for k, digit := range g.Turn.Free {
		nibble := strings.IndexRune("0123456789abcdef", digit)
		for bit := range 4 {
			if nibble>>bit&1 == 1 {
				free = append(free, roster[4*k+bit])
			}
		}
	}
	return free
}

func (c *recount) terms(g grant) terms {
	i := slices.IndexFunc(c.rosters[g.Roster], func(r terms) bool { return r.ID == g.Rep })
	require.GreaterOrEqual(c.t, i, 0, "%s is not in roster %s", g.Rep, g.Roster)
	return c.rosters[g.Roster][i]
}

// shares splits an amount by weight: rounded down, then one more for those whom
// rounding has cost most, the earlier first.
func shares(amount int64, free []terms) []int64 {
	total, left := int64(0), amount
	for _, r := range free {
		total += r.Weight
	}
	split, cost := make([]int64, len(free)), make([]int64, len(free))
	for i, r := range free {
		split[i], cost[i] = amount*r.Weight/total, amount*r.Weight%total
		left -= split[i]
	}
	for ; left > 0; left-- {
		i := slices.Index(cost, slices.Max(cost))
		split[i]++
		cost[i] = -1
	}
	return split
}

// requireLedger compares the count with what Redis holds.
func (c *recount) requireLedger(in *installation) {
	c.t.Helper()
	state := in.dump()
	open, credit := map[string]int{}, map[string]map[string]int64{}
	for id, rep := range state.Reps {
		if rep.Open != 0 {
			open[id] = int(rep.Open)
		}
	}
	for name, book := range state.Books {
		credit[name] = maps.Clone(book)
	}
	maps.DeleteFunc(c.open, func(_ string, n int) bool { return n == 0 })
	require.Equal(c.t, c.open, open, "leads that reps hold")
	for name, book := range c.credit {
		// Whoever left with nothing is no member of the book any more.
		maps.DeleteFunc(book, func(id string, n int64) bool { _, there := credit[name][id]; return n == 0 && !there })
	}
	require.Equal(c.t, c.credit, credit, "turns")
}
