package bench_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/bench"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(services.Main(m)) }

// copyPath starts a copy stream and returns the path through it.
func copyPath(t testing.TB, partitions int32) bench.Path {
	t.Helper()
	client := kstream.Client{Brokers: services.Kafka(t)}
	instance := services.Instance(t)
	path := bench.Path{Client: client, In: instance + ".in", Out: instance + ".out"}
	require.NoError(t, client.CreateTopics(t.Context(),
		kstream.Topic{Name: path.In, Partitions: partitions},
		kstream.Topic{Name: path.Out, Partitions: partitions},
	))
	stream, err := kstream.New(kstream.Config{
		Client: client, Instance: instance, Role: "copy", Topics: []string{path.In},
	}, &bench.Copy{To: path.Out})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- stream.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return path
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
