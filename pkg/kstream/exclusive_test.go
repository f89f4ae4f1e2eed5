package kstream_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

func TestExclusiveWritesAllOrNothing(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	first, err := kstream.OpenExclusive(t.Context(), k.client, "sole")
	require.NoError(t, err)
	defer first.Close()
	require.NoError(t, first.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("1")}, &kstream.Record{Topic: k.out, Value: []byte("2")}))
	require.NoError(t, first.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("3")}), "it can go on")

	second, err := kstream.OpenExclusive(t.Context(), k.client, "sole")
	require.NoError(t, err)
	defer second.Close()
	require.ErrorIs(t, first.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("lost")}), kstream.ErrOvertaken)
	require.NoError(t, second.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("4")}))
	require.Len(t, k.read(k.out, 4), 4)
}

// What could be written before the failure is not seen.
func TestExclusiveTakesBackWhatItCannotFinish(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	e, err := kstream.OpenExclusive(t.Context(), k.client, "sole")
	require.NoError(t, err)
	defer e.Close()
	err = e.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("half")}, &kstream.Record{Topic: k.out, Value: make([]byte, 2<<20)})
	require.Error(t, err)
	require.NotErrorIs(t, err, kstream.ErrOvertaken)
	require.NoError(t, e.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("whole")}))
	require.Len(t, k.read(k.out, 1), 1)
}

func TestExclusiveNeedsTheRight(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.control(kmsg.InitProducerID, func(req kmsg.Request) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.InitProducerIDResponse)
		resp.ErrorCode = kerr.TransactionalIDAuthorizationFailed.Code
		return resp
	})
	_, err := kstream.OpenExclusive(t.Context(), k.client, "sole")
	require.ErrorIs(t, err, kerr.TransactionalIDAuthorizationFailed)
	require.ErrorContains(t, err, "open sole")
}

// Between the moment that somebody else opens the id and the end of what that aborts, the
// brokers say of a transaction that it is in no state to be ended.
func TestExclusiveIsOvertakenWhileItEnds(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	e, err := kstream.OpenExclusive(t.Context(), k.client, "sole")
	require.NoError(t, err)
	defer e.Close()
	k.control(kmsg.EndTxn, func(req kmsg.Request) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.InvalidTxnState.Code
		return resp
	})
	require.ErrorIs(t, e.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("lost")}), kstream.ErrOvertaken)
}

// A broker says that a transaction is committed before its readers see it.
func TestExclusiveIsSeenOnceItHasCommitted(t *testing.T) {
	t.Parallel()
	brokers, _ := services.Real(t) // the stand-in does both at once
	client := kstream.Client{Brokers: brokers}
	name := services.Instance(t)
	topic := kstream.Topic{Name: name, Partitions: 8}
	require.NoError(t, client.CreateTopics(t.Context(), topic))
	e, err := kstream.OpenExclusive(t.Context(), client, name)
	require.NoError(t, err)
	defer e.Close()
	next, err := client.Starts(t.Context(), name)
	require.NoError(t, err)
	for range 100 {
		var records []*kstream.Record
		for i := range int(topic.Partitions) {
			records = append(records, &kstream.Record{Topic: name, Key: []byte{byte(i)}})
		}
		require.NoError(t, e.Commit(t.Context(), records...))
		seen := 0
		next, err = client.ReadToEnd(t.Context(), next, func(*kstream.Record) error {
			seen++
			return nil
		})
		require.NoError(t, err)
		require.Len(t, records, seen)
	}
}

// The error of a question that is only there to wait is nobody's: it is committed.
func TestExclusiveWaitsUntilItIsSeen(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	e, err := kstream.OpenExclusive(t.Context(), k.client, "sole")
	require.NoError(t, err)
	defer e.Close()
	asked := 0
	k.control(kmsg.DescribeTransactions, func(req kmsg.Request) kmsg.Response {
		asked++
		resp := req.ResponseKind().(*kmsg.DescribeTransactionsResponse)
		state := kmsg.NewDescribeTransactionsResponseTransactionState()
		state.TransactionalID, state.State = "sole", "PrepareCommit"
		if asked == 3 {
			state.ErrorCode = kerr.TransactionalIDAuthorizationFailed.Code
		}
		resp.TransactionStates = append(resp.TransactionStates, state)
		return resp
	})
	require.NoError(t, e.Commit(t.Context(), &kstream.Record{Topic: k.out, Value: []byte("1")}))
	require.Equal(t, 3, asked)
}
