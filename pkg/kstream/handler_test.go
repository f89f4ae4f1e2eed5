package kstream_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"leadrouter/pkg/kstream"
)

func TestOutageOfTheHandler(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	k.publish(0, 100)
	core, logs := observer.New(zap.InfoLevel)
	var down atomic.Bool
	down.Store(true)
	h := &stub{to: k.out}
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		if down.Load() {
			return kstream.Output{}, kstream.Retry(errors.New("redis is away"))
		}
		return h.copy(b.Records), nil
	}
	var ends, joins atomic.Int32
	count := func(n *atomic.Int32) func(kmsg.Request) kmsg.Response {
		return func(kmsg.Request) kmsg.Response { n.Add(1); return nil }
	}
	k.control(kmsg.EndTxn, count(&ends))
	k.control(kmsg.JoinGroup, count(&joins))
	stream, _ := k.run(h, func(c *kstream.Config) {
		c.Logger = zap.New(core)
		c.SessionTimeout = 3 * time.Second // the outage is longer
	})
	calls := func() (n int) { h.see(func() { n = h.calls }); return n }
	require.Eventually(t, func() bool { return calls() >= 11 }, 20*time.Second, 10*time.Millisecond)
	require.False(t, stream.Ready())
	require.Zero(t, ends.Load(), "no transaction is held open meanwhile")
	joined := joins.Load()
	before := calls()
	require.Never(t, func() bool { return calls() > before+10 }, time.Second, 50*time.Millisecond, "the loop spins")

	down.Store(false)
	k.requireCopied(100)
	require.Eventually(t, stream.Ready, 5*time.Second, 10*time.Millisecond)
	require.Equal(t, joined, joins.Load(), "the session was kept")
	require.Equal(t, 1, logs.FilterMessage("handler waits").Len(), "one line for one outage")
	require.Equal(t, 1, logs.FilterMessage("goes on").Len())
}

// A record that fails again and again goes to the DLQ, and only that.
func TestPoisonRecord(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		poison func(k *kit, out *kstream.Output) error // called for a batch with the record in it
		text   string
	}{
		"the handler fails":   {func(*kit, *kstream.Output) error { return errors.New("cannot be decided") }, "cannot be decided"},
		"the handler panics":  {func(*kit, *kstream.Output) error { panic("index out of range") }, "index out of range"},
		"output is too large": {tooLarge, "MESSAGE_TOO_LARGE"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := setup(t, 2)
			k.publish(0, 100)
			reg := prometheus.NewRegistry()
			h := &stub{to: k.out}
			h.handle = func(b kstream.Batch) (kstream.Output, error) {
				out := h.copy(b.Records)
				for _, r := range b.Records {
					if string(r.Value) == "42" {
						return out, tt.poison(k, &out)
					}
				}
				return out, nil
			}
			k.run(h, func(c *kstream.Config) { c.MaxBatch, c.Registerer = 20, reg })
			dead := k.read(k.in+kstream.DLQSuffix, 1)
			require.Len(t, dead, 1)
			require.Equal(t, "k2", string(dead[0].Key))
			require.Equal(t, "42", string(dead[0].Value))
			headers := headersOf(dead[0])
			require.Equal(t, kstream.CodePoison, headers[kstream.HeaderErrorCode])
			require.Contains(t, headers[kstream.HeaderError], tt.text)
			require.Equal(t, k.in, headers[kstream.HeaderSourceTopic])
			require.Len(t, k.read(k.out, 99), 99, "all others come through")
			require.Eventually(t, func() bool {
				return metric(t, reg, "leadrouter_dlq_records_total") == 1
			}, 5*time.Second, 10*time.Millisecond)
		})
	}
}

func tooLarge(k *kit, out *kstream.Output) error {
	out.Records = append(out.Records, &kstream.Record{Topic: k.out, Value: make([]byte, kstream.DefaultMaxMessageBytes*2)})
	return nil
}

// metric sums the counters and gauges of a name.
func metric(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func headersOf(r *kstream.Record) map[string]string {
	headers := map[string]string{}
	for _, h := range r.Headers {
		headers[h.Key] = string(h.Value)
	}
	return headers
}

// The handler can condemn a record itself; it goes out with its headers and ours.
func TestDeadLettersOfTheHandler(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	p, err := kstream.NewPublisher(k.client)
	require.NoError(t, err)
	defer p.Close()
	in := &kstream.Record{Topic: k.in, Key: []byte{0, 255}, Value: []byte{1, 2, 3}, Headers: []kstream.Header{{Key: "ce_id", Value: []byte("7")}}}
	require.NoError(t, p.Publish(t.Context(), in))
	h := &stub{handle: func(b kstream.Batch) (out kstream.Output, err error) {
		for _, r := range b.Records {
			out.DLQ = append(out.DLQ, kstream.Dead{Record: r, Code: "bad_json", Err: errors.New(strings.Repeat("ü", 2_000))})
		}
		return out, nil
	}}
	k.run(h)
	dead := k.read(k.in+kstream.DLQSuffix, 1)[0]
	require.Equal(t, in.Key, dead.Key)
	require.Equal(t, in.Value, dead.Value)
	headers := headersOf(dead)
	require.Equal(t, "7", headers["ce_id"])
	require.Equal(t, "bad_json", headers[kstream.HeaderErrorCode])
	require.Equal(t, "0", headers[kstream.HeaderSourcePartition])
	require.Equal(t, "0", headers[kstream.HeaderSourceOffset])
	require.LessOrEqual(t, len(headers[kstream.HeaderError]), 1_000)
	require.Equal(t, strings.Repeat("ü", 500), headers[kstream.HeaderError])
}

// A busy record holds its partition, and only that, and is not asked for in a hurry.
func TestBusyPartition(t *testing.T) {
	t.Parallel()
	k := setup(t, 3)
	var busy atomic.Bool
	busy.Store(true)
	h := &stub{to: k.out}
	var at atomic.Pointer[kstream.TopicPartition]
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		until := map[kstream.TopicPartition]int64{}
		var handled []*kstream.Record
		for _, r := range b.Records {
			tp := kstream.PartitionOf(r)
			if string(r.Value) == "30" && busy.Load() {
				at.Store(&tp)
				until[tp] = r.Offset
			}
			if _, held := until[tp]; !held {
				handled = append(handled, r)
			}
		}
		out := h.copy(handled)
		out.Until = until
		return out, nil
	}
	k.publish(0, 100)
	k.run(h)
	others := func() int { return len(k.read(k.out, 0)) }
	require.Eventually(t, func() bool { return at.Load() != nil && others() > 30 }, 20*time.Second, 20*time.Millisecond)
	for _, r := range k.read(k.out, 0) {
		if n, _ := strconv.Atoi(string(r.Value)); n%10 == 0 {
			require.Less(t, n, 30, "behind the busy record of its key")
		}
	}
	var before int
	h.see(func() { before = h.calls })
	require.Never(t, func() (spins bool) {
		h.see(func() { spins = h.calls > before+40 })
		return spins
	}, time.Second, 50*time.Millisecond)
	busy.Store(false)
	k.requireCopied(100)
}

// What a partition waits for may stand in another one, behind more records of the first than
// fit in a batch: it must be read all the same.
func TestBusyPartitionWaitsForAnother(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	p, err := kstream.NewPublisher(k.client)
	require.NoError(t, err)
	defer p.Close()
	publish := func(key, value string) kstream.TopicPartition {
		r := &kstream.Record{Topic: k.in, Key: []byte(key), Value: []byte(value)}
		require.NoError(t, p.Publish(t.Context(), r))
		return kstream.PartitionOf(r)
	}
	var waiting kstream.TopicPartition
	for range 100 {
		waiting = publish("a", "wait")
	}
	var gone atomic.Bool
	h := &stub{to: k.out}
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		until := map[kstream.TopicPartition]int64{}
		var handled []*kstream.Record
		for _, r := range b.Records {
			tp := kstream.PartitionOf(r)
			if string(r.Value) == "go" {
				gone.Store(true)
			}
			if _, held := until[tp]; !held && string(r.Value) == "wait" && !gone.Load() {
				until[tp] = r.Offset
			}
			if _, held := until[tp]; !held {
				handled = append(handled, r)
			}
		}
		out := h.copy(handled)
		out.Until = until
		return out, nil
	}
	k.run(h, func(c *kstream.Config) { c.MaxBatch = 10 })
	calls := func() (n int) { h.see(func() { n = h.calls }); return n }
	require.Eventually(t, func() bool { return calls() > 3 }, 20*time.Second, 10*time.Millisecond, "it waits")
	n, other := 100, "b"
	for ; publish(other, "other") == waiting; n++ {
		other += "b"
	}
	publish(other, "go")
	require.Len(t, k.read(k.out, n+2), n+2)
}

// Output for nothing handled cannot be tied to an offset: it is refused, not written.
func TestOutputWithoutProgressIsRefused(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.publish(0, 1)
	h := &stub{to: k.out}
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		out := h.copy(b.Records)
		out.Until = map[kstream.TopicPartition]int64{{Topic: k.in, Partition: 0}: 0}
		return out, nil
	}
	k.run(h)
	k.read(k.in+kstream.DLQSuffix, 1)
	require.Empty(t, k.read(k.out, 0))
}

func TestFatalErrorEndsTheStream(t *testing.T) {
	t.Parallel()
	cause := errors.New("namespace belongs to another cluster")
	fatal := func() error { return kstream.Fatal(fmt.Errorf("check: %w", cause)) }
	tests := map[string]*stub{
		"in Handle":   {handle: func(kstream.Batch) (kstream.Output, error) { return kstream.Output{}, fatal() }},
		"in Assigned": {begin: func(map[kstream.TopicPartition]int64) error { return fatal() }},
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := setup(t, 1)
			k.publish(0, 10)
			stream, err := kstream.New(kstream.Config{Client: k.client, Role: "copy", Topics: []string{k.in}}, h)
			require.NoError(t, err)
			require.ErrorIs(t, stream.Run(t.Context()), cause)
			require.False(t, stream.Ready())
		})
	}
}

func TestAssignedIsRetriedBeforeTheFirstRecord(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.publish(0, 10)
	var attempts atomic.Int32
	h := &stub{to: k.out, begin: func(map[kstream.TopicPartition]int64) error {
		if attempts.Add(1) < 3 {
			return kstream.Retry(errors.New("not yet"))
		}
		return nil
	}}
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		if attempts.Load() < 3 {
			return kstream.Output{}, kstream.Fatal(errors.New("a record before its partition"))
		}
		return h.copy(b.Records), nil
	}
	k.run(h)
	k.requireCopied(10)
}

// A shutdown in the middle of a batch commits it, leaves the group and tells the handler.
func TestShutdownFinishesTheBatchInHand(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	k.publish(0, 50)
	started, goOn := make(chan struct{}), make(chan struct{})
	h := &stub{to: k.out}
	h.handle = func(b kstream.Batch) (kstream.Output, error) {
		if b.Records[0].Offset == 0 && len(started) == 0 {
			select {
			case started <- struct{}{}:
				<-goOn
			default:
			}
		}
		return h.copy(b.Records), nil
	}
	stream, stop := k.run(h)
	<-started
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	close(goOn)
	require.NoError(t, <-stopped)
	require.False(t, stream.Ready())
	n := h.committedSum()
	require.Positive(t, n)
	require.Len(t, k.read(k.out, int(n)), int(n), "what is committed is written, and nothing else")
	require.Len(t, h.revoked, 2)

	next := &stub{to: k.out}
	k.run(next)
	k.requireCopied(50)
	require.Eventually(t, func() bool {
		var resumed int64
		next.see(func() {
			for _, offsets := range next.assigned {
				for _, offset := range offsets {
					resumed += offset
				}
			}
		})
		return resumed == n
	}, 10*time.Second, 10*time.Millisecond, "the next process starts where this one ended")
}

// A handler that never returns does not keep the process alive.
func TestShutdownIsBounded(t *testing.T) {
	t.Parallel()
	k := setup(t, 1)
	k.publish(0, 1)
	called := make(chan struct{})
	h := &hanging{called: called}
	_, stop := k.run(h, func(c *kstream.Config) { c.ShutdownTimeout = 100 * time.Millisecond })
	<-called
	require.NoError(t, stop())
}

// hanging waits for its context.
type hanging struct {
	stub
	called chan struct{}
}

func (h *hanging) Handle(ctx context.Context, _ kstream.Batch) (kstream.Output, error) {
	close(h.called)
	<-ctx.Done()
	return kstream.Output{}, kstream.Retry(ctx.Err())
}

// Without output there is no transaction.
func TestNoOutputCommitsPlainly(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	var ends atomic.Int32
	k.control(kmsg.EndTxn, func(kmsg.Request) kmsg.Response { ends.Add(1); return nil })
	h := &stub{handle: func(kstream.Batch) (kstream.Output, error) { return kstream.Output{}, nil }}
	_, stop := k.run(h)
	k.publish(0, 100)
	require.Eventually(t, func() bool { return h.committedSum() == 100 }, 20*time.Second, 10*time.Millisecond)
	require.NoError(t, stop())
	require.Zero(t, ends.Load())
}

// Ticks come without records, and their output is fenced by the offsets like any other.
func TestTicks(t *testing.T) {
	t.Parallel()
	k := setup(t, 2)
	k.publish(0, 20)
	var ticks atomic.Int32
	h := &stub{}
	h.handle = func(b kstream.Batch) (out kstream.Output, err error) {
		if len(b.Records) == 0 && ticks.Add(1) == 3 {
			out.Records = []*kstream.Record{{Topic: k.out, Value: []byte("tick")}}
		}
		return out, nil
	}
	_, stop := k.run(h, func(c *kstream.Config) { c.Tick, c.FromStart = 20*time.Millisecond, true })
	require.Len(t, k.read(k.out, 1), 1)
	require.NoError(t, stop())

	again := &stub{handle: func(kstream.Batch) (kstream.Output, error) { return kstream.Output{}, nil }}
	k.run(again, func(c *kstream.Config) { c.FromStart = true })
	require.Eventually(t, func() bool { return again.committedSum() == 20 }, 20*time.Second, 10*time.Millisecond)
	again.see(func() {
		for _, offset := range again.assigned[0] {
			require.Zero(t, offset, "from the start, whatever is committed")
		}
	})
}

// Two members share the partitions; one comes and goes under load.
func TestRebalanceUnderLoad(t *testing.T) {
	t.Parallel()
	k := setup(t, 4)
	first, second := &stub{to: k.out}, &stub{to: k.out}
	k.run(first, func(c *kstream.Config) { c.MaxBatch = 20 })
	k.publish(0, 500)
	_, stop := k.run(second, func(c *kstream.Config) { c.Slot, c.MaxBatch = "1", 20 })
	n := 500
	for shared := false; !shared; n += 100 {
		k.publish(n, n+100)
		second.see(func() { shared = len(second.committed) > 0 })
	}
	require.NoError(t, stop())
	k.publish(n, n+100)
	k.requireCopied(n + 100)
	second.see(func() { require.NotEmpty(t, second.revoked) })
}
