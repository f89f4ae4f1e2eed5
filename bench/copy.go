package bench

import (
	"context"

	"leadrouter/pkg/kstream"
)

// Copy is the least a handler can do: every record goes to another topic unchanged. What a
// stream with it takes is the price of exactly once.
type Copy struct{ To string }

// Handle copies the batch.
func (c Copy) Handle(_ context.Context, batch kstream.Batch) (kstream.Output, error) {
	out := kstream.Output{Records: make([]*kstream.Record, len(batch.Records))}
	for i, r := range batch.Records {
		out.Records[i] = &kstream.Record{Topic: c.To, Key: r.Key, Value: r.Value, Headers: r.Headers}
	}
	return out, nil
}

// Assigned does nothing.
func (Copy) Assigned(context.Context, map[kstream.TopicPartition]int64) error { return nil }

// Committed does nothing.
func (Copy) Committed(context.Context, map[kstream.TopicPartition]int64) {}

// Revoked does nothing.
func (Copy) Revoked(context.Context, []kstream.TopicPartition) {}
