package services_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/testkit/services"
)

func TestKafkaKeepsRecordsAcrossKill(t *testing.T) {
	t.Parallel()
	p := services.OwnKafka(t, services.KafkaConfig{Properties: map[string]string{"num.partitions": "1"}})
	topic := services.Instance(t)
	client := kafkaClient(t, []string{p.Addr()}, kgo.ConsumeTopics(topic), kgo.AllowAutoTopicCreation())
	produce(t, client, topic, "before")

	require.NoError(t, p.Kill())
	require.NoError(t, p.Restart(limited(t)))

	require.Equal(t, "before", consume(t, client))
	produce(t, client, topic, "after")
	require.Equal(t, "after", consume(t, client))
}

func TestRedisKeepsKeysAcrossKill(t *testing.T) {
	t.Parallel()
	p := services.OwnRedis(t, services.RedisConfig{})
	client := redisClient(t, p)
	require.NoError(t, client.Set(t.Context(), "owner", "kim", 0).Err())

	require.NoError(t, p.Kill())
	require.Error(t, client.Ping(t.Context()).Err())
	require.NoError(t, p.Restart(limited(t)))

	require.Equal(t, "kim", client.Get(t.Context(), "owner").Val())
}

func TestStartedProgramTellsItsExitCode(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sh", "-c", "exit 7")
	done, err := services.Start(cmd)
	require.NoError(t, err)
	<-done
	require.Equal(t, 7, cmd.ProcessState.ExitCode())

	_, err = services.Start(exec.Command("/nowhere/program"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestPausedRedisAnswersAfterResume(t *testing.T) {
	t.Parallel()
	p := services.OwnRedis(t, services.RedisConfig{})
	client := redisClient(t, p)
	require.NoError(t, client.Ping(t.Context()).Err())

	require.NoError(t, p.Pause())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var timeout net.Error
	require.ErrorAs(t, client.Ping(ctx).Err(), &timeout)
	require.True(t, timeout.Timeout())
	require.NoError(t, p.Resume())

	require.NoError(t, client.Ping(limited(t)).Err())
}

func TestStopIsGracefulAndRepeatable(t *testing.T) {
	t.Parallel()
	// Without the file, only a graceful end saves: SIGTERM does, kill -9 does not.
	p := services.OwnRedis(t, services.RedisConfig{Args: []string{"--appendonly", "no", "--save", "3600 1"}})
	client := redisClient(t, p)
	require.NoError(t, client.Set(t.Context(), "owner", "kim", 0).Err())

	require.NoError(t, p.Stop(limited(t)))
	require.NoError(t, p.Stop(limited(t)))
	require.NoError(t, p.Restart(limited(t)))

	require.Equal(t, "kim", client.Get(t.Context(), "owner").Val())
}

func TestStopOfPausedServerGivesUp(t *testing.T) {
	t.Parallel()
	p := services.OwnRedis(t, services.RedisConfig{})
	require.NoError(t, p.Pause())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, p.Stop(ctx), context.DeadlineExceeded)
	require.NoError(t, p.Kill())
}

func TestSignalToServerThatIsDown(t *testing.T) {
	t.Parallel()
	p := services.OwnRedis(t, services.RedisConfig{})
	require.NoError(t, p.Kill())
	require.NoError(t, p.Kill())
	require.ErrorIs(t, p.Pause(), os.ErrProcessDone)
	require.ErrorIs(t, p.Resume(), os.ErrProcessDone)
}

func TestStartFailureShowsTheLog(t *testing.T) {
	t.Parallel()
	services.OwnRedis(t, services.RedisConfig{}) // skips where there is no Redis
	_, err := services.StartRedis(limited(t), services.RedisConfig{Args: []string{"--no-such-option", "1"}})
	require.ErrorContains(t, err, "Redis ended while starting")
	require.ErrorContains(t, err, "no-such-option")
}

func TestCloseRemovesOnlyItsOwnDirectory(t *testing.T) {
	t.Parallel()
	own := services.OwnRedis(t, services.RedisConfig{})
	named := services.OwnRedis(t, services.RedisConfig{Dir: filepath.Join(t.TempDir(), "data")})

	require.NoError(t, own.Close())
	require.NoError(t, named.Close())

	require.NoDirExists(t, own.Dir())
	require.DirExists(t, named.Dir())
}

func TestCloseTellsWhyTheServerIsGone(t *testing.T) {
	t.Parallel()
	services.OwnRedis(t, services.RedisConfig{}) // skips where there is no Redis
	p, err := services.StartRedis(limited(t), services.RedisConfig{})
	require.NoError(t, err)
	require.NoError(t, redisClient(t, p).Shutdown(t.Context()).Err())
	require.Eventually(t, func() bool { return errors.Is(p.Resume(), os.ErrProcessDone) }, 10*time.Second, time.Millisecond)

	err = p.Close()

	require.ErrorContains(t, err, "Redis has ended by itself")
	require.ErrorContains(t, err, "bye bye")
	require.NoError(t, p.Close(), "told once")
}

func TestServerTakesOverADirectory(t *testing.T) {
	t.Parallel()
	cfg := services.RedisConfig{Dir: t.TempDir()}
	first := services.OwnRedis(t, cfg)
	require.NoError(t, redisClient(t, first).Set(t.Context(), "owner", "kim", 0).Err())
	require.NoError(t, first.Close())

	second := services.OwnRedis(t, cfg)

	require.Equal(t, "kim", redisClient(t, second).Get(t.Context(), "owner").Val())
}

// Clients that dial a dead server are given ports of the range above.
func TestPortsLieBelowThoseOfClients(t *testing.T) {
	t.Parallel()
	seen := map[int]bool{}
	for range 8 {
		p := services.OwnRedis(t, services.RedisConfig{})
		_, text, err := net.SplitHostPort(p.Addr())
		require.NoError(t, err)
		port, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.False(t, seen[port])
		seen[port] = true
		require.Less(t, port, 32768-10000, "the bus port of a cluster node is 10000 above")
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	services.OwnRedis(t, services.RedisConfig{}) // skips where there is no Redis
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	dir := t.TempDir()

	// A server with a password never answers a client that has none.
	_, err := services.StartRedis(ctx, services.RedisConfig{Dir: dir, Args: []string{"--requirepass", "x"}})

	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "NOAUTH")
	require.FileExists(t, filepath.Join(dir, "server.log"))
}

func TestClusterNodeComesBackWithItsSlots(t *testing.T) {
	t.Parallel()
	services.OwnRedis(t, services.RedisConfig{}) // skips where there is no Redis
	cluster, err := services.StartRedisCluster(limited(t), 3)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Close()) })
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	key := keyOn(t, client, cluster.Nodes[1])
	require.NoError(t, client.Set(t.Context(), key, "kim", 0).Err())

	require.NoError(t, cluster.Nodes[1].Kill())
	require.NoError(t, cluster.Nodes[1].Restart(limited(t)))

	require.Eventually(t, func() bool {
		return client.Get(t.Context(), key).Val() == "kim"
	}, 30*time.Second, 50*time.Millisecond)
}

// limited returns a context that a start or a stop on a busy machine fits in.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func redisClient(t *testing.T, p *services.Process) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: p.Addr(), ContextTimeoutEnabled: true, MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// keyOn returns a key whose slot the node serves.
func keyOn(t *testing.T, client *redis.ClusterClient, node *services.Process) string {
	t.Helper()
	for c := 'a'; c <= 'z'; c++ {
		master, err := client.MasterForKey(t.Context(), string(c))
		require.NoError(t, err)
		if master.Options().Addr == node.Addr() {
			return string(c)
		}
	}
	t.Fatalf("no key on %s", node.Addr())
	return ""
}
