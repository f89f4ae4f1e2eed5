package systemtest_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/testkit/services"
)

// fewLines is how many warnings and errors an outage may bring into the log of one
// router: what is waited for, by each part that waits.
const fewLines = 4

// longerThanASession is longer than the group waits for a silent member.
const longerThanASession = 12 * time.Second

// ownRedis is an installation with a Redis of its own.
func ownRedis(t *testing.T) (*installation, *services.Process) {
	t.Helper()
	brokers, _ := services.Real(t)
	redis := services.OwnRedis(t, services.RedisConfig{})
	return installOn(t, brokers, "redis://"+redis.Addr(), map[string]string{"policy.yaml": smallPolicy}), redis
}

// ownKafka is an installation with a Kafka of its own.
func ownKafka(t *testing.T) (*installation, *services.Process) {
	t.Helper()
	_, redis := services.Real(t)
	kafka := services.OwnKafka(t, services.KafkaConfig{})
	return installOn(t, []string{kafka.Addr()}, redis, map[string]string{"policy.yaml": smallPolicy}), kafka
}

// awaitTrouble waits until /readyz names a part, and returns why.
func (p *process) awaitTrouble(part string) (reason string) {
	p.in.t.Helper()
	p.in.eventually(30*time.Second, "readyz names "+part, func() bool {
		ready, waitingFor := p.ready()
		reason = waitingFor[part]
		return !ready && reason != ""
	})
	return reason
}

// routed is a router that has assigned 50 leads, before-0 and so on.
func (in *installation) routed(flags ...string) *process {
	in.t.Helper()
	p := in.router("a", flags...)
	in.publish(event.LeadCreated, leads("before", 50)...)
	in.requireAll(50, "before")
	return p
}

// said is how many warnings and errors are in the log.
func (p *process) said() int { return len(p.log.lines("warn", "error")) }

// requireQuiet checks that an outage did not flood the log.
func (p *process) requireQuiet(before int) {
	p.in.t.Helper()
	said := p.log.lines("warn", "error")[before:]
	require.NotEmpty(p.in.t, said, "somebody has to hear of it")
	require.LessOrEqual(p.in.t, len(said), fewLines, "%v", said)
}

// requireAll checks that n leads L-0 … have exactly one assignment each.
func (in *installation) requireAll(n int, prefixes ...string) {
	in.t.Helper()
	list := in.awaitAssigned(n*len(prefixes), time.Minute)
	published := map[string]bool{}
	for _, prefix := range prefixes {
		for _, r := range leads(prefix, n) {
			published[string(r.Key)] = true
		}
	}
	requireOnce(in.t, published, list)
}

func TestRedisStandsStill(t *testing.T) {
	t.Parallel()
	in, redis := ownRedis(t)
	p := in.routed()

	said := p.said()
	require.NoError(t, redis.Pause())
	in.publish(event.LeadCreated, leads("during", 50)...)
	p.awaitTrouble("ledger")
	<-time.After(longerThanASession)
	ready, _ := p.ready()
	require.False(t, ready)
	require.Len(t, in.assigned(), 50)
	require.NoError(t, redis.Resume())

	p.awaitReady()
	in.requireAll(50, "before", "during")
	p.requireQuiet(said)
	in.recountLog()
	in.requireFolded()
}

// A Redis that comes back from its file may lack its last writes: nothing is granted
// until it has been filled again from the log, by whom the operator likes.
func TestRedisRestarts(t *testing.T) {
	t.Parallel()
	in, redis := ownRedis(t)
	p := in.routed("--rebuild", "off")

	said := p.said()
	require.NoError(t, redis.Kill())
	in.publish(event.LeadCreated, leads("during", 50)...)
	p.awaitTrouble("ledger")
	require.NoError(t, redis.Restart(t.Context()))
	in.awaitLost(p)
	require.Len(t, in.assigned(), 50, "nothing is granted")
	p.requireQuiet(said)
	late := in.start("b", "--rebuild", "off", "--timeout", "3s")
	require.Equal(t, app.ExitNo, late.exit(20*time.Second))
	require.Contains(t, late.log.String(), "leadrouter rebuild")

	rebuilt := in.leadrouter("rebuild")
	require.Zero(t, rebuilt.code, rebuilt.err)
	require.Contains(t, rebuilt.out, "epoch 2 begins, from 50 decisions: 50 leads")
	p.awaitReady()
	in.requireAll(50, "before", "during")

	t.Log("by hand under a router that works")
	sent := in.send(leadsOf(in, "L", 50))
	rebuilt = in.leadrouter("rebuild")
	require.Zero(t, rebuilt.code, rebuilt.err)
	sent()
	in.requireAll(50, "before", "during", "L")
	require.Equal(t, 2, in.recountLog().Effects["rebuilt"])
	in.requireFolded()
	in.recountLog().requireLedger(in)
}

// awaitLost waits until a router has seen that its Redis forgot, and says what to do.
func (in *installation) awaitLost(p *process) {
	in.t.Helper()
	in.eventually(20*time.Second, "readyz says what to do", func() bool {
		_, waitingFor := p.ready()
		return strings.Contains(waitingFor["ledger"], "leadrouter rebuild")
	})
}

// A Redis that answers and does not write is as good as none.
func TestRedisRefusesWrites(t *testing.T) {
	t.Parallel()
	in, redis := ownRedis(t)
	p := in.router("a")
	client := goredis.NewClient(&goredis.Options{Addr: redis.Addr()})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	var prefixes []string
	for setting, values := range map[string][2]string{"maxmemory": {"1", "0"}, "min-replicas-to-write": {"1", "0"}} {
		said := p.said()
		require.NoError(t, client.ConfigSet(t.Context(), setting, values[0]).Err())
		prefixes = append(prefixes, setting)
		in.publish(event.LeadCreated, leads(setting, 20)...)
		t.Log(p.awaitTrouble("ledger"))
		<-time.After(3 * time.Second) // the probe, which only reads, must not call it fine
		ready, _ := p.ready()
		require.False(t, ready)
		require.NoError(t, client.ConfigSet(t.Context(), setting, values[1]).Err())
		in.requireAll(20, prefixes...)
		p.awaitReady()
		p.requireQuiet(said)
	}
	in.recountLog()
	in.requireFolded()
}

func TestRedisIsAwayAtStart(t *testing.T) {
	t.Parallel()
	in, redis := ownRedis(t)
	require.NoError(t, redis.Kill())
	p := in.start("a", "--timeout", "4s")
	p.awaitTrouble("ledger")
	require.Equal(t, app.ExitUnreachable, p.exit(20*time.Second))
	require.Contains(t, p.log.String(), "check --brokers and --redis")
	p.requireQuiet(0)

	p = in.start("a")
	p.awaitTrouble("ledger")
	require.NoError(t, redis.Restart(t.Context()))
	p.awaitReady()
	require.NoError(t, redis.Pause())
	code, took := p.stop()
	require.Zero(t, code, "a router can be stopped while Redis stands still")
	require.Less(t, took, 15*time.Second)

	p = in.start("a")
	p.awaitTrouble("ledger")
	require.NoError(t, redis.Resume())
	p.awaitReady()
	in.publish(event.LeadCreated, leads("L", 10)...)
	in.requireAll(10, "L")
}

func TestKafkaStandsStillAndRestarts(t *testing.T) {
	t.Parallel()
	in, kafka := ownKafka(t)
	p := in.routed()

	said := p.said()
	require.NoError(t, kafka.Pause())
	t.Log("standing still: ", p.awaitTrouble("kafka"))
	<-time.After(longerThanASession)
	require.NoError(t, kafka.Resume())
	p.awaitReady()
	in.publish(event.LeadCreated, leads("paused", 50)...)
	in.requireAll(50, "before", "paused")
	p.requireQuiet(said)

	said = p.said()
	in.publish(event.LeadCreated, leads("killed", 50)...)
	require.NoError(t, kafka.Kill())
	t.Log("away: ", p.awaitTrouble("kafka"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, kafka.Restart(ctx))
	p.awaitReady()
	in.requireAll(50, "before", "paused", "killed")
	p.requireQuiet(said)
	in.recountLog()
	in.requireFolded()
}

func TestKafkaIsAwayAtStart(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	in.brokers = []string{freeAddress(t)}
	p := in.start("a", "--timeout", "3s")
	p.awaitTrouble("kafka")
	require.Equal(t, app.ExitUnreachable, p.exit(20*time.Second))
	require.Contains(t, p.log.String(), "check --brokers")
	p.requireQuiet(0)
}

func TestTopicsAreMissingAtStart(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	in.name += "-nowhere"
	p := in.start("a")
	require.Equal(t, app.ExitUsage, p.exit(20*time.Second))
	require.Contains(t, p.log.String(), "leadrouter topics create")
}

func TestWrongPolicyNeverRoutes(t *testing.T) {
	t.Parallel()
	broken := map[string]string{
		"a name that is not known": strings.Replace(smallPolicy, "country]", "contry]", 1),
		"a test that fails":        strings.Replace(smallPolicy, "rep: carl", "rep: ana", 1),
		"no YAML":                  "policy: [",
	}
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	for name, text := range broken {
		wrong := *in
		wrong.policy = t.TempDir()
		wrong.write("policy.yaml", text)
		p := wrong.start("a")
		require.Equal(t, app.ExitUsage, p.exit(20*time.Second), name)
		require.Contains(t, p.log.String(), "policy.yaml:", name)
	}

	p := in.router("a")
	in.publish(event.LeadCreated, leads("before", 5)...)
	force := in.awaitAssigned(5, 20*time.Second)[0].Policy.Hash
	refusals := 0
	for name, text := range broken {
		in.write("policy.yaml", text)
		refusals++
		in.eventually(10*time.Second, name, func() bool {
			return p.metric(`leadrouter_policy_reloads_total{result="refused"}`) == float64(refusals)
		})
	}
	require.Len(t, p.log.lines("error"), refusals, "each is told once")
	in.publish(event.LeadCreated, leads("during", 5)...)
	for _, a := range in.awaitAssigned(10, 20*time.Second) {
		require.Equal(t, force, a.Policy.Hash)
	}
	require.NoError(t, os.Remove(filepath.Join(in.policy, "policy.yaml")))
	in.publish(event.LeadCreated, leads("without", 5)...)
	in.awaitAssigned(15, 20*time.Second)

	in.write("policy.yaml", otherPolicy)
	in.eventually(10*time.Second, "the mended policy is in force", func() bool {
		return p.metric(`leadrouter_policy_reloads_total{result="accepted"}`) == 1
	})
	in.publish(event.LeadCreated, keyed("last", `{"id":"last","country":"DE"}`))
	list := in.awaitAssigned(16, 20*time.Second)
	last := list[indexOf(list, "last")]
	require.Equal(t, "dora", last.RepID)
	require.NotEqual(t, force, last.Policy.Hash)
}

// SIGTERM under load: what is in hand is committed, the group is left at once and
// nothing is left open in Redis.
func TestStopFinishesTheBatch(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	a, b := in.router("a"), in.router("b")
	sent := in.send(leadsOf(in, "L", 5_000))
	in.progress([]*process{a, b})
	code, took := a.stop()
	require.Zero(t, code, a.log)
	require.Less(t, took, 5*time.Second)
	members, err := in.kafka.Members(t.Context(), app.RouterGroup(in.name))
	require.NoError(t, err)
	require.Equal(t, 1, members, "it said goodbye")
	sent()
	in.awaitCommitted(15 * time.Second) // sooner than a lost member's session would end
	code, _ = b.stop()
	require.Zero(t, code, b.log)

	in.requireAll(5_000, "L")
	in.recountLog()
	in.requireFolded()
	for _, tail := range in.dump().Tails {
		require.Empty(t, tail.Memos, "all is acknowledged")
	}
	requireNothingPersonal(t, in.read(in.topic(event.LeadDecisions)))
	for _, p := range []*process{a, b} {
		require.NotContains(t, p.log.String(), "person.example")
		require.Empty(t, p.log.lines("warn", "error"))
	}
}
