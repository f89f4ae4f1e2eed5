package app_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policylog"
)

// second is another policy than minimal.
var second = strings.Replace(minimal, "policy: minimal", "policy: second", 1)

// publisher publishes policies to an embedded Kafka, checked or not.
type publisher struct {
	t     *testing.T
	kafka kstream.Client
	log   *policylog.Log
}

func newPublisher(t *testing.T, client kstream.Client) *publisher {
	t.Helper()
	return &publisher{t: t, kafka: client, log: policylog.New(client, "x")}
}

// draft is a policy under the hash that it has.
func (p *publisher) draft(text string) policylog.Draft {
	p.t.Helper()
	files := map[string][]byte{"policy.yaml": []byte(text)}
	read, issues := policy.Parse(files)
	require.NoError(p.t, issues.Err())
	return policylog.Draft{Hash: read.Hash, Name: read.Name, Engine: policy.Engine, Files: files, By: "test"}
}

// publish publishes on top of whatever is active.
func (p *publisher) publish(d policylog.Draft) event.Publication {
	p.t.Helper()
	archive, err := p.log.Read(p.t.Context())
	require.NoError(p.t, err)
	active, _ := archive.Active() // 0 without one
	d.After = active.Number
	published, err := p.log.Publish(p.t.Context(), d)
	require.NoError(p.t, err)
	return published
}

// point writes the pointer by hand, as nobody should.
func (p *publisher) point(value string) {
	p.t.Helper()
	to, err := kstream.NewPublisher(p.kafka)
	require.NoError(p.t, err)
	defer to.Close()
	require.NoError(p.t, to.Publish(p.t.Context(), &kstream.Record{
		Topic: event.PolicyPublished.Topic("x"), Key: []byte("active"), Value: []byte(value),
	}))
}

// followed is a policy that follows the topic.
type followed struct {
	*watched
	topic   *app.PolicyTopic
	reports chan error
}

func follow(t *testing.T, client kstream.Client) *followed {
	t.Helper()
	f := &followed{
		watched: &watched{t: t, reg: prometheus.NewRegistry(), told: make(chan error, 9)},
		reports: make(chan error, 9),
	}
	f.topic = app.FollowPolicy(policylog.New(client, "x"), app.PolicyTopicConfig{
		Logger: zaptest.NewLogger(t), Clock: clock.System(), Registerer: f.reg,
		Told: func(_ *policy.Policy, err error) { f.told <- err }, Report: func(err error) { f.reports <- err },
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.topic.Run(ctx) }()
	t.Cleanup(func() { stop(); require.NoError(t, <-done) })
	return f
}

func topicsOf(t *testing.T) kstream.Client {
	t.Helper()
	client := kafka(t)
	require.NoError(t, client.CreateTopics(t.Context(), app.Topics("x", 2, 1)...))
	return client
}

func TestThePolicyFollowsTheTopic(t *testing.T) {
	t.Parallel()
	client := topicsOf(t)
	p, f := newPublisher(t, client), follow(t, client)
	require.Nil(t, f.topic.Policy())
	require.ErrorContains(t, <-f.reports, "run leadrouter policy publish")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, f.topic.Wait(canceled), context.Canceled)

	first := p.publish(p.draft(minimal))
	require.NoError(t, f.topic.Wait(t.Context()))
	require.NoError(t, <-f.reports)
	require.Equal(t, first.Hash, f.topic.Policy().Hash)
	before := f.topic.Planner()

	p.publish(p.draft(second))
	require.NoError(t, <-f.told)
	require.Equal(t, "second", f.topic.Policy().Name)
	require.Equal(t, "minimal", before.Policy().Name, "a batch under way keeps its policy")
	require.InDelta(t, 1, f.reloads("accepted"), 0)

	late := follow(t, client)
	require.NoError(t, late.topic.Wait(t.Context()))
	require.Equal(t, "second", late.topic.Policy().Name, "the pointer decides, not the order of reading")
	require.Empty(t, late.told, "the first is no change")
}

// The old policy stays in force whatever is wrong with the next.
func TestABadPublicationLeavesTheOldPolicy(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*publisher){
		"an error": func(p *publisher) {
			d := p.draft(minimal)
			d.Files, d.Hash = map[string][]byte{"policy.yaml": []byte("policy: [")}, "other"
			p.publish(d)
		},
		"a failing test": func(p *publisher) { p.publish(p.draft(strings.Replace(second, "{rep: ana}", "{rep: ben}", 1))) },
		"another hash":   func(p *publisher) { d := p.draft(second); d.Hash = strings.Repeat("0", 64); p.publish(d) },
		"another language": func(p *publisher) {
			d := p.draft(second)
			d.Files["policy.yaml"], d.Engine = []byte("leadrouter: 7\n"+second), 7
			p.publish(d)
		},
		"a missing file": func(p *publisher) {
			p.point(`{"number":2,"hash":"` + strings.Repeat("0", 64) + `","files":[{"name":"policy.yaml","hash":"abc","size":1}]}`)
		},
		"an unreadable pointer": func(p *publisher) { p.point("{") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := topicsOf(t)
			p := newPublisher(t, client)
			first := p.publish(p.draft(minimal))
			f := follow(t, client)
			require.NoError(t, f.topic.Wait(t.Context()))
			spoil(p)
			require.Error(t, <-f.told)
			require.Equal(t, first.Hash, f.topic.Policy().Hash)
			require.InDelta(t, 1, f.reloads("refused"), 0)

			late := follow(t, client)
			require.Error(t, <-late.told)
			require.ErrorContains(t, <-late.reports, "policy rollback", "nothing else is taken for it")
			require.Nil(t, late.topic.Policy())

			p.publish(p.draft(second))
			require.NoError(t, <-f.told)
			require.Equal(t, "second", f.topic.Policy().Name)
			require.NoError(t, late.topic.Wait(t.Context()))
			require.Equal(t, "second", late.topic.Policy().Name)
		})
	}
}

// The same content again, under another number, is no change.
func TestTheSamePolicyAgainChangesNothing(t *testing.T) {
	t.Parallel()
	client := topicsOf(t)
	p := newPublisher(t, client)
	p.publish(p.draft(minimal))
	f := follow(t, client)
	require.NoError(t, f.topic.Wait(t.Context()))
	planner := f.topic.Planner()
	p.publish(p.draft(minimal))
	p.publish(p.draft(second))
	require.NoError(t, <-f.told)
	require.NotSame(t, planner, f.topic.Planner())
	require.InDelta(t, 1, f.reloads("accepted"), 0, "the second alone")
}

// A Kafka that comes late, or without the topic, is waited for.
func TestATopicThatIsNotThereIsWaitedFor(t *testing.T) {
	t.Parallel()
	client := kafka(t)
	f := follow(t, client)
	require.Error(t, <-f.reports)
	require.NoError(t, client.CreateTopics(t.Context(), app.Topics("x", 2, 1)...))
	p := newPublisher(t, client)
	p.publish(p.draft(minimal))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, f.topic.Wait(ctx))
}

func TestReadPublication(t *testing.T) {
	t.Parallel()
	p := newPublisher(t, kstream.Client{})
	d := p.draft(minimal)
	read, err := app.ReadPublication(d.Publication(), d.Files)
	require.NoError(t, err)
	require.Equal(t, d.Hash, read.Hash)

	changed := maps.Clone(d.Files)
	changed["policy.yaml"] = []byte(second)
	_, err = app.ReadPublication(d.Publication(), changed)
	require.ErrorIs(t, err, app.ErrOtherMeaning)
	require.ErrorContains(t, err, fmt.Sprintf("not %.7s", d.Hash))
	_, err = app.ReadPublication(d.Publication(), nil)
	require.ErrorAs(t, err, new(policy.Issues))
}

// A router without a policy is not ready, says what to do, and polls nothing.
func TestARouterWaitsForItsPolicy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var err error
	s.router, err = app.NewRouter(app.RouterConfig{
		Kafka: s.kafka, Redis: app.Redis{Address: s.redis.Addr()}, Instance: "x", Policy: app.Published,
		Slot: "test", StartTimeout: time.Second, Logger: zaptest.NewLogger(t),
	})
	require.NoError(t, err)
	stop := s.run()
	s.publish("L-1")
	require.Eventually(t, func() bool {
		waits := s.router.Health().Complaints()
		return waits["kafka"] == "" && waits["ledger"] == "" && strings.Contains(waits["policy"], "run leadrouter policy publish")
	}, 30*time.Second, 10*time.Millisecond)
	members, err := s.kafka.Members(t.Context(), app.RouterGroup("x"))
	require.NoError(t, err)
	require.Zero(t, members)

	p := newPublisher(t, s.kafka)
	p.publish(p.draft(minimal))
	s.ready(true)
	require.Equal(t, map[string]string{"L-1": "ana"}, s.owners(1))
	stop()
}

// It can also be stopped before there is one.
func TestARouterWithoutAPolicyStops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	router, err := app.NewRouter(app.RouterConfig{
		Kafka: s.kafka, Redis: app.Redis{Address: s.redis.Addr()}, Instance: "x", Policy: app.Published,
		Slot: "test", Logger: zaptest.NewLogger(t),
	})
	require.NoError(t, err)
	s.router = router
	stop := s.run()
	require.Eventually(t, func() bool { return s.router.Health().Complaints()["ledger"] == "" }, 30*time.Second, 10*time.Millisecond)
	stop()
}
