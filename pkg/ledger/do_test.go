package ledger_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
)

// anyOp is an operation on few leads and reps, some of whom wait in line.
func anyOp(t *rapid.T, roster *ledger.Roster, s *ledger.State, n int64) ledger.Op {
	op := ledger.Op{
		ID: ledger.OpID{Partition: ledger.Partition{Topic: "in"}, Offset: n}, At: 1_764_000_000_000 + n*60_000,
		Lead: fmt.Sprint("L-", rapid.IntRange(0, 9).Draw(t, "lead")), Roster: roster, Value: 100,
	}
	steps := []ledger.Step{{Pick: ledger.RoundRobin, Book: "all", Members: []int32{0, 1, 2}}, {End: ledger.Waiting}}
	line := &ledger.Line{
		Rank: int64(rapid.IntRange(0, 2).Draw(t, "rank")), Since: op.At, Reps: ledger.NewBitmap(rapid.SampledFrom([][]int32{{0, 1, 2}, {0}, {1, 2}}).Draw(t, "for")),
	}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0, 1:
		op.Kind, op.Steps, op.Line = ledger.Assign, steps, line
	case 2:
		op.Kind, op.Verb = ledger.Activity, rapid.SampledFrom([]string{ledger.Accepted, ledger.Closed, ledger.Lost, ledger.Reopened}).Draw(t, "verb")
	case 3:
		op.Kind, op.Lead, op.Rep = ledger.Presence, "", rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "rep")
		op.Verb = rapid.SampledFrom([]string{ledger.Away, ledger.Available, ledger.Left}).Draw(t, "presence")
		op.GiveBack = op.Verb == ledger.Away
	default:
		op.Kind, op.Steps, op.Line, op.Attempt, op.Stay = ledger.Move, steps, line, 1, rapid.Bool().Draw(t, "stay")
		if l := s.Leads[op.Lead]; l != nil {
			op.Attempt = l.Attempt
		}
	}
	return op
}

// TestDo: operations done for good come to what a store comes to with each of them
// committed at once, and so does what is found by the index of a state as by one that was
// made anew.
func TestDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		roster := &ledger.Roster{Digest: "r"}
		for _, id := range []string{"a", "b", "c"} {
			roster.Reps = append(roster.Reps, ledger.Terms{ID: id, Weight: 1, Caps: ledger.Caps{Open: 2}})
		}
		state, model := ledger.NewState(), ledger.NewModel(ledger.Config{})
		for n := range int64(rapid.IntRange(1, 60).Draw(t, "operations")) {
			op := anyOp(t, roster, state, n)
			results, err := model.Apply(t.Context(), ledger.Chunk{
				Ops: []ledger.Op{op}, Acks: []ledger.Ack{{Partition: op.ID.Partition, Position: n}},
			})
			require.NoError(t, err)
			anew := state.Clone()
			g := state.Do(&op)
			require.Equal(t, results[0].Grant, g)
			require.Equal(t, g, anew.Do(&op), "without an index kept up")
		}
		dumped, err := model.Dump(t.Context())
		require.NoError(t, err)
		require.Empty(t, state.Logged().Diff(dumped.Logged()))
	})
}
