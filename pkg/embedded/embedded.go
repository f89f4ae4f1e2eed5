// Package embedded runs a Kafka and a Redis inside this process, on real ports,
// for `leadrouter dev`: the same clients talk to them as to the real ones.
//
// The topics are kept in a data folder and come back with the next start; the
// Redis starts empty, since the ledger is a fold of the decision log. Both are
// stand-ins (kfake and miniredis): exact across stop and start, not across a
// kill -9 of this process, after which a batch may be written twice.
package embedded

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Config of the servers.
type Config struct {
	// Dir keeps the topics. Empty: they are gone when the process ends.
	Dir string
	// Fresh forgets the topics in Dir, once nobody else has it open.
	Fresh bool
	// KafkaPort and RedisPort are tried first; a taken one is replaced by a free
	// one. 0 takes any.
	KafkaPort, RedisPort int
}

// topics is the folder of the topics.
func (c Config) topics() string { return filepath.Join(c.Dir, "kafka") }

// Servers are a running Kafka and a running Redis.
type Servers struct {
	kafka *kfake.Cluster
	redis *miniredis.Miniredis
	lock  *os.File
}

// ErrInUse is returned for a data folder that another process has open.
var ErrInUse = errors.New("data folder is in use by another leadrouter dev")

// Start starts both. On an error nothing is left running.
func Start(cfg Config) (_ *Servers, err error) {
	s := &Servers{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if cfg.Dir != "" {
		if s.lock, err = lockDir(cfg.Dir); err != nil {
			return nil, err
		}
	}
	if cfg.Dir != "" && cfg.Fresh {
		if err := os.RemoveAll(cfg.topics()); err != nil {
			return nil, fmt.Errorf("start anew: %w", err)
		}
	}
	if s.kafka, err = startKafka(cfg); err != nil {
		return nil, fmt.Errorf("start embedded kafka: %w", err)
	}
	s.redis = miniredis.NewMiniRedis()
	if err := s.redis.StartAddr(net.JoinHostPort(host, strconv.Itoa(freePort(cfg.RedisPort)))); err != nil {
		return nil, fmt.Errorf("start embedded redis: %w", err)
	}
	return s, nil
}

// host: an embedded server has no password, so nobody else may reach it.
const host = "127.0.0.1"

// clusterID is fixed: the namespace in Redis is bound to it.
const clusterID = "leadrouter-dev"

func startKafka(cfg Config) (*kfake.Cluster, error) {
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ClusterID(clusterID),
		kfake.Ports(freePort(cfg.KafkaPort)),
		kfake.DefaultNumPartitions(4),
	}
	if cfg.Dir != "" {
		opts = append(opts, kfake.DataDir(cfg.topics()))
	}
	return kfake.NewCluster(opts...)
}

// Brokers are the addresses of the Kafka.
func (s *Servers) Brokers() []string { return s.kafka.ListenAddrs() }

// RedisAddr is host:port of the Redis.
func (s *Servers) RedisAddr() string { return s.redis.Addr() }

// Close stops both and writes the topics to the data folder.
func (s *Servers) Close() {
	if s.redis != nil {
		s.redis.Close()
	}
	if s.kafka != nil {
		s.kafka.Close()
	}
	if s.lock != nil {
		_ = s.lock.Close() // releases the lock
	}
}

// freePort is port if it can be listened on, else any free one.
func freePort(port int) int {
	for _, candidate := range []int{port, 0} {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(candidate))) //nolint:noctx // a local bind does not block
		if err != nil {
			continue
		}
		defer func() { _ = listener.Close() }()
		if addr, ok := listener.Addr().(*net.TCPAddr); ok {
			return addr.Port
		}
	}
	return port
}
