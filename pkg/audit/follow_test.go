package audit_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/testkit/services"
)

// archive is the log of an installation on a real Kafka.
type archive struct {
	t        *testing.T
	kafka    kstream.Client
	instance string
	planner  *routing.Planner
	history  *history
}

const partitions = 3

func newArchive(t *testing.T) *archive {
	t.Helper()
	a := &archive{t: t, kafka: kstream.Client{Brokers: services.Kafka(t)}, planner: planner(t, fair), history: newHistory()}
	a.instance = a.topics()
	return a
}

// topics makes those of an installation.
func (a *archive) topics() string {
	a.t.Helper()
	instance := services.Instance(a.t)
	require.NoError(a.t, a.kafka.CreateTopics(a.t.Context(),
		kstream.Topic{Name: event.LeadDecisions.Topic(instance), Partitions: partitions},
		kstream.Topic{Name: event.LeadSeals.Topic(instance), Partitions: 1},
		kstream.Topic{Name: event.LedgerSnapshot.Topic(instance), Partitions: 1, Configs: map[string]string{kstream.CleanupPolicy: "compact"}},
	))
	return instance
}

// decide adds leads to the log, some of which are closed.
func (a *archive) decide(from, to int) {
	a.t.Helper()
	first := len(a.history.log)
	for i := from; i < to; i++ {
		id := "L-" + strconv.Itoa(i)
		a.history.lead(a.t, a.planner, id, []string{"DE", "ES", "US", "FR"}[i%4])
		if i%3 > 0 {
			a.history.happens(a.t, id, ledger.Closed)
		}
	}
	a.append(a.instance, a.records(a.history.log[first:])...)
}

// records are decisions as the router writes them, the partition by their sequence.
func (a *archive) records(log []event.Decision) []*kstream.Record {
	a.t.Helper()
	var records []*kstream.Record
	for _, d := range log {
		e, err := event.New(event.LeadDecisions, d.Op.String(), 0, d.Grant.Lead, time.UnixMilli(d.Grant.At), d)
		require.NoError(a.t, err)
		r := kstream.Encode("", d.Grant.Lead, e)
		r.Partition = int32(d.Grant.Sequence) % partitions
		records = append(records, r)
	}
	return records
}

// append writes records to the log of an instance, at their partitions.
func (a *archive) append(instance string, records ...*kstream.Record) {
	a.t.Helper()
	to, err := kgo.NewClient(kgo.SeedBrokers(a.kafka.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	require.NoError(a.t, err)
	defer to.Close()
	for _, r := range records {
		r.Topic = event.LeadDecisions.Topic(instance)
	}
	require.NoError(a.t, to.ProduceSync(a.t.Context(), records...).FirstErr())
}

// read is all of a topic.
func (a *archive) read(topic string) (records []*kstream.Record) {
	a.t.Helper()
	from, err := a.kafka.Starts(a.t.Context(), topic)
	require.NoError(a.t, err)
	_, err = a.kafka.ReadToEnd(a.t.Context(), from, func(r *kstream.Record) error {
		records = append(records, r)
		return nil
	})
	require.NoError(a.t, err)
	return records
}

// findings are what is reported, by whichever goroutine.
type findings struct {
	mu   sync.Mutex
	list []audit.Finding
}

func (f *findings) report(found audit.Finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, found)
}

func (f *findings) all() []audit.Finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}

// follow runs a follower until everything that is in the log has been sealed by it and is
// in a snapshot, and then further until stop is called.
func (a *archive) follow(change func(*audit.FollowConfig)) (f *audit.Follower, found *findings, stop func() error) {
	a.t.Helper()
	found = &findings{}
	cfg := audit.FollowConfig{
		PassConfig: audit.PassConfig{Kafka: a.kafka, Instance: a.instance, Planners: []*routing.Planner{a.planner}, Report: found.report},
		Every:      20 * time.Millisecond, Records: 50, Snapshot: 1, Keep: 2, Clock: clock.System(),
		Trouble: func(err error) { a.t.Errorf("trouble: %v", err) },
	}
	if change != nil {
		change(&cfg)
	}
	f, err := audit.NewFollower(cfg)
	require.NoError(a.t, err)
	ctx, cancel := context.WithCancel(a.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-done })
	a.t.Cleanup(func() { _ = stop() })
	return f, found, stop
}

// snapshot waits for that of the whole log.
func (a *archive) snapshot() *audit.Snapshot {
	a.t.Helper()
	var latest *audit.Snapshot
	last := a.history.log[len(a.history.log)-1].Grant.Sequence
	require.Eventually(a.t, func() bool {
		var err error
		latest, err = audit.NewSnapshots(a.kafka, a.instance).Latest(a.t.Context(), nil)
		require.NoError(a.t, err)
		return latest != nil && latest.Sequence == last
	}, 60*time.Second, 20*time.Millisecond)
	return latest
}

// audit goes through a log once.
func (a *archive) audit(instance string, change func(*audit.PassConfig)) (audit.Verdict, []audit.Finding) {
	a.t.Helper()
	found := &findings{}
	cfg := audit.PassConfig{Kafka: a.kafka, Instance: instance, Planners: []*routing.Planner{a.planner}, Report: found.report}
	if change != nil {
		change(&cfg)
	}
	pass, err := audit.OpenPass(a.t.Context(), cfg)
	require.NoError(a.t, err)
	require.NoError(a.t, pass.Read(a.t.Context()))
	v, err := pass.Close(a.t.Context())
	require.NoError(a.t, err)
	return v, found.all()
}

// anyOne is where a pass may begin.
func anyOne(event.Snapshot) bool { return true }

// A log is sealed and kept in snapshots while it grows, by followers that end and begin
// again; each record is behind one seal, and whoever begins at a snapshot comes to what
// the whole log gives.
func TestALogIsSealedWhileItGrows(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	for round := range 3 {
		a.decide(100*round, 100*round+60)
		f, found, stop := a.follow(nil)
		a.snapshot()
		a.decide(100*round+60, 100*round+100)
		snapshot := a.snapshot()
		require.NoError(t, stop())
		require.Empty(t, found.all())
		v := f.Verdict()
		require.Equal(t, v.Decisions, v.Proven)
		if round > 0 {
			require.Positive(t, v.From, "it began at the last snapshot")
		}

		want, err := a.history.model.Dump(t.Context())
		require.NoError(t, err)
		require.Empty(t, snapshot.State.Diff(want.Logged()))
		v, _ = a.audit(a.instance, nil)
		require.Equal(t, len(a.history.log), v.Proven)
		require.Positive(t, v.Seals)
		v, findings := a.audit(a.instance, func(c *audit.PassConfig) { c.From, c.Anchor = anyOne, v.Digest })
		require.Empty(t, findings)
		require.Equal(t, snapshot.Sequence, v.From)
		require.Zero(t, v.Decisions, "it began behind the last one")
	}

	var sealed, number int64
	for _, r := range a.read(event.LeadSeals.Topic(a.instance)) {
		var s event.Seal
		require.NoError(t, json.Unmarshal(r.Value, &s))
		number++
		require.Equal(t, number, s.Number)
		sealed += s.Count
		require.LessOrEqual(t, s.Count, int64(50))
	}
	require.EqualValues(t, len(a.history.log), sealed, "each record once")
	list, err := audit.NewSnapshots(a.kafka, a.instance).List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2, "older ones are forgotten")
	tombstones := 0
	for _, r := range a.read(event.LedgerSnapshot.Topic(a.instance)) {
		if r.Value == nil {
			tombstones++
		}
	}
	require.Positive(t, tombstones)
}

// Of two followers the later one goes on.
func TestASecondFollowerTakesOver(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.decide(0, 20)
	_, _, first := a.follow(nil)
	a.snapshot()
	_, found, second := a.follow(nil)
	a.decide(20, 40)
	a.snapshot()
	a.decide(40, 60) // the first one sees that too, and cannot write
	a.snapshot()
	require.NoError(t, second())
	require.Empty(t, found.all())
	require.ErrorIs(t, first(), kstream.ErrOvertaken)
	v, findings := a.audit(a.instance, nil)
	require.Empty(t, findings)
	require.Equal(t, len(a.history.log), v.Proven)
}

// item is a record of a log, alone in a transaction that ends so; "": in none. One that is
// aborted takes an offset and is not there.
type item struct {
	*kstream.Record
	end string
}

const (
	committed = "committed"
	aborted   = "aborted"
)

// write writes items in their order, so that equal lists come to equal offsets.
func (a *archive) write(instance string, items []item) {
	a.t.Helper()
	to, err := kgo.NewClient(kgo.SeedBrokers(a.kafka.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(instance+"-test"))
	require.NoError(a.t, err)
	defer to.Close()
	var plain []*kstream.Record
	for _, it := range items {
		own := &kstream.Record{Topic: event.LeadDecisions.Topic(instance), Key: it.Key, Value: it.Value, Headers: it.Headers, Partition: it.Partition}
		if it.end == "" {
			plain = append(plain, own)
			continue
		}
		a.append(instance, plain...)
		plain = nil
		require.NoError(a.t, to.BeginTransaction())
		require.NoError(a.t, to.ProduceSync(a.t.Context(), own).FirstErr())
		require.NoError(a.t, to.EndTransaction(a.t.Context(), kgo.TransactionEndTry(it.end == committed)))
	}
	a.append(instance, plain...)
}

// What happened to a log that was sealed is found: one record changed, dropped or added, at
// its place.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	for i := range 150 {
		a.history.lead(t, a.planner, "L-"+strconv.Itoa(i), "DE")
	}
	var items []item
	for i, r := range a.records(a.history.log) {
		items = append(items, item{Record: r})
		if i == 100 { // partition 2; the first one stands at offset 33
			items[i].end = committed
			again := *r
			items = append(items, item{Record: &again, end: aborted})
		}
	}
	a.write(a.instance, items)
	_, found, stop := a.follow(func(c *audit.FollowConfig) { c.Snapshot = -1 })
	require.Eventually(t, func() bool {
		v, _ := a.audit(a.instance, nil)
		return v.Seals >= 3 && v.Proven == 150
	}, 60*time.Second, 50*time.Millisecond)
	require.NoError(t, stop())
	require.Empty(t, found.all())

	for name, tt := range map[string]struct {
		spoil func(items []item) []item
		says  string
		more  []audit.Kind // besides the seal
	}{
		"untouched": {func(items []item) []item { return items }, "", nil},
		"changed": {func(items []item) []item {
			changed := *items[100].Record
			changed.Value = []byte(strings.Replace(string(changed.Value), `"digest":"d"`, `"digest":"e"`, 1))
			items[100].Record = &changed
			return items
		}, "one or more records are not what was sealed", nil},
		"another key": {func(items []item) []item {
			changed := *items[100].Record
			changed.Key = []byte("L-0")
			items[100].Record = &changed
			return items
		}, "one or more records are not what was sealed", nil},
		"dropped": {func(items []item) []item {
			items[100].end = aborted
			return items
		}, "some are gone", []audit.Kind{audit.Missing}},
		"added": {func(items []item) []item {
			items[101].end = committed
			return items
		}, "some were added", []audit.Kind{audit.Repeated}},
		"cut off": {func(items []item) []item { return items[:len(items)-1] }, "some are gone", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := &archive{t: t, kafka: a.kafka, planner: a.planner}
			instance := own.topics()
			own.write(instance, tt.spoil(slices.Clone(items)))
			own.copySeals(event.LeadSeals.Topic(a.instance), instance)
			v, found := own.audit(instance, nil)
			require.GreaterOrEqual(t, v.Seals, int64(3))
			if tt.says == "" {
				require.Empty(t, found)
				return
			}
			slices.SortStableFunc(found, func(f, g audit.Finding) int { return cmp.Compare(f.Sequence, g.Sequence) }) // seals have none
			require.Equal(t, append([]audit.Kind{audit.Sealed}, tt.more...), kinds(found), "%+v", found)
			require.Contains(t, found[0].What, tt.says)
			require.Regexp(t, `^seal \d+, partition \d, offsets \d+ to \d+: `, found[0].What)
			if name != "cut off" {
				require.Contains(t, found[0].What, "partition 2")
				var seal, partition, from, to int64
				_, err := fmt.Sscanf(found[0].What, "seal %d, partition %d, offsets %d to %d:", &seal, &partition, &from, &to)
				require.NoError(t, err)
				require.True(t, from <= 35 && 33 <= to, found[0].What)
			}
		})
	}
}

// Who changes the seals along with the log cannot change what was noted of them elsewhere.
func TestAnAnchorHoldsTheChain(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.decide(0, 30)
	f, _, stop := a.follow(nil)
	a.snapshot()
	require.NoError(t, stop())
	noted := f.Verdict().Digest
	_, found := a.audit(a.instance, func(c *audit.PassConfig) { c.Anchor = noted })
	require.Empty(t, found)
	_, found = a.audit(a.instance, func(c *audit.PassConfig) { c.Anchor = strings.Repeat("0", 64) })
	require.Equal(t, []audit.Kind{audit.Sealed}, kinds(found))
	require.Contains(t, found[0].What, "no seal has the digest")
}

// A snapshot that is not what was written is not begun at.
func TestADamagedSnapshotIsNotBegunAt(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.decide(0, 30)
	_, _, stop := a.follow(nil)
	snapshot := a.snapshot()
	require.NoError(t, stop())
	to, err := kstream.NewPublisher(a.kafka)
	require.NoError(t, err)
	defer to.Close()
	forge := func(key string, data any) {
		src, err := json.Marshal(data)
		require.NoError(t, err)
		require.NoError(t, to.Publish(t.Context(), &kstream.Record{Topic: event.LedgerSnapshot.Topic(a.instance), Key: []byte(key), Value: src}))
	}
	begun := func(says string) {
		v, found := a.audit(a.instance, func(c *audit.PassConfig) { c.From = anyOne })
		require.Equal(t, []audit.Kind{audit.Sealed}, kinds(found))
		require.Contains(t, found[0].What, says)
		require.Zero(t, v.From)
		require.Equal(t, len(a.history.log), v.Proven)
	}
	forge(fmt.Sprintf("%d/0", snapshot.Sequence), event.SnapshotPart{Sequence: snapshot.Sequence, Parts: 1, Content: []byte("x")})
	begun("its parts do not have its digest")
	_, err = audit.NewSnapshots(a.kafka, a.instance).Latest(t.Context(), nil)
	require.ErrorIs(t, err, audit.ErrSnapshot)

	state, err := json.Marshal(ledger.NewState())
	require.NoError(t, err)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	require.NoError(t, json.NewEncoder(zip).Encode(event.SnapshotContent{State: state}))
	require.NoError(t, zip.Close())
	sum := sha256.Sum256(packed.Bytes())
	other := snapshot.Snapshot // whole, and not the one that was sealed
	other.Parts, other.Digest = 1, hex.EncodeToString(sum[:])
	forge(fmt.Sprintf("%d/0", snapshot.Sequence), event.SnapshotPart{Sequence: snapshot.Sequence, Parts: 1, Content: packed.Bytes()})
	forge(fmt.Sprintf("snapshot/%d", snapshot.Sequence), other)
	begun("is not the one that seal")

	other.Parts = math.MaxInt // as many as nobody could go through
	forge(fmt.Sprintf("snapshot/%d", snapshot.Sequence), other)
	list, err := audit.NewSnapshots(a.kafka, a.instance).List(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)
}

// copySeals gives another installation the seals of a topic.
func (a *archive) copySeals(from, instance string) {
	a.t.Helper()
	to, err := kstream.NewPublisher(a.kafka)
	require.NoError(a.t, err)
	defer to.Close()
	for _, r := range a.read(from) {
		require.NoError(a.t, to.Publish(a.t.Context(), &kstream.Record{Topic: event.LeadSeals.Topic(instance), Key: r.Key, Value: r.Value, Headers: r.Headers}))
	}
}
