package redisledger_test

import (
	"context"
	"fmt"
	"os/exec"
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

// A real Redis is asked by a user who may do what is listed and no more, see
// commands_test.go; where there is no server of our own to make one on, by anybody.
func TestRedisConforms(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("redis-server"); err != nil {
		conforms(t, single(t))
		return
	}
	conformsWithRights(t)
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
