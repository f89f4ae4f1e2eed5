package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ledger/ledgertest"
)

// The model against itself: the invariants, and that the log folds to its state.
func TestModelConforms(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func() (ledger.Store, error) { return ledger.NewModel(ledgertest.Config), nil })
}

// bench is a model with reps a, b, c, and a partition that each operation comes
// from in turn.
type bench struct {
	t      *testing.T
	model  *ledger.Model
	roster *ledger.Roster
	offset int64
	at     int64
}

func setup(t *testing.T, caps ledger.Caps) *bench {
	t.Parallel()
	b := &bench{t: t, model: ledger.NewModel(ledger.Config{}), roster: &ledger.Roster{Digest: "r"}, at: 1_764_000_000_000}
	for _, id := range []string{"a", "b", "c"} {
		b.roster.Reps = append(b.roster.Reps, ledger.Terms{ID: id, Weight: 1, Caps: caps})
	}
	return b
}

// do applies one operation, already committed when the next one comes.
func (b *bench) do(op ledger.Op) ledger.Grant {
	b.t.Helper()
	op.ID = ledger.OpID{Partition: ledger.Partition{Topic: "in"}, Offset: b.offset}
	op.At = b.at
	results, err := b.model.Apply(b.t.Context(), ledger.Chunk{
		Batch: fmt.Sprint(b.offset),
		Acks:  []ledger.Ack{{Partition: op.ID.Partition, Position: b.offset}},
		Ops:   []ledger.Op{op},
	})
	require.NoError(b.t, err)
	require.Equal(b.t, ledger.Applied, results[0].Code)
	b.offset++
	return results[0].Grant
}

func (b *bench) assign(lead string, steps ...ledger.Step) ledger.Grant {
	b.t.Helper()
	return b.do(ledger.Op{
		Kind: ledger.Assign, Lead: lead, Value: 100, Roster: b.roster,
		Steps: append(steps, ledger.Step{End: ledger.Waiting}),
	})
}

func (b *bench) activity(lead, verb string) ledger.Grant {
	b.t.Helper()
	return b.do(ledger.Op{Kind: ledger.Activity, Lead: lead, Verb: verb})
}

func (b *bench) presence(rep, verb string, until int64) ledger.Grant {
	b.t.Helper()
	return b.do(ledger.Op{Kind: ledger.Presence, Rep: rep, Verb: verb, Until: until})
}

func (b *bench) state() *ledger.State {
	b.t.Helper()
	s, err := b.model.Dump(b.t.Context())
	require.NoError(b.t, err)
	return s
}

// turn is a rotation among positions.
func turn(members ...int32) ledger.Step {
	return ledger.Step{Pick: ledger.RoundRobin, Book: "book", Members: members}
}

func TestRotation(t *testing.T) {
	b := setup(t, ledger.Caps{})
	var order string
	for i := range 6 {
		order += b.assign(fmt.Sprint(i), turn(0, 1, 2)).Rep
	}
	require.Equal(t, "abcabc", order)

	// Whoever is not eligible earns nothing and is not flooded afterwards.
	for i := range 4 {
		require.NotEqual(t, "c", b.assign(fmt.Sprint("without c ", i), turn(0, 1)).Rep)
	}
	g := b.assign("again", turn(0, 1, 2))
	require.Equal(t, ledger.Bitmap("7"), g.Turn.Free)
	require.Equal(t, int64(ledger.Unit), g.Turn.Amount)
	require.Equal(t, g.Turn.After, b.state().Books["book"][g.Rep])
}

func TestRotationByValue(t *testing.T) {
	b := setup(t, ledger.Caps{})
	step := turn(0, 1)
	step.ByValue = true
	g := b.assign("L", step)
	require.Equal(t, ledger.Turn{Book: "book", Amount: 100, Free: "3", Before: 0, After: -50}, *g.Turn)
	require.Equal(t, ledger.Book{"a": -50, "b": 50}, b.state().Books["book"])
}

func TestLeastLoadedTakesTheLeastFilled(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.roster.Reps[0].Caps.Open = 10 // 1 of 10 is less than 1 of 4
	b.roster.Reps[1].Caps.Open = 4
	step := ledger.Step{Pick: ledger.LeastLoaded, Members: []int32{0, 1}}
	require.Equal(t, "a", b.assign("1", step).Rep, "the first of equals")
	require.Equal(t, "b", b.assign("2", step).Rep)
	require.Equal(t, "a", b.assign("3", step).Rep)
}

func TestRankedTakesTheFirstWhoIsFree(t *testing.T) {
	b := setup(t, ledger.Caps{Open: 1})
	step := ledger.Step{Pick: ledger.Ranked, Members: []int32{2, 0, 1}, Outcome: ledger.Duplicate}
	g := b.assign("1", step)
	require.Equal(t, "c", g.Rep)
	require.Equal(t, ledger.Duplicate, g.Outcome)
	require.Nil(t, g.Turn)
	require.Equal(t, "a", b.assign("2", step).Rep)
	require.Equal(t, "b", b.assign("3", step).Rep)
	g = b.assign("4", step)
	require.Equal(t, ledger.Ended, g.Effect)
	require.Equal(t, 1, g.Step)
}

func TestCaps(t *testing.T) {
	for name, caps := range map[string]ledger.Caps{
		"open":       {Open: 2},
		"open value": {OpenValue: 299},
		"hour":       {Hour: 2},
		"day":        {Day: 2},
		"week":       {Week: 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, caps)
			require.Equal(t, ledger.Owned, b.assign("1", turn(0)).Effect)
			require.Equal(t, ledger.Owned, b.assign("2", turn(0)).Effect)
			require.Equal(t, ledger.Waiting, b.assign("3", turn(0)).Outcome)
			lifted := turn(0)
			lifted.LiftFull = true
			g := b.assign("4", lifted)
			require.True(t, g.Over)
			require.Equal(t, int64(3), g.Load.Open)
			require.Equal(t, int64(1), b.state().Reps["a"].Over)
		})
	}
}

func TestWindowsEndInTheRepsOwnTime(t *testing.T) {
	for name, tc := range map[string]struct {
		caps   ledger.Caps
		offset int64
		first  string
		second string
		free   bool
	}{
		"same hour":           {ledger.Caps{Hour: 1}, 0, "2026-11-24T10:00:00Z", "2026-11-24T10:59:59Z", false},
		"next hour":           {ledger.Caps{Hour: 1}, 0, "2026-11-24T10:59:59Z", "2026-11-24T11:00:00Z", true},
		"half hour zone":      {ledger.Caps{Hour: 1}, 19800, "2026-11-24T10:29:59Z", "2026-11-24T10:30:00Z", true},
		"same day in Berlin":  {ledger.Caps{Day: 1}, 3600, "2026-11-23T23:00:00Z", "2026-11-24T22:59:59Z", false},
		"next day in Berlin":  {ledger.Caps{Day: 1}, 3600, "2026-11-23T22:59:59Z", "2026-11-23T23:00:00Z", true},
		"Sunday ends a week":  {ledger.Caps{Week: 1}, 0, "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z", true},
		"Monday to Sunday":    {ledger.Caps{Week: 1}, 0, "2026-11-23T00:00:00Z", "2026-11-29T23:59:59Z", false},
		"time does not go on": {ledger.Caps{Day: 1}, 0, "2026-11-24T10:00:00Z", "2026-11-20T10:00:00Z", false},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, tc.caps)
			b.roster.Reps[0].Offset = tc.offset
			b.at = millis(t, tc.first)
			require.Equal(t, ledger.Owned, b.assign("1", turn(0)).Effect)
			b.at = millis(t, tc.second)
			require.Equal(t, tc.free, b.assign("2", turn(0)).Effect == ledger.Owned)
		})
	}
}

// A change of offset must not empty a cap twice.
func TestLaterWindowIsNotOpenedAgain(t *testing.T) {
	b := setup(t, ledger.Caps{Hour: 1})
	b.roster.Reps[0].Offset = 7200
	b.assign("summer", turn(0))
	b.roster = &ledger.Roster{Digest: "winter", Reps: []ledger.Terms{{ID: "a", Weight: 1, Offset: 3600, Caps: ledger.Caps{Hour: 1}}}}
	b.at += time.Hour.Milliseconds()
	require.Equal(t, ledger.Ended, b.assign("winter", turn(0)).Effect)
}

func millis(t *testing.T, s string) int64 {
	at, err := time.Parse(time.RFC3339, s)
	require.NoError(t, err)
	return at.UnixMilli()
}

func TestTestLeadsCountNothing(t *testing.T) {
	b := setup(t, ledger.Caps{Open: 1})
	g := b.do(ledger.Op{
		Kind: ledger.Assign, Lead: "T", Test: true, Value: 5, Roster: b.roster,
		Steps: []ledger.Step{turn(0, 1), {End: ledger.Waiting}},
	})
	require.Equal(t, "a", g.Rep)
	require.Nil(t, g.Turn)
	require.Equal(t, ledger.Freed, b.activity("T", ledger.Lost).Effect)
	require.Empty(t, b.state().Reps)
	require.Empty(t, b.state().Books)
}
