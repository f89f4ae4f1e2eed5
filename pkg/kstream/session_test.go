package kstream_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"leadrouter/pkg/kstream"
)

// Who has lost the group is not ready, and is again as soon as it is back, although nothing
// comes in: that it was lost is read only then, once for each failed attempt to come back, and
// said once.
func TestReadyAgainAfterTheSessionWasLost(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	var joins, refused, fetches atomic.Int64
	var lost, hold atomic.Bool
	k.control(kmsg.JoinGroup, func(req kmsg.Request) kmsg.Response {
		if hold.Load() {
			resp := req.ResponseKind().(*kmsg.JoinGroupResponse)
			resp.ErrorCode = kerr.UnknownServerError.Code
			refused.Add(1)
			return resp
		}
		joins.Add(1)
		return nil
	})
	k.control(kmsg.Fetch, func(kmsg.Request) kmsg.Response {
		fetches.Add(1)
		return nil
	})
	k.control(kmsg.Heartbeat, func(req kmsg.Request) kmsg.Response {
		if !lost.CompareAndSwap(true, false) {
			return nil
		}
		resp := req.ResponseKind().(*kmsg.HeartbeatResponse)
		resp.ErrorCode = kerr.UnknownMemberID.Code
		return resp
	})
	core, logs := observer.New(zap.WarnLevel)
	stream, _ := k.run(&stub{to: k.out}, func(cfg *kstream.Config) { cfg.Logger = zap.New(core) })
	ready := func() bool { return stream.Ready() }
	require.Eventually(t, ready, 30*time.Second, time.Millisecond)

	hold.Store(true)
	lost.Store(true)
	require.Eventually(t, func() bool { return !stream.Ready() }, 30*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return refused.Load() > 2 }, 30*time.Second, time.Millisecond)
	before, read := joins.Load(), fetches.Load()
	hold.Store(false)
	require.Eventually(t, func() bool { return joins.Load() > before && fetches.Load() > read }, 30*time.Second, time.Millisecond)
	require.Eventually(t, ready, 30*time.Second, time.Millisecond)
	require.Never(t, func() bool { return !stream.Ready() }, 500*time.Millisecond, time.Millisecond)
	require.Equal(t, 1, logs.FilterMessage("the group went on without this member for a while").Len())
}

// Who was stopped while there was nothing to read is ready as soon as what stopped it has come
// through: a commit, which tells of it otherwise, may be a night away.
func TestReadyAgainWithNothingToDo(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]func(h *stub, fail func() error){
		"handler does not take the partitions": func(h *stub, fail func() error) {
			h.begin = func(map[kstream.TopicPartition]int64) error { return fail() }
		},
		"handler waits": func(h *stub, fail func() error) {
			h.handle = func(kstream.Batch) (kstream.Output, error) { return kstream.Output{}, fail() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := setup(t, 1)
			var down atomic.Bool
			var calls atomic.Int64
			down.Store(true)
			h := &stub{to: k.out}
			fails(h, func() error {
				calls.Add(1)
				if down.Load() {
					return kstream.Retry(errors.New("redis is away"))
				}
				return nil
			})
			core, logs := observer.New(zap.InfoLevel)
			stream, _ := k.run(h, func(cfg *kstream.Config) { cfg.Logger, cfg.Tick = zap.New(core), 10*time.Millisecond })
			require.Eventually(t, func() bool { return calls.Load() > 3 }, 30*time.Second, time.Millisecond)
			require.False(t, stream.Ready())
			down.Store(false)
			require.Eventually(t, stream.Ready, 30*time.Second, time.Millisecond)
			require.Equal(t, 1, logs.FilterMessage(name).Len())
			require.Equal(t, 1, logs.FilterMessage("goes on").Len())
		})
	}
}
