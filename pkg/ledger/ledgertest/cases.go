package ledgertest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

// cases are what random operations would reach too seldom.
var cases = map[string]func(*testing.T, ledger.Store){
	"equal weights stay within the bound": equalWeights,
	"weights are kept to":                 weights,
	"many reps in many chunks":            manyReps,
	"one batch, two partitions":           twoPartitions,
	"content of a roster":                 rosterContent,
	"a lead moves on":                     movesOn,
	"given up after all":                  givenUpAfterAll,
	"a lead waits on":                     waitsOn,
	"the waiting line":                    waitingLine,
	"a rep with very many leads":          manyLeads,
	"closed before it came":               closedEarly,
	"done by somebody else":               strangers,
	"its lead never came":                 expired,
	"chosen by a person":                  chosen,
	"a new lead queues":                   queues,
	"many places are on offer":            manyOffers,
	"everybody in line is woken":          woken,
	"leads of one company":                traits,
}

func assign(n int, roster *ledger.Roster, members []int32) ledger.Op {
	return ledger.Op{
		ID:   ledger.OpID{Partition: ledger.Partition{Topic: "created"}, Offset: int64(n)},
		Kind: ledger.Assign, At: start + int64(n), Lead: fmt.Sprintf("L-%d", n), Roster: roster,
		Steps: []ledger.Step{
			{Pick: ledger.RoundRobin, Book: "all", Members: members},
			{End: ledger.Waiting},
		},
	}
}

func reps(n int, weight func(int) int64) *ledger.Roster {
	r := &ledger.Roster{Digest: fmt.Sprintf("reps-%d", n)}
	for i := range n {
		r.Reps = append(r.Reps, ledger.Terms{ID: fmt.Sprintf("rep-%04d", i), Weight: weight(i)})
	}
	return r
}

func one(int) int64 { return 1 }

// equalWeights: whatever sets are free, |credit| <= (n-1)/2 leads and what
// rounding adds, a micro-lead for each rep.
func equalWeights(t *testing.T, store ledger.Store) {
	const n = 7
	roster := reps(n, one)
	var ops []ledger.Op
	for i := range 600 {
		var members []int32
		for p := range int32(n) {
			if (i*2654435761>>7)&(1<<p) != 0 {
				members = append(members, p)
			}
		}
		ops = append(ops, assign(i, roster, members))
	}
	_, err := store.Apply(t.Context(), ledger.Chunk{Ops: ops})
	require.NoError(t, err)
	state, err := store.Dump(t.Context())
	require.NoError(t, err)
	for rep, credit := range state.Books["all"] {
		require.LessOrEqual(t, max(credit, -credit), int64((n-1)*ledger.Unit/2+n), rep)
	}
}

// weights: with everybody free all the time the shares are those of the weights.
func weights(t *testing.T, store ledger.Store) {
	roster := reps(3, func(i int) int64 { return []int64{1, 2, 5}[i] })
	var ops []ledger.Op
	for i := range 800 {
		ops = append(ops, assign(i, roster, []int32{0, 1, 2}))
	}
	results, err := store.Apply(t.Context(), ledger.Chunk{Ops: ops})
	require.NoError(t, err)
	got := map[string]int{}
	for _, r := range results {
		got[r.Grant.Rep]++
	}
	require.Equal(t, map[string]int{"rep-0000": 100, "rep-0001": 200, "rep-0002": 500}, got)
}

// manyReps: more than a byte counts and more than one call takes.
func manyReps(t *testing.T, store ledger.Store) {
	const n = 400
	roster := reps(n, func(i int) int64 { return int64(1 + i%3) })
	all := make([]int32, n)
	for p := range all {
		all[p] = int32(p)
	}
	model := ledger.NewModel(Config)
	var ops []ledger.Op
	for i := range 60 {
		ops = append(ops, assign(i, roster, all[i:]))
	}
	want, err := model.Apply(t.Context(), ledger.Chunk{Batch: "b", Ops: ops})
	require.NoError(t, err)
	got, err := store.Apply(t.Context(), ledger.Chunk{Batch: "b", Ops: ops})
	require.NoError(t, err)
	require.Equal(t, want, got)
	again, err := store.Apply(t.Context(), ledger.Chunk{Batch: "c", Ops: ops})
	require.NoError(t, err)
	for i := range again {
		require.Equal(t, ledger.Replayed, again[i].Code)
		require.Equal(t, want[i].Grant, again[i].Grant)
	}
}

// twoPartitions: what happens to a lead in one batch by records of two partitions
// could come back in two batches after an abort, the later one first.
func twoPartitions(t *testing.T, store ledger.Store) {
	created := assign(0, reps(3, one), []int32{0, 1, 2})
	activity := func(offset int64, verb string) ledger.Op {
		return ledger.Op{
			ID:   ledger.OpID{Partition: ledger.Partition{Topic: "activity"}, Offset: offset},
			Kind: ledger.Activity, At: start, Lead: created.Lead, Verb: verb,
		}
	}
	codes := func(batch string, acks []ledger.Ack, ops ...ledger.Op) []ledger.Code {
		results, err := store.Apply(t.Context(), ledger.Chunk{Batch: batch, Acks: acks, Ops: ops})
		require.NoError(t, err)
		codes := make([]ledger.Code, len(results))
		for i, r := range results {
			codes[i] = r.Code
		}
		return codes
	}
	accepted, closed := activity(0, ledger.Accepted), activity(1, ledger.Closed)
	require.Equal(t, []ledger.Code{ledger.Applied, ledger.Busy, ledger.Busy}, codes("a", nil, created, accepted, closed))
	require.Equal(t, []ledger.Code{ledger.Busy}, codes("b", nil, accepted), "aborted: the activity comes back first")
	require.Equal(t, []ledger.Code{ledger.Replayed, ledger.Busy}, codes("c", nil, created, accepted))
	committed := []ledger.Ack{{Partition: created.ID.Partition, Position: 1}}
	require.Equal(t, []ledger.Code{ledger.Applied, ledger.Applied}, codes("d", committed, accepted, closed), "one partition, one batch")
}

// rosterContent: of any two partitions one may be in the log without the other when a
// store is lost, and then it has to be enough.
func rosterContent(t *testing.T, store ledger.Store) {
	roster := reps(3, one)
	at := func(partition int32, offset int64) ledger.Op {
		op := assign(int(offset)+100*int(partition), roster, []int32{0, 1, 2})
		op.ID = ledger.OpID{Partition: ledger.Partition{Topic: "created", Index: partition}, Offset: offset}
		return op
	}
	results, err := store.Apply(t.Context(), ledger.Chunk{Batch: "a", Ops: []ledger.Op{
		at(0, 0), at(0, 2), at(1, 0), at(1, 1),
	}})
	require.NoError(t, err)
	between, err := store.Apply(t.Context(), ledger.Chunk{Batch: "b", Ops: []ledger.Op{at(0, 1)}})
	require.NoError(t, err)
	results = append(results, between...)
	var tells []bool
	for _, r := range results {
		tells = append(tells, r.Grant.Install != nil)
	}
	require.Equal(t, []bool{true, false, true, false, true}, tells, "the last was passed over at first")
	lost := ledger.NewState()
	for i, r := range results[2:4] {
		r.Grant.Sequence = int64(i) + 1
		require.NoError(t, lost.Fold(r.ID, r.Grant, r.Body))
	}
}

// givenUpAfterAll: activities that were given up, and are not after all, wait before what came
// since, whose batch goes on holding the lead.
func givenUpAfterAll(t *testing.T, store ledger.Store) {
	record := func(topic string, offset int64) ledger.OpID {
		return ledger.OpID{Partition: ledger.Partition{Topic: topic}, Offset: offset}
	}
	apply := func(batch string, ops ...ledger.Op) (results []ledger.Result) {
		for i := range ops {
			ops[i].At, ops[i].Lead = start, "L"
		}
		results, err := store.Apply(t.Context(), ledger.Chunk{Batch: batch, Ops: ops})
		require.NoError(t, err)
		return results
	}
	accepted := ledger.Op{ID: record("activity", 0), Kind: ledger.Activity, Verb: ledger.Accepted}
	lost := ledger.Op{ID: record("activity", 1), Kind: ledger.Activity, Verb: ledger.Lost}
	expire := ledger.Op{ID: record("timers", 0), Kind: ledger.Expire}
	apply("a", accepted)
	_, err := store.Apply(t.Context(), ledger.Chunk{Batch: "b", Acks: []ledger.Ack{{Partition: accepted.ID.Partition, Position: 1}}})
	require.NoError(t, err)
	require.Equal(t, ledger.Dropped, apply("b", expire)[0].Grant.Effect)
	require.Equal(t, ledger.Held, apply("b", lost)[0].Grant.Effect)
	_, err = store.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{{ID: expire.ID, Kind: ledger.Void, At: start}}})
	require.NoError(t, err)
	require.Equal(t, ledger.Busy, apply("c", ledger.Op{ID: record("other", 0), Kind: ledger.Activity, Verb: ledger.Accepted})[0].Code)
	state, err := store.Dump(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ledger.OpID{accepted.ID, lost.ID}, []ledger.OpID{state.Held["L"][0].ID, state.Held["L"][1].ID})
}

// waitsOn: a lead that was planned again and goes on waiting has its clocks wound anew. Nobody
// gets it before these are committed, or they would come again over the next owner's.
func waitsOn(t *testing.T, store ledger.Store) {
	roster := reps(3, one)
	created := assign(0, roster, []int32{0, 1})
	created.Steps = []ledger.Step{{End: ledger.Waiting}}
	move := func(partition int32) ledger.Op {
		return ledger.Op{
			ID:   ledger.OpID{Partition: ledger.Partition{Topic: "reassign", Index: partition}},
			Kind: ledger.Move, At: start, Lead: created.Lead, Attempt: 1, Fence: true, Roster: roster,
			Steps: []ledger.Step{{Pick: ledger.Ranked, Members: []int32{1}}, {End: ledger.Waiting}},
		}
	}
	apply := func(batch string, acks []ledger.Ack, op ledger.Op) ledger.Result {
		results, err := store.Apply(t.Context(), ledger.Chunk{Batch: batch, Acks: acks, Ops: []ledger.Op{op}})
		require.NoError(t, err)
		return results[0]
	}
	committed := func(op ledger.Op) []ledger.Ack {
		return []ledger.Ack{{Partition: op.ID.Partition, Position: op.ID.Offset + 1}}
	}
	apply("a", nil, created)
	stays := move(0)
	stays.Stay, stays.Steps = true, created.Steps
	require.True(t, new(apply("b", committed(created), stays).Grant).WaitsOn())
	other := move(1)
	closed := ledger.Op{ID: ledger.OpID{Partition: ledger.Partition{Topic: "activity"}}, Kind: ledger.Activity, At: start, Lead: created.Lead, Verb: ledger.Lost}
	require.Equal(t, ledger.Busy, apply("c", nil, other).Code)
	require.Equal(t, ledger.Busy, apply("d", nil, closed).Code)

	void := ledger.Op{ID: stays.ID, Kind: ledger.Void, At: start}
	require.Equal(t, ledger.Applied, apply("e", nil, void).Code)
	require.Equal(t, ledger.Applied, apply("f", nil, other).Code, "what was taken back holds nothing")
}

// movesOn: a clock and an acceptance race, an attempt fences who is late, a refusal
// gives the turn back, and what was held counts for the owner alone.
func movesOn(t *testing.T, store ledger.Store) {
	roster := reps(3, one)
	created := assign(0, roster, []int32{0, 1})
	created.Body = []byte(`{"plan":1}`)
	var acks []ledger.Ack
	apply := func(op ledger.Op) ledger.Result {
		op.At, op.Lead = start, created.Lead
		results, err := store.Apply(t.Context(), ledger.Chunk{Batch: op.ID.String(), Acks: acks, Ops: []ledger.Op{op}})
		require.NoError(t, err)
		acks = []ledger.Ack{{Partition: op.ID.Partition, Position: op.ID.Offset + 1}}
		return results[0]
	}
	record := func(topic string, offset int64) ledger.OpID {
		return ledger.OpID{Partition: ledger.Partition{Topic: topic}, Offset: offset}
	}
	move := func(offset int64, attempt int, unless string, member int32) ledger.Op {
		return ledger.Op{
			ID: record("reassign", offset), Kind: ledger.Move, Attempt: attempt, Fence: true, Verb: unless, Roster: roster,
			Steps: []ledger.Step{{Pick: ledger.RoundRobin, Book: "all", Members: []int32{member}}, {End: ledger.Waiting}},
			Body:  fmt.Appendf(nil, `{"plan":%d}`, attempt+1),
		}
	}
	first := apply(created).Grant
	accepted := apply(ledger.Op{ID: record("activity", 0), Kind: ledger.Activity, Verb: ledger.Accepted})
	require.Equal(t, `{"plan":1}`, string(accepted.Draft))
	require.Equal(t, &ledger.Marks{Since: start, Accepted: start}, accepted.Grant.Marks)
	require.Equal(t, ledger.Ignored, apply(move(0, 1, ledger.Accepted, 2)).Grant.Effect, "it was accepted in time")

	refused := move(1, 1, "", 2)
	refused.TurnBack = true
	second := apply(refused).Grant
	require.Equal(t, []any{2, "rep-0002", first.Rep, true}, []any{second.Attempt, second.Rep, second.From, second.TurnBack})
	require.Equal(t, ledger.Fenced, apply(move(2, 1, "", 1)).Grant.Effect, "the attempt is over")
	blind := move(3, 2, "", 1)
	blind.Steps, blind.Roster = nil, nil
	require.Equal(t, ledger.Busy, apply(blind).Code, "planned when the lead was not like that")
	acks = nil
	late := apply(ledger.Op{ID: record("activity", 1), Kind: ledger.Activity, Verb: ledger.Accepted, Attempt: 1})
	require.Equal(t, ledger.Fenced, late.Grant.Effect, "the first owner has lost it")

	looked, err := store.Look(t.Context(), []string{created.Lead, "nobody"})
	require.NoError(t, err)
	require.Len(t, looked, 1)
	require.Equal(t, `{"plan":2}`, string(looked[created.Lead].Draft))
	state, err := store.Dump(t.Context())
	require.NoError(t, err)
	require.Zero(t, state.Reps[first.Rep].Open)
	require.EqualValues(t, 1, state.Reps["rep-0002"].Open)
	for rep, credit := range state.Books["all"] {
		require.Zero(t, credit, "%s: one turn was given back, and the other had nobody to wait for it", rep)
	}
}

// manyLeads: what a rep gives back at once is bounded, and it is the same everywhere.
func manyLeads(t *testing.T, store ledger.Store) {
	roster := reps(1, one)
	model := ledger.NewModel(Config)
	apply := func(ops ...ledger.Op) []ledger.Result {
		chunk := ledger.Chunk{Batch: ops[0].ID.String(), Ops: ops, Acks: []ledger.Ack{{Partition: ops[0].ID.Partition, Position: ops[0].ID.Offset}}}
		want, err := model.Apply(t.Context(), chunk)
		require.NoError(t, err)
		got, err := store.Apply(t.Context(), chunk)
		require.NoError(t, err)
		require.Equal(t, want[len(ops)-1], got[len(ops)-1])
		return got
	}
	for n := 0; n <= ledger.MaxReturns; n += 1000 {
		ops := make([]ledger.Op, 0, 1000)
		for i := n; i < n+1000; i++ {
			op := assign(i, roster, []int32{0})
			op.Lead = fmt.Sprintf("L-%05d", i)
			ops = append(ops, op)
		}
		apply(ops...)
	}
	record := func(offset int64) ledger.OpID {
		return ledger.OpID{Partition: ledger.Partition{Topic: "other"}, Offset: offset}
	}
	apply(ledger.Op{ID: record(0), Kind: ledger.Activity, At: start, Lead: "L-00000", Verb: ledger.Accepted})
	apply(ledger.Op{ID: record(1), Kind: ledger.Presence, At: start, Rep: "rep-0000", Verb: ledger.Away, GiveBack: true})
	left := apply(ledger.Op{ID: record(2), Kind: ledger.Presence, At: start, Rep: "rep-0000", Verb: ledger.Left})
	require.Len(t, left[0].Grant.Returns, ledger.MaxReturns)
}

// closedEarly: a lead that an activity has closed before it came stands in no line.
func closedEarly(t *testing.T, store ledger.Store) {
	created := assign(0, reps(1, one), []int32{0})
	created.Steps = created.Steps[1:]
	created.Line = &ledger.Line{Since: start, Reps: ledger.NewBitmap([]int32{0})}
	other := ledger.Partition{Topic: "other"}
	results, err := store.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{
		{ID: ledger.OpID{Partition: other}, Kind: ledger.Activity, At: start, Lead: created.Lead, Verb: ledger.Lost},
		created,
		{ID: ledger.OpID{Partition: other, Offset: 1}, Kind: ledger.Presence, At: start, Rep: "rep-0000", Verb: ledger.Available},
	}})
	require.NoError(t, err)
	require.Equal(t, ledger.Waiting, results[1].Grant.Outcome)
	require.Equal(t, ledger.Freed, results[1].Grant.Held[0].Effect)
	require.Nil(t, results[2].Grant.Offer, "nobody waits")
}

// strangers: what an owner does counts only if it is the owner of now who did it, also
// where it came before the lead; that a lead is closed counts whoever says so.
func strangers(t *testing.T, store ledger.Store) {
	created := assign(0, reps(2, one), []int32{1})
	other := ledger.Partition{Topic: "other"}
	said := func(offset int64, verb, by string) ledger.Op {
		return ledger.Op{
			ID: ledger.OpID{Partition: other, Offset: offset}, Kind: ledger.Activity, At: start, Lead: created.Lead, Verb: verb, Rep: by,
		}
	}
	results, err := store.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{
		said(0, ledger.Accepted, "rep-0000"), said(1, ledger.Accepted, "rep-0001"), created,
		said(2, ledger.Contacted, "rep-0000"), said(3, ledger.Rejected, "rep-0001"), said(4, ledger.Converted, "rep-0000"),
	}})
	require.NoError(t, err)
	held := results[2].Grant.Held
	require.Equal(t, []ledger.Effect{ledger.Fenced, ledger.Noted}, []ledger.Effect{held[0].Effect, held[1].Effect})
	var effects []ledger.Effect
	for _, r := range results[3:] {
		effects = append(effects, r.Grant.Effect)
	}
	require.Equal(t, []ledger.Effect{ledger.Fenced, ledger.Noted, ledger.Freed}, effects)
	require.Equal(t, "rep-0000", results[3].Grant.By)
}

// expired: activities whose lead never came are given up together, and once; taken back, they
// wait again. One that comes after them waits anew.
func expired(t *testing.T, store ledger.Store) {
	w := newTwins(t, store)
	said := func(verb string) ledger.Grant {
		return w.both("activity", ledger.Op{Kind: ledger.Activity, At: start, Lead: "L", Verb: verb, Rep: "ana"}).Grant
	}
	expire := ledger.Op{Kind: ledger.Expire, At: start, Lead: "L"}
	require.Equal(t, []int{0, 1}, []int{said(ledger.Accepted).Ahead, said(ledger.Contacted).Ahead})
	first := w.both("reassign", expire)
	require.Equal(t, ledger.Dropped, first.Grant.Effect)
	require.Len(t, first.Grant.Held, 2)
	w.ask(ledger.Chunk{Ops: []ledger.Op{{ID: first.ID, Kind: ledger.Void, At: start, Body: []byte("why")}}})
	require.Equal(t, first.Grant.Held, w.both("reassign", expire).Grant.Held)
	require.Equal(t, ledger.Ignored, w.both("reassign", expire).Grant.Effect)
	require.Zero(t, said(ledger.Lost).Ahead)
	w.alike()
}
