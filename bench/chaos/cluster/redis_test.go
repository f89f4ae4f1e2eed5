package cluster_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/bench/chaos/cluster"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/testkit/services"
)

// pair is a master and its replica, and a context that bounds the test.
func pair(t *testing.T) (*cluster.Redis, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	r, err := cluster.StartRedis(ctx, clock.System())
	if errors.Is(err, services.ErrUnavailable) && !services.RealRequired() {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	write(t, r.Master(), "begun") // the replica has to be there first
	return r, ctx
}

func client(t *testing.T, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// write writes until the server takes it.
func write(t *testing.T, addr, value string) {
	t.Helper()
	c := client(t, addr)
	require.Eventually(t, func() bool { return c.Set(t.Context(), "k", value, 0).Err() == nil }, time.Minute, 50*time.Millisecond)
}

// holds waits until a server has a value; none is redis.Nil.
func holds(t *testing.T, addr, value string) {
	t.Helper()
	c := client(t, addr)
	require.Eventually(t, func() bool {
		got, err := c.Get(t.Context(), "k").Result()
		return got == value && (err == nil || errors.Is(err, redis.Nil))
	}, time.Minute, 50*time.Millisecond)
}

func TestFailover(t *testing.T) {
	t.Parallel()
	r, ctx := pair(t)
	before := r.Master()
	require.NoError(t, r.Promote(ctx))
	require.NotEqual(t, before, r.Master())
	require.NoError(t, r.Demote(ctx))
	write(t, r.Master(), "after")
	holds(t, before, "after")
}

// While they are split both take writes, and in the end the new one is right.
func TestSplit(t *testing.T) {
	t.Parallel()
	r, ctx := pair(t)
	before := r.Master()
	require.NoError(t, r.Split(ctx))
	write(t, r.Master(), "new")
	require.NoError(t, client(t, before).Set(ctx, "k", "old", 0).Err(), "it does not know")
	require.NoError(t, r.Demote(ctx))
	holds(t, before, "new")
}

func TestRestoreIsOlder(t *testing.T) {
	t.Parallel()
	r, ctx := pair(t)
	kept, err := r.Save()
	require.NoError(t, err)
	write(t, r.Master(), "later")
	require.NoError(t, r.Restore(ctx, kept))
	holds(t, r.Master(), "begun")
	write(t, r.Master(), "again")
	require.NoError(t, r.Kill())
	require.NoError(t, r.Restart(ctx))
	holds(t, r.Master(), "again")
}

func TestNoRoomNoReplicaNothing(t *testing.T) {
	t.Parallel()
	r, ctx := pair(t)
	c := client(t, r.Master())
	require.NoError(t, r.Full(ctx, true))
	require.ErrorContains(t, c.Set(ctx, "k", "full", 0).Err(), "OOM")
	require.NoError(t, c.Get(ctx, "k").Err(), "it is read")
	require.NoError(t, r.Full(ctx, false))
	require.NoError(t, r.KillReplica())
	require.Eventually(t, func() bool {
		err := c.Set(ctx, "k", "alone", 0).Err()
		return err != nil && redis.HasErrorPrefix(err, "NOREPLICAS")
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, r.RestartReplica(ctx))
	write(t, r.Master(), "copied")
	require.NoError(t, r.Flush(ctx))
	holds(t, r.Master(), "")
	require.NoError(t, r.Pause())
	require.NoError(t, r.Resume())
}
