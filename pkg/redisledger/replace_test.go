package redisledger_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

// halt lets a ledger stand still, to be replaced.
func halt(t *testing.T, l *redisledger.Ledger) (*redisledger.Replacement, ledger.Standstill) {
	t.Helper()
	r := l.Replace()
	still, err := r.Halt(t.Context())
	require.NoError(t, err)
	return r, still
}

// state is one with so many leads, in an epoch.
func state(epoch int64, leads int) *ledger.State {
	s := ledger.NewState()
	s.Epoch, s.Sequence = epoch, 100
	s.Rosters["r"] = roster(0).Reps
	s.Reps["a"] = &ledger.Rep{Presence: ledger.Available, Open: int64(leads)}
	for i := range leads {
		s.Leads[fmt.Sprint("L-", i)] = &ledger.Lead{Outcome: ledger.Assigned, Attempt: 1, Rep: "a", Draft: []byte("{}")}
	}
	return s
}

// From halt to flip nobody is answered, and nothing of the old ledger is left after it.
func TestALedgerIsReplacedUnderItsCallers(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	one, other := open(t, client, "n"), open(t, client, "n")
	apply(t, one, assign(created, 0, roster(0)), assign(created, 1, roster(0)))
	_, err := one.Apply(t.Context(), ledger.Chunk{Acks: []ledger.Ack{{Partition: created, Position: 1}}})
	require.NoError(t, err)

	r, still := halt(t, open(t, client, "n"))
	require.Equal(t, ledger.Standstill{Epoch: 1, Sequence: 2, InFlight: 2}, still)
	refused := func(l *redisledger.Ledger) {
		t.Helper()
		_, err := l.Apply(t.Context(), ledger.Chunk{})
		require.ErrorIs(t, err, ledger.ErrEpoch)
		_, err = l.Pending(t.Context(), created, 9)
		require.ErrorIs(t, err, ledger.ErrEpoch)
		_, err = l.Open(t.Context())
		require.ErrorIs(t, err, ledger.ErrEpoch)
		require.ErrorContains(t, err, "stands still")
	}
	refused(one)
	require.NoError(t, r.Stage(t.Context(), state(5, 3)))
	refused(one)
	require.NoError(t, r.Flip(t.Context()))

	_, err = other.Apply(t.Context(), ledger.Chunk{})
	require.ErrorIs(t, err, ledger.ErrEpoch, "who knew nothing of it has to look again")
	status, err := other.Open(t.Context())
	require.NoError(t, err)
	require.Equal(t, redisledger.Status{Epoch: 5, Sequence: 100}, status)
	g := apply(t, other, assign(created, 3, roster(0)))[0].Grant
	require.EqualValues(t, 101, g.Sequence)
	require.EqualValues(t, 5, g.Epoch)
	require.NoError(t, r.Sweep(t.Context()))
	for _, key := range client.Keys(t.Context(), "*").Val() {
		require.False(t, strings.HasPrefix(key, "{n}:1."), key)
	}
}

// Of those who replace a ledger at once, the last who halted it does.
func TestTheLastToHaltReplaces(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	apply(t, open(t, client, "n"), assign(created, 0, roster(0)))
	first, _ := halt(t, newLedger(t, client))
	require.NoError(t, first.Stage(t.Context(), state(2, 1)))
	second, still := halt(t, newLedger(t, client))
	require.EqualValues(t, 1, still.Sequence, "that of the ledger before the first standstill")
	require.EqualValues(t, 1, still.Epoch)
	require.NoError(t, second.Stage(t.Context(), state(3, 2)))
	require.ErrorIs(t, first.Flip(t.Context()), ledger.ErrEpoch)
	l := newLedger(t, client)
	_, err := l.Open(t.Context())
	require.ErrorIs(t, err, ledger.ErrEpoch, "it stands still as before")
	require.NoError(t, second.Flip(t.Context()))
	status, err := l.Open(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, status.Epoch)

	t.Log("what the second halted is not what the first has halted before it")
	require.ErrorIs(t, first.Flip(t.Context()), ledger.ErrEpoch)
}

// newLedger is a ledger in namespace n that nobody has opened.
func newLedger(t *testing.T, client redis.UniversalClient) *redisledger.Ledger {
	t.Helper()
	l, err := redisledger.New(client, redisledger.Config{Namespace: "n", Cluster: "kafka", Prefix: "p"})
	require.NoError(t, err)
	return l
}

// A Redis that is emptied in the middle of it is noticed by all.
func TestAFlushEndsAReplacement(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := open(t, client, "n")
	apply(t, l, assign(created, 0, roster(0)))
	r, _ := halt(t, l)
	require.NoError(t, r.Stage(t.Context(), state(2, 1)))
	require.NoError(t, client.FlushAll(t.Context()).Err())
	require.ErrorIs(t, r.Flip(t.Context()), ledger.ErrEpoch)

	t.Log("what is empty is halted, too, and bound")
	r, still := halt(t, newLedger(t, client))
	require.Equal(t, ledger.Standstill{}, still)
	_, err := newLedger(t, client).Open(t.Context())
	require.ErrorIs(t, err, ledger.ErrEpoch)
	require.NoError(t, r.Stage(t.Context(), state(3, 1)))
	require.NoError(t, r.Flip(t.Context()))
	dumped, err := l.Dump(t.Context())
	require.NoError(t, err)
	require.NotNil(t, dumped)
	status, err := l.Open(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, status.Epoch)
}

func TestSweepKeepsTheLedgerAndWhatIsStaged(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := open(t, client, "n")
	apply(t, l, assign(created, 0, roster(0)))
	before, err := l.Dump(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Load(t.Context(), before))
	r, _ := halt(t, newLedger(t, client))
	next := *before
	next.Epoch = 3
	require.NoError(t, r.Stage(t.Context(), &next))
	require.NoError(t, l.Sweep(t.Context()))
	require.NoError(t, r.Flip(t.Context()))
	_, err = l.Open(t.Context())
	require.NoError(t, err)
	after, err := l.Dump(t.Context())
	require.NoError(t, err)
	require.Empty(t, next.Rebuilt().Diff(after))
}

// What the log knows, and what was adopted before, tell an older ledger from the right one.
func TestAnOlderLedgerIsRefused(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l := newLedger(t, client)
	_, err := l.OpenAfter(t.Context(), redisledger.Status{Epoch: 1, Sequence: 7})
	require.ErrorIs(t, err, ledger.ErrEpoch)
	require.ErrorContains(t, err, "redis is empty and the decision log is not")
	require.Empty(t, client.Keys(t.Context(), "*").Val(), "nothing is bound")

	open(t, client, "n")
	apply(t, open(t, client, "n"), assign(created, 0, roster(0)))
	for _, log := range []redisledger.Status{{Epoch: 1, Sequence: 2}, {Epoch: 2, Sequence: 1}, {Epoch: 2}} {
		_, err = l.OpenAfter(t.Context(), log)
		require.ErrorIs(t, err, ledger.ErrEpoch, "%+v", log)
		_, err = l.Apply(t.Context(), ledger.Chunk{})
		require.ErrorIs(t, err, ledger.ErrEpoch, "it was not adopted")
	}
	status, err := l.OpenAfter(t.Context(), redisledger.Status{Epoch: 1, Sequence: 1})
	require.NoError(t, err)
	require.EqualValues(t, 1, status.Sequence)

	t.Log("a master of before, that agrees with itself")
	meta := client.HGetAll(t.Context(), "{n}:meta").Val()
	require.NoError(t, l.Load(t.Context(), state(1, 1)))
	require.NoError(t, client.HSet(t.Context(), "{n}:meta", meta).Err())
	_, err = l.Open(t.Context())
	require.ErrorIs(t, err, ledger.ErrEpoch)
	require.ErrorContains(t, err, "epoch 1 is over, 2 has begun since")
}

// Of many leads only the counts are compared.
func TestWhatIsStagedIsReadBack(t *testing.T) {
	t.Parallel()
	p := services.OwnRedis(t, services.RedisConfig{Args: []string{"--appendonly", "no", "--min-replicas-max-lag", "3"}})
	client := redis.NewClient(&redis.Options{Addr: p.Addr()})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	l := open(t, client, "n")
	r, still := halt(t, l)
	require.Zero(t, still.Rival, "the server is the one that it was")
	begin := time.Now()
	require.NoError(t, r.Stage(t.Context(), state(2, 25_000)))
	t.Logf("25,000 leads staged and read back in %s", time.Since(begin).Round(time.Millisecond))
	require.NoError(t, r.Flip(t.Context()))
	dumped, err := l.Dump(t.Context())
	require.NoError(t, err)
	require.Len(t, dumped.Leads, 25_000)

	t.Log("a rival is waited for where replicas are asked for")
	require.NoError(t, client.HSet(t.Context(), "{n}:meta", "run", "another").Err())
	_, still = halt(t, l)
	require.Zero(t, still.Rival)
	require.NoError(t, client.ConfigSet(t.Context(), "min-replicas-to-write", "1").Err())
	_, err = l.Replace().Halt(t.Context())
	require.ErrorIs(t, err, ledger.ErrUnavailable, "there is no replica")
	_, port, err := net.SplitHostPort(p.Addr())
	require.NoError(t, err)
	services.OwnRedis(t, services.RedisConfig{Args: []string{"--replicaof", "127.0.0.1 " + port}})
	require.Eventually(t, func() bool {
		still, err = l.Replace().Halt(t.Context())
		return err == nil
	}, 30*time.Second, 50*time.Millisecond)
	require.Equal(t, 5*time.Second, still.Rival)
}

// A replica that was promoted takes writes as soon as somebody says that it needs no replica:
// the master before, which nobody has told, goes on until its own have been silent for too long.
func TestARivalIsWaitedForThoughNoReplicaIsAskedForHere(t *testing.T) {
	t.Parallel()
	lag := []string{"--min-replicas-max-lag", "3"}
	master := services.OwnRedis(t, services.RedisConfig{Args: lag})
	_, port, err := net.SplitHostPort(master.Addr())
	require.NoError(t, err)
	replica := services.OwnRedis(t, services.RedisConfig{Args: append(lag, "--replicaof", "127.0.0.1 "+port)})
	connect := func(p *services.Process) *redis.Client {
		client := redis.NewClient(&redis.Options{Addr: p.Addr()})
		t.Cleanup(func() { require.NoError(t, client.Close()) })
		return client
	}
	open(t, connect(master), "n")
	promoted := connect(replica)
	require.Eventually(t, func() bool { return promoted.Exists(t.Context(), "{n}:meta").Val() == 1 }, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, promoted.ReplicaOf(t.Context(), "no", "one").Err())
	l, err := redisledger.New(promoted, redisledger.Config{Namespace: "n", Cluster: "kafka", Prefix: "p"})
	require.NoError(t, err)
	_, err = l.Open(t.Context())
	require.ErrorIs(t, err, ledger.ErrEpoch)
	_, still := halt(t, l)
	require.Equal(t, 5*time.Second, still.Rival)
}

// Claims only tell others that somebody is at work.
func TestClaims(t *testing.T) {
	t.Parallel()
	client := embedded(t)
	l, other := open(t, client, "n"), open(t, client, "n")
	claim := func(l *redisledger.Ledger) bool {
		mine, err := l.Claim(t.Context(), time.Minute)
		require.NoError(t, err)
		return mine
	}
	require.True(t, claim(l))
	require.False(t, claim(other))
	require.NoError(t, other.Reclaim(t.Context(), time.Minute))
	require.NoError(t, l.Sweep(t.Context()))
	require.False(t, claim(l), "it is not swept")
	require.NoError(t, other.Release(t.Context()))
	require.True(t, claim(l))
}
