package services

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startLimit is the longest that a test waits for a server, first download and
// image pull included.
const startLimit = 5 * time.Minute

// shared holds the servers of this test process. It is the one package variable:
// Kafka takes seconds to start, so the tests of a process have to meet somewhere.
var shared Pool

// Kafka returns the bootstrap addresses (host:port) of a Kafka for this test.
func Kafka(t testing.TB) []string {
	t.Helper()
	return use(t, shared.Kafka).Addrs
}

// Redis returns the redis:// URL of a Redis for this test; redis.ParseURL reads it.
func Redis(t testing.TB) string {
	t.Helper()
	return use(t, shared.Redis).Addrs[0]
}

// RedisCluster returns the addresses (host:port) of a Redis Cluster for this test.
// There is no embedded one: where no cluster can be started the test is skipped.
func RedisCluster(t testing.TB) []string {
	t.Helper()
	return use(t, shared.RedisCluster).Addrs
}

// Real returns a real Kafka and a real Redis, as [Kafka] and [Redis] do. The test is
// skipped where there are only the embedded ones.
func Real(t testing.TB) (brokers []string, redis string) {
	t.Helper()
	k, r := use(t, shared.Kafka), use(t, shared.Redis)
	for _, svc := range []*Service{k, r} {
		if !svc.Real {
			t.Skip("needs a real server: ", svc)
		}
	}
	return k.Addrs, r.Addrs[0]
}

// Instance returns a name that no other test uses, to prefix topics, groups and
// keys with. It is made of lower-case letters, digits and dashes.
func Instance(t testing.TB) string {
	t.Helper()
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name()))
	// Topic names end at 249 characters, and the caller adds to this one.
	return name[:min(len(name), 60)] + "-" + strings.ToLower(rand.Text()[:10])
}

// OwnKafka starts a Kafka for this test alone and closes it when the test ends.
// The test is skipped where Kafka cannot be started, and fails where real
// services are required.
func OwnKafka(t testing.TB, cfg KafkaConfig) *Process {
	t.Helper()
	return own(t, func(ctx context.Context) (*Process, error) { return StartKafka(ctx, cfg) })
}

// OwnRedis starts a Redis for this test alone, like [OwnKafka].
func OwnRedis(t testing.TB, cfg RedisConfig) *Process {
	t.Helper()
	return own(t, func(ctx context.Context) (*Process, error) { return StartRedis(ctx, cfg) })
}

// M is a test run that gives back the shared servers at its end.
type M struct {
	tests interface{ Run() int }
	pool  *Pool
}

// Main wraps m for TestMain, so that the shared servers end before goroutines are
// counted: goleak.VerifyTestMain(services.Main(m)).
func Main(m *testing.M) *M { return &M{tests: m, pool: &shared} }

// Run runs the tests, closes the servers and returns the exit code.
func (m *M) Run() int {
	code := m.tests.Run()
	if err := m.pool.Close(); err != nil && code == 0 {
		code = 1
	}
	return code
}

// use gets a shared server for the test, or skips or fails it.
func use(t testing.TB, get func(context.Context) (*Service, error)) *Service {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	svc, err := get(ctx)
	skipOrFail(t, err)
	t.Log(svc)
	return svc
}

// OwnBrokers starts several brokers for this test alone, like [OwnKafka].
func OwnBrokers(t testing.TB, cfg BrokersConfig) *Brokers {
	t.Helper()
	return own(t, func(ctx context.Context) (*Brokers, error) { return StartBrokers(ctx, cfg) })
}

// own starts servers for the test, or skips or fails it.
func own[S io.Closer](t testing.TB, start func(context.Context) (S, error)) S {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	p, err := start(ctx)
	skipOrFail(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// skipOrFail skips on a machine that has no way to start the server, unless real
// services are required. Any other error fails the test.
func skipOrFail(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, ErrUnavailable) && !RealRequired() {
		t.Skip(err)
	}
	require.NoError(t, err)
}

// RealRequired tells whether the embedded stand-ins are ruled out.
func RealRequired() bool {
	for _, name := range []string{"CI", "LEADROUTER_REQUIRE_REAL"} {
		if yes, err := strconv.ParseBool(os.Getenv(name)); err == nil && yes {
			return true
		}
	}
	return false
}
