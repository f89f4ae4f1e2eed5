package kstream

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A client keeps the partitions of a topic that is new to it only once the first records are on
// their way there. A transaction that ends before that would be aborted, and called committed.
// Here the client is held up in between, by the record of somebody else.
func TestFirstWriteToATopic(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "out"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	cfg := Config{Client: Client{Brokers: cluster.ListenAddrs()}, Instance: "test", Role: "first", Topics: []string{"in"}}.withDefaults()
	between := &interloper{record: &Record{Topic: "out", Value: []byte("theirs")}, written: make(chan struct{}), done: make(chan struct{})}
	cfg.Client.Options = []kgo.Opt{kgo.RecordPartitioner(between), kgo.WithHooks(between)}
	p, err := openProducer(t.Context(), cfg, nil, 0)
	require.NoError(t, err)
	t.Cleanup(p.client.Close)

	// Nobody learns of the topic before both records wait for it.
	var waiting atomic.Int64
	cluster.ControlKey(kmsg.Metadata.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if waiting.Add(1) == 1 {
			cluster.SleepControl(func() { between.join(p.client) })
		}
		return nil, nil, false
	})
	require.NoError(t, p.produce(t.Context(), []*Record{{Topic: "out", Value: []byte("ours")}}))
	leader, _, err := p.client.PartitionLeader("out", 0)
	close(between.done)
	require.NoError(t, err)
	require.NotEqual(t, int32(-1), leader, "the client does not know yet where it has written")
}

// interloper has a record of its own partitioned late: after another is written, and what
// comes of that has had its chance.
type interloper struct {
	record  *Record
	written chan struct{} // closed when another record is in the log
	done    chan struct{} // closed when the test has seen enough
}

func (i *interloper) join(c *kgo.Client) {
	for c.BufferedProduceRecords() < 1 {
		time.Sleep(time.Millisecond)
	}
	c.Produce(c.Context(), i.record, nil)
}

func (i *interloper) OnProduceRecordUnbuffered(r *kgo.Record, _ error) {
	if r != i.record {
		close(i.written)
	}
}

func (i *interloper) ForTopic(string) kgo.TopicPartitioner { return i }

func (i *interloper) RequiresConsistency(*kgo.Record) bool { return false }

func (i *interloper) Partition(r *kgo.Record, _ int) int {
	if r == i.record {
		<-i.written
		select {
		case <-i.done:
		case <-time.After(100 * time.Millisecond):
		}
	}
	return 0
}
