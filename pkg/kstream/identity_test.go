package kstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

func (k *kit) open(opts ...kgo.Opt) *kgo.Client {
	k.t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(k.client.Brokers...))...)
	require.NoError(k.t, err)
	k.t.Cleanup(client.Close)
	return client
}

// A topic made anew has another id, and so have its offsets.
func TestATopicMadeAnewIsAnother(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	before, err := k.client.Identify(t.Context(), k.in, k.out)
	require.NoError(t, err)
	require.NotEmpty(t, before.Cluster)
	require.NotEqual(t, before.Topics[k.in], before.Topics[k.out])

	admin := kadm.NewClient(k.open())
	_, err = admin.DeleteTopic(t.Context(), k.in)
	require.NoError(t, err)
	_, err = k.client.Identify(t.Context(), k.in, k.out)
	require.ErrorIs(t, err, kstream.ErrTopicMissing)
	require.ErrorContains(t, err, k.in)
	_, err = admin.CreateTopic(t.Context(), 1, 1, nil, k.in)
	require.NoError(t, err)
	after, err := k.client.Identify(t.Context(), k.in, k.out)
	require.NoError(t, err)
	require.Equal(t, before.Cluster, after.Cluster)
	require.Equal(t, before.Topics[k.out], after.Topics[k.out])
	require.NotEqual(t, before.Topics[k.in], after.Topics[k.in])
}

func TestAGroupIsCountedAndItsOffsetsAreRead(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	offsets, err := k.client.Committed(t.Context(), "nobody")
	require.NoError(t, err)
	require.Empty(t, offsets)
	members, err := k.client.Members(t.Context(), "nobody")
	require.NoError(t, err)
	require.Zero(t, members)

	_, stop := k.run(&stub{to: k.out})
	k.publish(0, 20)
	k.requireCopied(20)
	members, err = k.client.Members(t.Context(), "test-copy")
	require.NoError(t, err)
	require.Equal(t, 1, members)
	require.NoError(t, stop())
	members, err = k.client.Members(t.Context(), "test-copy")
	require.NoError(t, err)
	require.Zero(t, members)
	offsets, err = k.client.Committed(t.Context(), "test-copy")
	require.NoError(t, err)
	ends, err := k.client.Ends(t.Context(), k.in)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(ends, offsets))
}

// What cannot be asked is not taken for nobody, or for no commit.
func TestARefusalIsNoAnswer(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.control(kmsg.DescribeGroups, func(req kmsg.Request) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.DescribeGroupsResponse)
		group := kmsg.NewDescribeGroupsResponseGroup()
		group.Group, group.ErrorCode = "test-copy", kerr.GroupAuthorizationFailed.Code
		resp.Groups = append(resp.Groups, group)
		return resp
	})
	_, err := k.client.Members(t.Context(), "test-copy")
	require.ErrorIs(t, err, kerr.GroupAuthorizationFailed)
}

func TestOpenTransactionsAreWaitedFor(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	require.NoError(t, k.client.WaitSettled(t.Context(), k.out))
	first := k.open(kgo.TransactionalID("first"))
	require.NoError(t, first.BeginTransaction())
	require.NoError(t, first.ProduceSync(t.Context(), &kgo.Record{Topic: k.out}).FirstErr())

	limited, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.Error(t, k.client.WaitSettled(limited, k.out))

	settled := make(chan error, 1)
	go func() { settled <- k.client.WaitSettled(t.Context(), k.out) }()
	require.Never(t, func() bool { return len(settled) > 0 }, 200*time.Millisecond, 20*time.Millisecond)
	require.NoError(t, first.EndTransaction(t.Context(), kgo.TryAbort))
	require.NoError(t, <-settled)
	require.Error(t, k.client.WaitSettled(t.Context(), "missing"))
}

func TestAnEventSurvivesItsRecord(t *testing.T) {
	t.Parallel()
	e, err := event.New(event.LeadAssigned, "cause", 0, "L-1", time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), map[string]string{"lead_id": "L-1"})
	require.NoError(t, err)
	e.Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	record := kstream.Encode("x.lead.assigned", "L-1", e)
	require.Equal(t, "x.lead.assigned", record.Topic)
	require.Equal(t, "L-1", string(record.Key))
	got, err := kstream.Decode(record)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(e, got))

	bare, err := kstream.Decode(&kstream.Record{Key: []byte("L-2"), Value: []byte(`{"id":"L-2"}`)})
	require.NoError(t, err)
	require.Equal(t, "L-2", bare.Subject)
	require.JSONEq(t, `{"id":"L-2"}`, string(bare.Data))
}

// What was not asked for by a record may be written while all records wait.
func TestUnpromptedOutputIsWritten(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	at := kstream.TopicPartition{Topic: k.in}
	said := false
	s := &stub{to: k.out}
	s.handle = func(b kstream.Batch) (kstream.Output, error) {
		if said {
			return s.copy(b.Records), nil
		}
		said = true
		return kstream.Output{
			Records: []*kstream.Record{{Topic: k.out, Key: []byte("k"), Value: []byte("unprompted")}}, Unprompted: true,
			Until: map[kstream.TopicPartition]int64{at: b.Records[0].Offset},
		}, nil
	}
	k.publish(0, 1)
	_, stop := k.run(s)
	records := k.read(k.out, 2)
	require.Equal(t, "unprompted", string(records[0].Value))
	require.Equal(t, "0", string(records[1].Value))
	require.NoError(t, stop())
	s.see(func() { require.EqualValues(t, 1, s.committed[at]) })
}
