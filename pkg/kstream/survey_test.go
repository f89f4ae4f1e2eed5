package kstream_test

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/kstream"
)

// A group's lag is that of all partitions, also while nobody gets anywhere with them.
func TestSurveyCountsWhatTheGroupHasNotRead(t *testing.T) {
	t.Parallel()
	k := setup(t, 3)
	reg := prometheus.NewRegistry()
	stuck := &stub{to: k.out, handle: func(kstream.Batch) (kstream.Output, error) {
		return kstream.Output{}, kstream.Retry(errors.New("away"))
	}}
	stream, stop := k.run(stuck, func(c *kstream.Config) { c.Registerer = reg })
	eventually := func(name string, want float64) {
		t.Helper()
		require.Eventually(t, func() bool {
			require.NoError(t, stream.Survey(t.Context()))
			return metric(t, reg, name) == want
		}, 30*time.Second, 20*time.Millisecond, name)
	}
	eventually("leadrouter_topic_partitions", 3)
	eventually("leadrouter_owned_partitions", 3)
	require.Zero(t, metric(t, reg, "leadrouter_group_lag_records"), "there is nothing to read")
	k.publish(0, 50)
	eventually("leadrouter_group_lag_records", 50)
	require.NoError(t, stop())
	require.Zero(t, metric(t, reg, "leadrouter_owned_partitions"), "it has left the group")

	other := prometheus.NewRegistry()
	stream, stop = k.run(&stub{to: k.out}, func(c *kstream.Config) { c.Registerer = other })
	reg = other
	k.requireCopied(50)
	eventually("leadrouter_group_lag_records", 0)
	require.NoError(t, stop())
}

// What was never asked cannot be wrong, and what does not answer says so.
func TestSurveyOfBrokersThatAreAway(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	stream, err := kstream.New(kstream.Config{Client: k.client, Instance: "test", Role: "copy", Topics: []string{k.in}}, &stub{})
	require.NoError(t, err)
	require.NoError(t, stream.Survey(t.Context()), "it has not begun")

	running, stop := k.run(&stub{to: k.out})
	require.Eventually(t, running.Ready, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, stop())
	require.ErrorContains(t, running.Survey(t.Context()), "how far test-copy is behind: ")
}
