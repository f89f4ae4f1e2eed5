package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/testkit/services"
)

// Redis is a master and its replica, which may change their parts.
type Redis struct {
	clock   clock.Clock
	servers [2]*services.Process
	master  int   // of servers
	copying *Link // from the replica to the master
}

// StartRedis starts both as production is told to have them: on an append-only file, and
// without writes while nobody copies them.
func StartRedis(ctx context.Context, clk clock.Clock) (*Redis, error) {
	r := &Redis{clock: clk}
	for i := range r.servers {
		server, err := services.StartRedis(ctx, services.RedisConfig{Args: []string{
			"--repl-diskless-sync-delay", "0", "--min-replicas-to-write", "1", "--min-replicas-max-lag", "5",
			"--appendfsync", "everysec", "--repl-timeout", "10",
		}})
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		r.servers[i] = server
	}
	var err error
	if r.copying, err = NewLink(clk, r.Master()); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, r.follow(ctx)
}

// Close ends both and removes their data.
func (r *Redis) Close() error {
	var errs []error
	for _, server := range r.servers {
		if server != nil {
			errs = append(errs, server.Close())
		}
	}
	if r.copying != nil {
		r.copying.Close()
	}
	return errors.Join(errs...)
}

// Master is the address of the server that takes writes.
func (r *Redis) Master() string { return r.servers[r.master].Addr() }

// ask runs commands on a server.
func ask(server *services.Process, fn func(*redis.Client) error) error {
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1, ReadTimeout: 10 * time.Second})
	defer func() { _ = client.Close() }()
	return fn(client)
}

// follow makes the other server a replica of the master. It does not wait until it has
// caught up.
func (r *Redis) follow(ctx context.Context) error {
	r.copying.Heal()
	r.copying.MoveTo(r.Master())
	host, port, err := net.SplitHostPort(r.copying.Addr())
	if err != nil {
		return err
	}
	return ask(r.servers[1-r.master], func(c *redis.Client) error {
		if err := c.ReplicaOf(ctx, host, port).Err(); err != nil {
			return fmt.Errorf("follow the master: %w", err)
		}
		return nil
	})
}

// inStep waits until the replica has caught up.
func (r *Redis) inStep(ctx context.Context) error {
	for {
		up := false
		err := ask(r.servers[1-r.master], func(c *redis.Client) error {
			info, err := c.Info(ctx, "replication").Result()
			up = strings.Contains(info, "master_link_status:up")
			return err
		})
		if err == nil && up {
			return nil
		}
		if err := r.clock.Sleep(ctx, 200*time.Millisecond); err != nil {
			return fmt.Errorf("wait for the replica: %w", err)
		}
	}
}

// Kill ends the master; Restart starts it again on its file.
func (r *Redis) Kill() error { return r.servers[r.master].Kill() }

// Restart starts the master again and has the replica follow.
func (r *Redis) Restart(ctx context.Context) error { return r.servers[r.master].Restart(ctx) }

// Pause and Resume stop the master and let it go on.
func (r *Redis) Pause() error { return r.servers[r.master].Pause() }

// Resume lets a master go on.
func (r *Redis) Resume() error { return r.servers[r.master].Resume() }

// KillReplica ends the replica.
func (r *Redis) KillReplica() error { return r.servers[1-r.master].Kill() }

// RestartReplica starts it again.
func (r *Redis) RestartReplica(ctx context.Context) error {
	if err := r.servers[1-r.master].Restart(ctx); err != nil {
		return err
	}
	return r.follow(ctx)
}

// Flush empties the master, and so the replica.
func (r *Redis) Flush(ctx context.Context) error {
	return ask(r.servers[r.master], func(c *redis.Client) error { return c.FlushAll(ctx).Err() })
}

// Full leaves the master without memory, or gives it back.
func (r *Redis) Full(ctx context.Context, full bool) error {
	limit := "0"
	if full {
		limit = "1"
	}
	return ask(r.servers[r.master], func(c *redis.Client) error { return c.ConfigSet(ctx, "maxmemory", limit).Err() })
}

// Promote makes the replica the master. The one before goes on as it was, until
// [Redis.Demote].
func (r *Redis) Promote(ctx context.Context) error {
	if err := r.inStep(ctx); err != nil {
		return err
	}
	return r.promote(ctx)
}

func (r *Redis) promote(ctx context.Context) error {
	err := ask(r.servers[1-r.master], func(c *redis.Client) error { return c.ReplicaOf(ctx, "no", "one").Err() })
	if err != nil {
		return fmt.Errorf("promote the replica: %w", err)
	}
	r.master = 1 - r.master
	return nil
}

// Split cuts the replica off, so that the master does not know, and promotes it: for some
// seconds both take writes, the new one although nobody copies it.
func (r *Redis) Split(ctx context.Context) error {
	if err := r.inStep(ctx); err != nil {
		return err
	}
	r.copying.Cut()
	if err := r.promote(ctx); err != nil {
		return err
	}
	return r.needs(ctx, "0")
}

// needs sets how many replicas the master has to have.
func (r *Redis) needs(ctx context.Context, replicas string) error {
	return ask(r.servers[r.master], func(c *redis.Client) error {
		return c.ConfigSet(ctx, "min-replicas-to-write", replicas).Err()
	})
}

// Demote makes the old master follow the new one.
func (r *Redis) Demote(ctx context.Context) error {
	return errors.Join(r.follow(ctx), r.needs(ctx, "1"))
}

// appendOnly is the folder with a server's file.
const appendOnly = "appendonlydir"

// Save keeps the master's file as it is now.
func (r *Redis) Save() (kept string, err error) {
	if kept, err = os.MkdirTemp("", "leadrouter-chaos-redis-*"); err != nil {
		return "", err
	}
	return kept, os.CopyFS(filepath.Join(kept, appendOnly), os.DirFS(filepath.Join(r.servers[r.master].Dir(), appendOnly)))
}

// Restore starts the master on a file that was kept.
func (r *Redis) Restore(ctx context.Context, kept string) error {
	server := r.servers[r.master]
	if err := server.Kill(); err != nil {
		return err
	}
	dir := filepath.Join(server.Dir(), appendOnly)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(kept, appendOnly))); err != nil {
		return err
	}
	return errors.Join(server.Restart(ctx), os.RemoveAll(kept))
}
