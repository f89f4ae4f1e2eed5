package services_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/testkit/services"
)

func TestKafkaProducesAndConsumes(t *testing.T) {
	t.Parallel()
	topic := services.Instance(t) + ".round-trip"
	client := kafkaClient(t, services.Kafka(t), kgo.ConsumeTopics(topic), kgo.AllowAutoTopicCreation())

	produce(t, client, topic, "lead-1")

	require.Equal(t, "lead-1", consume(t, client))
}

func TestRedisSetsAndGets(t *testing.T) {
	t.Parallel()
	opts, err := redis.ParseURL(services.Redis(t))
	require.NoError(t, err)
	client := redis.NewClient(opts)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	key := services.Instance(t)

	require.NoError(t, client.Set(t.Context(), key, "kim", 0).Err())

	require.Equal(t, "kim", client.Get(t.Context(), key).Val())
}

func TestRedisClusterServesEverySlot(t *testing.T) {
	t.Parallel()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: services.RedisCluster(t)})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	key := services.Instance(t)

	// 64 keys in slots of their own: three nodes each get some.
	for i := range 64 {
		require.NoError(t, client.Set(t.Context(), key+string(rune('!'+i)), i, 0).Err())
	}
	var masters atomic.Int32
	require.NoError(t, client.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		masters.Add(1)
		return node.Ping(ctx).Err()
	}))
	require.GreaterOrEqual(t, int(masters.Load()), 3)
}

func TestInstanceIsUniqueAndPlain(t *testing.T) {
	t.Parallel()
	t.Run("Ünïcode & a very long name that goes on for ever and ever until it is cut", func(t *testing.T) {
		t.Parallel()
		a, b := services.Instance(t), services.Instance(t)
		require.NotEqual(t, a, b)
		require.Regexp(t, `^[a-z0-9-]{20,80}$`, a)
	})
}

// kafkaClient returns a client that reads topics from their start.
func kafkaClient(t *testing.T, brokers []string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(brokers...)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

func produce(t *testing.T, client *kgo.Client, topic, value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	record := &kgo.Record{Topic: topic, Value: []byte(value)}
	require.NoError(t, client.ProduceSync(ctx, record).FirstErr())
}

// consume returns the value of the next record.
func consume(t *testing.T, client *kgo.Client) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	fetches := client.PollRecords(ctx, 1)
	require.NoError(t, fetches.Err())
	require.Len(t, fetches.Records(), 1)
	return string(fetches.Records()[0].Value)
}
