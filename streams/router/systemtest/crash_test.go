package systemtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/streams/router"
)

// crashes is the size of the crash test, from the environment.
func crashes(t *testing.T) (leads, kills int, seed uint64) {
	t.Helper()
	leads, kills, seed = 8_000, 3, rand.Uint64()
	if text := os.Getenv("LEADROUTER_CRASH_LEADS"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err)
		leads = n
	}
	if leads >= 50_000 {
		kills = 10
	}
	if text := os.Getenv("LEADROUTER_CRASH_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		seed = n
	}
	return leads, kills, seed
}

// Routers are killed at random moments while leads, activities and presence come
// in and the policy changes. In the end it must look as if nothing had happened.
func TestCrash(t *testing.T) {
	t.Parallel()
	n, kills, seed := crashes(t)
	t.Logf("%d leads, %d kills, LEADROUTER_CRASH_SEED=%d", n, kills, seed)
	// All caps together are a little less than what stays open.
	before := strings.NewReplacer("OPEN", strconv.Itoa(n/60))
	after := strings.NewReplacer("OPEN", strconv.Itoa(n/50), "weight: 3", "weight: 1")
	last := strings.NewReplacer("OPEN", strconv.Itoa(n/50), "60000", "50000", "weight: 2", "weight: 5")
	in := install(t, map[string]string{"policy.yaml": before.Replace(crashPolicy)})
	work := newWorkload(in, seed)
	seen := in.subscribe()
	pair := []*process{in.router("a"), in.router("b")}

	begin := time.Now()
	for phase := range kills + 1 {
		records := work.batch(n*(phase+1)/(kills+1) - len(work.leads))
		if phase == kills/2 {
			in.write("policy.yaml", after.Replace(crashPolicy))
			records = append(records, work.leaves("gus"))
		}
		if phase == kills {
			in.write("policy.yaml", last.Replace(crashPolicy))
		}
		sent := in.send(records)
		if phase < kills {
			in.progress(pair)
			// Somewhere in the work of this phase, which takes about a second.
			<-time.After(time.Duration(work.chance.IntN(800)) * time.Millisecond)
			i := work.chance.IntN(len(pair))
			pair[i].kill()
			pair[i] = in.start(pair[i].slot)
		}
		sent()
	}
	in.awaitCommitted(10 * time.Minute)
	t.Logf("took %s", time.Since(begin).Round(time.Millisecond))
	for _, p := range pair {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}

	list := in.assigned()
	requireAttempts(t, work.leads, list)
	requireAttempts(t, work.leads, seen(len(list)))
	requireSame(t, list, in.kcat())
	count := in.recountLog()
	require.Len(t, count.records, work.records+len(in.read(in.topic(event.LeadReassign))), "each record is decided")
	require.Len(t, count.hashes, 3, "each policy had its part")
	require.Positive(t, count.Given, "people gave leads away")
	require.Positive(t, count.Full)
	for _, effect := range []ledger.Effect{ledger.Owned, ledger.Ended, ledger.Repeat, ledger.Freed, ledger.Fenced, ledger.Ignored, ledger.Present, ledger.Settled} {
		require.Positive(t, count.Effects[string(effect)], effect)
	}
	t.Logf("effects %v, largest credits %v", count.Effects, count.Largest)
	in.requireFolded()
	in.requireProven(oneFile(before.Replace(crashPolicy)), oneFile(after.Replace(crashPolicy)), oneFile(last.Replace(crashPolicy)))
	count.requireLedger(in)
	in.requireNoDeadLetters()
	in.requireTimers(count.Reopened)
}

// requireTimers checks the last word of lead.timers on each lead: its clocks run
// while somebody has it, and stand once it is closed. Whoever reopens a lead has no
// clocks.
func (in *installation) requireTimers(reopened map[string]bool) {
	in.t.Helper()
	last := map[string]*kgo.Record{}
	for _, r := range in.read(in.topic(event.LeadTimers)) {
		last[string(r.Key)] = r
	}
	running := 0
	for id, l := range in.dump().Leads {
		switch r := last[id]; {
		case l.Closed > 0:
			require.True(in.t, r == nil || r.Value == nil, "lead %s is closed and its clocks run", id)
		case l.Rep != "" && !reopened[id]:
			require.NotNil(in.t, r, "lead %s has no clocks", id)
			require.NotNil(in.t, r.Value, "the clocks of lead %s stand", id)
			running++
		}
	}
	require.Positive(in.t, running)
}

// send writes records beside the test; the result waits for it.
func (in *installation) send(records []*kstream.Record) (wait func()) {
	in.t.Helper()
	to, err := kstream.NewPublisher(in.kafka)
	require.NoError(in.t, err)
	failed := make(chan error, 1)
	go func() {
		defer to.Close()
		failed <- to.Publish(in.t.Context(), records...)
	}()
	return func() {
		in.t.Helper()
		require.NoError(in.t, <-failed)
	}
}

// progress waits until the routers commit leads again.
func (in *installation) progress(pair []*process) {
	in.t.Helper()
	before := committed(pair)
	in.eventually(time.Minute, "the routers go on", func() bool { return committed(pair) > before })
}

// committed counts the transactions of routers since they began.
func committed(pair []*process) (sum float64) {
	for _, p := range pair {
		sum += p.metric(`leadrouter_transactions_total{result="committed"}`)
	}
	return sum
}

// subscribe reads lead.assigned from now on, live; the result gives the first n.
func (in *installation) subscribe() func(n int) []event.Assigned {
	in.t.Helper()
	var mu sync.Mutex
	var list []event.Assigned
	ctx, stop := context.WithCancel(in.t.Context())
	client, err := kgo.NewClient(
		kgo.SeedBrokers(in.brokers...), kgo.ConsumeTopics(in.topic(event.LeadAssigned)),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	require.NoError(in.t, err)
	var reading sync.WaitGroup
	reading.Go(func() {
		for ctx.Err() == nil {
			for r := range client.PollFetches(ctx).RecordsAll() {
				a := decodeAssigned(in.t, r)
				mu.Lock()
				list = append(list, a)
				mu.Unlock()
			}
		}
	})
	in.t.Cleanup(func() { stop(); reading.Wait(); client.Close() })
	return func(n int) (got []event.Assigned) {
		in.t.Helper()
		in.eventually(2*time.Minute, "the live subscriber has all", func() bool {
			mu.Lock()
			defer mu.Unlock()
			got = list
			return len(list) >= n
		})
		return got
	}
}

// awaitCommitted waits until the routers' group has committed all of the input.
func (in *installation) awaitCommitted(limit time.Duration) {
	in.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(in.brokers...))
	require.NoError(in.t, err)
	defer client.Close()
	admin := kadm.NewClient(client)
	var names []string
	for _, t := range router.Inputs() {
		names = append(names, in.topic(t))
	}
	behind := map[string]string{}
	defer func() {
		if in.t.Failed() {
			in.t.Logf("committed, end: %v", behind)
		}
	}()
	in.eventually(limit, "all input is committed", func() bool {
		committed, err := in.kafka.Committed(in.t.Context(), app.RouterGroup(in.name))
		if err != nil {
			return false
		}
		ends, err := admin.ListEndOffsets(in.t.Context(), names...)
		if err != nil || ends.Error() != nil {
			return false
		}
		clear(behind)
		ends.Each(func(end kadm.ListedOffset) {
			tp := kstream.TopicPartition{Topic: end.Topic, Partition: end.Partition}
			if at := committed[tp]; at != end.Offset {
				behind[tp.String()] = fmt.Sprint(at, " ", end.Offset)
			}
		})
		if len(behind) > 0 {
			in.passMarkers(behind, committed)
		}
		return len(behind) == 0
	})
}

// passMarkers takes the partitions of lead.reassign out of behind of which everything is
// committed but the markers of transactions, which nobody commits.
func (in *installation) passMarkers(behind map[string]string, committed map[kstream.TopicPartition]int64) {
	in.t.Helper()
	topic := in.topic(event.LeadReassign)
	unread := map[string]bool{}
	for _, r := range in.read(topic) {
		tp := kstream.PartitionOf(r)
		unread[tp.String()] = unread[tp.String()] || r.Offset >= committed[tp]
	}
	for tp := range behind {
		if strings.HasPrefix(tp, topic+"/") && !unread[tp] {
			delete(behind, tp)
		}
	}
}

// requireNoDeadLetters checks that nothing was set aside.
func (in *installation) requireNoDeadLetters() {
	in.t.Helper()
	for _, t := range router.Inputs() {
		require.Empty(in.t, in.read(in.topic(t)+kstream.DLQSuffix), t)
	}
}
