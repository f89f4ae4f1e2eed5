package embedded_test

import (
	"net"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/embedded"
)

func TestTopicsComeBackAndRedisStartsEmpty(t *testing.T) {
	t.Parallel()
	cfg := embedded.Config{Dir: t.TempDir()}
	servers, err := embedded.Start(cfg)
	require.NoError(t, err)

	_, err = embedded.Start(cfg)
	require.ErrorIs(t, err, embedded.ErrInUse)

	producer, err := kgo.NewClient(kgo.SeedBrokers(servers.Brokers()...))
	require.NoError(t, err)
	_, err = producer.Request(t.Context(), createTopic("kept"))
	require.NoError(t, err)
	require.NoError(t, producer.ProduceSync(t.Context(), &kgo.Record{Topic: "kept", Value: []byte("one")}).FirstErr())
	producer.Close()
	store := redis.NewClient(&redis.Options{Addr: servers.RedisAddr()})
	require.NoError(t, store.Set(t.Context(), "gone", "1", 0).Err())
	require.NoError(t, store.Close())
	servers.Close()

	servers, err = embedded.Start(cfg)
	require.NoError(t, err)
	defer servers.Close()
	consumer, err := kgo.NewClient(kgo.SeedBrokers(servers.Brokers()...), kgo.ConsumeTopics("kept"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	defer consumer.Close()
	records := consumer.PollFetches(t.Context()).Records()
	require.Len(t, records, 1)
	require.Equal(t, "one", string(records[0].Value))

	store = redis.NewClient(&redis.Options{Addr: servers.RedisAddr()})
	defer func() { _ = store.Close() }()
	require.ErrorIs(t, store.Get(t.Context(), "gone").Err(), redis.Nil)
}

func TestTakenPortsAreReplaced(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	port := taken.Addr().(*net.TCPAddr).Port

	servers, err := embedded.Start(embedded.Config{KafkaPort: port, RedisPort: port})
	require.NoError(t, err)
	defer servers.Close()
	require.NotEqual(t, taken.Addr().String(), servers.Brokers()[0])
	require.NotEqual(t, taken.Addr().String(), servers.RedisAddr())
}
