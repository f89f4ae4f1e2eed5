package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"leadrouter/bench/chaos/cluster"
	"leadrouter/bench/chaos/schedule"
	"leadrouter/bench/chaos/world"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/testkit/services"
)

// striker carries faults out. What a fault strikes it has to itself until it has healed:
// a broker that takes long to come back delays the next fault of brokers.
type striker struct {
	*cluster.Cluster
	clock    clock.Clock
	instance string
	producer *producer
	previous string   // program; empty: there is none
	flags    []string // of its routers, beside those that all have
	policies string   // folder of folders

	mu      sync.Mutex
	held    map[string]*sync.Mutex
	version int // of the policy
}

func newStriker(clk clock.Clock, instance, policies string) *striker {
	return &striker{clock: clk, instance: instance, policies: policies, held: map[string]*sync.Mutex{}}
}

// stopLimit is how long a role may take to end after SIGTERM, with servers away.
const stopLimit = 45 * time.Second

// heal takes a fault back.
type heal func(context.Context) error

// hold takes hold of what a fault strikes.
func (s *striker) hold(f schedule.Fault) (release func()) {
	var names []string
	switch f.Kind {
	case schedule.BrokerKill, schedule.BrokerStop, schedule.BrokerRestart, schedule.PeersCut, schedule.LeaderMove:
		names = []string{schedule.Brokers}
	case schedule.Cut, schedule.Slow, schedule.Reset, schedule.Duplicate, schedule.Reorder: // many may be at once
	case schedule.NewPolicy:
		names = []string{cluster.RouterA, cluster.RouterB}
	default:
		names = []string{f.Target}
	}
	var locks []*sync.Mutex
	for _, name := range names {
		s.mu.Lock()
		if s.held[name] == nil {
			s.held[name] = &sync.Mutex{}
		}
		lock := s.held[name]
		s.mu.Unlock()
		lock.Lock()
		locks = append(locks, lock)
	}
	return func() {
		for _, lock := range locks {
			lock.Unlock()
		}
	}
}

// strike does what a fault is, and returns how it is taken back.
func (s *striker) strike(ctx context.Context, f schedule.Fault) (heal, error) {
	switch f.Kind {
	case schedule.RouterKill, schedule.RouterStop, schedule.RouterRestart, schedule.WatcherKill, schedule.WatcherStop,
		schedule.ClockStep, schedule.DiskFull, schedule.Previous:
		return s.strikeRole(ctx, f)
	case schedule.BrokerKill, schedule.BrokerStop, schedule.BrokerRestart, schedule.LeaderMove:
		return s.strikeBroker(ctx, f)
	case schedule.RedisKill, schedule.RedisStop, schedule.RedisRestore, schedule.RedisFlush, schedule.RedisFailover,
		schedule.RedisSplit, schedule.RedisFull, schedule.ReplicaKill:
		return s.strikeRedis(ctx, f)
	case schedule.Cut, schedule.Slow, schedule.Reset, schedule.PeersCut:
		return s.strikeLink(f)
	case schedule.NewPolicy:
		return none, s.rollOut(ctx)
	case schedule.Duplicate:
		s.producer.next((*world.World).Again)
	case schedule.Reorder:
		s.producer.next(func(w *world.World) []world.Record { return w.Mixed(reordered) })
	}
	return none, nil
}

// reordered is how many leads come in another order at once.
const reordered = 20

func none(context.Context) error { return nil }

func (s *striker) strikeRole(ctx context.Context, f schedule.Fault) (heal, error) {
	role := s.Roles[f.Target]
	start := func(context.Context) error { return role.Start(nil) }
	switch f.Kind {
	case schedule.RouterStop, schedule.WatcherStop:
		return func(context.Context) error { return role.Resume() }, role.Pause()
	case schedule.RouterRestart:
		return start, role.Stop(ctx, stopLimit)
	case schedule.ClockStep:
		return func(context.Context) error { return role.SetClock(0) }, role.SetClock(f.Size)
	case schedule.DiskFull:
		full := role.Command()
		full.FullDisk = true
		return s.replace(ctx, role, full)
	case schedule.Previous:
		before := role.Command()
		before.Binary = s.previous
		if before.Args[0] == "router" {
			before.Args = slices.Concat(before.Args, s.flags)
		}
		return s.replace(ctx, role, before)
	default:
		role.Kill()
		return start, nil
	}
}

// replace has a role run by another command until it is healed.
func (s *striker) replace(ctx context.Context, role *cluster.Role, other cluster.Command) (heal, error) {
	back := role.Command()
	if err := role.Stop(ctx, stopLimit); err != nil {
		return func(context.Context) error { return role.Start(&back) }, err
	}
	return func(ctx context.Context) error {
		err := role.Stop(ctx, stopLimit)
		if started := role.Start(&back); started != nil {
			return started
		}
		return err
	}, role.Start(&other)
}

func (s *striker) strikeBroker(ctx context.Context, f schedule.Fault) (heal, error) {
	if f.Kind == schedule.LeaderMove {
		return none, s.Brokers.MoveLeaders(ctx, s.instance+".")
	}
	node, err := s.broker(f.Target)
	if err != nil {
		return none, err
	}
	restart := func(ctx context.Context) error { return s.insist(ctx, node.Restart) }
	switch f.Kind {
	case schedule.BrokerStop:
		return func(context.Context) error { return node.Resume() }, node.Pause()
	case schedule.BrokerRestart:
		// One that takes long to say goodbye is killed by the restart.
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		_ = node.Stop(ctx)
		return restart, nil
	default:
		return restart, node.Kill()
	}
}

// insist starts a server until it is there: while it was away another program of the
// machine may have taken its port for a while.
func (s *striker) insist(ctx context.Context, restart func(context.Context) error) error {
	for {
		err := restart(ctx)
		if err == nil {
			return nil
		}
		if s.clock.Sleep(ctx, 2*time.Second) != nil {
			return err
		}
	}
}

func (s *striker) broker(id string) (*services.Process, error) {
	n, err := strconv.Atoi(id)
	if err != nil || n < 1 || n > len(s.Brokers.Nodes) {
		return nil, fmt.Errorf("there is no broker %q", id)
	}
	return s.Brokers.Nodes[n-1], nil
}

func (s *striker) strikeRedis(ctx context.Context, f schedule.Fault) (heal, error) {
	switch f.Kind {
	case schedule.RedisKill:
		return func(ctx context.Context) error { return s.insist(ctx, s.Redis.Restart) }, s.Redis.Kill()
	case schedule.RedisStop:
		return func(context.Context) error { return s.Redis.Resume() }, s.Redis.Pause()
	case schedule.RedisRestore:
		kept, err := s.Redis.Save()
		return func(ctx context.Context) error { return s.Redis.Restore(ctx, kept) }, err
	case schedule.RedisFlush:
		return none, s.Redis.Flush(ctx)
	case schedule.RedisFull:
		return func(ctx context.Context) error { return s.Redis.Full(ctx, false) }, s.Redis.Full(ctx, true)
	case schedule.ReplicaKill:
		return func(ctx context.Context) error { return s.insist(ctx, s.Redis.RestartReplica) }, s.Redis.KillReplica()
	case schedule.RedisSplit:
		err := s.Redis.Split(ctx)
		s.FollowMaster(cluster.RouterB)
		return func(ctx context.Context) error {
			s.FollowMaster(cluster.RouterA)
			return s.Redis.Demote(ctx)
		}, err
	default:
		err := s.Redis.Promote(ctx)
		s.FollowMaster(cluster.RouterA, cluster.RouterB)
		return s.Redis.Demote, err
	}
}

func (s *striker) strikeLink(f schedule.Fault) (heal, error) {
	if f.Kind == schedule.Reset {
		for _, link := range s.LinksOf(f.Target) {
			link.Reset()
		}
		return none, nil
	}
	link := s.Link(f.Target, f.To)
	if f.Kind == schedule.PeersCut {
		link = s.Peers(f.Target)
	}
	if link == nil {
		return none, fmt.Errorf("there is no link %s–%s", f.Target, f.To)
	}
	if f.Kind == schedule.Slow {
		link.Slow(f.Size)
	} else {
		link.Cut()
	}
	return func(context.Context) error { link.Heal(); return nil }, nil
}

// rollOut gives the routers the next policy, one after the other, and has leads carry a
// field that the first one did not know.
func (s *striker) rollOut(ctx context.Context) error {
	folder, err := s.nextPolicy()
	if err != nil {
		return err
	}
	for _, slot := range []string{cluster.RouterA, cluster.RouterB} {
		role := s.Roles[slot]
		with := cluster.WithPolicy(role.Command(), folder)
		err := role.Stop(ctx, stopLimit)
		if started := role.Start(&with); started != nil {
			return started
		}
		if err != nil {
			return err
		}
	}
	s.producer.next(func(w *world.World) []world.Record { w.NewField(); return nil })
	return nil
}

// nextPolicy writes the next version of the policy and returns its folder.
func (s *striker) nextPolicy() (folder string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	folder = filepath.Join(s.policies, fmt.Sprintf("v%d", s.version))
	if err := os.MkdirAll(folder, 0o700); err != nil { //nolint:gosec // ours
		return "", err
	}
	text := []byte(world.Policy(s.version))
	return folder, os.WriteFile(filepath.Join(folder, "policy.yaml"), text, 0o600) //nolint:gosec // ours
}
