package ledgertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

// chosen: whom a person chooses pays a turn among those who were free, full or not, away or
// not; who has the lead already pays none; what is taken back costs nothing.
func chosen(t *testing.T, store ledger.Store) {
	w := newTwins(t, store)
	roster := reps(6, func(i int) int64 { return int64(1 + i%3) })
	for i := range roster.Reps {
		roster.Reps[i].Caps.Open = 3
	}
	attempts, seen := map[string]int{}, map[string]int{}
	all := []int32{0, 1, 2, 3, 4, 5}
	rotation := []ledger.Step{{Pick: ledger.RoundRobin, Book: "all", Members: all}, {End: ledger.Waiting}}
	for n := range 400 {
		id := fmt.Sprintf("L-%d", w.roll(uint32(n/8+1)))
		switch {
		case attempts[id] == 0:
			attempts[id] = 1
			w.both("created", ledger.Op{Kind: ledger.Assign, At: start, Lead: id, Roster: roster, Steps: rotation})
		case w.roll(5) == 0:
			verb := []string{ledger.Available, ledger.Away, ledger.Left}[w.roll(3)]
			w.both("status", ledger.Op{Kind: ledger.Presence, At: start, Rep: roster.Reps[w.roll(6)].ID, Verb: verb})
		case w.roll(6) == 0:
			verb := []string{ledger.Lost, ledger.Reopened}[w.roll(2)]
			if g := w.both("activity", ledger.Op{Kind: ledger.Activity, At: start, Lead: id, Verb: verb}).Grant; g.Returns != nil {
				seen["an owner who has left"]++
			}
		default:
			attempts[id] += w.choose(seen, ledger.Op{
				Kind: ledger.Move, At: start, Lead: id, Attempt: attempts[id], Fence: true, Roster: roster,
				Stay: w.roll(2) == 0, TurnBack: w.roll(3) == 0,
				Steps: []ledger.Step{{
					Pick: ledger.RoundRobin, Book: "all", Members: []int32{int32(w.roll(6))}, Among: all, LiftFull: true, LiftAway: true,
				}, {End: ledger.Review}},
			})
		}
	}
	for _, what := range []string{"paid", "past a cap", "stays", "taken back", "an owner who has left"} {
		require.Positive(t, seen[what], "%s: %v", what, seen)
	}
	w.alike()
}

// choose moves a lead as a person says, and at times takes that back. It gives the attempts
// that the lead has made by it.
func (w *twins) choose(seen map[string]int, op ledger.Op) int {
	w.t.Helper()
	r := w.both("command", op)
	switch g := r.Grant; {
	case g.Effect == ledger.Ignored && g.Outcome != "":
		seen["stays"]++
		return 0
	case g.Effect != ledger.Owned:
		return 0
	case g.Over:
		seen["past a cap"]++
		fallthrough
	default:
		require.True(w.t, g.Turn.Given)
		seen["paid"]++
	}
	if w.roll(4) > 0 {
		return 1
	}
	seen["taken back"]++
	w.back(r)
	return 0
}
