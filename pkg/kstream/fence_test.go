package kstream_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
)

// Idle ids and open transactions alike: what was open is gone, and its holder is out.
func TestFenceTakesOverAllIDsOfAPrefix(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	idle, err := kstream.OpenExclusive(t.Context(), k.client, "app-idle")
	require.NoError(t, err)
	defer idle.Close()
	stranger, err := kstream.OpenExclusive(t.Context(), k.client, "other-app-1")
	require.NoError(t, err)
	defer stranger.Close()
	open, err := kgo.NewClient(kgo.SeedBrokers(k.client.Brokers...), kgo.TransactionalID("app-open"), kgo.DefaultProduceTopic(k.out))
	require.NoError(t, err)
	defer open.Close()
	require.NoError(t, open.BeginTransaction())
	require.NoError(t, open.ProduceSync(t.Context(), kgo.StringRecord("lost")).FirstErr())

	fenced, err := k.client.Fence(t.Context(), "app")
	require.NoError(t, err)
	require.Equal(t, 2, fenced)
	require.NoError(t, k.client.WaitSettled(t.Context(), k.out))
	require.ErrorIs(t, idle.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("late")}), kstream.ErrOvertaken)
	require.Error(t, open.EndTransaction(t.Context(), kgo.TryCommit))
	require.NoError(t, stranger.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("1")}))

	again, err := kstream.OpenExclusive(t.Context(), k.client, "app-idle")
	require.NoError(t, err)
	defer again.Close()
	require.NoError(t, again.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("2")}), "whoever opens the id anew goes on")
	require.Len(t, k.read(k.out, 2), 2)
}

// The coordinator of some ids is between two brokers, and none of them lists these.
func TestFenceTakesOverTheIDsOfMembers(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.run(&stub{to: k.out}, func(c *kstream.Config) { c.Slot = "a" })
	k.publish(0, 10)
	k.requireCopied(10)
	k.control(kmsg.ListTransactions, func(req kmsg.Request) kmsg.Response {
		return req.ResponseKind().(*kmsg.ListTransactionsResponse)
	})
	var mu sync.Mutex
	var fenced []string
	k.control(kmsg.InitProducerID, func(req kmsg.Request) kmsg.Response {
		mu.Lock()
		defer mu.Unlock()
		fenced = append(fenced, *req.(*kmsg.InitProducerIDRequest).TransactionalID)
		return nil
	})
	listed, err := k.client.Fence(t.Context(), "test-copy")
	require.NoError(t, err)
	require.Zero(t, listed)
	mu.Lock()
	defer mu.Unlock()
	require.Subset(t, fenced, []string{"test-copy-a-0", "test-copy-a-1", "test-copy-a-2"})
}

func TestFenceOfNobody(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	fenced, err := k.client.Fence(t.Context(), "app")
	require.NoError(t, err)
	require.Zero(t, fenced)
}

// A coordinator that still ends what was open is asked again; one that refuses is not.
func TestFenceWaitsForTheCoordinator(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	e, err := kstream.OpenExclusive(t.Context(), k.client, "app-1")
	require.NoError(t, err)
	defer e.Close()
	refuse := func(code int16) {
		var once sync.Once
		k.control(kmsg.InitProducerID, func(req kmsg.Request) (answer kmsg.Response) {
			once.Do(func() {
				resp := req.ResponseKind().(*kmsg.InitProducerIDResponse)
				resp.ErrorCode = code
				answer = resp
			})
			return answer
		})
	}
	refuse(kerr.ConcurrentTransactions.Code)
	fenced, err := k.client.Fence(t.Context(), "app")
	require.NoError(t, err)
	require.Equal(t, 1, fenced)

	refuse(kerr.TransactionalIDAuthorizationFailed.Code)
	_, err = k.client.Fence(t.Context(), "app")
	require.ErrorIs(t, err, kerr.TransactionalIDAuthorizationFailed)
	require.ErrorContains(t, err, "app-1")
}

// All records of one key are in the partition that is computed for it.
func TestPartitionOfKey(t *testing.T) {
	t.Parallel()
	k := setup(t, 7)
	to, err := kstream.NewPublisher(k.client)
	require.NoError(t, err)
	defer to.Close()
	for _, key := range []string{"rebuild", "L-1", "Łódź", "k"} {
		r := &kstream.Record{Topic: k.out, Key: []byte(key)}
		require.NoError(t, to.Publish(t.Context(), r))
		require.Equal(t, r.Partition, kstream.PartitionOfKey(key, 7), key)
	}
}
