package systemtest_test

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/testkit/services"
	"leadrouter/streams/router"
)

// lostPolicy is the crash policy with a clock that is short enough for a watcher to have
// its part.
var lostPolicy = strings.NewReplacer("OPEN", "60",
	"{for: true, contacted: {target: 1h, 4h: reassign}}", "{for: true, clock: 24x7, accepted: {4s: reassign}}",
).Replace(crashPolicy)

// pairOfRedis are two servers behind one address, the second a replica of the first.
type pairOfRedis struct {
	t             *testing.T
	first, second *services.Process
	address       *detour
	before        *goredis.Client // of the first
	after         *goredis.Client // of the second
}

func newPairOfRedis(t *testing.T) *pairOfRedis {
	t.Helper()
	config := services.RedisConfig{Args: []string{"--appendonly", "no", "--repl-diskless-sync-delay", "0"}}
	p := &pairOfRedis{t: t, first: services.OwnRedis(t, config), second: services.OwnRedis(t, config)}
	p.address = newDetour(t, p.first.Addr())
	client := func(addr string) *goredis.Client {
		c := goredis.NewClient(&goredis.Options{Addr: addr})
		t.Cleanup(func() { require.NoError(t, c.Close()) })
		return c
	}
	p.before, p.after = client(p.first.Addr()), client(p.second.Addr())
	return p
}

// follow makes the second a replica of the first and waits until it has caught up.
func (p *pairOfRedis) follow(in *installation) {
	p.t.Helper()
	host, port, err := net.SplitHostPort(p.first.Addr())
	require.NoError(p.t, err)
	require.NoError(p.t, p.after.ReplicaOf(p.t.Context(), host, port).Err())
	in.eventually(30*time.Second, "the replica follows", func() bool {
		return strings.Contains(p.after.Info(p.t.Context(), "replication").Val(), "master_link_status:up")
	})
}

// Redis is emptied, restarted from an old snapshot, and moved to a replica that was cut off
// and back, each under two routers and a watcher with work to do, and a router dies while it
// rebuilds. The routers see to it by themselves; no lead is lost or doubled, no cap passed.
func TestRedisIsLostUnderLoad(t *testing.T) {
	t.Parallel()
	brokers, _ := services.Real(t)
	redis := newPairOfRedis(t)
	in := installOn(t, brokers, "redis://"+redis.address.addr(), oneFile(lostPolicy))
	run := &lostRun{
		installation: in, redis: redis, work: newWorkload(in, rand.Uint64()),
		pair: []*process{in.router("a"), in.router("b")}, watcher: in.launch("sla", "x"),
	}
	run.watcher.awaitReady()
	stop := in.respond()
	redis.follow(in)
	for _, trouble := range []struct {
		name string
		do   func()
	}{
		{"flushed", run.flush},
		{"restarted from an older snapshot", run.restore},
		{"moved to a replica that was cut off", run.failOver},
		{"moved back to the old master as it was", run.failBack},
		{"flushed, and the router killed that rebuilds", run.killTheMender},
	} {
		sent := in.send(run.work.batch(500))
		in.progress(run.pair)
		before := in.epoch()
		trouble.do()
		begin := time.Now()
		in.eventually(time.Minute, "a new epoch after it was "+trouble.name, func() bool { return in.epoch() > before })
		sent()
		in.send(run.work.batch(50))()
		in.progress(run.pair)
		for _, p := range run.pair {
			p.awaitReady()
		}
		t.Logf("Redis was %s: back at work after %s", trouble.name, time.Since(begin).Round(time.Millisecond))
	}
	stop()
	code, _ := run.watcher.stop()
	require.Zero(t, code, run.watcher.log)
	in.awaitCommitted(time.Minute)
	for _, p := range run.pair {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}
	run.requireExact()
}

// lostRun is a run in which Redis is lost.
type lostRun struct {
	*installation
	redis   *pairOfRedis
	work    *workload
	pair    []*process
	watcher *process
}

// epoch is the one in force by the log.
func (in *installation) epoch() int {
	in.t.Helper()
	last := 0
	for _, e := range in.log() {
		if e.Grant.Effect == "rebuilt" {
			last++
		}
	}
	return last
}

func (r *lostRun) flush() {
	require.NoError(r.t, r.redis.before.FlushAll(r.t.Context()).Err())
}

// restore starts Redis from a snapshot, after it has gone on.
func (r *lostRun) restore() {
	require.NoError(r.t, r.redis.before.Save(r.t.Context()).Err())
	file := filepath.Join(r.redis.first.Dir(), "dump.rdb")
	old, err := os.ReadFile(file)
	require.NoError(r.t, err)
	r.progress(r.pair)
	require.NoError(r.t, r.redis.first.Kill())
	require.NoError(r.t, os.WriteFile(file, old, 0o600))
	require.NoError(r.t, r.redis.first.Restart(r.t.Context()))
}

// failOver promotes the replica after the master has gone on without it.
func (r *lostRun) failOver() {
	r.redis.follow(r.installation)
	require.NoError(r.t, r.redis.after.ReplicaOf(r.t.Context(), "no", "one").Err())
	r.progress(r.pair)
	r.redis.address.moveTo(r.redis.second.Addr())
}

// failBack moves to the first server again, which knows nothing of what happened since and
// agrees with itself.
func (r *lostRun) failBack() { r.redis.address.moveTo(r.redis.first.Addr()) }

// killTheMender empties Redis and kills the router that sees to it.
func (r *lostRun) killTheMender() {
	begun := make([]int, len(r.pair))
	for i, p := range r.pair {
		begun[i] = strings.Count(p.log.String(), rebuilding)
	}
	r.flush()
	killed := -1
	r.eventually(30*time.Second, "a router rebuilds", func() bool {
		for i, p := range r.pair {
			if strings.Count(p.log.String(), rebuilding) > begun[i] {
				p.kill()
				killed = i
				return true
			}
		}
		return false
	})
	r.pair[killed] = r.start(r.pair[killed].slot)
}

// rebuilding is what a router says when it begins.
const rebuilding = "rebuilding the ledger from the decision log"

// requireExact checks that nothing of all that can be seen.
func (r *lostRun) requireExact() {
	r.t.Helper()
	requireAttempts(r.t, r.work.leads, r.assigned())
	count := r.recountLog()
	input := 0
	for _, t := range router.Inputs() {
		input += len(r.read(r.topic(t)))
	}
	require.Len(r.t, count.records, input, "each record is decided")
	require.GreaterOrEqual(r.t, count.Effects["rebuilt"], 5)
	require.NotEmpty(r.t, r.read(r.topic(event.LeadReassign)), "the watcher had its part")
	require.Positive(r.t, count.Full, "caps that nobody reaches test nothing")
	r.t.Logf("effects %v", count.Effects)
	r.requireFolded()
	r.requireProven(oneFile(lostPolicy))
	count.requireLedger(r.installation)
	r.requireNoDeadLetters()
}
