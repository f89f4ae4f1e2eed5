package kstream_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"leadrouter/pkg/kstream"
)

// refuse answers a request with an error code in every place where it has one.
func refuse(req kmsg.Request, code int16) kmsg.Response {
	switch req := req.(type) {
	case *kmsg.EndTxnRequest:
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = code
		return resp
	case *kmsg.InitProducerIDRequest:
		resp := req.ResponseKind().(*kmsg.InitProducerIDResponse)
		resp.ErrorCode, resp.ProducerID = code, -1
		return resp
	case *kmsg.TxnOffsetCommitRequest:
		resp := req.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
		for _, t := range req.Topics {
			rt := kmsg.NewTxnOffsetCommitResponseTopic()
			rt.Topic = t.Topic
			for _, p := range t.Partitions {
				rp := kmsg.NewTxnOffsetCommitResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp
	case *kmsg.OffsetCommitRequest:
		resp := req.ResponseKind().(*kmsg.OffsetCommitResponse)
		for _, t := range req.Topics {
			rt := kmsg.NewOffsetCommitResponseTopic()
			rt.Topic = t.Topic
			for _, p := range t.Partitions {
				rp := kmsg.NewOffsetCommitResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp
	case *kmsg.ProduceRequest:
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, t := range req.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = t.Topic, t.TopicID
			for _, p := range t.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = p.Partition, code
				rt.Partitions = append(rt.Partitions, rp)
			}
			resp.Topics = append(resp.Topics, rt)
		}
		return resp
	}
	return nil
}

// Whatever a broker answers in the middle of a transaction, nothing is lost, doubled or swapped.
func TestBrokerErrorsHeal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key   kmsg.Key
		err   *kerr.Error
		times int32
		plain bool // the handler writes nothing
	}{
		"rebalance has begun":       {key: kmsg.TxnOffsetCommit, err: kerr.RebalanceInProgress, times: 2},
		"rebalance is over":         {key: kmsg.TxnOffsetCommit, err: kerr.IllegalGeneration, times: 2},
		"thrown out of the group":   {key: kmsg.TxnOffsetCommit, err: kerr.UnknownMemberID, times: 1},
		"coordinator is loading":    {key: kmsg.TxnOffsetCommit, err: kerr.CoordinatorLoadInProgress, times: 3},
		"offsets cannot be written": {key: kmsg.TxnOffsetCommit, err: kerr.UnknownServerError, times: 1},
		"write is refused":          {key: kmsg.Produce, err: kerr.InvalidTxnState, times: 1},
		"write has an old epoch":    {key: kmsg.Produce, err: kerr.InvalidProducerEpoch, times: 1},
		"not enough replicas":       {key: kmsg.Produce, err: kerr.NotEnoughReplicas, times: 2},
		"end is fenced":             {key: kmsg.EndTxn, err: kerr.ProducerFenced, times: 1},
		"end is unknown":            {key: kmsg.EndTxn, err: kerr.UnknownServerError, times: 1},
		"end must be an abort":      {key: kmsg.EndTxn, err: kerr.TransactionAbortable, times: 1},
		"end meets a loading coord": {key: kmsg.EndTxn, err: kerr.CoordinatorLoadInProgress, times: 2},
		"ids are loading":           {key: kmsg.InitProducerID, err: kerr.CoordinatorLoadInProgress, times: 2},
		"plain commit, rebalance":   {key: kmsg.OffsetCommit, err: kerr.RebalanceInProgress, times: 2, plain: true},
		"plain commit, thrown out":  {key: kmsg.OffsetCommit, err: kerr.UnknownMemberID, times: 1, plain: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := setup(t, 2)
			k.publish(0, 100)
			var left atomic.Int32
			left.Store(tt.times)
			k.control(tt.key, func(req kmsg.Request) kmsg.Response {
				if p, ok := req.(*kmsg.ProduceRequest); ok && p.TransactionID == nil {
					return nil // the publisher of the test
				}
				if left.Add(-1) < 0 {
					return nil
				}
				return refuse(req, tt.err.Code)
			})
			h := &stub{to: k.out}
			if tt.plain {
				h.handle = func(kstream.Batch) (kstream.Output, error) { return kstream.Output{}, nil }
			}
			stream, stop := k.run(h, func(c *kstream.Config) {
				c.MaxBatch = 10
				c.TransactionTimeout = time.Minute // nothing may heal by waiting for it
			})
			require.Eventually(t, func() bool { return h.committedSum() >= 100 }, 30*time.Second, 10*time.Millisecond)
			k.publish(100, 200)
			require.Eventually(t, func() bool { return h.committedSum() == 200 && stream.Ready() }, 30*time.Second, 10*time.Millisecond)
			require.Negative(t, left.Load(), "the fault has not happened")
			if !tt.plain {
				k.requireCopied(200)
			}
			require.NoError(t, stop())
		})
	}
}

// An end whose answer is lost may be a commit: only the coordinator knows.
func TestLostAnswerOfEnd(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	k.publish(0, 100)
	var ends atomic.Int32
	k.cluster.ControlKey(kmsg.EndTxn.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.cluster.KeepControl()
		if ends.Add(1) == 2 {
			return nil, errors.New("connection cut"), true
		}
		return nil, nil, false
	})
	h := &stub{to: k.out}
	_, stop := k.run(h, func(c *kstream.Config) { c.MaxBatch = 10 })
	k.requireCopied(100)
	require.NoError(t, stop())
	require.Greater(t, ends.Load(), int32(2))
}

// A member that the group has forgotten while it rejoined keeps its positions, although others
// may have had its partitions: it has to ask where the group stands.
func TestNewMemberIDReadsAgain(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	h := &stub{to: k.out}
	core, logs := observer.New(zap.WarnLevel)
	k.run(h, func(c *kstream.Config) { c.SessionTimeout, c.Logger = time.Second, zap.New(core) })
	k.publish(0, 100)
	k.requireCopied(100)
	once := func(key kmsg.Key, resp func(kmsg.Request) kmsg.Response) {
		k.cluster.ControlKey(key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) { return resp(req), nil, true })
	}
	once(kmsg.JoinGroup, func(req kmsg.Request) kmsg.Response {
		resp := req.(*kmsg.JoinGroupRequest).ResponseKind().(*kmsg.JoinGroupResponse)
		resp.ErrorCode = kerr.UnknownMemberID.Code
		return resp
	})
	once(kmsg.Heartbeat, func(req kmsg.Request) kmsg.Response {
		resp := req.(*kmsg.HeartbeatRequest).ResponseKind().(*kmsg.HeartbeatResponse)
		resp.ErrorCode = kerr.RebalanceInProgress.Code
		return resp
	})
	k.publish(100, 200)
	const message = "member id has changed, reading again from the committed offsets"
	require.Eventually(t, func() bool { return logs.FilterMessage(message).Len() == 1 }, 20*time.Second, 10*time.Millisecond)
	k.publish(200, 300)
	k.requireCopied(300)
	h.see(func() { require.Greater(t, len(h.assigned), 1) })
}

// Without rights no waiting helps.
func TestMissingRightsAreFatal(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.control(kmsg.InitProducerID, func(req kmsg.Request) kmsg.Response {
		return refuse(req, kerr.TransactionalIDAuthorizationFailed.Code)
	})
	stream, err := kstream.New(kstream.Config{Client: k.client, Role: "copy", Topics: []string{k.in}}, &stub{})
	require.NoError(t, err)
	require.ErrorIs(t, stream.Run(t.Context()), kerr.TransactionalIDAuthorizationFailed)
	require.False(t, stream.Ready())
}

// Brokers without KIP-890 want to be told of every partition and of the offsets beforehand.
func TestOlderBrokers(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "in", "out"), kfake.MaxVersions(kversion.V3_6_0()))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	k := &kit{t: t, cluster: cluster, client: kstream.Client{Brokers: cluster.ListenAddrs()}, in: "in", out: "out"}
	var added atomic.Int32
	k.control(kmsg.AddOffsetsToTxn, func(kmsg.Request) kmsg.Response { added.Add(1); return nil })
	k.publish(0, 100)
	_, stop := k.run(&stub{to: k.out}, func(c *kstream.Config) { c.MaxBatch = 10 })
	k.requireCopied(100)
	require.NoError(t, stop())
	require.Positive(t, added.Load())
}
