package bench_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/bench"
	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(services.Main(m)) }

// copyTopics makes the topics of a copy stream.
func copyTopics(t testing.TB, partitions int32) bench.Path {
	t.Helper()
	instance := services.Instance(t)
	path := bench.Path{Client: kstream.Client{Brokers: services.Kafka(t)}, In: instance + ".in", Out: instance + ".out"}
	require.NoError(t, path.Client.CreateTopics(t.Context(),
		kstream.Topic{Name: path.In, Partitions: partitions},
		kstream.Topic{Name: path.Out, Partitions: partitions},
	))
	return path
}

// copyStream is a copy stream that does not run yet, and the path through it.
func copyStream(t testing.TB, partitions int32) (bench.Path, *kstream.Stream) {
	t.Helper()
	path := copyTopics(t, partitions)
	stream, err := kstream.New(kstream.Config{
		Client: path.Client, Instance: path.In, Role: "copy", Topics: []string{path.In},
	}, &bench.Copy{To: path.Out})
	require.NoError(t, err)
	return path, stream
}

// copyPath starts a copy stream and returns the path through it.
func copyPath(t testing.TB, partitions int32) bench.Path {
	t.Helper()
	path, stream := copyStream(t, partitions)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- stream.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return path
}

// late is a clock whose first sleep takes too long by a while, as that of a sender that is held
// up does.
type late struct {
	clock.Clock
	by   time.Duration
	once *sync.Once
}

func (l late) Sleep(ctx context.Context, d time.Duration) error {
	l.once.Do(func() { d = max(d, 0) + l.by })
	return l.Clock.Sleep(ctx, d)
}

func TestLatencyForgivesNoSenderThatIsHeldUp(t *testing.T) {
	t.Parallel()
	const by = 500 * time.Millisecond
	c := late{Clock: clock.System(), by: by, once: new(sync.Once)}
	res, err := bench.Latency(t.Context(), c, copyPath(t, 2), 100, 100)
	require.NoError(t, err)
	// Half of the records were due while the sender slept, the first of them half a second ago.
	require.GreaterOrEqual(t, res.Quantile(1), by)
	require.GreaterOrEqual(t, res.Quantile(.75), by/4)
}

func TestABacklogCountsWhatComesAfterTheWarmUp(t *testing.T) {
	t.Parallel()
	path, stream := copyStream(t, 2)
	first := ""
	path.Make = func(i int) *kstream.Record {
		if first == "" {
			first = fmt.Sprint(i)
		}
		return &kstream.Record{Key: fmt.Append(nil, i), Value: []byte("x")}
	}
	c := bench.InProcess("copy", path, stream.Run)
	res, err := bench.Backlog(t.Context(), clock.System(), c, bench.Load{First: 7, Warm: 300, Leads: 200}, meterOf(t))
	require.NoError(t, err)
	require.Len(t, res.Sorted, 200)
	require.Positive(t, res.Took)
	require.Equal(t, "7", first)
	require.Contains(t, res.Used, bench.OfRedis)
	require.NotContains(t, res.Used, bench.OfContender, "it runs in this process")
}

// meterOf reads the shared services.
func meterOf(t testing.TB) *bench.Meter {
	t.Helper()
	brokers, redis := services.Real(t)
	meter, err := bench.NewMeter(bench.Site{Kafka: kstream.Client{Brokers: brokers}, Redis: app.Redis{Address: redis}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, meter.Close()) })
	return meter
}

func TestLatencyCountsEveryRecord(t *testing.T) {
	t.Parallel()
	res, err := bench.Latency(t.Context(), clock.System(), copyPath(t, 2), 200, 400)
	require.NoError(t, err)
	require.Len(t, res.Sorted, 200)
	require.Positive(t, res.Quantile(.5))
	require.LessOrEqual(t, res.Quantile(.5), res.Quantile(.99))
}

func benchmarkLatency(b *testing.B, rate int) {
	path := copyPath(b, 6)
	_, err := bench.Latency(b.Context(), clock.System(), path, rate, rate) // warm
	require.NoError(b, err)
	var res bench.Result
	for b.Loop() {
		res, err = bench.Latency(b.Context(), clock.System(), path, 10*rate, rate)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(res.Quantile(.5).Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(res.Quantile(.99).Microseconds())/1000, "p99-ms")
	b.Log(res)
}

func BenchmarkCopyAt200(b *testing.B)  { benchmarkLatency(b, 200) }
func BenchmarkCopyAt1000(b *testing.B) { benchmarkLatency(b, 1_000) }

func BenchmarkCopyThroughput(b *testing.B) {
	path := copyPath(b, 6)
	var res bench.Result
	var err error
	for b.Loop() {
		res, err = bench.Throughput(b.Context(), clock.System(), path, 200_000)
		require.NoError(b, err)
	}
	b.ReportMetric(res.PerSecond(), "records/s")
	b.Log(res)
}
