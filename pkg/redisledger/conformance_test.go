package redisledger_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/ledger/ledgertest"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

func TestEmbeddedRedisConforms(t *testing.T) {
	t.Parallel()
	conforms(t, embedded(t))
}

func TestRedisConforms(t *testing.T) {
	t.Parallel()
	conforms(t, single(t))
}

func TestRedisClusterConforms(t *testing.T) {
	t.Parallel()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: services.RedisCluster(t)})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	conforms(t, client)
}

func conforms(t *testing.T, client redis.UniversalClient) {
	instance := services.Instance(t)
	var opened atomic.Int64
	ledgertest.Run(t, func() (ledger.Store, error) {
		l, err := redisledger.New(client, redisledger.Config{
			Namespace: fmt.Sprintf("%s-%d", instance, opened.Add(1)),
			Cluster:   "kafka", Dedupe: ledgertest.Config.Dedupe,
		})
		if err != nil {
			return nil, err
		}
		_, err = l.Open(context.Background())
		return l, err
	})
}

// embedded is a client of a Redis inside the process.
func embedded(t testing.TB) *redis.Client {
	server := miniredis.RunT(t)
	// Lua in Go under the race detector takes its time.
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: time.Minute})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// single is a client of a real Redis.
func single(t testing.TB) *redis.Client {
	options, err := redis.ParseURL(services.Redis(t))
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}
