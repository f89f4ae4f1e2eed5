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
func (w *twins) both(topic string, op ledger.Op) ledger.Result {
	w.t.Helper()
	op.ID = ledger.OpID{Partition: ledger.Partition{Topic: topic}, Offset: w.offsets[topic]}
	w.offsets[topic]++
	return w.ask(ledger.Chunk{Ops: []ledger.Op{op}, Acks: []ledger.Ack{{Partition: op.ID.Partition, Position: op.ID.Offset}}})
}

// ask gives both a chunk of one operation and compares the answers.
func (w *twins) ask(c ledger.Chunk) ledger.Result {
	w.t.Helper()
	want, err := w.model.Apply(w.t.Context(), c)
	require.NoError(w.t, err)
	got, err := w.store.Apply(w.t.Context(), c)
	require.NoError(w.t, err)
	require.Equal(w.t, want, got)
	return want[0]
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
