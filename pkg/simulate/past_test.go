package simulate_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/simulate"
)

func background() context.Context { return context.Background() }

// anyHistory is leads, what happens to them, reps who come and go and what people decide.
func anyHistory(t *rapid.T) *simulate.History {
	h := simulate.NewHistory()
	leads := rapid.IntRange(5, 60).Draw(t, "leads")
	gap := rapid.IntRange(1, 25).Draw(t, "gap")
	for i := range leads {
		id := fmt.Sprintf("L-%02d", i)
		came := i * gap
		h.Arrive(newLead(t, `{"id":%q,"country":%q,"intent":%q,"deal_value":%d,"test":%t}`, id,
			rapid.SampledFrom([]string{"DE", "ES", "US"}).Draw(t, "country"), rapid.SampledFrom([]string{"high", "high", "low"}).Draw(t, "intent"),
			rapid.IntRange(0, 100_000).Draw(t, "value"), rapid.IntRange(0, 20).Draw(t, "test") == 0), at(came))
		for range rapid.IntRange(0, 2).Draw(t, "activities") {
			verb := rapid.SampledFrom([]string{ledger.Qualified, ledger.Converted, ledger.Lost, ledger.Closed, ledger.Reopened, event.Signal, event.Claimed}).Draw(t, "verb")
			after := rapid.IntRange(-2, 300).Draw(t, "after")
			h.Happen(event.Activity{LeadID: id, Activity: verb, RepID: "carl", At: at(came + after)})
		}
	}
	for range rapid.IntRange(0, 8).Draw(t, "statuses") {
		h.Tell(event.Status{
			RepID: rapid.SampledFrom([]string{"ana", "ben", "carl", "nobody"}).Draw(t, "rep"), At: at(rapid.IntRange(0, leads*gap).Draw(t, "when")),
			Status: rapid.SampledFrom([]string{ledger.Away, ledger.Available, ledger.Left}).Draw(t, "status"),
		})
	}
	h.Sort()
	return h
}

// TestThePastAgain: the log of a simulation, read back and run under the same policy, ends
// as it did: every owner, outcome and attempt, and nothing has to be drawn, although owners
// refused, answered late or never.
func TestThePastAgain(t *testing.T) {
	t.Parallel()
	p := parse(t, busy)
	rapid.Check(t, func(t *rapid.T) {
		given := answers(map[string]int{"ana": 2, "ben": 12, "carl": 25, "dora": 70, "emil": 1})
		for i := range given {
			if i%7 == 0 {
				given[i].Verb, given[i].Reason, given[i].Contact = ledger.Rejected, "wrong_language", 0
			}
		}
		log, first := logged(t, anyHistory(t), p, simulate.Config{Seed: rapid.Uint64().Draw(t, "seed"), Answers: given})
		h := read(t, log)
		again := run(t, h, p, simulate.Config{Seed: 1})
		require.Zero(t, again.Past.Differences, "%+v", again.Past.First)
		require.Equal(t, again.Past.Decisions, again.Past.Same)
		require.Zero(t, again.Draws)
		require.Equal(t, first.Outcomes, again.Outcomes)
		require.Equal(t, first.Reps, again.Reps)
		require.Equal(t, first.Waits, again.Waits)
		require.Equal(t, first.Turns, again.Turns)
		for id, f := range first.Fates {
			g := again.Fates[id]
			require.Equal(t, []any{f.Rep, f.Outcome, f.Owners, f.First, f.Rule}, []any{g.Rep, g.Outcome, g.Owners, g.First, g.Rule}, id)
		}
	})
}

// TestTheLatePastAgain: of routers that came late to what was due, some of it long after other
// things that were due later, the past is found again, too.
func TestTheLatePastAgain(t *testing.T) {
	t.Parallel()
	p := parse(t, busy)
	rapid.Check(t, func(t *rapid.T) {
		given := answers(map[string]int{"ana": 2, "ben": 12, "carl": 25, "dora": 70, "emil": 1})
		inTime, _ := logged(t, anyHistory(t), p, simulate.Config{Answers: given})
		h := read(t, inTime)
		h.Late(func() int { return rapid.SampledFrom([]int{0, 0, 1, 3, 20}).Draw(t, "late") })
		late, first := logged(t, h, p, simulate.Config{Answers: given})

		again := run(t, read(t, late), p, simulate.Config{Seed: 1})
		require.Zero(t, again.Past.Differences, "%+v", again.Past.First)
		require.Zero(t, again.Draws)
		require.Equal(t, first.Outcomes, again.Outcomes)
	})
}

// TestAnotherPolicyIsDifferent: what holds for the policy of the past does not hold for
// any other, or nothing would be found.
func TestAnotherPolicyIsDifferent(t *testing.T) {
	t.Parallel()
	h := simulate.NewHistory()
	for i := range 40 {
		h.Arrive(newLead(t, `{"id":"L-%02d","country":"ES"}`, i), at(10*i))
	}
	h.Sort()
	both := parse(t, "reps: {ana: {}, ben: {}}\nrules: [{name: all, to: all}]\n")
	log, _ := logged(t, h, both, simulate.Config{})
	past := read(t, log)
	require.Len(t, past.Policies, 1)
	r := run(t, past, parse(t, "reps: {ana: {}, ben: {}}\nrules: [{name: all, to: ana}]\n"), simulate.Config{})
	require.Equal(t, 40, r.Past.Decisions)
	require.Equal(t, 20, r.Past.Same)
	require.Equal(t, 20, r.Past.Differences)
	require.Equal(t, 20, r.Past.Leads)
	require.Equal(t, []string{"ben", "ana"}, []string{r.Past.First[0].Was, r.Past.First[0].Is})
}

// TestOwnersActOnTheirOwnLeadsOnly: what a rep did happens where the rep has the lead by the
// same record, and nowhere else; what becomes of the lead happens everywhere.
func TestOwnersActOnTheirOwnLeadsOnly(t *testing.T) {
	t.Parallel()
	const clocks = "reps: {ana: {}, ben: {}}\nslas: {fast: {for: true, clock: 24x7, accepted: {10m: reassign}}}\n"
	past, other := parse(t, clocks+"rules: [{name: all, to: [ana, ben]}]\n"), parse(t, clocks+"rules: [{name: all, to: [ben, ana]}]\n")
	h := simulate.NewHistory()
	h.Arrive(newLead(t, `{"id":"L"}`), at(0))
	h.Happen(event.Activity{LeadID: "L", Activity: ledger.Closed, At: at(60)})
	h.Sort()
	log, first := logged(t, h, past, simulate.Config{Answers: answers(map[string]int{"ana": 5, "ben": 500})})
	require.Equal(t, "ana", first.Fates["L"].Rep)

	logHistory := read(t, log)
	require.Len(t, logHistory.Answers, 1)
	same := run(t, logHistory, past, simulate.Config{Answers: []simulate.Answer{}})
	require.Equal(t, []any{"ana", 1}, []any{same.Fates["L"].Rep, same.Fates["L"].Owners}, "she accepted, in time")

	moved := run(t, logHistory, other, simulate.Config{Answers: answers(map[string]int{"ana": 5, "ben": 500})})
	require.Equal(t, []any{"ana", 2}, []any{moved.Fates["L"].Rep, moved.Fates["L"].Owners}, "ben is too slow, it goes on to ana")
	require.True(t, moved.Fates["L"].Drawn)
	for _, rep := range moved.Reps {
		require.Zero(t, rep.Open, "the lead was closed, whoever had it")
	}
}

// TestFactsThatTheLogLacks: the log holds what the policy of the day asked for.
func TestFactsThatTheLogLacks(t *testing.T) {
	t.Parallel()
	h := simulate.NewHistory()
	l := newLead(t, `{"id":"L","country":"ES","company":{"industry":"health"}}`)
	h.Arrive(l, at(0))
	h.Sort()
	log, _ := logged(t, h, parse(t, "reps: {ana: {}}\nrules: [{name: es, when: country == \"ES\", to: all}, {name: rest, to: review}]\n"), simulate.Config{})
	past := read(t, log)
	names := []string{"company.industry", "country"}
	require.Equal(t, map[string]int{"company.industry": 1}, past.Lacking(names))
	past.Complete("L", l.Facts(), names)
	past.Complete("unknown", l.Facts(), names)
	require.Empty(t, past.Lacking(names))
	facts, came := past.Facts("L")
	require.Equal(t, "health", facts["company.industry"])
	require.Equal(t, at(0), came)
	facts, _ = past.Facts("unknown")
	require.Nil(t, facts)
}

// TestUnreadable: a record of the log that is none is an error that names its sequence.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, kind := range []ledger.Kind{ledger.Assign, ledger.Move, ledger.Activity} {
		d := event.Decision{Kind: kind, Draft: []byte("{"), Grant: ledger.Grant{Sequence: 7, Lead: "L"}}
		require.ErrorContains(t, simulate.NewReader().Add(d), "decision 7: read the ")
	}
}

// TestSkipped: what has taken something back, or came too late, is counted and left out.
func TestSkipped(t *testing.T) {
	t.Parallel()
	h := read(t, []event.Decision{
		{Kind: ledger.Void, Grant: ledger.Grant{Sequence: 1, At: 1, Effect: ledger.Voided}},
		{Kind: ledger.Rebuild, Grant: ledger.Grant{Sequence: 2, At: 1, Effect: ledger.Rebuilt}},
		{Kind: ledger.Move, Grant: ledger.Grant{Sequence: 3, At: 1, Lead: "L", Effect: ledger.Ignored, Attempt: 2}},
	})
	require.Empty(t, h.Records)
	require.Len(t, h.Skipped, 2)
	for _, why := range []string{"taken back", "closed"} {
		require.True(t, slices.ContainsFunc(keys(h.Skipped), func(s string) bool { return len(s) > len(why) && s[len(s)-len(why):] == why }), "%v", h.Skipped)
	}
}

func keys(m map[string]int) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}
