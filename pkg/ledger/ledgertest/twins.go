package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

// twins are a store and the model, who are asked the same.
type twins struct {
	t       *testing.T
	store   ledger.Store
	model   *ledger.Model
	offsets map[string]int64 // of the next record, by topic
	chance  uint32
}

func newTwins(t *testing.T, store ledger.Store) *twins {
	return &twins{t: t, store: store, model: ledger.NewModel(Config), offsets: map[string]int64{}, chance: 7}
}

// roll is chance without a source of it: a run is like the last.
func (w *twins) roll(n uint32) uint32 {
	w.chance = w.chance*1_664_525 + 1_013_904_223
	return w.chance >> 16 % n
}

// both do the operation of the next record of a topic; those before it are committed.
func (w *twins) both(topic string, op ledger.Op) ledger.Result { return w.all(topic, op)[0] }

// all do the operations of the next records of a topic in one call.
func (w *twins) all(topic string, ops ...ledger.Op) []ledger.Result {
	w.t.Helper()
	p := ledger.Partition{Topic: topic}
	acks := []ledger.Ack{{Partition: p, Position: w.offsets[topic]}}
	for i := range ops {
		ops[i].ID = ledger.OpID{Partition: p, Offset: w.offsets[topic]}
		w.offsets[topic]++
	}
	return w.ask(ledger.Chunk{Ops: ops, Acks: acks})
}

// ask gives both a chunk and compares the answers.
func (w *twins) ask(c ledger.Chunk) []ledger.Result {
	w.t.Helper()
	want, err := w.model.Apply(w.t.Context(), c)
	require.NoError(w.t, err)
	got, err := w.store.Apply(w.t.Context(), c)
	require.NoError(w.t, err)
	require.Equal(w.t, want, got)
	return want
}

// alike compares all that they know.
func (w *twins) alike() {
	w.t.Helper()
	want, err := w.model.Dump(w.t.Context())
	require.NoError(w.t, err)
	got, err := w.store.Dump(w.t.Context())
	require.NoError(w.t, err)
	require.Empty(w.t, want.Diff(got))
}
