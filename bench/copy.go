package bench

import (
	"context"

	"leadrouter/pkg/kstream"
)

// Copy is the least a handler can do: for every record it writes what it was told,
// under the record's key. What a stream with it takes is the price of exactly once.
type Copy struct {
	// Like are what is written for an input record, but for the keys: one entry after
	// the other, and around again, so that a batch is as hard to compress as the real
	// one. None: the input record itself, to the topic To.
	Like [][]*kstream.Record
	To   string

	next int
}

// Handle copies the batch.
func (c *Copy) Handle(_ context.Context, batch kstream.Batch) (kstream.Output, error) {
	out := kstream.Output{Records: make([]*kstream.Record, 0, 2*len(batch.Records))}
	for _, r := range batch.Records {
		if len(c.Like) == 0 {
			out.Records = append(out.Records, &kstream.Record{Topic: c.To, Key: r.Key, Value: r.Value, Headers: r.Headers})
			continue
		}
		c.next = (c.next + 1) % len(c.Like)
		for _, like := range c.Like[c.next] {
			out.Records = append(out.Records, &kstream.Record{Topic: like.Topic, Key: r.Key, Value: like.Value, Headers: like.Headers})
		}
	}
	return out, nil
}

// Assigned does nothing.
func (*Copy) Assigned(context.Context, map[kstream.TopicPartition]int64) error { return nil }

// Committed does nothing.
func (*Copy) Committed(context.Context, map[kstream.TopicPartition]int64) {}

// Revoked does nothing.
func (*Copy) Revoked(context.Context, []kstream.TopicPartition) {}
