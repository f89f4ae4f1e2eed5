package audit_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

func foldSome(t require.TestingT, log []event.Decision) (*ledger.State, []audit.Gap) {
	folder := audit.NewFolder()
	for _, d := range log {
		require.NoError(t, folder.Add(d))
	}
	return folder.State(), folder.Missing()
}

// Partitions are read in any order: the state is the ledger's all the same.
func TestAnyOrderGivesTheLedger(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := draw(t)
		want, err := h.model.Dump(t.Context())
		require.NoError(t, err)
		got := fold(t, rapid.Permutation(h.log).Draw(t, "order"))
		require.Empty(t, got.Logged().Diff(want.Logged()))
	})
}

// What is missing at any moment is what has not come below what has.
func TestHolesAreTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := draw(t)
		came, last := map[int64]bool{}, int64(0)
		folder := audit.NewFolder()
		for _, d := range rapid.Permutation(h.log).Draw(t, "order") {
			require.NoError(t, folder.Add(d))
			came[d.Grant.Sequence], last = true, max(last, d.Grant.Sequence)
			if d.Grant.Undone != nil {
				came[d.Grant.Undone.Sequence] = true
			}
			var want []int64
			for sequence := int64(1); sequence < last; sequence++ {
				if !came[sequence] {
					want = append(want, sequence)
				}
			}
			var got []int64
			for _, gap := range folder.Missing() {
				require.LessOrEqual(t, gap.First, gap.Last)
				require.False(t, slices.Contains(got, gap.First-1), "gaps do not touch")
				for sequence := gap.First; sequence <= gap.Last; sequence++ {
					got = append(got, sequence)
				}
			}
			require.Equal(t, want, got)
		}
	})
}

func TestEachDecisionIsTurnedToOnceInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := draw(t)
		folder := audit.NewFolder()
		var before, after []int64
		folder.Next = func(d event.Decision, s *ledger.State) {
			require.Equal(t, d.Grant.Sequence-1, s.Sequence)
			before = append(before, d.Grant.Sequence)
		}
		folder.Seen = func(d event.Decision, s *ledger.State) {
			require.Equal(t, d.Grant.Sequence, s.Sequence)
			after = append(after, d.Grant.Sequence)
		}
		var want []int64
		for _, d := range h.log {
			want = append(want, d.Grant.Sequence)
		}
		for _, d := range rapid.Permutation(h.log).Draw(t, "order") {
			require.NoError(t, folder.Add(d))
		}
		require.Empty(t, cmp.Diff(want, before))
		require.Equal(t, before, after)
	})
}

// holed is a history of three leads, of which the second was granted and not logged.
func holed(t *testing.T) (h *history, lost ledger.Op) {
	t.Helper()
	h = newHistory()
	h.write(t, h.op("created", ledger.Assign, "L-1"))
	lost = h.op("created", ledger.Assign, "L-2")
	h.apply(t, lost)
	h.write(t, h.op("created", ledger.Assign, "L-3"))
	return h, lost
}

func TestAVoidFillsItsHole(t *testing.T) {
	t.Parallel()
	h, lost := holed(t)
	_, missing := foldSome(t, h.log)
	require.Equal(t, []audit.Gap{{2, 2}}, missing)

	h.void(t, lost)
	state := fold(t, h.log)
	require.EqualValues(t, 4, state.Sequence)
	require.NotContains(t, state.Leads, "L-2")
	var sum int64
	for _, credit := range state.Books["all"] {
		sum += credit
	}
	require.Zero(t, sum)
}

// rebuilt is the record of a rebuild that gave sequences up.
func rebuilt(sequence int64, lost ...int64) event.Decision {
	return event.Decision{Kind: ledger.Rebuild, Grant: ledger.Grant{
		Sequence: sequence, Epoch: 1, At: start + 1e9, Effect: ledger.Rebuilt, Lost: lost,
	}}
}

func TestLostSequencesArePassedOver(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		h, _ := holed(t)
		log := append(h.log, rebuilt(4, 2))
		if first {
			log = append([]event.Decision{rebuilt(4, 2)}, h.log...)
		}
		// What follows on a lost grant that installed the roster could not be folded:
		// that one is logged.
		state := fold(t, log)
		require.EqualValues(t, 4, state.Sequence)
		require.NotContains(t, state.Leads, "L-2")
		require.Contains(t, state.Leads, "L-3")
	}
}

func TestASequenceStandsOnce(t *testing.T) {
	t.Parallel()
	h, lost := holed(t)
	taken := event.Decision{Op: lost.ID, Grant: ledger.Grant{Sequence: 2}}
	tests := map[string][]event.Decision{
		"folded already":             {h.log[0], h.log[0]},
		"come early already":         {h.log[1], h.log[1]},
		"taken back and there":       {taken, {Grant: ledger.Grant{Sequence: 4, Undone: &ledger.Grant{Sequence: 2}}}},
		"given up after it came":     {taken, rebuilt(4, 2)},
		"came after it was given up": {rebuilt(4, 2), taken},
		"passed over already":        {h.log[0], rebuilt(4, 2), taken},
		"given up though folded":     {h.log[0], rebuilt(4, 1)},
	}
	for name, log := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := audit.NewFolder()
			require.NoError(t, folder.Add(log[0]))
			var err error
			for _, d := range log[1:] {
				err = folder.Add(d)
			}
			require.ErrorIs(t, err, audit.ErrRepeated)
		})
	}
}

func TestARecordThatDoesNotFollowIsRefused(t *testing.T) {
	t.Parallel()
	folder := audit.NewFolder()
	err := folder.Add(event.Decision{Grant: ledger.Grant{Sequence: 1, Effect: ledger.Freed, Lead: "nobody's"}})
	require.ErrorIs(t, err, ledger.ErrFold)
}
