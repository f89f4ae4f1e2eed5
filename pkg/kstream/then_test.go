package kstream_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
)

// An output is told of once it is committed, in order, and never if it was aborted.
func TestThenTellsOfWhatIsCommitted(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	var refused atomic.Bool
	k.control(kmsg.TxnOffsetCommit, func(req kmsg.Request) kmsg.Response {
		if refused.CompareAndSwap(false, true) {
			return refuse(req, kerr.RebalanceInProgress.Code)
		}
		return nil
	})
	h := &stub{to: k.out}
	var told []string
	calls := 0
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		out := h.copy(b.Records)
		calls++
		name := fmt.Sprintf("call %d, %d records", calls, len(out.Records))
		out.Then = func() { h.see(func() { told = append(told, name) }) }
		return out, nil
	}
	_, stop := k.run(h)
	k.publish(0, 1)
	require.Eventually(t, func() bool { return h.committedSum() == 1 }, 20*time.Second, 10*time.Millisecond)
	k.publish(1, 2)
	require.Eventually(t, func() bool { return h.committedSum() == 2 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, stop())
	require.Equal(t, []string{"call 2, 1 records", "call 3, 1 records"}, told, "call 1 was aborted")
	k.requireCopied(2)
}

// A stream that reads from the start goes back, after an abort, to what it has committed
// itself, and not to the start.
func TestFromStartGoesBackToItsOwnPosition(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	var refused atomic.Int32
	k.control(kmsg.TxnOffsetCommit, func(req kmsg.Request) kmsg.Response {
		if refused.Add(1) == 2 { // the first record is committed, the second is not
			return refuse(req, kerr.RebalanceInProgress.Code)
		}
		return nil
	})
	h := &stub{to: k.out}
	_, stop := k.run(h, func(c *kstream.Config) { c.FromStart = true })
	for n := range 2 {
		k.publish(n, n+1)
		require.Eventually(t, func() bool { return h.committedSum() == int64(n)+1 }, 20*time.Second, 10*time.Millisecond)
	}
	require.NoError(t, stop())
	k.requireCopied(2)
	at := kstream.TopicPartition{Topic: k.in}
	h.see(func() { require.Equal(t, []map[kstream.TopicPartition]int64{{at: 0}, {at: 1}}, h.assigned) })
}

// A mark is a barrier: who reads through it has read all that was committed before, and
// waits for a transaction that is open below.
func TestMarkAndReadThrough(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	holder, err := kstream.OpenExclusive(t.Context(), k.client, "holder")
	require.NoError(t, err)
	t.Cleanup(holder.Close)
	require.NoError(t, holder.Commit(t.Context(), &kstream.Record{Topic: k.in, Key: []byte("a"), Value: []byte("1")}))

	all := []kstream.TopicPartition{{Topic: k.in}, {Topic: k.in, Partition: 1}}
	marks, err := k.client.Mark(t.Context(), "end", all...)
	require.NoError(t, err)
	require.Len(t, marks, 2)
	from, err := k.client.Starts(t.Context(), k.in)
	require.NoError(t, err)
	var seen []string
	read := func(r *kstream.Record) error {
		seen = append(seen, string(r.Key))
		return nil
	}
	require.NoError(t, k.client.ReadThrough(t.Context(), from, marks, read))
	require.ElementsMatch(t, []string{"a", "end", "end"}, seen, "not the marker of the transaction")

	seen = nil
	require.NoError(t, k.client.ReadThrough(t.Context(), marks, marks, read))
	require.Equal(t, []string{"end", "end"}, seen, "from and through are one record")
	seen = nil
	later, err := k.client.Mark(t.Context(), "later", all...)
	require.NoError(t, err)
	require.NoError(t, k.client.ReadThrough(t.Context(), later, map[kstream.TopicPartition]int64{all[0]: 0}, read))
	require.Empty(t, seen, "it was read already")
	fail := fmt.Errorf("stop")
	require.ErrorIs(t, k.client.ReadThrough(t.Context(), marks, later, func(*kstream.Record) error { return fail }), fail)

	_, err = kstream.Client{}.Mark(t.Context(), "end", all...)
	require.ErrorContains(t, err, "no brokers")
}

// Ticks go on after an abort, though there is nothing to read.
func TestTicksGoOnAfterAnAbort(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	var refused atomic.Bool
	k.control(kmsg.TxnOffsetCommit, func(req kmsg.Request) kmsg.Response {
		if refused.CompareAndSwap(false, true) {
			return refuse(req, kerr.RebalanceInProgress.Code)
		}
		return nil
	})
	h := &stub{handle: func(kstream.Batch) (kstream.Output, error) {
		return kstream.Output{Records: []*kstream.Record{{Topic: k.out, Value: []byte("tick")}}}, nil
	}}
	_, stop := k.run(h, func(c *kstream.Config) { c.Tick, c.FromStart = 20*time.Millisecond, true })
	require.GreaterOrEqual(t, len(k.read(k.out, 1)), 1)
	require.NoError(t, stop())
	require.True(t, refused.Load())
	h.see(func() { require.Len(t, h.assigned, 2) })
}

// One record is read by its offset, if it is there and committed.
func TestAt(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	holder, err := kstream.OpenExclusive(t.Context(), k.client, "holder")
	require.NoError(t, err)
	t.Cleanup(holder.Close)
	for _, value := range []string{"1", "2"} {
		require.NoError(t, holder.Commit(t.Context(), &kstream.Record{Topic: k.in, Key: []byte("a"), Value: []byte(value)}))
	}
	at := kstream.TopicPartition{Topic: k.in}
	read := func(offset int64) string {
		r, err := k.client.At(t.Context(), at, offset)
		require.NoError(t, err)
		if r == nil {
			return ""
		}
		return string(r.Value)
	}
	require.Equal(t, []string{"1", "", "2", "", ""}, []string{read(0), read(1), read(2), read(3), read(99)}, "markers are no records")
}
