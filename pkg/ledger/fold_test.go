package ledger_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

var (
	recordID  = ledger.OpID{Partition: ledger.Partition{Topic: "t"}, Offset: 7}
	oneRoster = []ledger.Terms{{ID: "a", Weight: 1}}
)

func TestFoldRefusesWhatDoesNotFollow(t *testing.T) {
	t.Parallel()
	owned := ledger.Grant{Sequence: 1, At: 1, Effect: ledger.Owned, Lead: "L", Rep: "a", Roster: "r"}
	with := func(change func(*ledger.Grant)) ledger.Grant {
		g := owned
		change(&g)
		return g
	}
	for name, g := range map[string]ledger.Grant{
		"a hole":           {Sequence: 2, At: 1, Effect: ledger.Noted},
		"a second time":    {Sequence: 0, At: 1, Effect: ledger.Present},
		"time":             {Sequence: 1, At: -1, Effect: ledger.Present},
		"effect":           {Sequence: 1, Effect: "sold"},
		"unknown lead":     {Sequence: 1, Effect: ledger.Freed, Lead: "L"},
		"unknown roster":   owned,
		"rep not in it":    with(func(g *ledger.Grant) { g.Install, g.Rep = oneRoster, "b" }),
		"free set too big": with(func(g *ledger.Grant) { g.Install, g.Turn = oneRoster, &ledger.Turn{Free: "2"} }),
		"nobody free":      with(func(g *ledger.Grant) { g.Install, g.Turn = oneRoster, &ledger.Turn{} }),
		"nothing undone":   {Sequence: 1, Effect: ledger.Voided},
		"undone later":     {Sequence: 1, Effect: ledger.Voided, Undone: &ledger.Grant{Sequence: 9}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := ledger.NewState()
			require.ErrorIs(t, s.Fold(recordID, g, nil), ledger.ErrFold)
			require.Empty(t, ledger.NewState().Diff(s), "an error leaves the state as it was")
		})
	}
}

func TestStateSurvivesItsCanonicalForm(t *testing.T) {
	b := setup(t, ledger.Caps{Open: 5})
	b.assign("L", turn(0, 1, 2))
	b.activity("early", ledger.Lost)
	b.presence("b", ledger.Away, 99)
	src, err := json.Marshal(b.state())
	require.NoError(t, err)
	s, err := ledger.Parse(src)
	require.NoError(t, err)
	require.Empty(t, b.state().Diff(s))
	again, err := json.Marshal(s)
	require.NoError(t, err)
	require.Equal(t, string(src), string(again))
}

func TestDiffNamesWhatDiffers(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("L", turn(0))
	one, other := b.state(), b.state()
	other.Reps["a"].Open = 2
	other.Leads["L"].Value = 1
	delete(other.Tails, "in/0")
	require.Equal(t, []string{
		"/leads/L/value: 100, 1",
		"/reps/a/open: 1, 2",
	}, one.Logged().Diff(other.Logged()))
	require.Len(t, one.Diff(other), 3)
}

func TestCloneSharesNothingThatChanges(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.assign("L", turn(0, 1))
	b.activity("early", ledger.Lost)
	one := b.state()
	other := one.Clone()
	other.Reps["a"].Open = 9
	other.Leads["L"].Closed = 9
	other.Books["book"]["a"] = 9
	other.Held["early"][0].Verb = "9"
	other.Tails["in/0"].Acked = 9
	require.Empty(t, b.state().Diff(one))
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, src := range map[string]string{
		"no JSON":           `{`,
		"more behind it":    `{}{}`,
		"a brace too much":  `{}}`,
		"unknown field":     `{"sequnce": 1}`,
		"null part":         `{"leads": null}`,
		"null rep":          `{"reps": {"a": null}}`,
		"null book":         `{"books": {"b": null}}`,
		"null lead":         `{"leads": {"L": null}}`,
		"null tail":         `{"tails": {"t/0": null}}`,
		"tail misnamed":     `{"tails": {"t/0": {"topic": "t", "partition": 1}}}`,
		"weight 0":          `{"rosters": {"r": [{"id": "a"}]}}`,
		"turn of no roster": `{"leads": {"L": {"turn": {"book": "b", "amount": 1, "free": "1", "roster": "r"}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ledger.Parse([]byte(src))
			require.Error(t, err)
		})
	}
}

func TestModelLoadsWhatIsRebuilt(t *testing.T) {
	b := setup(t, ledger.Caps{})
	b.chunk("one", b.op("created", 0, ledger.Op{Kind: ledger.Assign, Lead: "L", Steps: []ledger.Step{{End: ledger.Review}}}))
	state := b.state()
	require.NoError(t, b.model.Load(t.Context(), state))
	loaded := b.state()
	require.Equal(t, state.Epoch+1, loaded.Epoch)
	require.Empty(t, state.Logged().Leads["L"].Batch)
	loaded.Epoch = state.Epoch
	require.Empty(t, state.Rebuilt().Diff(loaded))
}

func TestModelBehindItsCallerRefuses(t *testing.T) {
	t.Parallel()
	_, err := ledger.NewModel(ledger.Config{}).Apply(t.Context(), ledger.Chunk{Seen: 1})
	require.ErrorIs(t, err, ledger.ErrEpoch)
}

// FuzzParse: what is taken can be written, read again and gone on with.
func FuzzParse(f *testing.F) {
	m := ledger.NewModel(ledger.Config{})
	roster := &ledger.Roster{Digest: "r", Reps: []ledger.Terms{{ID: "a", Weight: 1}, {ID: "b", Weight: 2}}}
	op := ledger.Op{
		ID: recordID, Kind: ledger.Assign, At: 1, Lead: "L", Roster: roster,
		Steps: []ledger.Step{{Pick: ledger.RoundRobin, Book: "b", Members: []int32{0, 1}}, {End: ledger.Waiting}},
	}
	_, err := m.Apply(f.Context(), ledger.Chunk{Batch: "x", Ops: []ledger.Op{op}})
	require.NoError(f, err)
	state, err := m.Dump(f.Context())
	require.NoError(f, err)
	src, err := json.Marshal(state)
	require.NoError(f, err)
	f.Add(src)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := ledger.Parse(src)
		if err != nil {
			return
		}
		again, err := json.Marshal(s)
		require.NoError(t, err)
		back, err := ledger.Parse(again)
		require.NoError(t, err)
		require.Empty(t, s.Diff(back))
		delete(s.Rosters, roster.Digest) // a digest names one content
		delete(s.Told, roster.Digest)
		for _, lead := range s.Leads {
			lead.Turn = nil
		}
		m := ledger.NewModel(ledger.Config{})
		require.NoError(t, m.Load(t.Context(), s))
		_, err = m.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{op}})
		require.NoError(t, err)
	})
}
