package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// Path is a way from an input topic to an output topic, with a stream running in between.
type Path struct {
	Client  kstream.Client
	In, Out string
	// Make returns input record i for In. Default: the key is the number, the value 200 bytes.
	Make func(i int) *kstream.Record
	// Key returns the input key that an output record belongs to. Default: its own key. The
	// first output record of a key counts.
	Key func(*kstream.Record) string
}

func (p Path) withDefaults() Path {
	if p.Make == nil {
		p.Make = func(i int) *kstream.Record {
			return &kstream.Record{Key: fmt.Appendf(nil, "k%08d", i), Value: make([]byte, 200)}
		}
	}
	if p.Key == nil {
		p.Key = func(r *kstream.Record) string { return string(r.Key) }
	}
	return p
}

// Result holds the latencies of a run.
type Result struct {
	Sorted []time.Duration
	Took   time.Duration // from the first record sent to the last one received
	Used   Usage         // of processors meanwhile, if that was asked for
}

// Quantile returns the latency that the share q (0 to 1) of the records does not exceed.
func (r Result) Quantile(q float64) time.Duration {
	if len(r.Sorted) == 0 {
		return 0
	}
	return r.Sorted[min(int(q*float64(len(r.Sorted))), len(r.Sorted)-1)]
}

// PerSecond returns the records per second.
func (r Result) PerSecond() float64 { return float64(len(r.Sorted)) / r.Took.Seconds() }

// String is a line for people.
func (r Result) String() string {
	ms := func(q float64) float64 { return float64(r.Quantile(q).Microseconds()) / 1000 }
	return fmt.Sprintf("%d records, %.0f/s, p50 %.1f ms, p90 %.1f ms, p99 %.1f ms, max %.1f ms",
		len(r.Sorted), r.PerSecond(), ms(.5), ms(.9), ms(.99), ms(1))
}

// Latency publishes n records, rate of them a second, and waits for the output of all. The time
// of a record runs from when it was due, not from when it could be sent: a stream that holds its
// senders up, or a machine that has no time for them, is not forgiven (coordinated omission).
func Latency(ctx context.Context, c clock.Clock, path Path, n, rate int) (Result, error) {
	interval := time.Second / time.Duration(rate)
	return run(ctx, c, path.withDefaults(), n, func(i int, start time.Time) (time.Time, error) {
		due := start.Add(time.Duration(i) * interval)
		return due, c.Sleep(ctx, due.Sub(c.Now()))
	})
}

// Throughput publishes n records as fast as the brokers take them, and waits for the output
// of all. Its latencies are waiting times in the backlog.
func Throughput(ctx context.Context, c clock.Clock, path Path, n int) (Result, error) {
	return run(ctx, c, path.withDefaults(), n, func(int, time.Time) (time.Time, error) { return c.Now(), nil })
}

// run publishes record i after pace has returned when it was due.
func run(ctx context.Context, c clock.Clock, path Path, n int, pace func(i int, start time.Time) (time.Time, error)) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ends, err := path.Client.Ends(ctx, path.Out)
	if err != nil {
		return Result{}, err
	}
	m := &meter{clock: c, path: path, sent: make(map[string]time.Time, n), want: n}
	read := make(chan error, 1)
	go func() { read <- path.Client.Tail(ctx, ends, m.received) }()
	start := c.Now()
	if err := m.publish(ctx, n, func(i int) (time.Time, error) { return pace(i, start) }); err != nil {
		cancel()
		return Result{}, errors.Join(err, <-read)
	}
	if err := <-read; !errors.Is(err, errComplete) {
		return Result{}, fmt.Errorf("%d of %d records came out: %w", len(m.took), n, errors.Join(err, ctx.Err()))
	}
	took := c.Now().Sub(start)
	slices.Sort(m.took)
	return Result{Sorted: m.took, Took: took}, nil
}

// errComplete ends the reading.
var errComplete = errors.New("all records are there")

// meter matches outputs with the times at which their inputs were due.
type meter struct {
	clock clock.Clock
	path  Path
	want  int

	mu   sync.Mutex
	sent map[string]time.Time // not yet answered
	took []time.Duration
}

func (m *meter) publish(ctx context.Context, n int, pace func(i int) (time.Time, error)) error {
	p, err := kstream.NewPublisher(m.path.Client)
	if err != nil {
		return err
	}
	defer p.Close()
	for i := range n {
		due, err := pace(i)
		if err != nil {
			return err
		}
		r := m.path.Make(i)
		r.Topic = m.path.In
		m.mu.Lock()
		m.sent[string(r.Key)] = due
		m.mu.Unlock()
		p.Send(ctx, r, nil)
	}
	return p.Flush(ctx)
}

func (m *meter) received(r *kstream.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := m.path.Key(r)
	if at, ok := m.sent[key]; ok {
		m.took = append(m.took, m.clock.Now().Sub(at))
		delete(m.sent, key)
	}
	if len(m.took) == m.want {
		return errComplete
	}
	return nil
}
