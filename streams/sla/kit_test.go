package sla_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/streams/sla"
)

// start is when the clocks of the tests begin.
var start = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// after is an instant some seconds behind start.
func after(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

// topics is a broker with nothing but logs. It is the journal of watchers, and what
// they write comes in through commit.
type topics struct {
	logs map[kstream.TopicPartition][]*kstream.Record
	ends map[kstream.TopicPartition]int64
	time func() time.Time // the brokers'; nil: they do not tell
	fail error            // of the journal
}

func newTopics(now func() time.Time) *topics {
	return &topics{logs: map[kstream.TopicPartition][]*kstream.Record{}, ends: map[kstream.TopicPartition]int64{}, time: now}
}

// append writes a record to the partition that it names.
func (b *topics) append(r *kstream.Record) {
	at := kstream.PartitionOf(r)
	r.Offset = b.ends[at]
	if r.Topic == event.LeadFired.Topic("") && b.time != nil {
		r.Timestamp, r.Attrs = b.time(), kgo.NewRecordAttrs(kgo.RecordAttrsOpts{TimestampType: 1})
	}
	b.logs[at] = append(b.logs[at], r)
	b.ends[at]++
}

// skip leaves an offset out, as the marker of a transaction does.
func (b *topics) skip(at kstream.TopicPartition) { b.ends[at]++ }

// compact forgets all but the last record of each key.
func (b *topics) compact() {
	for at, log := range b.logs {
		last := map[string]int64{}
		for _, r := range log {
			last[string(r.Key)] = r.Offset
		}
		b.logs[at] = slices.DeleteFunc(log, func(r *kstream.Record) bool { return last[string(r.Key)] != r.Offset })
	}
}

// Mark implements [sla.Journal].
func (b *topics) Mark(_ context.Context, key string, partitions ...kstream.TopicPartition) (map[kstream.TopicPartition]int64, error) {
	if b.fail != nil {
		return nil, b.fail
	}
	marks := map[kstream.TopicPartition]int64{}
	for _, at := range partitions {
		r := &kstream.Record{Topic: at.Topic, Partition: at.Partition, Key: []byte(key)}
		b.append(r)
		marks[at] = r.Offset
	}
	return marks, nil
}

// ReadThrough implements [sla.Journal].
func (b *topics) ReadThrough(_ context.Context, from, through map[kstream.TopicPartition]int64, fn func(*kstream.Record) error) error {
	if b.fail != nil {
		return b.fail
	}
	for at, first := range from {
		for _, r := range b.logs[at] {
			if first <= r.Offset && r.Offset <= through[at] {
				if err := fn(r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// timers is a partition of lead.timers.
func timers(partition int32) kstream.TopicPartition {
	return kstream.TopicPartition{Topic: event.LeadTimers.Topic(""), Partition: partition}
}

// write puts a record of lead.timers into the log, as the router does.
func (b *topics) write(t require.TestingT, partition int32, timer event.Timer) {
	e, err := event.New(event.LeadTimers, timer.LeadID, 0, timer.LeadID, timer.Start, timer)
	require.NoError(t, err)
	r := kstream.Encode(event.LeadTimers.Topic(""), timer.LeadID, e)
	r.Partition = partition
	b.append(r)
}

// erase puts a tombstone into lead.timers.
func (b *topics) erase(partition int32, id string) {
	b.append(&kstream.Record{Topic: event.LeadTimers.Topic(""), Partition: partition, Key: []byte(id)})
}

// watcher is a handler, and what the stream would do for it.
type watcher struct {
	t require.TestingT
	b *topics
	// warnings of the handler
	warnings *observer.ObservedLogs
	clock    *clock.Fake
	reg      *prometheus.Registry
	handler  *sla.Handler

	read, committed map[int32]int64 // positions in lead.timers
	flights         []flight        // not committed, oldest first
}

// flight is an output on its way.
type flight struct {
	out       kstream.Output
	positions map[int32]int64 // of read, with it
}

func (b *topics) watch(t require.TestingT, c *clock.Fake, partitions ...int32) *watcher {
	w := &watcher{t: t, b: b, clock: c, reg: prometheus.NewRegistry(), read: map[int32]int64{}, committed: map[int32]int64{}}
	core, warnings := observer.New(zap.WarnLevel)
	w.warnings = warnings
	w.handler = sla.New(sla.Config{Journal: b, Registerer: w.reg, Logger: zap.New(core), Clock: c})
	require.NoError(t, w.assign(partitions...))
	return w
}

// assign gives the watcher partitions, from their start.
func (w *watcher) assign(partitions ...int32) error {
	offsets := map[kstream.TopicPartition]int64{}
	for _, p := range partitions {
		w.read[p], w.committed[p] = 0, 0
		offsets[timers(p)] = 0
	}
	return w.handler.Assigned(context.Background(), offsets)
}

// revoke takes a partition away.
func (w *watcher) revoke(p int32) {
	delete(w.read, p)
	delete(w.committed, p)
	w.handler.Revoked(context.Background(), []kstream.TopicPartition{timers(p)})
}

// handle gives the handler the next records, at most limit of each partition.
func (w *watcher) handle(limit int) kstream.Output {
	var batch kstream.Batch
	for p, offset := range w.read {
		n := 0
		for _, r := range w.b.logs[timers(p)] {
			if r.Offset >= offset && n < limit {
				batch.Records, w.read[p] = append(batch.Records, r), r.Offset+1
				n++
			}
		}
	}
	out, err := w.handler.Handle(context.Background(), batch)
	require.NoError(w.t, err)
	if len(batch.Records)+len(out.Records) > 0 {
		w.flights = append(w.flights, flight{out, maps.Clone(w.read)})
	}
	return out
}

// all is as many records as there are.
const all = 1 << 20

// land writes the oldest flight into the logs. known: the watcher learns of it.
func (w *watcher) land(known bool) {
	f := w.flights[0]
	w.flights = w.flights[1:]
	for _, r := range f.out.Records {
		r.Partition = partitionOf(string(r.Key))
		w.b.append(r)
		w.b.skip(kstream.PartitionOf(r))
	}
	if !known {
		return
	}
	for p, offset := range f.positions {
		if _, owned := w.committed[p]; owned {
			w.committed[p] = offset
		}
	}
	if f.out.Then != nil {
		f.out.Then()
	}
}

// abort gives up what is under way, and goes back to what is committed.
func (w *watcher) abort() error {
	w.flights = nil
	offsets := map[kstream.TopicPartition]int64{}
	for p, offset := range w.committed {
		w.read[p] = offset
		offsets[timers(p)] = offset
	}
	return w.handler.Assigned(context.Background(), offsets)
}

// run handles everything there is, and commits it.
func (w *watcher) run() []string {
	out := w.handle(all)
	for len(w.flights) > 0 {
		w.land(true)
	}
	return said(w.t, out)
}

// partitionOf is that of a lead of the tests: "1/L" is in partition 1, others in 0.
func partitionOf(id string) (p int32) {
	_, _ = fmt.Sscanf(id, "%d/", &p)
	return p
}

// said is an output in short: what happened to whom, without lead.fired.
func said(t require.TestingT, out kstream.Output) []string {
	var lines []string
	for _, r := range out.Records {
		switch {
		case r.Topic == event.LeadFired.Topic("") && r.Value == nil:
			lines = append(lines, fmt.Sprintf("%s forgotten", r.Key))
		case r.Topic == event.LeadSLA.Topic(""):
			var m event.Milestone
			require.NoError(t, json.Unmarshal(r.Value, &m))
			lines = append(lines, line(m.LeadID, m.Attempt, m.Clock, m.Stage, m.Event, m.At))
		case r.Topic == event.LeadReassign.Topic(""):
			var m event.Reassign
			require.NoError(t, json.Unmarshal(r.Value, &m))
			lines = append(lines, line(m.LeadID, m.Attempt, m.Clock, m.Stage, "reassign to "+m.To, m.At))
		}
	}
	return lines
}

func line(id string, attempt int, clock string, stage int, what string, at time.Time) string {
	return fmt.Sprintf("%s/%d %s %d %s at %s", id, attempt, clock, stage, what, at.Format(time.TimeOnly))
}

// timer is a record with the clocks of the policy's guide: accepted with a reminder and
// a move, contacted with a target and a move.
func timer(id string, attempt int) event.Timer {
	return event.Timer{
		LeadID: id, Attempt: attempt, RepID: "jonas", SLA: "demo", Start: start, Tell: []string{"ana"},
		Due: []event.Due{
			{Clock: "accepted", Stage: 0, At: after(10), Do: []string{"remind"}},
			{Clock: "contacted", Stage: 0, At: after(15), Do: []string{}},
			{Clock: "accepted", Stage: 1, At: after(20), Do: []string{"to_backup"}},
			{Clock: "contacted", Stage: 1, At: after(30), Do: []string{"reassign", "tell_manager"}},
		},
	}
}

// stopped is the record that the router writes when an activity stops a clock.
func stopped(t event.Timer, clock string, at time.Time) event.Timer {
	t.Due = slices.DeleteFunc(slices.Clone(t.Due), func(d event.Due) bool { return d.Clock == clock })
	t.Stopped = append(slices.Clone(t.Stopped), event.Stop{Clock: clock, At: at})
	return t
}

// setup is one watcher on one empty partition.
func setup(t *testing.T) (*topics, *watcher) {
	t.Helper()
	c := clock.NewFake(start)
	b := newTopics(c.Now)
	w := b.watch(t, c, 0)
	require.Empty(t, w.run())
	return b, w
}

// fired is the watcher's partition 0 of lead.fired.
func (w *watcher) fired() kstream.TopicPartition {
	return kstream.TopicPartition{Topic: event.LeadFired.Topic("")}
}

// metric is the value of a metric without labels, or the sum of those with.
func metric(t *testing.T, w *watcher, name string) int {
	t.Helper()
	return labelled(t, w, name, "")
}

// fired is the count of events of a name.
func fired(t *testing.T, w *watcher, name string) int {
	t.Helper()
	return labelled(t, w, "leadrouter_sla_fired_total", name)
}

func labelled(t *testing.T, w *watcher, name, value string) int {
	t.Helper()
	families, err := w.reg.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (value == "" || m.GetLabel()[0].GetValue() == value) {
				sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return int(sum)
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}
