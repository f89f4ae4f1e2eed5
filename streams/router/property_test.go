package router_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/streams/router"
)

type place = kstream.TopicPartition

// world is a group of routers on one ledger and one log, driven through all that the
// contract of kstream allows: aborts, commits without an answer, crashes, partitions
// that change hands, records given up and records skipped. Its actions are the
// methods that rapid calls.
type world struct {
	planner *routing.Planner
	model   *ledger.Model
	clock   *clock.Fake
	log     []event.Decision // committed
	found   fakeLog
	input   map[place][]*kstream.Record
	done    map[place]int64 // committed offsets
	tried   map[string]bool // records that were handed out
	members []*member
	born    int
}

// member is one router process and the loop around it.
type member struct {
	handler *router.Handler
	owned   map[place]int64 // position
	flying  []*transaction  // oldest first, at most two
}

type transaction struct {
	out     kstream.Output
	offsets map[place]int64
}

func newWorld(t *rapid.T) *world {
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(minimal)})
	require.NoError(t, issues.Err())
	w := &world{
		planner: routing.New(p), model: ledger.NewModel(ledger.Config{}),
		clock: clock.NewFake(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)),
		found: fakeLog{committed: map[int64]bool{}}, input: map[place][]*kstream.Record{},
		done: map[place]int64{}, tried: map[string]bool{},
	}
	w.members = []*member{w.newMember(), w.newMember()}
	for i, at := range places() {
		w.join(t, w.members[i%2], map[place]int64{at: 0})
	}
	return w
}

func places() []place {
	var all []place
	for _, t := range []event.Type{event.LeadCreated, event.LeadActivity} {
		all = append(all, place{Topic: t.Topic(""), Partition: 0}, place{Topic: t.Topic(""), Partition: 1})
	}
	return all
}

func (w *world) newMember() *member {
	w.born++
	ids := map[string]string{}
	for _, t := range router.Inputs() {
		ids[t.Topic("")] = "id-" + string(t)
	}
	return &member{owned: map[place]int64{}, handler: router.New(w.model, router.Config{
		Process: fmt.Sprintf("p%d", w.born), TopicIDs: ids,
		Planner: func() *routing.Planner { return w.planner },
		Fits:    kstream.Config{}.Fits, Log: &w.found,
		Verify: func(context.Context) error { return nil }, Report: func(error) {},
		Registerer: prometheus.NewRegistry(), Logger: zap.NewNop(), Clock: w.clock,
	})}
}

// join gives partitions to a member, to be read from the committed offsets.
func (w *world) join(t *rapid.T, m *member, offsets map[place]int64) {
	if len(offsets) > 0 {
		maps.Copy(m.owned, offsets)
		require.NoError(t, m.handler.Assigned(t.Context(), offsets))
	}
}

func (w *world) draw(t *rapid.T) *member { return rapid.SampledFrom(w.members).Draw(t, "member") }

// Publish appends an input record about one of a few leads.
func (w *world) Publish(t *rapid.T) {
	w.publish(rapid.SampledFrom(places()).Draw(t, "partition"), rapid.IntRange(0, 5).Draw(t, "lead"),
		rapid.SampledFrom([]string{"accepted", "closed", "reopened", "broken"}).Draw(t, "verb"))
}

func (w *world) publish(at place, lead int, verb string) {
	value := fmt.Sprintf(`{"id":"L-%d","country":"DE"}`, lead)
	switch {
	case verb == "broken":
		value = "no json"
	case at.Topic == event.LeadActivity.Topic(""):
		value = fmt.Sprintf(`{"lead_id":"L-%d","activity":%q}`, lead, verb)
	}
	w.input[at] = append(w.input[at], &kstream.Record{
		Topic: at.Topic, Partition: at.Partition, Offset: int64(len(w.input[at])), Value: []byte(value), Timestamp: w.clock.Now(),
	})
}

// Handle gives a member a batch.
func (w *world) Handle(t *rapid.T) {
	m := w.draw(t)
	w.handle(t, m, rapid.IntRange(1, 4).Draw(t, "size"))
}

func (w *world) handle(t *rapid.T, m *member, most int) {
	if len(m.flying) == 2 {
		return
	}
	w.clock.Advance(time.Second)
	var batch []*kstream.Record
	for _, at := range places() {
		if next, owned := m.owned[at]; owned {
			ahead := w.input[at][min(int(next), len(w.input[at])):]
			batch = append(batch, ahead[:min(most, len(ahead))]...)
		}
	}
	if len(batch) == 0 {
		return
	}
	for _, r := range batch {
		w.tried[keyOf(r)] = true
	}
	out, err := m.handler.Handle(t.Context(), kstream.Batch{Records: batch})
	require.NoError(t, err)
	tx := &transaction{out: out, offsets: map[place]int64{}}
	for _, r := range batch {
		at := kstream.PartitionOf(r)
		if until, busy := out.Until[at]; !busy || r.Offset < until {
			m.owned[at], tx.offsets[at] = r.Offset+1, r.Offset+1
		}
	}
	if len(tx.offsets) == 0 {
		if len(out.Records)+len(out.DLQ) == 0 {
			return
		}
		require.True(t, out.Unprompted, "output without progress")
		maps.Copy(tx.offsets, m.owned)
	}
	m.flying = append(m.flying, tx)
}

// Commit commits a member's oldest transaction.
func (w *world) Commit(t *rapid.T) { w.commit(t, w.draw(t)) }

func (w *world) commit(t *rapid.T, m *member) {
	if len(m.flying) > 0 {
		tx := w.written(t, m)
		if tx.out.Then != nil {
			tx.out.Then()
		}
		m.handler.Committed(t.Context(), tx.offsets)
	}
}

// written puts the oldest transaction into the log; nobody is told.
func (w *world) written(t *rapid.T, m *member) *transaction {
	tx := m.flying[0]
	m.flying = m.flying[1:]
	for _, r := range tx.out.Records {
		if r.Topic != event.LeadDecisions.Topic("") {
			continue
		}
		var d event.Decision
		require.NoError(t, json.Unmarshal(r.Value, &d))
		w.log = append(w.log, d)
		w.found.committed[d.Grant.Sequence] = true
	}
	maps.Copy(w.done, tx.offsets)
	return tx
}

// Abort aborts what a member has under way; the oldest transaction may have come
// through, without an answer.
func (w *world) Abort(t *rapid.T) {
	m := w.draw(t)
	w.lose(t, m)
	w.join(t, m, w.committed(m))
}

func (w *world) lose(t *rapid.T, m *member) {
	if len(m.flying) > 0 && rapid.Bool().Draw(t, "came through") {
		w.written(t, m)
	}
	m.flying = nil
}

// committed are the offsets at which a member's partitions are read again.
func (w *world) committed(m *member) map[place]int64 {
	offsets := map[place]int64{}
	for at := range m.owned {
		offsets[at] = w.done[at]
	}
	return offsets
}

// Crash replaces a member by a new process.
func (w *world) Crash(t *rapid.T) {
	i := rapid.IntRange(0, 1).Draw(t, "who")
	w.lose(t, w.members[i])
	offsets := w.committed(w.members[i])
	w.members[i] = w.newMember()
	w.join(t, w.members[i], offsets)
}

// Move gives a partition to the other member, once all of it is settled.
func (w *world) Move(t *rapid.T) {
	i := rapid.IntRange(0, 1).Draw(t, "from")
	from, to := w.members[i], w.members[1-i]
	if len(from.owned) == 0 {
		return
	}
	at := rapid.SampledFrom(slices.DeleteFunc(places(), func(at place) bool { _, ok := from.owned[at]; return !ok })).Draw(t, "partition")
	for len(from.flying) > 0 {
		w.commit(t, from)
	}
	delete(from.owned, at)
	from.handler.Revoked(t.Context(), []place{at})
	w.join(t, to, map[place]int64{at: w.done[at]})
}

// GiveUp lets the stream set a record aside that was tried and aborted.
func (w *world) GiveUp(t *rapid.T) {
	m := w.draw(t)
	for _, at := range places() {
		next, owned := m.owned[at]
		if !owned || len(m.flying) == 2 || int(next) >= len(w.input[at]) || !w.tried[keyOf(w.input[at][next])] {
			continue
		}
		m.owned[at] = next + 1
		m.flying = append(m.flying, &transaction{offsets: map[place]int64{at: next + 1}})
		return
	}
}

// Skip moves a committed offset on while nobody runs.
func (w *world) Skip(t *rapid.T) {
	at := rapid.SampledFrom(places()).Draw(t, "partition")
	for i, m := range w.members {
		w.lose(t, m)
		offsets := w.committed(m)
		w.members[i] = w.newMember()
		w.members[i].owned = offsets
	}
	w.done[at] = min(w.done[at]+int64(rapid.IntRange(1, 3).Draw(t, "far")), int64(len(w.input[at])))
	for _, m := range w.members {
		w.join(t, m, w.committed(m))
	}
}

// Acknowledge sends the positions that no batch has carried.
func (w *world) Acknowledge(t *rapid.T) { w.acknowledge(t, w.draw(t)) }

func (w *world) acknowledge(t *rapid.T, m *member) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, m.handler.Run(ended))
}

// Check: nothing is in the log twice, whatever has happened so far.
func (w *world) Check(t *rapid.T) {
	seen, ops := map[int64]bool{}, map[ledger.OpID]bool{}
	for _, d := range w.log {
		require.False(t, seen[d.Grant.Sequence], "sequence %d is in the log twice", d.Grant.Sequence)
		require.False(t, ops[d.Op], "%s is in the log twice", d.Op)
		seen[d.Grant.Sequence], ops[d.Op] = true, true
	}
}

// settle lets everything come to its end: each record is handled, each void written.
func (w *world) settle(t *rapid.T) {
	for round := range 40 {
		if round == 20 { // voids wait for a record to go with
			for _, at := range places() {
				w.publish(at, 100, "broken")
			}
		}
		for _, m := range w.members {
			w.handle(t, m, 10)
			w.commit(t, m)
			w.commit(t, m)
			w.acknowledge(t, m)
		}
	}
	for _, at := range places() {
		require.EqualValues(t, len(w.input[at]), w.done[at], "%s stands still", at)
	}
}

// Whatever happens: what the log says is what the ledger holds, without a hole, and
// the ledger remembers nothing that it need not.
func TestTheLogTellsAllThatTheLedgerDid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		actions := rapid.StateMachineActions(w)
		delete(actions, "Check")
		actions[""] = w.Check
		t.Repeat(actions)
		w.settle(t)
		w.Check(t)

		folder := audit.NewFolder()
		for _, d := range w.log {
			require.NoError(t, folder.Add(d))
		}
		require.Empty(t, folder.Missing(), "holes")
		state, err := w.model.Dump(t.Context())
		require.NoError(t, err)
		require.Equal(t, state.Sequence, folder.State().Sequence)
		require.Empty(t, folder.State().Logged().Diff(state.Logged()))
		for _, tail := range state.Tails {
			require.Empty(t, tail.Memos, "%s is not acknowledged", tail.Partition)
		}
	})
}

func keyOf(r *kstream.Record) string { return fmt.Sprintf("%s/%d", kstream.PartitionOf(r), r.Offset) }
