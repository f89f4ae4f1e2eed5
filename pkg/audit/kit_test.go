package audit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(services.Main(m)) }

const start = 1_764_000_000_000

// roster of three reps; ben is capped.
func roster() *ledger.Roster {
	return &ledger.Roster{Digest: "r1", Reps: []ledger.Terms{
		{ID: "ana", Weight: 1}, {ID: "ben", Weight: 2, Caps: ledger.Caps{Open: 2, Day: 9}}, {ID: "carl", Weight: 1},
	}}
}

// history applies operations to a model and keeps what a log would hold of them.
type history struct {
	model *ledger.Model
	log   []event.Decision
	next  map[string]int64 // offset by topic
	at    int64
}

func newHistory() *history {
	return &history{model: ledger.NewModel(ledger.Config{}), next: map[string]int64{}, at: start}
}

// op is the next operation of a topic.
func (h *history) op(topic string, kind ledger.Kind, lead string) ledger.Op {
	h.at += 1000
	op := ledger.Op{
		ID:   ledger.OpID{Partition: ledger.Partition{Topic: topic}, Offset: h.next[topic]},
		Kind: kind, At: h.at, Lead: lead, Digest: "d",
	}
	h.next[topic]++
	if kind == ledger.Assign {
		op.Value, op.Roster = 100, roster()
		op.Steps = []ledger.Step{{Pick: ledger.RoundRobin, Book: "all", Members: []int32{0, 1, 2}}, {End: ledger.Waiting}}
	}
	return op
}

// apply gives an operation to the model and returns its grant.
func (h *history) apply(t require.TestingT, op ledger.Op) ledger.Grant {
	results, err := h.model.Apply(context.Background(), ledger.Chunk{Ops: []ledger.Op{op}})
	require.NoError(t, err)
	require.Equal(t, ledger.Applied, results[0].Code)
	return results[0].Grant
}

// write applies an operation and logs it.
func (h *history) write(t require.TestingT, op ledger.Op) ledger.Grant {
	g := h.apply(t, op)
	h.log = append(h.log, event.Decision{Op: op.ID, Digest: op.Digest, Kind: op.Kind, Grant: g})
	return g
}

// void takes an operation back that was applied and not logged.
func (h *history) void(t require.TestingT, op ledger.Op) {
	h.at += 1000
	h.write(t, ledger.Op{ID: op.ID, Digest: op.Digest, Kind: ledger.Void, At: h.at})
}

// draw makes a history of random operations, some of them taken back.
func draw(t *rapid.T) *history {
	h := newHistory()
	var open []ledger.Op
	for range rapid.IntRange(1, 40).Draw(t, "operations") {
		lead := fmt.Sprintf("L-%d", rapid.IntRange(0, 7).Draw(t, "lead"))
		var op ledger.Op
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0, 1:
			op = h.op("created", ledger.Assign, lead)
		case 2, 3:
			op = h.op("activity", ledger.Activity, lead)
			op.Verb = rapid.SampledFrom([]string{ledger.Accepted, ledger.Closed, ledger.Reopened}).Draw(t, "verb")
		default:
			op = h.op("status", ledger.Presence, "")
			op.Rep = rapid.SampledFrom([]string{"ana", "ben", "carl"}).Draw(t, "rep")
			op.Verb = rapid.SampledFrom([]string{ledger.Available, ledger.Away, ledger.Left}).Draw(t, "presence")
		}
		if rapid.IntRange(0, 5).Draw(t, "lost") > 0 {
			h.write(t, op)
			continue
		}
		h.apply(t, op)
		open = append(open, op)
	}
	for _, op := range open {
		h.void(t, op)
	}
	return h
}

// fold folds a log in the order given.
func fold(t require.TestingT, log []event.Decision) *ledger.State {
	state, missing := foldSome(t, log)
	require.Empty(t, missing)
	return state
}
