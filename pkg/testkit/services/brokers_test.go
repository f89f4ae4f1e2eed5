package services_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/testkit/services"
)

// Three brokers copy each topic, go on without one, and tell who asks on a link the
// addresses of that link.
func TestBrokers(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	listeners := map[string][]string{}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	brokers := services.OwnBrokers(t, services.BrokersConfig{
		Count: 3, Java: []string{"-Xmx256m"}, Links: []string{"A"},
		Advertise: func(link string, _ int, listener string) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			listeners[link] = append(listeners[link], listener)
			return listener, nil
		},
	})
	require.Len(t, listeners["A"], 3)
	require.Len(t, listeners[services.Peers], 3)
	require.Equal(t, listeners["A"], brokers.Addrs("A"))

	client, err := kgo.NewClient(kgo.SeedBrokers(brokers.Addrs("A")...))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	admin := kadm.NewClient(client)
	meta, err := admin.BrokerMetadata(ctx)
	require.NoError(t, err)
	require.Len(t, meta.Brokers, 3)
	for _, b := range meta.Brokers {
		addr := net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
		require.Contains(t, brokers.Addrs("A"), addr, "whoever asks on a link is told of it")
	}

	_, err = admin.CreateTopic(ctx, 3, -1, nil, "copied")
	require.NoError(t, err)
	require.NoError(t, client.ProduceSync(ctx, &kgo.Record{Topic: "copied", Value: []byte("before")}).FirstErr())
	before := leaders(t, admin)
	require.NoError(t, brokers.MoveLeaders(ctx, "copied"))
	require.Eventually(t, func() bool {
		for partition, leader := range leaders(t, admin) {
			if leader == before[partition] {
				return false
			}
		}
		return true
	}, time.Minute, 100*time.Millisecond)

	require.NoError(t, brokers.Nodes[0].Kill())
	require.NoError(t, client.ProduceSync(ctx, &kgo.Record{Topic: "copied", Value: []byte("without one")}).FirstErr())
	require.NoError(t, brokers.Nodes[0].Restart(ctx))
}

// leaders are those of the topic, by partition.
func leaders(t *testing.T, admin *kadm.Client) map[int32]int32 {
	t.Helper()
	topics, err := admin.ListTopics(t.Context(), "copied")
	require.NoError(t, err)
	leaders := map[int32]int32{}
	for _, p := range topics["copied"].Partitions {
		require.Len(t, p.Replicas, 3)
		leaders[p.Partition] = p.Leader
	}
	require.Len(t, leaders, 3)
	return leaders
}
