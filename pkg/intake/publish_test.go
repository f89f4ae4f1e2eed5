package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/intake"
	"leadrouter/pkg/kstream"
)

const topic = "lead.created"

// bench is a Kafka with an empty topic, and a publisher to it.
type bench struct {
	cluster   *kfake.Cluster
	client    kstream.Client
	publisher *kstream.Publisher
}

func setup(t *testing.T) *bench {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, topic))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	b := &bench{cluster: cluster, client: kstream.Client{Brokers: cluster.ListenAddrs()}}
	b.publisher, err = kstream.NewPublisher(b.client)
	require.NoError(t, err)
	t.Cleanup(b.publisher.Close)
	return b
}

// publish publishes a CSV file; refusals fail the test.
func (b *bench) publish(ctx context.Context, t *testing.T, content string, cfg intake.Publishing) (intake.Summary, error) {
	t.Helper()
	r, err := intake.NewReader(strings.NewReader(content), "leads.csv", intake.Config{})
	require.NoError(t, err)
	cfg.Topic = topic
	if cfg.Refuse == nil {
		cfg.Refuse = func(rec intake.Record) error { return fmt.Errorf("unexpected: %w", rec.Err) }
	}
	return intake.Publish(ctx, r, b.publisher, cfg)
}

// events reads the topic.
func (b *bench) events(t *testing.T) []event.Envelope {
	t.Helper()
	from, err := b.client.Starts(t.Context(), topic)
	require.NoError(t, err)
	var all []event.Envelope
	_, err = b.client.ReadToEnd(t.Context(), from, func(r *kstream.Record) error {
		e, err := kstream.Decode(r)
		require.Equal(t, e.Subject, string(r.Key))
		all = append(all, e)
		return err
	})
	require.NoError(t, err)
	return all
}

func TestPublishWritesEvents(t *testing.T) {
	t.Parallel()
	b, at := setup(t), time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	summary, err := b.publish(t.Context(), t, "id,country\nL-1,DE\n", intake.Publishing{Clock: clock.NewFake(at)})
	require.NoError(t, err)
	require.Equal(t, intake.Summary{Published: 1}, summary)
	all := b.events(t)
	require.Len(t, all, 1)
	require.Equal(t, event.LeadCreated, all[0].Type)
	require.Equal(t, "leadrouter/publish", all[0].Source)
	require.Equal(t, at, all[0].Time)
	require.Len(t, all[0].ID, 32)
	l, err := all[0].Lead()
	require.NoError(t, err)
	require.Equal(t, "DE", l.Country)
}

// Publishing a file again repeats its leads and its events, one for one.
func TestPublishTwice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const file = "country,email\nDE,a@x.example\nFR,b@x.example\nDE,a@x.example\n"
	for range 2 {
		summary, err := b.publish(t.Context(), t, file, intake.Publishing{})
		require.NoError(t, err)
		require.Equal(t, intake.Summary{Published: 3, Repeated: 1}, summary, "a row is twice in the file")
	}
	times := map[string]int{}
	for _, e := range b.events(t) {
		times[e.ID+e.Subject]++
	}
	require.Len(t, times, 2)
	for _, n := range times {
		require.Contains(t, []int{2, 4}, n)
	}
}

func TestPublishSetsAsideAndGoesOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var refused []string
	refuse := func(rec intake.Record) error { refused = append(refused, rec.Err.Error()); return nil }
	// The last is small enough for a lead, and too large for a record with its headers.
	file := "id,deal value,use case\nL-1,1,\nL-2,x,\nL-3,1,\nL-4,1," + strings.Repeat("x", 1<<20-80) + "\n"
	summary, err := b.publish(t.Context(), t, file, intake.Publishing{Refuse: refuse})
	require.NoError(t, err)
	require.Equal(t, intake.Summary{Published: 2, Refused: 2}, summary)
	require.Equal(t, []string{`leads.csv:3: deal_value "x" is not a number`, "leads.csv:5: it is larger than Kafka takes"}, refused)

	disk := errors.New("disk is full")
	_, err = b.publish(t.Context(), t, file, intake.Publishing{Refuse: func(intake.Record) error { return disk }})
	require.ErrorIs(t, err, disk, "what cannot be set aside ends the run")
}

func TestPublishKeepsToItsRate(t *testing.T) {
	t.Parallel()
	b, fake := setup(t), clock.NewFake(time.Unix(0, 0))
	done := make(chan error, 1)
	r, err := intake.NewReader(strings.NewReader("id\n1\n2\n3\n4\n5\n"), "leads.csv", intake.Config{})
	require.NoError(t, err)
	go func() {
		_, err := intake.Publish(t.Context(), r, b.publisher, intake.Publishing{Topic: topic, Clock: fake, Rate: 2})
		done <- err
	}()
	// Five at two a second: the last one is due two seconds after the first.
	for range 4 {
		require.NoError(t, fake.BlockUntil(t.Context(), 2), "one timer is the watch's, one the rate's")
		select {
		case err := <-done:
			require.Fail(t, "too fast", "%v", err)
		default:
		}
		fake.Advance(500 * time.Millisecond)
	}
	require.NoError(t, <-done)
	require.Equal(t, time.Unix(2, 0).UTC(), fake.Now())
}

// Brokers that take records and answer nothing do not hang the command.
func TestPublishGivesUpOnSilence(t *testing.T) {
	t.Parallel()
	b := setup(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	b.cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		b.cluster.SleepControl(func() { <-release })
		return nil, nil, false
	})
	summary, err := b.publish(t.Context(), t, "id\n1\n", intake.Publishing{Patience: 200 * time.Millisecond})
	require.ErrorIs(t, err, intake.ErrStalled)
	require.ErrorContains(t, err, "publish leads.csv: the brokers do not answer for 200ms")
	require.Zero(t, summary.Published)
}

// A broker in trouble is waited for.
func TestPublishSurvivesTrouble(t *testing.T) {
	t.Parallel()
	b := setup(t)
	failures := 0
	b.cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		if failures++; failures > 3 {
			return nil, nil, false
		}
		b.cluster.KeepControl()
		return nil, errors.New("connection lost"), true
	})
	summary, err := b.publish(t.Context(), t, "id\n1\n2\n", intake.Publishing{})
	require.NoError(t, err)
	require.Equal(t, 2, summary.Published)
	require.Len(t, b.events(t), 2, "nothing twice")
}

func TestPublishEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := b.publish(ctx, t, "id\n1\nx y\n2\n", intake.Publishing{Refuse: func(intake.Record) error { cancel(); return nil }})
	require.ErrorIs(t, err, context.Canceled)
}
