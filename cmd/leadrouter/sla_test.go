package main

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

// TestWatch is the SLA watcher by the command line: a clock that has run out is said.
func TestWatch(t *testing.T) {
	t.Parallel()
	brokers, instance := services.Kafka(t), services.Instance(t)
	env := map[string]string{
		"LEADROUTER_BROKERS": strings.Join(brokers, ","), "LEADROUTER_INSTANCE": instance, "LEADROUTER_SLOT": "0",
		// Those of other roles, as in one environment for all of them.
		"LEADROUTER_REDIS": "redis://127.0.0.1:1", "LEADROUTER_POLICY": "none.yaml",
	}
	topics := &command{env: env}
	require.Zero(t, topics.run(t.Context(), "topics", "create", "--partitions", "2", "--replication", "1"), topics.err.String())
	kafka := kstream.Client{Brokers: brokers}
	to, err := kstream.NewPublisher(kafka)
	require.NoError(t, err)
	defer to.Close()
	at := time.Now().UTC()
	e, err := event.New(event.LeadTimers, "L-1", 0, "L-1", at, event.Timer{
		LeadID: "L-1", Attempt: 1, Start: at, Due: []event.Due{{Clock: "accepted", At: at, Do: []string{"reassign"}}},
	})
	require.NoError(t, err)
	require.NoError(t, to.Publish(t.Context(), kstream.Encode(event.LeadTimers.Topic(instance), "L-1", e)))

	watcher := &command{env: env}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if code := watcher.run(ctx, "sla", "--log-level", "warn"); code != app.ExitOK {
			t.Errorf("sla: exit code %d: %s", code, watcher.err.String())
		}
	})
	defer running.Wait()
	defer stop()

	starts, err := kafka.Starts(t.Context(), event.LeadReassign.Topic(instance))
	require.NoError(t, err)
	limited, done := context.WithTimeout(t.Context(), 30*time.Second)
	defer done()
	var got []event.Reassign
	require.NoError(t, kafka.Tail(limited, starts, func(r *kstream.Record) error {
		defer done()
		e, err := kstream.Decode(r)
		if err != nil {
			return err
		}
		m, err := e.Reassign()
		got = append(got, m)
		return err
	}))
	require.Equal(t, []event.Reassign{{LeadID: "L-1", Attempt: 1, Cause: "sla", Clock: "accepted", At: at}}, got)
}
