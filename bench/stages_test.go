package bench_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"

	"leadrouter/bench"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// BenchmarkStages tells where the time of a batch goes, in the bare loop and in the router, in
// milliseconds. What p50 has beyond the stages is on the way: to the topic, to the stream, and from
// the log to the subscriber.
func BenchmarkStages(b *testing.B) {
	for _, rate := range []int{200, 1_000} {
		for _, name := range []string{"bare", "router"} {
			b.Run(fmt.Sprintf("%s/%d", name, rate), func(b *testing.B) { benchmarkStages(b, name, rate) })
		}
	}
}

func benchmarkStages(b *testing.B, name string, rate int) {
	s := site(b)
	c, err := bench.Router(b.Context(), s)
	require.NoError(b, err)
	if name == "bare" {
		like, err := bench.Sample(b.Context(), s)
		require.NoError(b, err)
		c, err = bench.Bare(b.Context(), site(b), like)
		require.NoError(b, err)
	}
	running, err := c.Start(b.Context())
	require.NoError(b, err)
	defer func() { require.NoError(b, running.Stop()) }()
	path, first := c.Path, 1_000_000
	path.Make = func(i int) *kstream.Record { return c.Path.Make(first + i) }
	_, err = bench.Latency(b.Context(), clock.System(), path, 2*rate, rate) // warm
	require.NoError(b, err)
	before := means(b, running.Metrics)
	var res bench.Result
	for b.Loop() {
		first += 1_000_000
		res, err = bench.Latency(b.Context(), clock.System(), path, 10*rate, rate)
		require.NoError(b, err)
	}
	for stage, after := range means(b, running.Metrics) {
		n := after.n - before[stage].n
		b.ReportMetric(1_000*(after.sum-before[stage].sum)/max(n, 1), stage+"-ms")
	}
	b.ReportMetric(float64(res.Quantile(.5).Microseconds())/1_000, "p50-ms")
	b.ReportMetric(float64(res.Quantile(.99).Microseconds())/1_000, "p99-ms")
}

// mean of what a histogram has counted.
type mean struct{ sum, n float64 }

// means are those of a batch's stages, its size in records, and a call of the ledger.
func means(b *testing.B, from prometheus.Gatherer) map[string]mean {
	b.Helper()
	families, err := from.Gather()
	require.NoError(b, err)
	found := map[string]mean{}
	of := func(h *dto.Histogram) mean { return mean{h.GetSampleSum(), float64(h.GetSampleCount())} }
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch f.GetName() {
			case "leadrouter_batch_seconds":
				found[m.GetLabel()[0].GetValue()] = of(m.GetHistogram())
			case "leadrouter_redis_seconds":
				found["redis"] = of(m.GetHistogram())
			}
		}
	}
	return found
}
