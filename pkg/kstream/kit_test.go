package kstream_test

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/kstream"
)

// kit is an embedded cluster with an input and an output topic.
type kit struct {
	t       *testing.T
	cluster *kfake.Cluster
	client  kstream.Client
	in, out string
}

func setup(t *testing.T, partitions int32) *kit {
	t.Helper()
	k := &kit{t: t, in: "in", out: "out"}
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.SeedTopics(partitions, k.in, k.out, k.in+kstream.DLQSuffix),
		kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}),
		kfake.GroupMinSessionTimeout(time.Second),
	)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	k.cluster = cluster
	k.client = kstream.Client{Brokers: cluster.ListenAddrs()}
	return k
}

// run starts a stream until the test ends, or until stop is called, which returns Run's error.
func (k *kit) run(h kstream.Handler, change ...func(*kstream.Config)) (stream *kstream.Stream, stop func() error) {
	k.t.Helper()
	cfg := kstream.Config{Client: k.client, Instance: "test", Role: "copy", Topics: []string{k.in}}
	for _, c := range change {
		c(&cfg)
	}
	stream, err := kstream.New(cfg, h)
	require.NoError(k.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- stream.Run(ctx) }()
	stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(30 * time.Second):
			return fmt.Errorf("the stream does not end")
		}
	})
	k.t.Cleanup(func() { _ = stop() })
	return stream, stop
}

// publish writes the numbers from..to-1 with ten keys.
func (k *kit) publish(from, to int) {
	k.t.Helper()
	p, err := kstream.NewPublisher(k.client)
	require.NoError(k.t, err)
	defer p.Close()
	var records []*kstream.Record
	for i := from; i < to; i++ {
		records = append(records, &kstream.Record{Topic: k.in, Key: fmt.Appendf(nil, "k%d", i%10), Value: []byte(strconv.Itoa(i))})
	}
	require.NoError(k.t, p.Publish(k.t.Context(), records...))
}

// read returns the records of a topic once there are at least n.
func (k *kit) read(topic string, n int) []*kstream.Record {
	k.t.Helper()
	var records []*kstream.Record
	next, err := k.client.Starts(k.t.Context(), topic)
	require.NoError(k.t, err)
	require.Eventually(k.t, func() bool {
		next, err = k.client.ReadToEnd(k.t.Context(), next, func(r *kstream.Record) error {
			records = append(records, r)
			return nil
		})
		require.NoError(k.t, err)
		return len(records) >= n
	}, 30*time.Second, 20*time.Millisecond, "not everything came out")
	return records
}

// requireCopied waits for the numbers below n in the output: each once, in order per key.
func (k *kit) requireCopied(n int) {
	k.t.Helper()
	last := map[string]int{}
	records := k.read(k.out, n)
	require.Len(k.t, records, n)
	for _, r := range records {
		v, err := strconv.Atoi(string(r.Value))
		require.NoError(k.t, err)
		if before, ok := last[string(r.Key)]; ok {
			require.Equal(k.t, before+10, v, "order of key %s", r.Key)
		} else {
			require.Less(k.t, v, 10, "first of key %s", r.Key)
		}
		last[string(r.Key)] = v
	}
}

// control answers the requests of one kind with fn until it returns nil.
func (k *kit) control(key kmsg.Key, fn func(kmsg.Request) kmsg.Response) {
	k.cluster.ControlKey(key.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		k.cluster.KeepControl()
		resp := fn(req)
		return resp, nil, resp != nil
	})
}

// stub is a handler whose answers a test gives; by default it copies. It records what it is told.
type stub struct {
	to     string
	handle func(kstream.Batch) (kstream.Output, error)
	begin  func(map[kstream.TopicPartition]int64) error

	mu        sync.Mutex
	calls     int
	assigned  []map[kstream.TopicPartition]int64
	committed map[kstream.TopicPartition]int64
	revoked   []kstream.TopicPartition
}

func (s *stub) Assigned(_ context.Context, offsets map[kstream.TopicPartition]int64) error {
	s.mu.Lock()
	s.assigned = append(s.assigned, offsets)
	s.mu.Unlock()
	if s.begin != nil {
		return s.begin(offsets)
	}
	return nil
}

func (s *stub) Handle(_ context.Context, b kstream.Batch) (kstream.Output, error) {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	if s.handle != nil {
		return s.handle(b)
	}
	return s.copy(b.Records), nil
}

func (s *stub) Committed(_ context.Context, offsets map[kstream.TopicPartition]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed == nil {
		s.committed = make(map[kstream.TopicPartition]int64)
	}
	maps.Copy(s.committed, offsets)
}

func (s *stub) Revoked(_ context.Context, tps []kstream.TopicPartition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = append(s.revoked, tps...)
}

// copy is the output that copies records.
func (s *stub) copy(records []*kstream.Record) kstream.Output {
	var out kstream.Output
	for _, r := range records {
		out.Records = append(out.Records, &kstream.Record{Topic: s.to, Key: r.Key, Value: r.Value})
	}
	return out
}

// see calls fn under the lock.
func (s *stub) see(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

// committedSum is the sum of the committed offsets.
func (s *stub) committedSum() (sum int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, offset := range s.committed {
		sum += offset
	}
	return sum
}
