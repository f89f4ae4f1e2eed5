package services

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisConfig describes a Redis server.
type RedisConfig struct {
	// Dir holds the data; empty means a temporary directory, removed on Close.
	Dir string
	// Pair, if not nil, adds a port with TLS, at [Process.Guarded], that wants a certificate
	// of the same authority from clients.
	Pair *Pair
	// Args follow the defaults on the command line and so may replace them, for
	// example "--appendonly", "no".
	Args []string
}

// StartRedis starts a redis-server with an append-only file and without eviction,
// as in production, and returns when it answers. The context bounds the start, not
// the server's life. Without a redis-server the error is [ErrUnavailable].
func StartRedis(ctx context.Context, cfg RedisConfig) (*Process, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	return startRedis(ctx, cfg, loopback(ports[0]))
}

func startRedis(ctx context.Context, cfg RedisConfig, addr string) (*Process, error) {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w: %w", ErrUnavailable, err)
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	dir, owned, err := dataDir(cfg.Dir, "leadrouter-redis-*")
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	argv := []string{
		server, "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--daemonize", "no",
		"--save", "", "--appendonly", "yes", "--rdbcompression", "no", "--maxmemory-policy", "noeviction",
	}
	guarded := ""
	if cfg.Pair != nil {
		ports, err := freePorts(1)
		if err != nil {
			return nil, fmt.Errorf("start Redis: %w", err)
		}
		guarded = loopback(ports[0])
		argv = append(argv, "--tls-port", strconv.Itoa(ports[0]), "--tls-auth-clients", "yes",
			"--tls-cert-file", cfg.Pair.Cert, "--tls-key-file", cfg.Pair.Key, "--tls-ca-cert-file", cfg.Pair.CA)
	}
	return launch(ctx, &Process{
		name: "Redis", addr: addr, guarded: guarded, dir: dir, ownsDir: owned,
		argv:  slices.Concat(argv, cfg.Args),
		ready: func(ctx context.Context, addr string) error { return pingRedis(ctx, []string{"redis://" + addr}) },
	})
}

// pingRedis returns nil when the server of the first redis:// URL answers and has
// loaded its data.
func pingRedis(ctx context.Context, urls []string) error {
	opts, err := redis.ParseURL(urls[0])
	if err != nil {
		return err
	}
	opts.MaxRetries = -1 // the caller asks again
	client := redis.NewClient(opts)
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return client.Ping(ctx).Err()
}
