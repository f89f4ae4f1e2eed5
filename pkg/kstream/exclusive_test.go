package kstream_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
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
