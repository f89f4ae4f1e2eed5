package sla_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
	"leadrouter/streams/sla"
)

// openClocks is how many clocks the benchmarks keep open: two of each lead.
const openClocks = 1_000_000

// benchTimer is the record of lead i, all due at once or an hour later.
func benchTimer(i int, at time.Time) event.Timer {
	t := timer(fmt.Sprintf("L-%08d-3f2a", i), 1)
	t.RepID = fmt.Sprintf("rep-%d", i%40)
	for j := range t.Due {
		t.Due[j].At = at.Add(time.Duration(j) * time.Hour)
	}
	return t
}

// BenchmarkRestore is a start: clocks from their records, as the stream hands them over.
func BenchmarkRestore(b *testing.B) {
	const leads = openClocks / 2
	records := make([]*kstream.Record, leads)
	for i := range records {
		t := benchTimer(i, after(3600+i%3600))
		e, err := event.New(event.LeadTimers, t.LeadID, 0, t.LeadID, start, t)
		require.NoError(b, err)
		records[i] = kstream.Encode(event.LeadTimers.Topic(""), t.LeadID, e)
		records[i].Offset = int64(i)
	}
	for b.Loop() {
		before := heap()
		c := clock.NewFake(start)
		w := newTopics(c.Now).watch(b, c, 0)
		begin := time.Now()
		for batch := range slices.Chunk(records, sla.MaxBatch) {
			_, err := w.handler.Handle(b.Context(), kstream.Batch{Records: batch})
			require.NoError(b, err)
		}
		b.ReportMetric(openClocks/time.Since(begin).Seconds(), "clocks/s")
		b.ReportMetric(float64(heap()-before)/openClocks, "B/clock")
		runtime.KeepAlive(w)
	}
}

// heap is the memory in use, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkFire is one stage that falls due among many: found, said, written down.
func BenchmarkFire(b *testing.B) {
	c := clock.NewFake(start)
	t := newTopics(c.Now)
	const leads = 50_000
	for i := range leads {
		t.write(b, 0, benchTimer(i, after(i)))
	}
	w := t.watch(b, c, 0)
	w.handle(all)
	w.flights = nil
	fired := 0
	for b.Loop() {
		if fired == leads { // everything has fired: again from the start
			b.StopTimer()
			c.Set(start)
			w = t.watch(b, c, 0)
			w.handle(all)
			w.flights, fired = nil, 0
			b.StartTimer()
		}
		c.Advance(time.Second)
		w.handle(0)
		w.flights[0].out.Then()
		w.flights = nil
		fired++
	}
}

// BenchmarkWatcher is a watcher on a Kafka: how soon it is ready with all clocks open,
// and how late a stage is when a thousand fall due in a second.
func BenchmarkWatcher(b *testing.B) {
	client := kstream.Client{Brokers: services.Kafka(b)}
	for b.Loop() {
		b.StopTimer()
		instance := services.Instance(b)
		var topics []kstream.Topic
		for _, t := range event.Topics(instance) {
			topics = append(topics, kstream.Topic{Name: t.Name, Partitions: 12, Configs: t.Config()})
		}
		require.NoError(b, client.CreateTopics(b.Context(), topics...))
		publishTimers(b, client, instance, 0, openClocks/2, func(int) time.Time { return time.Now().Add(time.Hour) })
		b.StartTimer()

		begin := time.Now()
		handler, stop := runWatcher(b, client, instance)
		require.Eventually(b, func() bool { return handler.read() >= openClocks }, 2*time.Minute, 10*time.Millisecond)
		b.ReportMetric(time.Since(begin).Seconds(), "s-to-ready")

		const rate, seconds = 1_000, 5
		first := time.Now().Add(2 * time.Second)
		publishTimers(b, client, instance, openClocks, rate*seconds, func(i int) time.Time {
			return first.Add(time.Duration(i) * time.Second / rate)
		})
		late := lateness(b, client, instance, rate*seconds)
		b.ReportMetric(late[len(late)/2].Seconds()*1000, "p50-ms-late")
		b.ReportMetric(late[len(late)*99/100].Seconds()*1000, "p99-ms-late")
		stop()
	}
}

// running is a watcher in a stream.
type running struct {
	*sla.Handler
	reg *prometheus.Registry
}

// read is how many clocks the watcher has open, once it is ready.
func (r *running) read() (clocks float64) {
	families, err := r.reg.Gather()
	if err != nil || r.Ready() != nil {
		return 0
	}
	for _, f := range families {
		if f.GetName() == "leadrouter_sla_open_clocks" {
			clocks = f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return clocks
}

// runWatcher runs a watcher until stop is called.
func runWatcher(b *testing.B, client kstream.Client, instance string) (r *running, stop func()) {
	b.Helper()
	r = &running{reg: prometheus.NewRegistry()}
	r.Handler = sla.New(sla.Config{Instance: instance, Journal: client, Registerer: r.reg, Logger: zap.NewNop(), Clock: clock.System()})
	stream, err := kstream.New(kstream.Config{
		Client: client, Instance: instance, Role: "sla", Topics: []string{event.LeadTimers.Topic(instance)},
		FromStart: true, Tick: sla.Tick, MaxBatch: sla.MaxBatch,
	}, r.Handler)
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- stream.Run(ctx) }()
	return r, func() {
		cancel()
		require.NoError(b, <-done)
	}
}

// publishTimers writes the clocks of n leads.
func publishTimers(b *testing.B, client kstream.Client, instance string, from, n int, at func(i int) time.Time) {
	b.Helper()
	to, err := kstream.NewPublisher(client)
	require.NoError(b, err)
	defer to.Close()
	for i := range n {
		t := benchTimer(from+i, at(i))
		e, err := event.New(event.LeadTimers, t.LeadID, 0, t.LeadID, start, t)
		require.NoError(b, err)
		to.Send(b.Context(), kstream.Encode(event.LeadTimers.Topic(instance), t.LeadID, e), nil)
	}
	require.NoError(b, to.Flush(b.Context()))
}

// lateness reads n milestones, and returns in order how late a subscriber got them.
func lateness(b *testing.B, client kstream.Client, instance string, n int) []time.Duration {
	b.Helper()
	starts, err := client.Starts(b.Context(), event.LeadSLA.Topic(instance))
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var late []time.Duration
	err = client.Tail(ctx, starts, func(r *kstream.Record) error {
		e, err := kstream.Decode(r)
		if late = append(late, time.Since(e.Time)); len(late) == n {
			cancel()
		}
		return err
	})
	require.NoError(b, err)
	slices.Sort(late)
	return late
}
