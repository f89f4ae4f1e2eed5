package services_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/testkit/services"
)

func TestPoolPrefersTheEnvironment(t *testing.T) {
	p := services.OwnRedis(t, services.RedisConfig{})
	t.Setenv(services.EnvRedis, "redis://"+p.Addr()+"/3")

	svc, err := new(services.Pool).Redis(limited(t))
	require.NoError(t, err)

	require.Equal(t, []string{"redis://" + p.Addr() + "/3"}, svc.Addrs)
	require.Equal(t, "Redis: redis://"+p.Addr()+"/3 (environment)", svc.String())
	require.True(t, svc.Real)
}

func TestPoolDoesNotFallBackFromTheEnvironment(t *testing.T) {
	for _, tc := range []struct {
		name, env, value string
		get              func(*services.Pool) error
	}{
		{"Kafka", services.EnvBrokers, "127.0.0.1:1", func(p *services.Pool) error {
			_, err := p.Kafka(limited(t))
			return err
		}},
		{"Redis", services.EnvRedis, "redis://127.0.0.1:1", func(p *services.Pool) error {
			_, err := p.Redis(limited(t))
			return err
		}},
		{"Redis by a wrong URL", services.EnvRedis, "127.0.0.1:1", func(p *services.Pool) error {
			_, err := p.Redis(limited(t))
			return err
		}},
		{"Redis Cluster", services.EnvRedisCluster, "127.0.0.1:1", func(p *services.Pool) error {
			_, err := p.RedisCluster(limited(t))
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv(tc.env, tc.value)
			require.ErrorContains(t, tc.get(new(services.Pool)), tc.env+"="+tc.value)
		})
	}
}

func TestPoolRefusesARedisThatIsNoCluster(t *testing.T) {
	p := services.OwnRedis(t, services.RedisConfig{})
	t.Setenv(services.EnvRedisCluster, p.Addr())

	_, err := new(services.Pool).RedisCluster(limited(t))

	require.ErrorContains(t, err, "cluster support disabled")
}

func TestPoolGivesEmbeddedOnesOnRequest(t *testing.T) {
	noRealRequired(t)
	t.Setenv(services.EnvBrokers, services.Embedded)
	t.Setenv(services.EnvRedis, services.Embedded)
	var pool services.Pool
	t.Cleanup(func() { require.NoError(t, pool.Close()) })

	kafka, err := pool.Kafka(limited(t))
	require.NoError(t, err)
	url, err := pool.Redis(limited(t))
	require.NoError(t, err)

	for _, svc := range []*services.Service{kafka, url} {
		require.False(t, svc.Real)
		require.Contains(t, svc.String(), "(embedded), because Docker: ruled out by LEADROUTER_TEST_")
	}
	client := kafkaClient(t, kafka.Addrs, kgo.ConsumeTopics("a"), kgo.AllowAutoTopicCreation())
	produce(t, client, "a", "lead-1")
	require.Equal(t, "lead-1", consume(t, client))
	opts, err := redis.ParseURL(url.Addrs[0])
	require.NoError(t, err)
	c := redis.NewClient(opts)
	require.NoError(t, c.Ping(t.Context()).Err())
	require.NoError(t, c.Close())
}

func TestPoolHasNoEmbeddedCluster(t *testing.T) {
	noRealRequired(t)
	t.Setenv(services.EnvRedisCluster, services.Embedded)
	_, err := new(services.Pool).RedisCluster(limited(t))
	require.ErrorIs(t, err, services.ErrUnavailable)
}

func TestPoolInsistsOnRealServices(t *testing.T) {
	for _, env := range []string{"CI", "LEADROUTER_REQUIRE_REAL"} {
		t.Run(env, func(t *testing.T) {
			noRealRequired(t)
			require.False(t, services.RealRequired())
			t.Setenv(env, "true")
			require.True(t, services.RealRequired())
			t.Setenv(services.EnvBrokers, services.Embedded)
			_, err := new(services.Pool).Kafka(limited(t))
			require.ErrorIs(t, err, services.ErrUnavailable)
			require.ErrorContains(t, err, "embedded: ruled out by CI or LEADROUTER_REQUIRE_REAL")
		})
	}
}

func TestPoolFallsBackWithoutPrograms(t *testing.T) {
	noRealRequired(t)
	t.Setenv("PATH", t.TempDir())
	t.Setenv("DOCKER_HOST", "unix://"+t.TempDir()+"/docker.sock")
	for _, env := range []string{services.EnvBrokers, services.EnvRedis, services.EnvRedisCluster} {
		t.Setenv(env, "")
	}
	var pool services.Pool
	t.Cleanup(func() { require.NoError(t, pool.Close()) })

	kafka, err := pool.Kafka(limited(t))
	require.NoError(t, err)
	require.False(t, kafka.Real)
	require.Contains(t, kafka.Reason, "Docker: no engine answers")
	require.Contains(t, kafka.Reason, `"java": executable file not found`)

	url, err := pool.Redis(limited(t))
	require.NoError(t, err)
	require.False(t, url.Real)
	require.Contains(t, url.Reason, `"redis-server": executable file not found`)

	_, err = pool.RedisCluster(limited(t))
	require.ErrorIs(t, err, services.ErrUnavailable)
}

func TestPoolDoesNotWaitForAHangingDocker(t *testing.T) {
	noRealRequired(t)
	socket := filepath.Join(t.TempDir(), "docker.sock")
	engine, err := net.Listen("unix", socket) // nobody ever accepts
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	t.Setenv("PATH", t.TempDir())
	t.Setenv(services.EnvRedis, "")
	var pool services.Pool
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	svc, err := pool.Redis(ctx)

	require.NoError(t, err)
	require.Contains(t, svc.Reason, "no engine answers: context deadline exceeded")
	require.NoError(t, ctx.Err())
}

func TestKafkaIsFetchedThroughMaven(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	services.OwnRedis(t, services.RedisConfig{}) // skips on a machine without servers
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip(err)
	}
	bin := t.TempDir()
	require.NoError(t, os.Symlink(java, filepath.Join(bin, "java")))
	t.Setenv("PATH", bin)

	_, err = services.StartKafka(limited(t), services.KafkaConfig{})

	require.ErrorIs(t, err, services.ErrUnavailable)
	require.ErrorContains(t, err, `"mvn": executable file not found`)
}

func TestPoolStartsOnce(t *testing.T) {
	noRealRequired(t)
	t.Setenv(services.EnvRedis, services.Embedded)
	var pool services.Pool
	found := make([]*services.Service, 8)
	var wg sync.WaitGroup
	for i := range found {
		wg.Go(func() { found[i], _ = pool.Redis(limited(t)) })
	}
	wg.Wait()
	for _, svc := range found {
		require.Same(t, found[0], svc)
	}

	require.NoError(t, pool.Close())
	require.NoError(t, pool.Close())
	again, err := pool.Redis(limited(t))
	require.NoError(t, err)
	require.NotSame(t, found[0], again)
	require.NoError(t, pool.Close())
}

// noRealRequired lets a test see the fallbacks in CI too.
func noRealRequired(t *testing.T) {
	t.Helper()
	t.Setenv("CI", "")
	t.Setenv("LEADROUTER_REQUIRE_REAL", "")
}
