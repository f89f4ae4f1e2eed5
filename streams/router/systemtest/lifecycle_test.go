package systemtest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// lifecyclePolicy gives owners two seconds, three owners a chance, and then a manager.
const lifecyclePolicy = `
policy: lifecycle
teams: {emea: {manager: ines}}
reps:
  ines: {}
  ana: {team: emea, backup: ben}
  ben: {team: emea, backup: carl}
  carl: {team: emea, backup: dora}
  dora: {team: emea, backup: ana}
slas: {fast: {for: true, clock: 24x7, accepted: {1s: remind, 2s: [to_backup, tell_manager]}}}
reassign: {max_owners: 3}
rules: [{name: all, to: emea}]
`

// ignored tells the leads that nobody ever accepts: a third of all.
func ignored(lead string) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(lead))
	return h.Sum32()%3 == 0
}

// respond accepts, as a rep does, each assignment of the other leads when it is seen.
func (in *installation) respond() (stop func()) {
	in.t.Helper()
	ctx, cancel := context.WithCancel(in.t.Context())
	client, err := kgo.NewClient(
		kgo.SeedBrokers(in.brokers...), kgo.ConsumeTopics(in.topic(event.LeadAssigned)),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	require.NoError(in.t, err)
	var working sync.WaitGroup
	working.Go(func() {
		for ctx.Err() == nil {
			for r := range client.PollFetches(ctx).RecordsAll() {
				a := decodeAssigned(in.t, r)
				if a.RepID == "" || ignored(a.LeadID) {
					continue
				}
				said := keyed(a.LeadID, `{"lead_id":%q,"activity":"accepted","rep_id":%q,"attempt":%d}`, a.LeadID, a.RepID, a.Attempt)
				said.Topic = in.topic(event.LeadActivity)
				client.Produce(ctx, said, nil)
			}
		}
	})
	return func() { cancel(); working.Wait(); client.Close() }
}

// Leads that nobody touches are reminded, moved and escalated as the policy says, once
// each, whatever is killed meanwhile; leads that are accepted stay where they are.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	n, kills, seed := 1_200, 4, rand.Uint64()
	if text := os.Getenv("LEADROUTER_LIFECYCLE_LEADS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
		kills = 20
	}
	t.Logf("%d leads, %d kills, seed %d", n, kills, seed)
	chance := rand.New(rand.NewPCG(seed, seed))
	in := install(t, oneFile(lifecyclePolicy))
	all := []*process{
		in.launch("router", "a"), in.launch("router", "b"), in.launch("sla", "x"), in.launch("sla", "y"),
	}
	for _, p := range all {
		p.awaitReady()
	}
	stop := in.respond()
	begin := time.Now()
	for phase := range kills + 1 {
		in.publish(event.LeadCreated, leads(fmt.Sprint("P", phase), n/(kills+1))...)
		if phase == kills {
			break
		}
		<-time.After(time.Duration(chance.IntN(5_000)) * time.Millisecond)
		for _, i := range chance.Perm(len(all))[:1+chance.IntN(2)] {
			all[i].kill()
			all[i] = in.launch(all[i].role, all[i].slot)
		}
	}
	published := in.read(in.topic(event.LeadCreated))
	untouched := map[string]bool{}
	for _, r := range published {
		if ignored(string(r.Key)) {
			untouched[string(r.Key)] = true
		}
	}
	in.eventually(3*time.Minute, "untouched leads are with a person", func() bool {
		ended := 0
		for _, a := range in.assigned() {
			if a.Outcome == ledger.Review {
				ended++
			}
		}
		return ended == len(untouched)
	})
	stop()
	in.awaitCommitted(time.Minute)
	t.Logf("took %s", time.Since(begin).Round(time.Millisecond))
	for _, p := range all {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}

	in.requireLives(untouched, len(published))
	in.requireMilestones(untouched)
	count := in.recountLog()
	t.Logf("effects %v, largest credits %v", count.Effects, count.Largest)
	in.requireFolded()
	verdict := in.requireProven(oneFile(lifecyclePolicy))
	require.Equal(t, verdict.Decisions, verdict.Proven)
	count.requireLedger(in)
	in.requireNoDeadLetters()
}

// requireLives checks what subscribers have read: the attempts of a lead one by one, and
// where they end.
func (in *installation) requireLives(untouched map[string]bool, leads int) {
	in.t.Helper()
	backup := map[string]string{"ana": "ben", "ben": "carl", "carl": "dora", "dora": "ana"}
	last, moved := map[string]event.Assigned{}, 0
	for _, a := range in.assigned() {
		before := last[a.LeadID]
		require.Equal(in.t, before.Attempt+1, a.Attempt, "lead %s", a.LeadID)
		switch a.Attempt {
		case 1:
		case 2, 3:
			require.Equal(in.t, backup[before.RepID], a.RepID, "lead %s", a.LeadID)
			require.Equal(in.t, "stand_in", a.ReasonCode)
		case 4:
			require.Equal(in.t, []any{"ines", "escalated"}, []any{a.RepID, a.ReasonCode})
		case 5:
			require.Equal(in.t, ledger.Review, a.Outcome)
		}
		if a.Attempt > 1 {
			require.Equal(in.t, before.RepID, a.Previous.RepID)
			moved++
		}
		last[a.LeadID] = a
	}
	require.Len(in.t, last, leads)
	for id, a := range last {
		require.Equal(in.t, untouched[id], a.Outcome == ledger.Review, "lead %s ends as %s", id, a.Outcome)
	}
	late := moved - 4*len(untouched)
	in.t.Logf("%d untouched leads; %d attempts of others were not accepted in time", len(untouched), late)
}

// requireMilestones checks that each stage was said once, and of each attempt that its
// clock was met or that it was not. Both are said where the word that it was met in time
// came late.
func (in *installation) requireMilestones(untouched map[string]bool) {
	in.t.Helper()
	type stage struct {
		lead    string
		attempt int
		event   string
	}
	said := map[stage]int{}
	for _, r := range in.read(in.topic(event.LeadSLA)) {
		var m event.Milestone
		require.NoError(in.t, json.Unmarshal(r.Value, &m))
		s := stage{m.LeadID, m.Attempt, m.Event}
		said[s]++
		require.Equal(in.t, 1, said[s], "%+v is said again", m)
	}
	for id := range untouched {
		for attempt := 1; attempt <= 4; attempt++ {
			for _, e := range []string{event.Warned, event.Breached, event.Escalated} {
				require.Equal(in.t, 1, said[stage{id, attempt, e}], "lead %s, attempt %d: %s", id, attempt, e)
			}
		}
	}
	for _, a := range in.assigned() {
		if a.RepID != "" {
			met, breached := said[stage{a.LeadID, a.Attempt, event.Met}], said[stage{a.LeadID, a.Attempt, event.Breached}]
			require.Positive(in.t, met+breached, "lead %s, attempt %d", a.LeadID, a.Attempt)
		}
	}
	asked := map[string]bool{}
	for _, r := range in.read(in.topic(event.LeadReassign)) {
		var m event.Reassign
		require.NoError(in.t, json.Unmarshal(r.Value, &m))
		key := fmt.Sprint(m.LeadID, m.Attempt, m.Clock, m.Stage)
		require.False(in.t, asked[key], "%+v is asked for again", m)
		asked[key] = true
	}
}

// narrowPolicy has little room, and a line in which value comes first.
const narrowPolicy = `
policy: narrow
caps: {all: {open: 2}}
reps: {ana: {}, ben: {}}
rules: [{name: all, to: all}]
waiting: {first: value}
`

// Many wait; places come free one by one, and are given out by value and then age, with
// two routers: none is passed over, and none gets two.
func TestWaitingLine(t *testing.T) {
	t.Parallel()
	n := 100
	if text := os.Getenv("LEADROUTER_LIFECYCLE_LEADS"); text != "" {
		n = 1_000
	}
	in := install(t, oneFile(narrowPolicy))
	pair := []*process{in.router("a"), in.router("b")}
	var records []*kgo.Record
	value := map[string]int{}
	for i := range n {
		id := fmt.Sprintf("W-%04d", i)
		value[id] = i * 7919 % 50
		records = append(records, keyed(id, `{"id":%q,"deal_value":%d}`, id, value[id]))
	}
	in.publish(event.LeadCreated, records...)
	in.awaitCommitted(time.Minute)
	owned := func() []event.Assigned {
		var list []event.Assigned
		for _, a := range in.assigned() {
			if a.RepID != "" {
				list = append(list, a)
			}
		}
		slices.SortFunc(list, func(a, b event.Assigned) int { return cmp.Compare(a.Sequence, b.Sequence) })
		return list
	}
	list := owned()
	require.Len(t, list, 4, "as many as there is room for")
	live := in.subscribe()
	seen := n
	for closed := 0; closed < n-4; closed++ {
		in.publish(event.LeadActivity, keyed(list[closed].LeadID, `{"lead_id":%q,"activity":"converted"}`, list[closed].LeadID))
		seen++
		all := live(seen)
		list = append(list, all[seen-1])
	}
	in.awaitCommitted(time.Minute)
	for _, p := range pair {
		code, _ := p.stop()
		require.Zero(t, code)
	}
	given := map[string]bool{}
	for i, a := range list {
		require.False(t, given[a.LeadID], "lead %s is given out again", a.LeadID)
		given[a.LeadID] = true
		if i > 4 {
			require.GreaterOrEqual(t, value[list[i-1].LeadID], value[a.LeadID], "lead %s came before its turn", a.LeadID)
		}
	}
	require.Len(t, given, n)
	in.requireFolded()
	verdict := in.requireProven(oneFile(narrowPolicy))
	require.Equal(t, verdict.Decisions, verdict.Proven)
	in.recountLog().requireLedger(in)
}
