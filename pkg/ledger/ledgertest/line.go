package ledgertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

// queue drives a store and the model through a waiting line: leads come, places come
// free, offers are taken and refused.
type queue struct {
	*twins
	roster *ledger.Roster

	offers []ledger.Offer // not answered yet
	owned  []string       // leads with an owner
	lead   int
}

// waitingLine: whoever does what, the store offers what the model offers, and a lead has
// one offer at most.
func waitingLine(t *testing.T, store ledger.Store) {
	q := &queue{twins: newTwins(t, store), roster: reps(3, one)}
	most := map[string]int{}
	for range 600 {
		what := q.next()
		most[what]++
		require.LessOrEqual(t, len(q.offers), len(q.open()))
	}
	for _, what := range []string{"comes", "taken", "refused", "free", "back", "closed", "passed on"} {
		require.Positive(t, most[what], "%s: %v", what, most)
	}
	q.alike()
}

func (q *queue) open() []string {
	s, err := q.model.Dump(q.t.Context())
	require.NoError(q.t, err)
	var open []string
	for id, l := range s.Leads {
		if l.Outcome == ledger.Waiting && l.Closed == 0 {
			open = append(open, id)
		}
	}
	for id := range s.Offers {
		open = append(open, id)
	}
	return open
}

// next does one thing and says what.
func (q *queue) next() string {
	switch roll := q.roll(12); {
	case roll < 4:
		q.lead++
		q.assign(fmt.Sprintf("L-%03d", q.lead))
		return "comes"
	case roll < 5 && len(q.owned) > 0:
		id := q.owned[0]
		q.owned = q.owned[1:]
		q.apply("activity", ledger.Op{Kind: ledger.Activity, Lead: id, Verb: ledger.Lost})
		return "free"
	case roll < 6:
		q.apply("status", ledger.Op{Kind: ledger.Presence, Rep: q.roster.Reps[q.roll(3)].ID, Verb: ledger.Available})
		return "back"
	case roll < 7:
		q.apply("activity", ledger.Op{Kind: ledger.Activity, Lead: fmt.Sprintf("L-%03d", q.roll(uint32(q.lead)+1)), Verb: ledger.Closed})
		return "closed"
	case len(q.offers) > 0:
		offer := q.offers[0]
		q.offers = q.offers[1:]
		return q.answer(offer, roll < 10)
	}
	return "nothing"
}

// assign brings a lead: most have to wait for one of two reps.
func (q *queue) assign(id string) {
	op := ledger.Op{Kind: ledger.Assign, Lead: id, Roster: q.roster, Line: q.line(id)}
	if q.roll(4) == 0 {
		op.Steps = []ledger.Step{{Pick: ledger.Ranked, Members: []int32{int32(q.roll(3))}}}
		q.owned = append(q.owned, id)
	}
	op.Steps = append(op.Steps, ledger.Step{End: ledger.Waiting})
	q.apply("created", op)
}

func (q *queue) line(id string) *ledger.Line {
	first := int32(q.roll(2))
	return &ledger.Line{Rank: int64(q.roll(3)), Since: start + int64(len(id)), Reps: ledger.NewBitmap([]int32{first, first + 1})}
}

// answer moves a lead that has an offer: to the rep, or nowhere.
func (q *queue) answer(o ledger.Offer, takes bool) string {
	op := ledger.Op{
		Kind: ledger.Move, Lead: o.Lead, Attempt: o.Attempt, Fence: true, Stay: true, Roster: q.roster, Line: q.line(o.Lead),
	}
	said := "refused"
	if takes {
		position := int32(0)
		for q.roster.Reps[position].ID != o.Rep {
			position++
		}
		op.Steps, said = []ledger.Step{{Pick: ledger.Ranked, Members: []int32{position}, LiftAway: true}}, "taken"
	}
	op.Steps = append(op.Steps, ledger.Step{End: ledger.Waiting})
	g := q.apply("reassign", op)
	require.Equal(q.t, &o, g.Taken)
	if g.Effect == ledger.Owned {
		q.owned = append(q.owned, o.Lead)
	}
	if g.Offer != nil && g.Offer.Hops > 1 {
		return "passed on"
	}
	return said
}

// apply does one operation in both and follows its offers.
func (q *queue) apply(topic string, op ledger.Op) ledger.Grant {
	q.t.Helper()
	op.At = start + int64(q.lead)
	g := q.both(topic, op).Grant
	if g.Offer != nil {
		for _, o := range q.offers {
			require.NotEqual(q.t, o.Lead, g.Offer.Lead, "it has an offer already")
		}
		q.offers = append(q.offers, *g.Offer)
	}
	return g
}

// queues: what came free and is on offer is left alone by a lead that could wait behind, and
// taken by one that goes before, or cannot wait. Who is back offers every place.
func queues(t *testing.T, store ledger.Store) {
	w := newTwins(t, store)
	roster := reps(1, one)
	roster.Reps[0].Caps.Open = 2
	came := func(id string, rank int64) ledger.Effect {
		return w.both("created", ledger.Op{
			Kind: ledger.Assign, At: start, Lead: id, Roster: roster,
			Steps: []ledger.Step{{Pick: ledger.Ranked, Members: []int32{0}}, {End: ledger.Waiting}},
			Line:  &ledger.Line{Rank: rank, Since: start, Reps: ledger.NewBitmap([]int32{0})},
		}).Grant.Effect
	}
	closed := func(id string) *ledger.Offer {
		return w.both("activity", ledger.Op{Kind: ledger.Activity, At: start, Lead: id, Verb: ledger.Lost}).Grant.Offer
	}
	answer := func(o *ledger.Offer) *ledger.Offer {
		g := w.both("reassign", ledger.Op{
			Kind: ledger.Move, At: start, Lead: o.Lead, Attempt: 1, Fence: true, Roster: roster,
			Steps: []ledger.Step{{Pick: ledger.Ranked, Members: []int32{0}}, {End: ledger.Waiting}},
		}).Grant
		require.Equal(t, ledger.Owned, g.Effect, "the place was kept for it")
		return g.Offer
	}
	require.Equal(t, []ledger.Effect{ledger.Owned, ledger.Owned, ledger.Ended}, []ledger.Effect{came("a", 1), came("b", 1), came("c", 5)})
	offer := closed("a")
	require.Equal(t, "c", offer.Lead)
	require.Equal(t, ledger.Ended, came("d", 5), "as old, and not offered anything")
	require.Nil(t, answer(offer))

	w.both("status", ledger.Op{Kind: ledger.Presence, At: start, Rep: "rep-0000", Verb: ledger.Away})
	closed("b")
	closed("c")
	back := w.both("status", ledger.Op{Kind: ledger.Presence, At: start, Rep: "rep-0000", Verb: ledger.Available}).Grant.Offer
	require.Equal(t, ledger.Ended, came("e", 4), "both places are for those in line")
	require.Equal(t, ledger.Owned, came("f", 6), "it goes before")
	require.Equal(t, "e", answer(back).Lead, "and the next one is asked")
	w.alike()
}

// woken: all who wait are planned again one after the other, in the order of the line, those
// with nobody to wait for among them. Who waits for others by now stands elsewhere.
func woken(t *testing.T, store ledger.Store) {
	w := newTwins(t, store)
	roster := reps(3, one)
	line := func(rank int64, members ...int32) *ledger.Line {
		return &ledger.Line{Rank: rank, Since: start, Reps: ledger.NewBitmap(members)}
	}
	waiting := []ledger.Step{{End: ledger.Waiting}}
	ranks := map[string]int64{"a": 3, "b": 9, "c": 6, "d": 5}
	for _, id := range []string{"a", "b", "c", "d"} {
		op := ledger.Op{Kind: ledger.Assign, At: start, Lead: id, Roster: roster, Steps: waiting, Line: line(ranks[id], 0, 1)}
		if id == "c" {
			op.Line = line(ranks[id])
		}
		w.both("created", op)
	}
	next, err := store.Head(t.Context())
	require.NoError(t, err)
	var order []string
	for next != nil {
		require.Empty(t, next.Rep)
		order = append(order, next.Lead)
		op := ledger.Op{
			Kind: ledger.Move, At: start, Lead: next.Lead, Attempt: next.Attempt, Fence: true, Stay: true, Wake: true,
			Roster: &ledger.Roster{Digest: "another", Reps: roster.Reps}, Steps: waiting, Line: line(ranks[next.Lead], 0, 1),
		}
		want := ledger.Ignored
		switch next.Lead {
		case "c":
			want = ledger.Ended
		case "d":
			op.Steps, want = []ledger.Step{{Pick: ledger.Ranked, Members: []int32{2}}, {End: ledger.Waiting}}, ledger.Owned
		}
		g := w.both("reassign", op).Grant
		require.Equal(t, want, g.Effect, next.Lead)
		next = g.Offer
	}
	require.Equal(t, []string{"b", "c", "d", "a"}, order)
	w.alike()
	back := w.both("status", ledger.Op{Kind: ledger.Presence, At: start, Rep: "rep-0001", Verb: ledger.Available}).Grant.Offer
	require.Equal(t, "b", back.Lead)
	w.both("activity", ledger.Op{Kind: ledger.Activity, At: start, Lead: "b", Verb: ledger.Lost})
	refused := w.both("reassign", ledger.Op{Kind: ledger.Move, At: start, Lead: "b", Attempt: 1, Fence: true}).Grant
	require.Equal(t, []any{ledger.Ignored, (*ledger.Offer)(nil)}, []any{refused.Effect, refused.Offer})
}

// manyOffers: more leads have an offer than are looked at in one go, and within one call
// places are offered, taken, refused and left alone.
func manyOffers(t *testing.T, store ledger.Store) {
	w := newTwins(t, store)
	roster := reps(2, one)
	for i := range roster.Reps {
		roster.Reps[i].Caps.Open = 120
	}
	lead := 0
	comes := func(n int) (ops []ledger.Op) {
		for range n {
			lead++
			ops = append(ops, ledger.Op{
				Kind: ledger.Assign, At: start, Lead: fmt.Sprintf("L-%04d", lead), Roster: roster,
				Steps: []ledger.Step{{Pick: ledger.RoundRobin, Book: "all", Members: []int32{0, 1}}, {End: ledger.Waiting}},
				Line:  &ledger.Line{Rank: int64(w.roll(3)), Since: start + int64(lead), Reps: ledger.NewBitmap([]int32{0, 1})},
			})
		}
		return ops
	}
	w.all("created", comes(600)...)
	closed, most := 0, 0
	var offers []*ledger.Offer
	for round := range 8 {
		var closes, answers []ledger.Op
		for range 40 {
			closed++
			closes = append(closes, ledger.Op{Kind: ledger.Activity, At: start, Lead: fmt.Sprintf("L-%04d", closed), Verb: ledger.Lost})
		}
		for _, r := range w.all("activity", closes...) {
			if r.Grant.Offer != nil {
				offers = append(offers, r.Grant.Offer)
			}
		}
		most = max(most, len(offers))
		w.all("created", comes(20)...)
		for _, o := range offers[:len(offers)/(round+2)] {
			op := ledger.Op{
				Kind: ledger.Move, At: start, Lead: o.Lead, Attempt: o.Attempt, Fence: true, Stay: true, Roster: roster,
				Steps: []ledger.Step{{Pick: ledger.Ranked, Members: []int32{int32(w.roll(2))}}, {End: ledger.Waiting}},
			}
			op.Line = &ledger.Line{Rank: o.Rank, Since: o.Since, Reps: ledger.NewBitmap([]int32{0, 1})}
			if w.roll(3) == 0 {
				op.Steps = op.Steps[1:]
			}
			answers = append(answers, op)
		}
		offers = offers[len(answers):]
		for _, r := range w.all("reassign", answers...) {
			if r.Grant.Offer != nil {
				offers = append(offers, r.Grant.Offer)
			}
		}
	}
	require.Greater(t, most, 80)
	w.alike()
}
