package ledgertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

// traits: leads of one company are decided one after the other, each knowing who has those
// before it; that follows owners, closings and what is taken back; some are for good.
func traits(t *testing.T, store ledger.Store) {
	w := newTwins(t, store)
	roster := reps(4, one)
	attempts, seen, at := map[string]int{}, map[string]int{}, int64(start)
	for n := range 900 {
		at += int64(w.roll(4)) * hour
		id := fmt.Sprintf("L-%d", n)
		if n > 20 && w.roll(3) > 0 {
			id = fmt.Sprintf("L-%d", n-int(w.roll(20))-1)
		}
		switch {
		case attempts[id] == 0:
			attempts[id] = 1
			tr := &ledger.Traits{Person: []string{fmt.Sprintf("p:%d", w.roll(9))}, Sketch: "eA"}
			if w.roll(4) > 0 {
				tr.Company = fmt.Sprintf("c:%d", w.roll(5))
			}
			w.tied(seen, tr, ledger.Op{
				Kind: ledger.Assign, At: at, Lead: id, Roster: roster, Traits: tr, Steps: w.toSomebody(),
			})
		case w.roll(3) > 0:
			verb := []string{ledger.Lost, ledger.Reopened}[w.roll(2)]
			w.takenBack(seen, "an activity", w.both("activity", ledger.Op{Kind: ledger.Activity, At: at, Lead: id, Verb: verb}))
		default:
			r := w.tied(seen, &ledger.Traits{Company: fmt.Sprintf("c:%d", w.roll(5))}, ledger.Op{
				Kind: ledger.Move, At: at, Lead: id, Attempt: attempts[id], Fence: true, Roster: roster, Steps: w.toSomebody(),
			})
			if moved := r.Grant.Effect == ledger.Owned || r.Grant.Effect == ledger.Ended; moved && !w.takenBack(seen, "a move", r) {
				attempts[id]++
			}
		}
	}
	for _, what := range []string{"known", "forgotten", "mistaken", "for good", "a lead", "a move", "an activity"} {
		require.Positive(t, seen[what], "%s: %v", what, seen)
	}
	w.alike()
}

// toSomebody is a plan that ends with a rep, at times for good, or with nobody.
func (w *twins) toSomebody() []ledger.Step {
	steps := []ledger.Step{
		{Pick: ledger.Ranked, Members: []int32{int32(w.roll(4))}, Pins: w.roll(12) == 0},
		{End: []ledger.Outcome{ledger.Review, ledger.Disqualified}[w.roll(2)]},
	}
	return steps[w.roll(5)/4:]
}

// tied asks for an operation, at times with a mistaken idea of who stands for its traits
// first.
func (w *twins) tied(seen map[string]int, tr *ledger.Traits, op ledger.Op) ledger.Result {
	w.t.Helper()
	asked := append([]string{}, tr.Person...)
	if tr.Company != "" {
		asked = append(asked, tr.Company)
	}
	known, err := w.store.Bearers(w.t.Context(), asked)
	require.NoError(w.t, err)
	for _, trait := range asked {
		b := known[trait]
		holder := b.Holder(op.Lead, op.At, dedupe)
		switch {
		case b.Rep != "" && b.Lead == "":
			seen["for good"]++
		case holder != "":
			seen["known"]++
		case b.Rep != "" && b.Lead != op.Lead:
			seen["forgotten"]++
		}
		op.Ties = append(op.Ties, ledger.Tie{Trait: trait, Holder: holder})
	}
	if w.roll(5) == 0 {
		right := op.Ties[0].Holder
		op.Ties[0].Holder = right + "x"
		require.Equal(w.t, ledger.Outdated, w.both("created", op).Code)
		w.offsets["created"]-- // the record comes again
		op.Ties[0].Holder = right
		seen["mistaken"]++
	}
	r := w.both("created", op)
	require.Equal(w.t, ledger.Applied, r.Code)
	if op.Kind == ledger.Assign && w.roll(12) == 0 {
		w.back(r)
		seen["a lead"]++
	}
	return r
}

// takenBack says whether an operation was taken back, as a few are.
func (w *twins) takenBack(seen map[string]int, what string, r ledger.Result) bool {
	w.t.Helper()
	if w.roll(6) > 0 {
		return false
	}
	w.back(r)
	seen[what]++
	return true
}

// back takes an operation back.
func (w *twins) back(r ledger.Result) {
	w.t.Helper()
	w.ask(ledger.Chunk{Ops: []ledger.Op{{ID: r.ID, Kind: ledger.Void, At: start, Body: []byte("why")}}})
}
