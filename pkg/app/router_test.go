package app_test

import (
	"cmp"
	"context"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// site is a router on embedded servers.
type site struct {
	t      *testing.T
	kafka  kstream.Client
	redis  *miniredis.Miniredis
	cfg    app.RouterConfig // that the test changes
	router *app.Router
}

func newSite(t *testing.T) *site {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	s := &site{t: t, kafka: kstream.Client{Brokers: cluster.ListenAddrs()}, redis: miniredis.RunT(t)}
	require.NoError(t, s.kafka.CreateTopics(t.Context(), app.Topics("x", 2, 1)...))
	s.router = s.newRouter()
	return s
}

func (s *site) newRouter() *app.Router {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "policy.yaml")
	write(s.t, path, minimal)
	router, err := app.NewRouter(app.RouterConfig{
		Kafka: s.kafka, Redis: app.Redis{Address: s.redis.Addr()}, Instance: "x", Policy: path,
		Slot: cmp.Or(s.cfg.Slot, "test"), StartTimeout: cmp.Or(s.cfg.StartTimeout, 20*time.Second), NoRebuild: s.cfg.NoRebuild, Logger: zaptest.NewLogger(s.t),
	})
	require.NoError(s.t, err)
	return router
}

// run routes until the test ends, or stop is called.
func (s *site) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.router.Run(ctx) }()
	stop = func() {
		cancel()
		require.NoError(s.t, <-done)
	}
	return stop
}

func (s *site) ready(want bool) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return (len(s.router.Health().Complaints()) == 0) == want },
		30*time.Second, 10*time.Millisecond, "%v", s.router.Health().Complaints())
}

func (s *site) publish(id string) {
	s.t.Helper()
	to, err := kstream.NewPublisher(s.kafka)
	require.NoError(s.t, err)
	defer to.Close()
	require.NoError(s.t, to.Publish(s.t.Context(), &kstream.Record{
		Topic: event.LeadCreated.Topic("x"), Key: []byte(id), Value: []byte(`{"id":"` + id + `","country":"ES"}`),
	}))
}

// owners are the reps by lead, once there are so many.
func (s *site) owners(n int) map[string]string {
	s.t.Helper()
	owners := map[string]string{}
	next, err := s.kafka.Starts(s.t.Context(), event.LeadAssigned.Topic("x"))
	require.NoError(s.t, err)
	require.Eventually(s.t, func() bool {
		next, err = s.kafka.ReadToEnd(s.t.Context(), next, func(r *kstream.Record) error {
			var a event.Assigned
			require.NoError(s.t, json.Unmarshal(r.Value, &a))
			owners[a.LeadID] = a.RepID
			return nil
		})
		return err == nil && len(owners) >= n
	}, 30*time.Second, 20*time.Millisecond)
	return owners
}

func TestARouterRoutesAndSaysWhenItCannot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	require.Contains(t, s.router.Health().Complaints(), "ledger", "not ready before it runs")
	stop := s.run()
	s.ready(true)
	s.publish("L-1")
	require.Equal(t, map[string]string{"L-1": "ana"}, s.owners(1))

	s.redis.SetError("LOADING Redis is loading the dataset in memory")
	s.publish("L-2")
	s.ready(false)
	require.Contains(t, s.router.Health().Complaints()["ledger"], "loading the dataset")
	s.redis.SetError("")
	s.ready(true)
	require.Equal(t, map[string]string{"L-1": "ana", "L-2": "ana"}, s.owners(2))
	stop()
}

func (s *site) rebuild() (audit.Rebuilt, error) {
	return app.Rebuild(s.t.Context(), app.RebuildConfig{
		Kafka: s.kafka, Redis: app.Redis{Address: s.redis.Addr()}, Instance: "x", Now: time.Now(),
	})
}

// metric is the value of a counter of the router, by its result.
func (s *site) rebuilds(result string) float64 {
	s.t.Helper()
	families, err := s.router.Metrics().Gather()
	require.NoError(s.t, err)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "leadrouter_rebuilds_total" && m.GetLabel()[0].GetValue() == result {
				return m.GetCounter().GetValue()
			}
		}
	}
	s.t.Fatal("no such metric")
	return 0
}

// A ledger that has lost its memory is refilled by the router, while it runs and at its
// start, and by hand under it.
func TestAnEmptiedRedisIsRebuilt(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.run()
	s.publish("L-1")
	s.owners(1)
	s.redis.FlushAll()
	s.publish("L-1")
	s.publish("L-2")
	require.Len(t, s.owners(2), 2)
	s.ready(true)
	require.InDelta(t, 1, s.rebuilds("done"), 0)
	require.Zero(t, s.rebuilds("failed"))

	rebuilt, err := s.rebuild()
	require.NoError(t, err)
	require.Equal(t, 2, rebuilt.Leads)
	require.EqualValues(t, 3, rebuilt.Epoch)
	s.publish("L-2")
	s.publish("L-3")
	require.Len(t, s.owners(3), 3)
	s.ready(true)
	stop()

	s.redis.FlushAll()
	s.router = s.newRouter()
	stop = s.run()
	s.publish("L-3")
	s.publish("L-4")
	require.Len(t, s.owners(4), 4)
	s.ready(true)
	require.InDelta(t, 1, s.rebuilds("done"), 0)
	stop()
}

// Told not to, a router leaves it to the operator.
func TestALostLedgerCanBeLeftToTheOperator(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.run()
	s.publish("L-1")
	s.owners(1)
	stop()

	s.redis.FlushAll()
	s.cfg.NoRebuild, s.cfg.StartTimeout = true, 3*time.Second
	s.router = s.newRouter()
	err := s.router.Run(t.Context())
	require.ErrorContains(t, err, "run leadrouter rebuild")
	require.Equal(t, app.ExitNo, app.ExitCode(err))
	require.Empty(t, s.redis.Keys(), "nothing was bound")
	_, err = s.rebuild()
	require.NoError(t, err)
	s.router = s.newRouter()
	stop = s.run()
	s.publish("L-1")
	s.publish("L-2")
	require.Len(t, s.owners(2), 2)

	s.redis.FlushAll()
	s.publish("L-3")
	require.Eventually(t, func() bool {
		return strings.Contains(s.router.Health().Complaints()["ledger"], "run leadrouter rebuild")
	}, 30*time.Second, 10*time.Millisecond)
	_, err = s.rebuild()
	require.NoError(t, err)
	require.Len(t, s.owners(3), 3)
	s.ready(true)
	stop()
}

// Without its beginning the log is no ledger, even while Redis still is.
func TestARouterRefusesALogThatWasCut(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.run()
	s.publish("L-1")
	s.owners(1)
	stop()
	ends, err := s.kafka.Ends(t.Context(), event.LeadDecisions.Topic("x"))
	require.NoError(t, err)
	require.NoError(t, s.kafka.DeleteBelow(t.Context(), ends))
	s.router = s.newRouter()
	err = s.router.Run(t.Context())
	require.ErrorIs(t, err, audit.ErrCut)
	require.Equal(t, app.ExitUnreachable, app.ExitCode(err))
	_, err = s.rebuild()
	require.ErrorIs(t, err, audit.ErrCut)
	require.Equal(t, app.ExitUnreachable, app.ExitCode(err))
}

func TestWhatIsNotThereEndsTheStart(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	address := s.redis.Addr()
	s.cfg.StartTimeout = 3 * time.Second
	s.router = s.newRouter()
	s.redis.Close()
	err := s.router.Run(t.Context())
	require.Equal(t, app.ExitUnreachable, app.ExitCode(err))
	require.ErrorContains(t, err, "no answer from ledger")
	_, err = app.Rebuild(t.Context(), app.RebuildConfig{Kafka: s.kafka, Redis: app.Redis{Address: address}, Instance: "x", Now: time.Now()})
	require.Equal(t, app.ExitUnreachable, app.ExitCode(err))
}

// Two routers that are refused at once rebuild once.
func TestOneOfTwoRoutersRebuilds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	other := &site{t: t, kafka: s.kafka, redis: s.redis, cfg: app.RouterConfig{Slot: "other"}}
	other.router = other.newRouter()
	stop, stopOther := s.run(), other.run()
	s.ready(true)
	other.ready(true)
	s.publish("L-1")
	s.owners(1)
	s.redis.FlushAll()
	for i := range 20 {
		s.publish("M-" + strconv.Itoa(i))
	}
	require.Len(t, s.owners(21), 21)
	s.ready(true)
	other.ready(true)
	stop()
	stopOther()
	epoch, _, err := audit.NewLog(s.kafka, "x").Last(t.Context())
	require.NoError(t, err)
	require.InDelta(t, float64(epoch-1), s.rebuilds("done")+other.rebuilds("done"), 0, "each epoch is one rebuild")
	require.EqualValues(t, 2, epoch)
}
