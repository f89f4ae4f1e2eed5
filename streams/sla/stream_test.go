package sla_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
	"leadrouter/streams/sla"
)

// kit is an embedded broker and watchers on it, in streams.
type kit struct {
	t        *testing.T
	cluster  *kfake.Cluster // nil: a real broker
	client   kstream.Client
	instance string
}

func newKit(t *testing.T) *kit {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	k := &kit{t: t, cluster: cluster, client: kstream.Client{Brokers: cluster.ListenAddrs()}}
	k.createTopics()
	return k
}

// newRealKit is a kit on a real broker.
func newRealKit(t *testing.T) *kit {
	t.Helper()
	brokers, _ := services.Real(t)
	k := &kit{t: t, client: kstream.Client{Brokers: brokers}, instance: services.Instance(t)}
	k.createTopics()
	return k
}

func (k *kit) createTopics() {
	k.t.Helper()
	var topics []kstream.Topic
	for _, t := range event.Topics(k.instance) {
		topics = append(topics, kstream.Topic{Name: t.Name, Partitions: 4, Configs: t.Config()})
	}
	require.NoError(k.t, k.client.CreateTopics(k.t.Context(), topics...))
}

// watch runs a watcher until the test ends, or stop is called.
func (k *kit) watch(slot string, clk clock.Clock) (h *sla.Handler, stop func()) {
	k.t.Helper()
	h = sla.New(sla.Config{Instance: k.instance, Journal: k.client, Registerer: prometheus.NewRegistry(), Logger: zaptest.NewLogger(k.t), Clock: clk})
	stream, err := kstream.New(kstream.Config{
		Client: k.client, Instance: k.instance, Role: "sla", Slot: slot, Topics: []string{event.LeadTimers.Topic(k.instance)},
		FromStart: true, Tick: 10 * time.Millisecond, MaxBatch: 50, Logger: zaptest.NewLogger(k.t),
	}, h)
	require.NoError(k.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- stream.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(k.t, <-done)
	})
	k.t.Cleanup(stop)
	return h, stop
}

// publish writes the clocks of leads that fall due one after the other, from now on for
// a second.
func (k *kit) publish(leads int) {
	k.t.Helper()
	to, err := kstream.NewPublisher(k.client)
	require.NoError(k.t, err)
	defer to.Close()
	now := time.Now().UTC()
	for i := range leads {
		at := now.Add(time.Duration(i) * time.Second / time.Duration(leads))
		timer := event.Timer{LeadID: fmt.Sprintf("L-%d", i), Attempt: 1, Start: now, Due: []event.Due{
			{Clock: "accepted", At: at, Do: []string{}}, {Clock: "accepted", Stage: 1, At: at, Do: []string{"reassign"}},
		}}
		e, err := event.New(event.LeadTimers, timer.LeadID, 0, timer.LeadID, now, timer)
		require.NoError(k.t, err)
		to.Send(k.t.Context(), kstream.Encode(event.LeadTimers.Topic(k.instance), timer.LeadID, e), nil)
	}
	require.NoError(k.t, to.Flush(k.t.Context()))
}

// requireOnce waits until every lead has breached and moved, each once.
func (k *kit) requireOnce(leads int) {
	k.t.Helper()
	next, err := k.client.Starts(k.t.Context(), event.LeadSLA.Topic(k.instance), event.LeadReassign.Topic(k.instance))
	require.NoError(k.t, err)
	ids, count := map[string]bool{}, 0
	require.Eventually(k.t, func() bool {
		next, err = k.client.ReadToEnd(k.t.Context(), next, func(r *kstream.Record) error {
			e, err := kstream.Decode(r)
			ids[e.ID] = true
			count++
			return err
		})
		require.NoError(k.t, err)
		return len(ids) >= 3*leads
	}, 40*time.Second, 20*time.Millisecond)
	require.Len(k.t, ids, 3*leads)
	require.Equal(k.t, 3*leads, count)
}

// Whatever a broker answers in the middle, every stage fires once.
func TestBrokerErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key    kmsg.Key
		answer func(kmsg.Request) (kmsg.Response, error)
	}{
		"the offsets are refused": {kmsg.TxnOffsetCommit, func(req kmsg.Request) (kmsg.Response, error) {
			const rebalanceInProgress = 27
			return refuseOffsets(req.(*kmsg.TxnOffsetCommitRequest), rebalanceInProgress), nil
		}},
		"the end is cut off":        {kmsg.EndTxn, func(kmsg.Request) (kmsg.Response, error) { return nil, errors.New("connection cut") }},
		"the producer is cut off":   {kmsg.Produce, func(kmsg.Request) (kmsg.Response, error) { return nil, errors.New("connection cut") }},
		"the end is not understood": {kmsg.EndTxn, unknownEnd},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKit(t)
			const leads = 200
			k.publish(leads)
			var seen, faults atomic.Int32
			k.cluster.ControlKey(tt.key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
				k.cluster.KeepControl()
				// The first one fails: how many there are depends on how much is said at once.
				if n := seen.Add(1); n%4 != 1 || n > 20 {
					return nil, nil, false
				}
				faults.Add(1)
				resp, err := tt.answer(req)
				return resp, err, true
			})
			h, stop := k.watch("0", clock.System())
			k.requireOnce(leads)
			require.NoError(t, h.Ready())
			stop()
			require.Positive(t, faults.Load(), "the fault came")
			require.Greater(t, seen.Load(), faults.Load(), "and what was asked was asked again")
		})
	}
}

func refuseOffsets(req *kmsg.TxnOffsetCommitRequest, code int16) kmsg.Response {
	resp := req.ResponseKind().(*kmsg.TxnOffsetCommitResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewTxnOffsetCommitResponseTopic()
		rt.Topic = t.Topic
		for _, p := range t.Partitions {
			rp := kmsg.NewTxnOffsetCommitResponseTopicPartition()
			rp.Partition, rp.ErrorCode = p.Partition, code
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp
}

func unknownEnd(req kmsg.Request) (kmsg.Response, error) {
	resp := req.ResponseKind().(*kmsg.EndTxnResponse)
	resp.ErrorCode = -1 // UNKNOWN_SERVER_ERROR
	return resp, nil
}

// Watchers come and go while clocks run out.
func TestWatchersShareAndReplaceEachOther(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	const leads = 300
	k.publish(leads)
	_, stop := k.watch("0", clock.System())
	second, _ := k.watch("1", clock.System())
	require.Eventually(t, func() bool { return second.Ready() == nil }, 20*time.Second, time.Millisecond)
	stop()
	k.watch("2", clock.System())
	k.requireOnce(leads)
}

// A step of the clock is settled by what the brokers really say.
func TestBrokersTellTheTime(t *testing.T) {
	t.Parallel()
	k := newRealKit(t)
	clk := clock.NewFake(time.Now())
	h, _ := k.watch("0", paced{clk, clock.System()})
	clk.Step(time.Hour)
	require.Eventually(t, func() bool {
		err := h.Ready()
		return err != nil && strings.Contains(err.Error(), "ahead of the brokers'")
	}, 20*time.Second, time.Millisecond)
	const leads = 20
	k.publish(leads)
	clk.Step(time.Since(clk.Now()) + time.Second) // what is due within a second is due
	k.requireOnce(leads)
	require.NoError(t, h.Ready())
}

// paced shows the time of one clock, and passes it like another.
type paced struct {
	clock.Clock
	pace clock.Clock
}

// Elapsed implements [clock.Clock].
func (p paced) Elapsed() time.Duration { return p.pace.Elapsed() }
