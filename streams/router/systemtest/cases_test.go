package systemtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/testkit/recount"
)

// smallPolicy gives Germany to carl and the rest to everybody in turn.
const smallPolicy = `
policy: small
reps:
  ana: {country: [ES, PT]}
  ben: {country: [US, GB]}
  carl: {country: [DE, AT, CH]}
rules:
  - {name: local, to: [{to: all, match: [country]}, next]}
  - {name: anyone, to: all}
tests:
  - {name: "Germany is carl's", lead: {country: DE}, expect: {rep: carl}}
`

// otherPolicy gives Germany to dora.
var otherPolicy = strings.NewReplacer("carl", "dora").Replace(smallPolicy)

// A second event with a known id, in the same words or in others, changes nothing.
func TestSecondEventWithAKnownID(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	p := in.router("a")
	same := `{"id":"L-1","country":"DE"}`
	in.publish(event.LeadCreated, keyed("L-1", "%s", same))
	first := in.awaitAssigned(1, 20*time.Second)[0]
	in.publish(event.LeadCreated, keyed("L-1", "%s", same), keyed("L-1", `{"id":"L-1","country":"US"}`),
		keyed("other-key", `{"id":"L-1","country":"ES"}`), keyed("L-2", `{"id":"L-2","country":"DE"}`))
	in.awaitCommitted(20 * time.Second)

	list := in.assigned()
	requireOnce(t, map[string]bool{"L-1": true, "L-2": true}, list)
	require.Contains(t, list, first)
	require.Equal(t, "carl", first.RepID)
	require.Equal(t, 3, in.recountLog().Effects["repeat"])
	require.Equal(t, 3, int(p.metric(`leadrouter_leads_total{outcome="repeat"}`)))
	require.Equal(t, 2, int(p.metric(`leadrouter_leads_total{outcome="assigned"}`)))
	require.EqualValues(t, 2, in.dump().Reps["carl"].Open)
}

// A router dies between grant and commit, and its policy changes before it is back:
// the records are read again and give what they gave first, to the byte.
func TestRedeliveryAfterAKillAndAPolicyChange(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	doubtful := in.killBetweenGrantAndCommit()
	in.write("policy.yaml", otherPolicy)
	back := time.Now()
	in.router("a")
	in.publish(event.LeadCreated, keyed("new", `{"id":"new","country":"DE"}`))
	in.awaitCommitted(time.Minute)

	written, again := map[int64]event.Decision{}, 0
	for _, r := range in.read(in.topic(event.LeadDecisions)) {
		var d event.Decision
		require.NoError(t, json.Unmarshal(r.Value, &d))
		written[d.Grant.Sequence] = d
		if _, was := doubtful[d.Grant.Sequence]; was && r.Timestamp.After(back) {
			again++
		}
	}
	require.Positive(t, again, "nothing was delivered again")
	t.Logf("%d grants in doubt, %d delivered again", len(doubtful), again)
	for sequence, memo := range doubtful {
		d := written[sequence]
		require.Equal(t, memo.ID, d.Op)
		require.JSONEq(t, string(memo.Body), string(d.Draft), "the first plan wins")
		require.Empty(t, cmp.Diff(memo.Grant, d.Grant), "sequence %d", sequence)
	}
	list := in.assigned()
	require.Equal(t, "dora", list[indexOf(list, "new")].RepID, "new leads go by the new policy")
	in.recountLog()
	in.requireFolded()
}

// An operator moves the offsets past records whose grants were never committed: they
// are taken back, and every hole in the log is explained.
func TestSkippedRecordsAreTakenBack(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	doubtful := in.killBetweenGrantAndCommit()
	skipped := in.skipAll()
	in.router("a")
	in.publish(event.LeadCreated, leads("after", 20)...)
	in.awaitCommitted(time.Minute)
	in.eventually(20*time.Second, "the voids are acknowledged", func() bool {
		for _, tail := range in.dump().Tails {
			if len(tail.Memos) > 0 {
				return false
			}
		}
		return true
	})

	count := in.recountLog()
	require.Positive(t, count.Effects["voided"])
	require.LessOrEqual(t, count.Effects["voided"], len(doubtful))
	t.Logf("%d grants in doubt, %d taken back, %d records skipped", len(doubtful), count.Effects["voided"], skipped)
	in.requireFolded()
	count.requireLedger(in)
	for _, a := range in.assigned() {
		require.Equal(t, a.RepID, in.dump().Leads[a.LeadID].Rep, "what subscribers have seen holds")
		break // one dump is enough of a sample
	}
}

func indexOf(list []event.Assigned, lead string) int {
	for i, a := range list {
		if a.LeadID == lead {
			return i
		}
	}
	return -1
}

// killBetweenGrantAndCommit kills a router under load at a moment when Redis has
// granted what is not in the log, and returns those grants by sequence.
func (in *installation) killBetweenGrantAndCommit() map[int64]ledger.Memo {
	in.t.Helper()
	p := in.router("a")
	for attempt := range 30 {
		sent := in.send(leadsOf(in, fmt.Sprintf("L%d", attempt), 3_000))
		// Who has stood still for long has to come back to its group first.
		in.progress([]*process{p})
		require.NoError(in.t, p.cmd.Process.Signal(syscall.SIGSTOP))
		sent()
		doubtful := in.settledUncommitted()
		if len(doubtful) > 0 {
			p.kill()
			return doubtful
		}
		require.NoError(in.t, p.cmd.Process.Signal(syscall.SIGCONT))
	}
	require.FailNow(in.t, "the router never had a grant in flight")
	return nil
}

func leadsOf(in *installation, prefix string, n int) []*kstream.Record {
	records := leads(prefix, n)
	for _, r := range records {
		r.Topic = in.topic(event.LeadCreated)
	}
	return records
}

// settledUncommitted is what stays uncommitted of a router that stands still: what it
// had sent to Redis and Kafka before is still on its way at the first look.
func (in *installation) settledUncommitted() map[int64]ledger.Memo {
	in.t.Helper()
	before := in.uncommitted()
	for len(before) > 0 {
		after := in.uncommitted()
		if maps.EqualFunc(before, after, func(a, b ledger.Memo) bool { return a.ID == b.ID }) {
			break
		}
		before = after
	}
	return before
}

// uncommitted are the memos in Redis whose decision is not in the log.
func (in *installation) uncommitted() map[int64]ledger.Memo {
	in.t.Helper()
	memos := map[int64]ledger.Memo{}
	for _, tail := range in.dump().Tails {
		for _, m := range tail.Memos {
			memos[m.Grant.Sequence] = m
		}
	}
	for _, r := range in.read(in.topic(event.LeadDecisions)) {
		var e recount.Entry
		require.NoError(in.t, json.Unmarshal(r.Value, &e))
		delete(memos, e.Grant.Sequence)
	}
	return memos
}

// skipAll moves the routers' group to the end of the input, as an operator would,
// and returns how many records that passes over.
func (in *installation) skipAll() (skipped int64) {
	in.t.Helper()
	group, topic := app.RouterGroup(in.name), in.topic(event.LeadCreated)
	in.eventually(30*time.Second, "the dead router is out of the group", func() bool {
		members, err := in.kafka.Members(in.t.Context(), group)
		return err == nil && members == 0
	})
	ctx, cancel := context.WithTimeout(in.t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(in.t, in.kafka.WaitSettled(ctx, in.topic(event.LeadDecisions)))
	client, err := kgo.NewClient(kgo.SeedBrokers(in.brokers...))
	require.NoError(in.t, err)
	defer client.Close()
	admin := kadm.NewClient(client)
	before, err := in.kafka.Committed(ctx, group)
	require.NoError(in.t, err)
	ends, err := admin.ListEndOffsets(ctx, topic)
	require.NoError(in.t, err)
	require.NoError(in.t, admin.CommitAllOffsets(ctx, group, ends.Offsets()))
	ends.Each(func(end kadm.ListedOffset) {
		skipped += end.Offset - before[kstream.TopicPartition{Topic: topic, Partition: end.Partition}]
	})
	require.Positive(in.t, skipped)
	return skipped
}

// The drafts that the log holds are those of the policies that were in force, and
// nobody can tell from them who the leads are.
func requireNothingPersonal(t *testing.T, records []*kgo.Record) {
	t.Helper()
	for _, r := range records {
		require.NotContains(t, string(r.Value), "person.example")
		var d event.Decision
		require.NoError(t, json.Unmarshal(r.Value, &d))
		require.Equal(t, routing.Engine, d.Engine)
	}
}
