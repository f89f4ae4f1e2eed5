package kstream

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Publisher writes records outside of any stream: tools, tests, importers. It is idempotent
// (a retry does not double a record) but not transactional. Keys are spread by murmur2, like
// those of streams and of the Java clients.
type Publisher struct{ client *kgo.Client }

// NewPublisher returns a publisher. It connects with the first record.
func NewPublisher(c Client) (*Publisher, error) {
	client, err := c.open(
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.ProducerBatchMaxBytesFn(func(topic string) int32 {
			if strings.HasSuffix(topic, DLQSuffix) {
				return DefaultMaxMessageBytes + dlqHeadroom
			}
			return DefaultMaxMessageBytes
		}),
		kgo.ProducerLinger(0), // under load batches fill while a request is under way
	)
	if err != nil {
		return nil, err
	}
	return &Publisher{client: client}, nil
}

// Publish writes the records and waits for all of them. The error is that of the first record
// that failed; the others may have been written.
func (p *Publisher) Publish(ctx context.Context, records ...*Record) error {
	if err := p.client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return fmt.Errorf("publish %d records: %w", len(records), err)
	}
	return nil
}

// Mark writes a tombstone with this key to the end of each partition, outside of any
// transaction, and returns their offsets. Whoever has read up to it has read all that was
// written before: a barrier.
func (c Client) Mark(ctx context.Context, key string, partitions ...TopicPartition) (map[TopicPartition]int64, error) {
	client, err := c.open(kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	records := make([]*Record, len(partitions))
	for i, tp := range partitions {
		records[i] = &Record{Topic: tp.Topic, Partition: tp.Partition, Key: []byte(key)}
	}
	if err := client.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return nil, fmt.Errorf("mark the end of %d partitions: %w", len(partitions), err)
	}
	offsets := make(map[TopicPartition]int64, len(records))
	for _, r := range records {
		offsets[PartitionOf(r)] = r.Offset
	}
	return offsets, nil
}

// Send hands one record over and returns; done, if not nil, is called once with the record,
// which then knows its partition and offset, and the error. Send blocks while too much waits.
func (p *Publisher) Send(ctx context.Context, r *Record, done func(*Record, error)) {
	p.client.Produce(ctx, r, done)
}

// Flush waits until everything sent has been written or has failed.
func (p *Publisher) Flush(ctx context.Context) error {
	if err := p.client.Flush(ctx); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// Close gives up what is not flushed.
func (p *Publisher) Close() { p.client.Close() }
