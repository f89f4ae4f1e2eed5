package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
)

// What is swept is what a later operation would have found forgotten: whatever comes,
// in whatever time, the grants are the same as without sweeping.
func TestNoGrantTellsOfASweep(t *testing.T) {
	t.Parallel()
	const day = int64(24 * time.Hour / time.Millisecond)
	roster := &ledger.Roster{Digest: "r", Reps: []ledger.Terms{{ID: "ana", Weight: 1}, {ID: "ben", Weight: 1, Caps: ledger.Caps{Open: 2}}}}
	rapid.Check(t, func(rt *rapid.T) {
		kept, swept := ledger.NewState(), ledger.NewState()
		at, offset := day, int64(0)
		for range rapid.IntRange(1, 60).Draw(rt, "operations") {
			at += day * rapid.Int64Range(0, 80).Draw(rt, "passes")
			op := ledger.Op{ID: ledger.OpID{Partition: ledger.Partition{Topic: "t"}, Offset: offset}, Kind: ledger.Assign, At: at, Lead: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "lead")}
			offset++
			steps := []ledger.Step{{Pick: ledger.RoundRobin, Book: "b", Members: []int32{0, 1}}, {End: ledger.Review}}
			switch rapid.IntRange(0, 3).Draw(rt, "kind") {
			case 0, 1:
				op.Steps, op.Roster = steps, roster
			case 2:
				op.Kind, op.Steps, op.Roster = ledger.Move, steps, roster
				op.Attempt, op.Fence, op.TurnBack = rapid.IntRange(1, 3).Draw(rt, "attempt"), true, true
			default:
				op.Kind, op.Verb = ledger.Activity, rapid.SampledFrom([]string{ledger.Closed, ledger.Reopened, ledger.Accepted}).Draw(rt, "verb")
			}
			logged := ledger.Grant{Sequence: kept.Sequence + 1, Floor: kept.Sequence + 1, Epoch: 1}
			want, err := kept.Regrant(op, logged)
			require.NoError(rt, err)
			got, err := swept.Regrant(op, logged)
			require.NoError(rt, err)
			require.Equal(rt, want, got)
			swept.Sweep()
			for id, l := range kept.Leads {
				require.Equal(rt, l.Closed == 0 || l.Closed+180*day >= at, swept.Leads[id] != nil, "%s closed %d", id, l.Closed)
			}
		}
	})
}
