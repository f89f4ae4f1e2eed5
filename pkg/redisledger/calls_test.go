package redisledger_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
)

// calls counts what a client sends.
type calls struct{ n atomic.Int64 }

func (c *calls) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *calls) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *calls) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// A router that died with its hands full leaves a thousand memos. Taking them back
// costs so much for each, not for each time each.
func TestTakingManyBackReadsThemOnce(t *testing.T) {
	t.Parallel()
	const n = 300
	client := embedded(t)
	l := open(t, client, "n")
	var ops, voids []ledger.Op
	for offset := range int64(n) {
		op := assign(created, offset, roster(0))
		ops = append(ops, op)
		voids = append(voids, ledger.Op{ID: op.ID, Kind: ledger.Void, At: op.At})
	}
	granted := apply(t, l, ops...)

	counted := &calls{}
	client.AddHook(counted)
	for i, r := range apply(t, l, voids...) {
		require.Equal(t, ledger.Applied, r.Code)
		require.Equal(t, granted[i].Grant.Sequence, r.Grant.Undone.Sequence)
	}
	// For each void the script and the rosters; the memos once.
	require.LessOrEqual(t, counted.n.Load(), int64(2*n+10))

	before := counted.n.Load()
	memos, err := l.Pending(t.Context(), created, n)
	require.NoError(t, err)
	require.Len(t, memos, n)
	require.LessOrEqual(t, counted.n.Load()-before, int64(2))
}

// Records that led to nothing the first time may be read again between others that
// did: each finds its place among the memos.
func TestMemosStandInOrder(t *testing.T) {
	t.Parallel()
	l := open(t, embedded(t), "n")
	for _, offsets := range [][]int64{{10, 20, 30}, {5}, {15, 25}, {29, 31}, {10, 15, 20, 40}, {31}} {
		var ops []ledger.Op
		for _, offset := range offsets {
			ops = append(ops, assign(created, offset, roster(0)))
		}
		apply(t, l, ops...)
	}
	memos, err := l.Pending(t.Context(), created, 100)
	require.NoError(t, err)
	var offsets []int64
	for _, m := range memos {
		offsets = append(offsets, m.ID.Offset)
	}
	require.Equal(t, []int64{5, 10, 15, 20, 25, 29, 30, 31, 40}, offsets)
}
