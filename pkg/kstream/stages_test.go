package kstream_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/kstream"
)

// What a handler takes is told apart from what the log takes.
func TestStagesOfABatchAreTimed(t *testing.T) {
	t.Parallel()
	const slow = 30 * time.Millisecond
	k, reg := setup(t, 1), prometheus.NewRegistry()
	h := &stub{to: k.out}
	h.handle = func(b kstream.Batch) (out kstream.Output, err error) {
		time.Sleep(slow)
		for _, r := range b.Records {
			out.Records = append(out.Records, &kstream.Record{Topic: k.out, Key: r.Key, Value: r.Value})
		}
		return out, nil
	}
	_, stop := k.run(h, func(c *kstream.Config) { c.Registerer = reg })
	k.publish(0, 20)
	k.requireCopied(20)
	require.NoError(t, stop())

	families, err := reg.Gather()
	require.NoError(t, err)
	counts, sums := map[string]uint64{}, map[string]float64{}
	for _, f := range families {
		if f.GetName() != "leadrouter_batch_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			stage := m.GetLabel()[0].GetValue()
			counts[stage], sums[stage] = m.GetHistogram().GetSampleCount(), m.GetHistogram().GetSampleSum()
		}
	}
	require.GreaterOrEqual(t, counts["handled"], uint64(1))
	require.GreaterOrEqual(t, sums["handled"], slow.Seconds())
	require.Equal(t, counts["handled"], counts["written"])
	require.Equal(t, counts["handled"], counts["ended"])
	require.Positive(t, sums["written"])
	require.Positive(t, sums["ended"])
}
