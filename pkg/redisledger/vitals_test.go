package redisledger_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

// waiter waits in line for rep a, from an instant on.
func waiter(offset, rank int64, since time.Time) ledger.Op {
	op := assign(created, offset, roster(1))
	op.Steps = []ledger.Step{{Pick: ledger.RoundRobin, Book: "all", Members: []int32{0}}, {End: ledger.Waiting}}
	op.At = since.UnixMilli()
	op.Line = &ledger.Line{Rank: rank, Since: op.At, Reps: ledger.NewBitmap([]int32{0})}
	return op
}

func TestVitals(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]func(testing.TB) *redis.Client{"embedded": embedded, "real": single} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := services.Instance(t)
			l, err := redisledger.New(client(t), redisledger.Config{Namespace: namespace, Cluster: "kafka", Prefix: "p"})
			require.NoError(t, err)
			empty, err := l.Vitals(t.Context())
			require.NoError(t, err)
			require.Zero(t, empty.Epoch, "nobody has bound it")
			_, err = l.Open(t.Context())
			require.NoError(t, err)

			noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			apply(t, l, waiter(0, 0, noon), waiter(1, 0, noon.Add(time.Minute)), waiter(2, 0, noon.Add(2*time.Minute)),
				waiter(3, 1, noon.Add(3*time.Minute)))
			v, err := l.Vitals(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 1, v.Epoch)
			require.EqualValues(t, 3, v.Waiting, "the first lead fills the rep")
			require.Equal(t, noon.Add(3*time.Minute), v.First, "the highest rank goes first")
			require.EqualValues(t, 4, v.Memos)
			if name == "real" {
				require.Positive(t, v.Used)
			}

			_, err = l.Apply(t.Context(), ledger.Chunk{Acks: []ledger.Ack{{Partition: created, Position: 3}}})
			require.NoError(t, err)
			v, err = l.Vitals(t.Context())
			require.NoError(t, err)
			require.EqualValues(t, 1, v.Memos, "those below the position are gone")
		})
	}
}

func TestVitalsOfARedisThatIsAway(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	l, err := redisledger.New(client, redisledger.Config{Namespace: "n", Cluster: "kafka"})
	require.NoError(t, err)
	_, err = l.Vitals(t.Context())
	require.ErrorIs(t, err, ledger.ErrUnavailable)
}
