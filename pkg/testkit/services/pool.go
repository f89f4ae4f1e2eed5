package services

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// The variables that name servers which are there already. Each holds addresses
// separated by commas (a redis:// URL for EnvRedis), or the word "embedded".
const (
	EnvBrokers      = "LEADROUTER_TEST_BROKERS"
	EnvRedis        = "LEADROUTER_TEST_REDIS"
	EnvRedisCluster = "LEADROUTER_TEST_REDIS_CLUSTER"
)

// Embedded is the value of a variable that asks for the stand-in.
const Embedded = "embedded"

// ErrUnavailable says that this machine has no way to start the server.
var ErrUnavailable = errors.New("not available on this machine")

// Service is a server that was found or started.
type Service struct {
	Name   string   // "Kafka", "Redis" or "Redis Cluster"
	Addrs  []string // host:port each; one redis:// URL for Redis
	Source string   // where it comes from, such as "environment" or "Docker"
	Reason string   // for an embedded one, why there is no real one
	Real   bool     // false for an embedded stand-in

	close func() error // nil when somebody else owns the server
}

// String names the service, its addresses and where it comes from, on one line.
func (s *Service) String() string {
	line := fmt.Sprintf("%s: %s (%s)", s.Name, strings.Join(s.Addrs, ","), s.Source)
	if s.Reason != "" {
		line += ", because " + s.Reason
	}
	return line
}

// Pool finds or starts each service once and keeps it until Close. The zero value
// is ready, and methods may be called from several goroutines.
type Pool struct {
	kafka, redis, cluster lazy
}

// Kafka returns the pool's Kafka. The context bounds finding it, not its life.
func (p *Pool) Kafka(ctx context.Context) (*Service, error) {
	return p.kafka.get(func() (*Service, error) {
		return find(ctx, "Kafka", EnvBrokers, pingKafka, []source{
			{"Docker", dockerKafka},
			{"local process", localKafka},
			{Embedded, embeddedKafka},
		})
	})
}

// Redis returns the pool's Redis. The context bounds finding it, not its life.
func (p *Pool) Redis(ctx context.Context) (*Service, error) {
	return p.redis.get(func() (*Service, error) {
		return find(ctx, "Redis", EnvRedis, pingRedis, []source{
			{"Docker", dockerRedis},
			{"local process", localRedis},
			{Embedded, embeddedRedis},
		})
	})
}

// RedisCluster returns the pool's cluster. Docker is no source of one: nodes tell
// clients their own addresses, which are wrong outside the containers' network.
func (p *Pool) RedisCluster(ctx context.Context) (*Service, error) {
	return p.cluster.get(func() (*Service, error) {
		return find(ctx, "Redis Cluster", EnvRedisCluster, pingCluster, []source{
			{"local processes", localCluster},
		})
	})
}

// Close ends the servers that the pool started.
func (p *Pool) Close() error {
	return errors.Join(p.cluster.close(), p.redis.close(), p.kafka.close())
}

// lazy is one service of a pool, found on first use.
type lazy struct {
	mu   sync.Mutex
	done bool
	svc  *Service
	err  error
}

// get finds the service unless an earlier call has; a failure is kept as well, so
// that every further test reports it at once.
func (l *lazy) get(find func() (*Service, error)) (*Service, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.done {
		l.svc, l.err = find()
		l.done = true
	}
	return l.svc, l.err
}

func (l *lazy) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.svc == nil || l.svc.close == nil {
		return nil
	}
	err := l.svc.close()
	l.svc, l.done = nil, false
	return err
}

// source is one way to get a service.
type source struct {
	name  string
	start func(context.Context) (*Service, error)
}

// find returns the service that the environment names, else the first that a
// source can start. An address in the environment that does not answer is an
// error: whoever set it wants that server and no other.
func find(
	ctx context.Context, name, env string, ping func(context.Context, []string) error, sources []source,
) (*Service, error) {
	value := os.Getenv(env)
	if value != "" && value != Embedded {
		addrs := strings.Split(value, ",")
		if err := ping(ctx, addrs); err != nil {
			return nil, fmt.Errorf("%s at %s=%s: %w", name, env, value, err)
		}
		return &Service{Name: name, Addrs: addrs, Source: "environment", Real: true}, nil
	}
	var reasons []string
	for _, s := range sources {
		if refusal := refuse(s, env, value); refusal != "" {
			reasons = append(reasons, s.name+": "+refusal)
			continue
		}
		svc, err := s.start(ctx)
		if err != nil {
			reasons = append(reasons, fmt.Sprintf("%s: %v", s.name, err))
			continue
		}
		svc.Name, svc.Source, svc.Real = name, s.name, s.name != Embedded
		if !svc.Real {
			svc.Reason = strings.Join(reasons, "; ")
		}
		return svc, nil
	}
	return nil, fmt.Errorf("%s %w: %s", name, ErrUnavailable, strings.Join(reasons, "; "))
}

// refuse tells why a source may not be used, or nothing.
func refuse(s source, env, value string) string {
	switch {
	case s.name == Embedded && RealRequired():
		return "ruled out by CI or LEADROUTER_REQUIRE_REAL"
	case s.name != Embedded && value == Embedded:
		return "ruled out by " + env
	default:
		return ""
	}
}
