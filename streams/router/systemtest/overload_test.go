package systemtest_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

// The backlogs, in leads. The larger one alone is more than a router may take, so that it
// cannot be in its memory.
const few, many = 4_000, 70_000

const (
	padding = 8_000 // bytes of a lead
	// mostMemory is what docs/operations.md promises of a router with a small policy.
	mostMemory = 512 << 20
)

// peak is the most memory that the process has had so far, in bytes.
func (p *process) peak() int {
	p.in.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.in.t.Skip("the memory of a process cannot be read here: ", err)
	}
	for line := range strings.Lines(string(status)) {
		if text, found := strings.CutPrefix(line, "VmHWM:"); found {
			kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(text), " kB"))
			require.NoError(p.in.t, err)
			return kilobytes << 10
		}
	}
	require.Fail(p.in.t, "the process has ended", p.log.String())
	return 0
}

// publishPadded writes n leads that are large, some at a time.
func (in *installation) publishPadded(prefix string, n int) {
	in.t.Helper()
	pad := strings.Repeat("x", padding)
	records := make([]*kstream.Record, n)
	for i := range records {
		id := fmt.Sprintf("%s-%d", prefix, i)
		records[i] = keyed(id, `{"id":%q,"country":"DE","attributes":{"pad":%q}}`, id, pad)
		if i%5_000 == 4_999 || i == n-1 {
			in.publish(event.LeadCreated, records[i/5_000*5_000:i+1]...)
			clear(records)
		}
	}
}

// backlogged is how many leads the router has decided, and how many of n are left.
func (p *process) backlogged(n int) (decided, left int) {
	decided = int(p.metric(`leadrouter_leads_total{outcome="assigned"}`))
	return decided, n - decided
}

// overload has a router meet a backlog of n leads while something is slow, and tells the peak of its
// memory by the time that it has decided some of it. It is ready all the while, or says why
// not; and the backlog stays where it is.
func (p *process) overload(prefix string, before, n int) (peak int) {
	p.in.t.Helper()
	p.in.eventually(3*time.Minute, "the router goes on under the backlog "+prefix, func() bool {
		if ready, reasons := p.ready(); !ready {
			require.NotEmpty(p.in.t, reasons, "not ready, and does not say why")
		}
		decided, _ := p.backlogged(0)
		return decided >= before+n/20
	})
	_, left := p.backlogged(before + n)
	require.Greater(p.in.t, left, n/2, "this was no overload")
	return p.peak()
}

// recover waits until all leads are decided, and checks that they are so once.
func (p *process) recover(counts map[string]int) {
	p.in.t.Helper()
	total, published := 0, map[string]bool{}
	for prefix, n := range counts {
		total += n
		for i := range n {
			published[fmt.Sprintf("%s-%d", prefix, i)] = true
		}
	}
	p.in.eventually(5*time.Minute, "the backlog is worked off", func() bool {
		_, left := p.backlogged(total)
		return left == 0
	})
	p.awaitReady()
	requireOnce(p.in.t, published, p.in.awaitAssigned(total, time.Minute))
	p.in.recountLog()
	p.in.requireFolded()
}

// More leads than a router can decide, since Redis is slow: they wait in Kafka and not in the
// router, whose memory is the same for four times as many. Then it makes up for it.
// missing has something happen while the process stands still: it might keep up.
func (p *process) missing(t *testing.T, happens func()) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGSTOP))
	happens()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGCONT))
}

func TestOverloadWithASlowRedis(t *testing.T) {
	t.Parallel()
	brokers, _ := services.Real(t)
	redis := services.OwnRedis(t, services.RedisConfig{})
	way := newDetour(t, redis.Addr())
	in := installOn(t, brokers, "redis://"+way.addr(), map[string]string{"policy.yaml": smallPolicy})
	p := in.router("a")
	way.slowDown(150 * time.Millisecond)
	p.missing(t, func() { in.publishPadded("few", few) })
	small := p.overload("few", 0, few)
	way.slowDown(0)
	in.eventually(2*time.Minute, "it catches up", func() bool { _, left := p.backlogged(few); return left == 0 })
	way.slowDown(150 * time.Millisecond)
	p.missing(t, func() { in.publishPadded("many", many) })
	large := p.overload("many", few, many)
	way.slowDown(0)
	p.recover(map[string]int{"few": few, "many": many})

	t.Logf("peak with a backlog of %d MB: %d MB, of %d MB: %d MB, after it: %d MB",
		few*padding>>20, small>>20, many*padding>>20, large>>20, p.peak()>>20)
	require.Less(t, p.peak(), mostMemory, "the backlog is in memory")
}

// A broker that stands still while there is a backlog: nothing piles up, and nothing is lost.
func TestOverloadWithAHangingBroker(t *testing.T) {
	t.Parallel()
	in, kafka := ownKafka(t)
	p := in.router("a")
	p.missing(t, func() { in.publishPadded("many", many) })
	in.eventually(2*time.Minute, "it has begun", func() bool { decided, _ := p.backlogged(many); return decided > 0 })
	require.NoError(t, kafka.Pause())
	t.Log(p.awaitTrouble("kafka"))
	hanging := p.peak()
	require.NoError(t, kafka.Resume())
	p.recover(map[string]int{"many": many})
	t.Logf("peak with a backlog of %d MB: %d MB while the broker hangs, %d MB after it", many*padding>>20, hanging>>20, p.peak()>>20)
	require.Less(t, p.peak(), mostMemory)
}
