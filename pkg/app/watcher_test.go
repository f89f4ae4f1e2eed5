package app_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// watcherKafka is an embedded broker with the topics of an installation.
func watcherKafka(t *testing.T) kstream.Client {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return kstream.Client{Brokers: cluster.ListenAddrs()}
}

// runWatcher runs a watcher until the test ends, or stop is called.
func runWatcher(t *testing.T, kafka kstream.Client) (w *app.Watcher, stop func()) {
	t.Helper()
	w = app.NewWatcher(app.WatcherConfig{Kafka: kafka, Instance: "x", Slot: "test", Logger: zaptest.NewLogger(t)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return w, stop
}

// milestones are the events in lead.sla once there are so many.
func milestones(t *testing.T, kafka kstream.Client, n int) (list []event.Milestone) {
	t.Helper()
	next, err := kafka.Starts(t.Context(), event.LeadSLA.Topic("x"))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		next, err = kafka.ReadToEnd(t.Context(), next, func(r *kstream.Record) error {
			var m event.Milestone
			require.NoError(t, json.Unmarshal(r.Value, &m))
			list = append(list, m)
			return nil
		})
		return err == nil && len(list) >= n
	}, 30*time.Second, 20*time.Millisecond)
	return list
}

// publishTimer writes the clocks of a lead as the router does.
func publishTimer(t *testing.T, kafka kstream.Client, timer event.Timer) {
	t.Helper()
	to, err := kstream.NewPublisher(kafka)
	require.NoError(t, err)
	defer to.Close()
	e, err := event.New(event.LeadTimers, timer.LeadID, 0, timer.LeadID, timer.Start, timer)
	require.NoError(t, err)
	require.NoError(t, to.Publish(t.Context(), kstream.Encode(event.LeadTimers.Topic("x"), timer.LeadID, e)))
}

func TestAWatcherFiresWhatIsDue(t *testing.T) {
	t.Parallel()
	kafka := watcherKafka(t)
	require.NoError(t, kafka.CreateTopics(t.Context(), app.Topics("x", 2, 1)...))
	w, stop := runWatcher(t, kafka)
	require.NotEmpty(t, w.Health().Complaints(), "not ready before it runs")
	require.Eventually(t, func() bool { return len(w.Health().Complaints()) == 0 }, 30*time.Second, 10*time.Millisecond)

	now := time.Now().UTC()
	timer := event.Timer{LeadID: "L-1", Attempt: 1, RepID: "ana", Start: now, Due: []event.Due{
		{Clock: "accepted", At: now.Add(-time.Second), Do: []string{"remind"}},
		{Clock: "accepted", Stage: 1, At: now.Add(time.Second), Do: []string{}},
		{Clock: "accepted", Stage: 2, At: now.Add(time.Hour), Do: []string{"reassign"}},
	}}
	publishTimer(t, kafka, timer)
	list := milestones(t, kafka, 2)
	require.Len(t, list, 2)
	require.Equal(t, []string{event.Warned, event.Breached}, []string{list[0].Event, list[1].Event})
	stop()

	// Another watcher goes on where this one has stopped.
	timer.Due[2].At = now.Add(-time.Minute)
	publishTimer(t, kafka, timer)
	_, stop = runWatcher(t, kafka)
	list = milestones(t, kafka, 3)
	require.Len(t, list, 3)
	require.Equal(t, event.Escalated, list[2].Event)
	stop()
	require.Len(t, milestones(t, kafka, 3), 3)
}

func TestAWatcherNeedsItsTopics(t *testing.T) {
	t.Parallel()
	kafka := watcherKafka(t)
	w := app.NewWatcher(app.WatcherConfig{Kafka: kafka, Instance: "x", Slot: "test", Logger: zaptest.NewLogger(t)})
	err := w.Run(t.Context())
	require.ErrorIs(t, err, kstream.ErrTopicMissing)
	require.Equal(t, app.ExitUsage, app.ExitCode(err))

	topics := app.Topics("x", 2, 1)
	for i := range topics {
		if topics[i].Name == event.LeadFired.Topic("x") {
			topics[i].Partitions = 3
		}
	}
	require.NoError(t, kafka.CreateTopics(t.Context(), topics...))
	w = app.NewWatcher(app.WatcherConfig{Kafka: kafka, Instance: "x", Slot: "test", Logger: zaptest.NewLogger(t)})
	err = w.Run(t.Context())
	require.ErrorIs(t, err, kstream.ErrPartitionCount)
	require.ErrorContains(t, err, "x.lead.fired has 3, not 2")
	require.Equal(t, app.ExitUsage, app.ExitCode(err))
}

func TestAWatcherWithoutBrokersGivesUp(t *testing.T) {
	t.Parallel()
	w := app.NewWatcher(app.WatcherConfig{
		Kafka: kstream.Client{Brokers: []string{"127.0.0.1:1"}}, Slot: "test", StartTimeout: time.Second, Logger: zaptest.NewLogger(t),
	})
	err := w.Run(t.Context())
	require.Equal(t, app.ExitUnreachable, app.ExitCode(err))
	require.ErrorContains(t, err, "no answer from kafka")
	require.ErrorContains(t, err, "check --brokers, or")
}
