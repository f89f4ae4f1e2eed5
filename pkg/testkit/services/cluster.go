package services

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// slots is the number of hash slots in every Redis Cluster.
const slots = 16384

// Cluster is a Redis Cluster whose nodes are processes of this machine.
type Cluster struct {
	// Nodes are masters; each may be killed, paused and restarted.
	Nodes []*Process
}

// StartRedisCluster starts n masters, shares the slots among them and returns when
// all of them call the cluster whole. The context bounds the start, not the nodes'
// life. Without a redis-server the error is [ErrUnavailable].
func StartRedisCluster(ctx context.Context, n int) (*Cluster, error) {
	ports, err := freePorts(n)
	if err != nil {
		return nil, fmt.Errorf("start Redis Cluster: %w", err)
	}
	c := &Cluster{}
	for _, port := range ports {
		node, err := startRedis(ctx, RedisConfig{Args: []string{"--cluster-enabled", "yes"}}, loopback(port))
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.Nodes = append(c.Nodes, node)
	}
	if err := c.form(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start Redis Cluster: %w", err), c.Close())
	}
	return c, nil
}

// Addrs returns the nodes' addresses as host:port.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, len(c.Nodes))
	for i, node := range c.Nodes {
		addrs[i] = node.Addr()
	}
	return addrs
}

// Close kills the nodes and removes their data.
func (c *Cluster) Close() error {
	var errs []error
	for _, node := range c.Nodes {
		errs = append(errs, node.Close())
	}
	return errors.Join(errs...)
}

// form gives each node its slots and introduces it to the first, which is what
// redis-cli does for "--cluster create".
func (c *Cluster) form(ctx context.Context) error {
	for i, node := range c.Nodes {
		if err := c.join(ctx, i); err != nil {
			return fmt.Errorf("form the cluster at node %s: %w", node.Addr(), err)
		}
	}
	return c.await(ctx)
}

// join makes node i a member that serves its share of the slots.
func (c *Cluster) join(ctx context.Context, i int) error {
	client := redis.NewClient(&redis.Options{Addr: c.Nodes[i].Addr()})
	defer client.Close()
	// Nodes with equal epochs would have to settle first whose claim is newer.
	if err := client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
		return err
	}
	n := len(c.Nodes)
	if err := client.ClusterAddSlotsRange(ctx, i*slots/n, (i+1)*slots/n-1).Err(); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(c.Nodes[0].Addr())
	if err != nil || i == 0 {
		return err
	}
	return client.ClusterMeet(ctx, host, port).Err()
}

// await returns when every node has heard of all the others.
func (c *Cluster) await(ctx context.Context) error {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		err := pingCluster(ctx, c.Addrs())
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the nodes to agree: %w, last answer: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// pingCluster returns nil when each of the nodes at these addresses sees all slots
// served, and so knows of every master.
func pingCluster(ctx context.Context, addrs []string) error {
	for _, addr := range addrs {
		if err := pingNode(ctx, addr); err != nil {
			return fmt.Errorf("node %s: %w", addr, err)
		}
	}
	return nil
}

func pingNode(ctx context.Context, addr string) error {
	client := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	info, err := client.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return errors.New("cluster_state is not ok")
	}
	return nil
}
