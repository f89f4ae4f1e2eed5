package kstream_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	client := kstream.Client{Brokers: services.Kafka(t)}
	prefix := services.Instance(t)
	decisions := kstream.Topic{
		Name: prefix + ".decisions", Partitions: 3,
		Configs: map[string]string{kstream.CleanupPolicy: "delete", kstream.RetentionMS: "-1"},
	}
	timers := kstream.Topic{Name: prefix + ".timers", Partitions: 2, Configs: map[string]string{kstream.CleanupPolicy: "compact"}}
	require.ErrorIs(t, client.VerifyTopics(t.Context(), timers), kstream.ErrTopicMissing)
	require.NoError(t, client.CreateTopics(t.Context(), decisions, timers, timers.DeadLetters()))
	require.NoError(t, client.CreateTopics(t.Context(), decisions, timers), "again")

	listed, err := client.ListTopics(t.Context(), prefix+".")
	require.NoError(t, err)
	require.Len(t, listed, 3)
	require.Equal(t, prefix+".decisions", listed[0].Name)
	require.Equal(t, int32(3), listed[0].Partitions)
	require.Equal(t, "-1", listed[0].Configs[kstream.RetentionMS])
	require.Equal(t, prefix+".timers"+kstream.DLQSuffix, listed[2].Name)

	wrong := decisions
	wrong.Partitions = 4
	require.ErrorIs(t, client.CreateTopics(t.Context(), wrong), kstream.ErrPartitionCount)
	forgetting := timers
	forgetting.Configs = map[string]string{kstream.CleanupPolicy: "delete", kstream.RetentionMS: "-1"}
	err = client.VerifyTopics(t.Context(), forgetting)
	require.ErrorIs(t, err, kstream.ErrTopicConfig)
	require.ErrorIs(t, err, kstream.ErrTopicForgetting)
}

// A broker that is asked for the settings of a new topic may not have heard of it yet.
func TestTopicsAreAwaited(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	late := kstream.Topic{Name: k.out + "-late", Partitions: 1, Configs: map[string]string{kstream.CleanupPolicy: "compact"}}
	asked := 0
	k.control(kmsg.DescribeConfigs, func(req kmsg.Request) kmsg.Response {
		if asked++; asked > 2 {
			return nil
		}
		resp := req.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, asked := range req.(*kmsg.DescribeConfigsRequest).Resources {
			resource := kmsg.NewDescribeConfigsResponseResource()
			resource.ResourceType, resource.ResourceName = asked.ResourceType, asked.ResourceName
			resource.ErrorCode = kerr.UnknownTopicOrPartition.Code
			resp.Resources = append(resp.Resources, resource)
		}
		return resp
	})
	require.NoError(t, k.client.CreateTopics(t.Context(), late))
	require.Greater(t, asked, 2)
}

// transactions writes n committed or aborted transactions of one record each.
func transactions(t *testing.T, client kstream.Client, topic string, n int, end kgo.TransactionEndTry) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(client.Brokers...), kgo.TransactionalID(services.Instance(t)), kgo.ProducerLinger(0))
	require.NoError(t, err)
	defer cl.Close()
	for i := range n {
		require.NoError(t, cl.BeginTransaction())
		require.NoError(t, cl.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: fmt.Appendf(nil, "%t %d", end, i)}).FirstErr())
		require.NoError(t, cl.EndTransaction(t.Context(), end))
	}
}

// The end of a transactional topic is a marker, or aborted records: it is reached all the same.
func TestReadToEnd(t *testing.T) {
	t.Parallel()
	client := kstream.Client{Brokers: services.Kafka(t)}
	topic := services.Instance(t)
	require.NoError(t, client.CreateTopics(t.Context(), kstream.Topic{Name: topic, Partitions: 3}))
	read := func(from map[kstream.TopicPartition]int64) (values []string, next map[kstream.TopicPartition]int64) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		next, err := client.ReadToEnd(ctx, from, func(r *kstream.Record) error {
			values = append(values, string(r.Value))
			return nil
		})
		require.NoError(t, err)
		return values, next
	}
	starts, err := client.Starts(t.Context(), topic)
	require.NoError(t, err)
	require.Len(t, starts, 3)
	values, next := read(starts)
	require.Empty(t, values, "an empty topic ends at once")

	transactions(t, client, topic, 5, kgo.TryCommit)
	transactions(t, client, topic, 3, kgo.TryAbort)
	require.NoError(t, client.WaitSettled(t.Context(), topic)) // a broker writes markers in its own time
	values, next = read(next)
	require.Len(t, values, 5)
	again, same := read(next)
	require.Empty(t, again)
	require.Equal(t, next, same)
	require.Eventually(t, func() bool {
		ends, err := client.Ends(t.Context(), topic)
		return err == nil && maps.Equal(ends, next)
	}, 10*time.Second, 20*time.Millisecond, "it was read to its end")

	stop := errors.New("enough")
	_, err = client.ReadToEnd(t.Context(), starts, func(*kstream.Record) error { return stop })
	require.ErrorIs(t, err, stop)
	_, err = client.ReadToEnd(t.Context(), map[kstream.TopicPartition]int64{{Topic: topic, Partition: 9}: 0}, nil)
	require.ErrorContains(t, err, "no partition")
}

func TestTail(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	k.publish(0, 10)
	from := map[kstream.TopicPartition]int64{
		{Topic: k.in, Partition: 0}: kstream.FromStart, {Topic: k.in, Partition: 1}: kstream.FromStart,
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	require.NoError(t, k.client.Tail(ctx, from, func(*kstream.Record) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	}), "the end of the context is no error")
	require.Equal(t, 10, n)
	stop := errors.New("enough")
	require.ErrorIs(t, k.client.Tail(t.Context(), from, func(*kstream.Record) error { return stop }), stop)
}

func TestPublisher(t *testing.T) {
	t.Parallel()
	k := setup(t, 4)
	p, err := kstream.NewPublisher(k.client)
	require.NoError(t, err)
	defer p.Close()
	sent := make(chan *kstream.Record, 1)
	p.Send(t.Context(), &kstream.Record{Topic: k.out, Key: []byte("lead-1")}, func(r *kstream.Record, err error) {
		if err == nil {
			sent <- r
		}
	})
	require.NoError(t, p.Flush(t.Context()))
	// toPositive(murmur2("lead-1")) % 4, as the Java clients have it.
	require.Equal(t, int32(kgo.KafkaHasher(murmur2)([]byte("lead-1"), 4)), (<-sent).Partition)
	require.Error(t, p.Publish(t.Context(), &kstream.Record{Topic: k.out, Value: make([]byte, 2<<20)}))
}

// murmur2 is Kafka's hash, written out here as the reference.
func murmur2(data []byte) uint32 {
	const m, r = 0x5bd1e995, 24
	h := uint32(0x9747b28c) ^ uint32(len(data))
	for ; len(data) >= 4; data = data[4:] {
		k := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
		k *= m
		k ^= k >> r
		k *= m
		h *= m
		h ^= k
	}
	switch len(data) {
	case 3:
		h ^= uint32(data[2]) << 16
		fallthrough
	case 2:
		h ^= uint32(data[1]) << 8
		fallthrough
	case 1:
		h ^= uint32(data[0])
		h *= m
	}
	h ^= h >> 13
	h *= m
	h ^= h >> 15
	return h
}
