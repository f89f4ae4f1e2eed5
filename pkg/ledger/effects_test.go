package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

func TestActivities(t *testing.T) {
	for name, tc := range map[string]struct {
		verbs []string
		want  ledger.Effect // of the last
		open  int64
	}{
		"accepted":          {[]string{ledger.Accepted}, ledger.Noted, 1},
		"rejected":          {[]string{ledger.Rejected}, ledger.Noted, 1},
		"contacted":         {[]string{ledger.Contacted}, ledger.Noted, 1},
		"converted":         {[]string{ledger.Converted}, ledger.Freed, 0},
		"lost":              {[]string{ledger.Lost}, ledger.Freed, 0},
		"closed":            {[]string{ledger.Closed}, ledger.Freed, 0},
		"closed twice":      {[]string{ledger.Closed, ledger.Lost}, ledger.Ignored, 0},
		"accepted too late": {[]string{ledger.Closed, ledger.Accepted}, ledger.Ignored, 0},
		"reopened":          {[]string{ledger.Closed, ledger.Reopened}, ledger.Reowned, 1},
		"reopened while open": {
			[]string{ledger.Reopened}, ledger.Ignored, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, ledger.Caps{})
			b.assign("L", turn(0))
			var g ledger.Grant
			for _, verb := range tc.verbs {
				g = b.activity("L", verb)
			}
			require.Equal(t, tc.want, g.Effect)
			require.Equal(t, "a", g.Rep)
			rep := b.state().Reps["a"]
			require.Equal(t, tc.open, rep.Open)
			require.Equal(t, 100*tc.open, rep.OpenValue)
		})
	}
}

func TestMarksKeepTheFirstTime(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("L", turn(0))
	b.activity("L", ledger.Accepted)
	first := b.at
	b.at += 1000
	b.activity("L", ledger.Accepted)
	b.activity("L", ledger.Qualified)
	lead := b.state().Leads["L"]
	require.Equal(t, first, lead.Accepted)
	require.Equal(t, b.at, lead.Qualified)
	require.Zero(t, lead.Contacted)
}

func TestAnotherAttemptIsFenced(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("L", turn(0))
	for attempt, want := range map[int]ledger.Effect{1: ledger.Noted, 2: ledger.Fenced} {
		g := b.do(ledger.Op{Kind: ledger.Activity, Lead: "L", Verb: ledger.Accepted, Attempt: attempt})
		require.Equal(t, want, g.Effect)
		require.Equal(t, 1, g.Attempt)
	}
}

func TestSecondRecordOfALeadIsARepeat(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("L", turn(0))
	g := b.assign("L", turn(1))
	require.Equal(t, ledger.Repeat, g.Effect)
	require.Equal(t, "a", g.Rep)
	require.Empty(t, b.state().Books["book"]["b"])
}

func TestClosedLeadIsForgottenInTime(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("L", turn(0))
	b.activity("L", ledger.Lost)
	b.at += ledger.Dedupe.Milliseconds()
	require.Equal(t, ledger.Repeat, b.assign("L", turn(0)).Effect)
	b.at++
	require.Equal(t, ledger.Held, b.activity("L", ledger.Accepted).Effect)
	g := b.assign("L", turn(0))
	require.Equal(t, ledger.Owned, g.Effect)
	require.Len(t, g.Held, 1)
}

func TestActivityBeforeItsLead(t *testing.T) {
	b := setup(t, ledger.Caps{})
	require.Equal(t, ledger.Held, b.activity("L", ledger.Accepted).Effect)
	require.Equal(t, ledger.Held, b.activity("L", ledger.Lost).Effect)
	b.do(ledger.Op{Kind: ledger.Activity, Lead: "L", Verb: ledger.Contacted, Attempt: 2})
	g := b.assign("L", turn(0))
	require.Equal(t, []ledger.Effect{ledger.Noted, ledger.Freed, ledger.Fenced}, effects(g.Held))
	require.Zero(t, g.Load.Open)
	s := b.state()
	require.Empty(t, s.Held)
	require.NotZero(t, s.Leads["L"].Accepted)
	require.NotZero(t, s.Leads["L"].Closed)
}

func effects(late []ledger.Late) []ledger.Effect {
	var list []ledger.Effect
	for _, l := range late {
		list = append(list, l.Effect)
	}
	return list
}

func TestDisqualifiedIsClosedAtOnce(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.do(ledger.Op{Kind: ledger.Assign, Lead: "L", Steps: []ledger.Step{{End: ledger.Disqualified}}})
	require.Equal(t, b.at, b.state().Leads["L"].Closed)
	require.Equal(t, ledger.Ignored, b.activity("L", ledger.Accepted).Effect)
}

func TestPresence(t *testing.T) {
	b := setup(t, ledger.Caps{})
	back := b.at + time.Hour.Milliseconds()
	b.presence("a", ledger.Away, back)
	require.Equal(t, "b", b.assign("1", turn(0, 1)).Rep)
	b.at = back
	require.Equal(t, "a", b.assign("2", turn(0, 1)).Rep)
	b.presence("a", ledger.Away, 0)
	b.at += 1000 * time.Hour.Milliseconds()
	require.Equal(t, ledger.Ended, b.assign("3", turn(0)).Effect)
	b.presence("a", ledger.Available, 0)
	require.Equal(t, "a", b.assign("4", turn(0)).Rep)
}

func TestAbsenceIsNeverLifted(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.presence("a", ledger.Left, 0)
	step := turn(0)
	step.LiftFull = true
	require.Equal(t, ledger.Ended, b.assign("L", step).Effect)
}

func TestLeaverIsSettled(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("1", turn(0, 1, 2)) // a: -666666, b and c: 333333
	g := b.presence("a", ledger.Left, 0)
	require.Equal(t, ledger.Settled, g.Effect)
	require.Equal(t, []ledger.Share{
		{Book: "book", Rep: "b", Amount: -333333},
		{Book: "book", Rep: "c", Amount: -333333},
	}, g.Shares)
	require.Equal(t, ledger.Book{"b": 0, "c": 0}, b.state().Books["book"])

	// Back again, with nothing.
	b.presence("a", ledger.Available, 0)
	require.Equal(t, int64(0), b.assign("2", turn(0, 1, 2)).Turn.Before)
}

func TestLastOneKeepsTheBalance(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("1", turn(0, 1))
	b.presence("a", ledger.Left, 0)
	require.Equal(t, ledger.Book{"b": 0}, b.state().Books["book"])
	b.assign("2", turn(1, 2))
	b.presence("c", ledger.Left, 0)
	b.presence("b", ledger.Left, 0)
	require.Empty(t, b.state().Books)
}

// chunk gives operations of one batch, offsets as given, nothing acknowledged.
func (b *bench) chunk(batch string, ops ...ledger.Op) []ledger.Result {
	b.t.Helper()
	results, err := b.model.Apply(b.t.Context(), ledger.Chunk{Batch: batch, Ops: ops})
	require.NoError(b.t, err)
	return results
}

func (b *bench) op(topic string, offset int64, op ledger.Op) ledger.Op {
	op.ID = ledger.OpID{Partition: ledger.Partition{Topic: topic}, Offset: offset}
	op.At = b.at
	return op
}

func codes(results []ledger.Result) []ledger.Code {
	var list []ledger.Code
	for _, r := range results {
		list = append(list, r.Code)
	}
	return list
}

func TestLeadInOtherHandsIsBusy(t *testing.T) {
	b := setup(t, ledger.Caps{})
	assign := b.op("created", 0, ledger.Op{Kind: ledger.Assign, Lead: "L", Steps: []ledger.Step{{End: ledger.Review}}})
	accept := b.op("activity", 0, ledger.Op{Kind: ledger.Activity, Lead: "L", Verb: ledger.Accepted})
	other := b.op("activity", 1, ledger.Op{Kind: ledger.Activity, Lead: "M", Verb: ledger.Accepted})
	require.Equal(t, []ledger.Code{ledger.Applied}, codes(b.chunk("one", assign)))
	require.Equal(t, []ledger.Code{ledger.Busy, ledger.Busy}, codes(b.chunk("two", accept, other)),
		"the rest of the partition waits")

	// Whoever replays it takes it over.
	again := b.op("created", 1, ledger.Op{Kind: ledger.Assign, Lead: "L", Steps: assign.Steps})
	require.Equal(t, []ledger.Code{ledger.Replayed, ledger.Applied}, codes(b.chunk("three", assign, again)))
	require.Equal(t, []ledger.Code{ledger.Busy, ledger.Busy}, codes(b.chunk("three", accept, other)), "of another partition")
}

func TestVoidRestoresExactly(t *testing.T) {
	for name, op := range map[string]ledger.Op{
		"assign":      {Kind: ledger.Assign, Lead: "new", Value: 7},
		"test":        {Kind: ledger.Assign, Lead: "new", Test: true},
		"of held":     {Kind: ledger.Assign, Lead: "early", Value: 7},
		"repeat":      {Kind: ledger.Assign, Lead: "L"},
		"accepted":    {Kind: ledger.Activity, Lead: "L", Verb: ledger.Accepted},
		"lost":        {Kind: ledger.Activity, Lead: "L", Verb: ledger.Lost},
		"reopened":    {Kind: ledger.Activity, Lead: "closed", Verb: ledger.Reopened},
		"held":        {Kind: ledger.Activity, Lead: "unknown", Verb: ledger.Accepted},
		"second held": {Kind: ledger.Activity, Lead: "early", Verb: ledger.Lost},
		"away":        {Kind: ledger.Presence, Rep: "a", Verb: ledger.Away, Until: 5},
		"left":        {Kind: ledger.Presence, Rep: "a", Verb: ledger.Left},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, ledger.Caps{Day: 10})
			b.assign("L", turn(0, 1, 2))
			b.assign("closed", turn(0, 1, 2))
			b.activity("closed", ledger.Lost)
			b.activity("early", ledger.Accepted)
			b.presence("c", ledger.Available, 0) // acknowledges the last one
			before := b.state()
			if op.Kind == ledger.Assign {
				op.Roster, op.Steps = b.roster, []ledger.Step{turn(0, 1, 2), {End: ledger.Waiting}}
			}
			op = b.op("again", 0, op)
			first := b.chunk("one", op)[0].Grant
			undo := ledger.Op{ID: op.ID, Kind: ledger.Void, At: b.at, Body: []byte("why")}
			g := b.chunk("two", undo)[0].Grant
			require.Equal(t, ledger.Voided, g.Effect)
			require.Equal(t, &first, g.Undone)

			after := b.state().Logged()
			require.Equal(t, before.Sequence+2, after.Sequence)
			after.Sequence, after.Told = before.Sequence, before.Told // the roster is in what was taken back
			for id, rep := range before.Reps {                        // says who was asked last, which is not taken back
				after.Reps[id].Last = rep.Last
			}
			for id, rep := range after.Reps {
				if before.Reps[id] == nil {
					require.Zero(t, rep.Open+rep.OpenValue+rep.Day.Count)
					delete(after.Reps, id)
				}
			}
			for id, rep := range before.Reps { // an empty window and none are the same
				if rep.Day.Count == 0 {
					after.Reps[id].Hour, after.Reps[id].Day, after.Reps[id].Week = rep.Hour, rep.Day, rep.Week
				}
			}
			require.Empty(t, before.Logged().Diff(after))

			again := b.chunk("three", undo, b.op("again", 1, ledger.Op{Kind: ledger.Activity, Lead: "x", Verb: "x"}))
			require.Equal(t, ledger.Replayed, again[0].Code)
			require.Equal(t, g, again[0].Grant)
			require.Equal(t, "why", string(again[0].Body))
		})
	}
}

func TestVoidOfWhatIsAcknowledgedIsDone(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("L", turn(0))
	b.assign("M", turn(0))
	results := b.chunk("x", b.op("in", 0, ledger.Op{Kind: ledger.Void}), b.op("nowhere", 0, ledger.Op{Kind: ledger.Void}))
	require.Equal(t, []ledger.Code{ledger.Done, ledger.Done}, codes(results))
}

func TestFloorIsTheLowestInFlight(t *testing.T) {
	b := setup(t, ledger.Caps{})
	for i := range int64(3) {
		b.chunk("x", b.op("p", i, ledger.Op{Kind: ledger.Presence, Rep: "a", Verb: ledger.Available}))
	}
	require.Equal(t, int64(1), b.state().Floor())
	_, err := b.model.Apply(t.Context(), ledger.Chunk{Acks: []ledger.Ack{{Partition: ledger.Partition{Topic: "p"}, Position: 2}}})
	require.NoError(t, err)
	require.Equal(t, int64(3), b.state().Floor())
	pending, err := b.model.Pending(t.Context(), ledger.Partition{Topic: "p"}, 3)
	require.NoError(t, err)
	require.Len(t, pending, 1)
	require.Equal(t, int64(2), pending[0].ID.Offset)
}
