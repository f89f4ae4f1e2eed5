package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// restarts of everything that runs, one after the other.
const restarts = 100

// A router, a watcher and readers that are started and stopped a hundred times in one process
// leave nothing behind: no goroutine of any of them, and each works.
func TestAHundredRestartsLeaveNothing(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	s := newSite(t)
	s.publish("L-1")
	s.once(s.router)
	before := goleak.IgnoreCurrent()
	for i := range restarts {
		s.once(s.newRouter())
		if i%10 == 0 {
			s.watchOnce()
		}
		s.readOnce()
	}
	require.Equal(t, map[string]string{"L-1": "ana"}, s.owners(1), "decided once")
	// The embedded broker takes its time to see that a connection is closed.
	require.NoError(t, goleak.Find(before,
		goleak.IgnoreAnyFunction("github.com/twmb/franz-go/pkg/kfake.(*clientConn).read"),
		goleak.IgnoreAnyFunction("github.com/twmb/franz-go/pkg/kfake.(*clientConn).write")))
}

// once runs a router until it is ready.
func (s *site) once(router *app.Router) {
	s.t.Helper()
	s.untilReady(router.Run, func() bool { return len(router.Health().Complaints()) == 0 })
}

// watchOnce runs a watcher until it is ready.
func (s *site) watchOnce() {
	s.t.Helper()
	w := app.NewWatcher(app.WatcherConfig{Kafka: s.kafka, Instance: "x", Slot: "test", Logger: zap.NewNop()})
	s.untilReady(w.Run, func() bool { return len(w.Health().Complaints()) == 0 })
}

// readOnce reads the accounts and follows them, tails a topic, and is called off.
func (s *site) readOnce() {
	s.t.Helper()
	follower := accounts.NewFollower(accounts.Config{Kafka: s.kafka, Instance: "x", Report: func(error) {}, Logger: zap.NewNop(), Clock: clock.System()})
	s.untilReady(follower.Run, func() bool {
		soon, cancel := context.WithTimeout(s.t.Context(), time.Millisecond)
		defer cancel()
		return follower.Wait(soon) == nil
	})
	read := make(chan struct{}, 10)
	s.untilReady(func(ctx context.Context) error {
		from, err := s.kafka.Starts(ctx, event.LeadCreated.Topic("x"))
		if err != nil {
			return err
		}
		return s.kafka.Tail(ctx, from, func(*kstream.Record) error { read <- struct{}{}; return nil })
	}, func() bool { return len(read) > 0 })
}

// untilReady runs something until it says that it is ready, and then ends it.
func (s *site) untilReady(run func(context.Context) error, ready func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	require.Eventually(s.t, ready, time.Minute, 5*time.Millisecond)
	cancel()
	require.NoError(s.t, <-done)
}
