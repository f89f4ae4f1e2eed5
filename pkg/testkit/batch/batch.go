// Package batch writes records to Kafka as one batch, which a producer on its own does not
// promise: it sends what is there.
package batch

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// buffer counts down the records that do not yet stand in a producer's buffer, in their partition.
type buffer struct {
	missing atomic.Int64
	full    chan struct{}
}

// OnProduceRecordPartitioned implements [kgo.HookProduceRecordPartitioned].
func (b *buffer) OnProduceRecordPartitioned(*kgo.Record, int32) {
	if b.missing.Add(-1) == 0 {
		close(b.full)
	}
}

// Write writes records, all of one partition, to a topic that is there: as one batch, packed with
// a codec. It gives up when ctx ends.
func Write(ctx context.Context, brokers []string, topic string, codec kgo.CompressionCodec, records ...*kgo.Record) error {
	all := &buffer{full: make(chan struct{})}
	all.missing.Store(int64(len(records)))
	client, err := kgo.NewClient(
		kgo.SeedBrokers(brokers...), kgo.ProducerBatchCompression(codec), kgo.DefaultProduceTopic(topic),
		kgo.ProducerBatchMaxBytes(90<<20), kgo.MaxBufferedRecords(1<<20), kgo.ManualFlushing(),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.WithHooks(all),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	var failed error // of promises, which come one after another
	for _, r := range records {
		client.Produce(ctx, r, func(_ *kgo.Record, err error) { failed = errors.Join(failed, err) })
	}
	select {
	case <-all.full:
	case <-ctx.Done():
		return ctx.Err()
	}
	return errors.Join(flush(ctx, client), failed)
}

// flush sends what is buffered. A producer that hears of the topic just then overlooks it, and
// would take it up with the next look at the cluster, minutes later.
func flush(ctx context.Context, client *kgo.Client) error {
	for {
		soon, cancel := context.WithTimeout(ctx, time.Second)
		err := client.Flush(soon)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}
