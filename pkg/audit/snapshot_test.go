package audit_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// Wherever a log is cut, in whatever order it is read: the snapshot there and the rest give
// what the whole log gives.
func TestASnapshotAndTheRestAreTheWholeLog(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := draw(t)
		last := h.log[len(h.log)-1].Grant
		h.log = append(h.log, event.Decision{ // a rebuild that gave two sequences up
			Engine: routing.Engine, Kind: ledger.Rebuild, Op: ledger.OpID{Partition: ledger.Partition{Topic: "rebuild"}},
			Grant: ledger.Grant{Sequence: last.Sequence + 3, Epoch: 2, At: last.At, Effect: ledger.Rebuilt, Lost: []int64{last.Sequence + 1, last.Sequence + 2}},
		})
		log := rapid.Permutation(written(t, h.log)).Draw(t, "order")
		want := fold(t, log)
		cut := rapid.IntRange(0, len(log)).Draw(t, "cut")
		first := audit.NewFolder()
		for _, d := range log[:cut] {
			require.NoError(t, first.Add(d))
		}
		require.LessOrEqual(t, len(first.Early()), cut)
		snapshot, err := first.Snapshot().Repacked()
		require.NoError(t, err)
		second := audit.NewFolderAt(snapshot)
		require.Equal(t, first.Missing(), second.Missing())
		for _, d := range log[cut:] {
			require.NoError(t, second.Add(d))
		}
		require.Empty(t, second.Missing())
		require.Empty(t, second.State().Logged().Diff(want.Logged()))
		require.Equal(t, want.Sequence, second.State().Sequence)
	})
}

// What is behind a snapshot is proven as it would have been without one.
func TestAnAuditGoesOnFromASnapshot(t *testing.T) {
	t.Parallel()
	p := planner(t, fair)
	log := written(t, some(t, p).log)
	folder := audit.NewFolder()
	for _, d := range log[:20] {
		require.NoError(t, folder.Add(d))
	}
	snapshot, err := folder.Snapshot().Repacked()
	require.NoError(t, err)
	var found []audit.Finding
	auditor := audit.NewAuditorAt(snapshot, []*routing.Planner{p}, func(f audit.Finding) { found = append(found, f) })
	for _, d := range slices.Backward(log[20:]) {
		auditor.Add(d)
	}
	v := auditor.Close()
	require.Empty(t, found)
	require.Equal(t, len(log)-20, v.Proven)
	require.EqualValues(t, 20, v.From)
}

// What unpacks to more than a ledger ever does is not unpacked to its end.
func TestASnapshotThatGrowsWithoutEnd(t *testing.T) {
	t.Parallel()
	_, err := audit.Unpacked(audit.Packed(append([]byte(`{"state":"`), make([]byte, 64<<20)...)))
	require.ErrorIs(t, err, audit.ErrSnapshot)
	require.ErrorContains(t, err, "invalid character") // of what is no JSON nothing more is read
	_, err = audit.Unpacked(audit.Packed(append([]byte(`{"state":"`), bytes.Repeat([]byte("x"), 64<<20)...)))
	require.ErrorIs(t, err, audit.ErrSnapshot)
	require.ErrorContains(t, err, "it unpacks to more than 200 times its size")
}
