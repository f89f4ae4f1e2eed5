package kstream

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Identity tells a cluster and its topics from others of the same name.
type Identity struct {
	Cluster string            // the brokers' cluster id
	Topics  map[string]string // topic ids by name: a topic made anew gets another one
}

// Identify asks the brokers who they are. A topic that does not exist is
// [ErrTopicMissing].
func (c Client) Identify(ctx context.Context, topics ...string) (Identity, error) {
	client, err := c.open()
	if err != nil {
		return Identity{}, err
	}
	defer client.Close()
	meta, err := kadm.NewClient(client).Metadata(ctx, topics...)
	if err != nil {
		return Identity{}, fmt.Errorf("identify cluster: %w", err)
	}
	id := Identity{Cluster: meta.Cluster, Topics: make(map[string]string, len(topics))}
	for _, name := range topics {
		t, ok := meta.Topics[name]
		if !ok || t.Err != nil {
			return Identity{}, fmt.Errorf("%w: %s", ErrTopicMissing, name)
		}
		id.Topics[name] = base64.RawURLEncoding.EncodeToString(t.ID[:])
	}
	return id, nil
}

// Since returns, for every partition of a topic, the first offset whose record is
// not older than an instant, or the end.
func (c Client) Since(ctx context.Context, at time.Time, topics ...string) (map[TopicPartition]int64, error) {
	return c.list(ctx, topics, func(admin *kadm.Client, ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		return admin.ListOffsetsAfterMilli(ctx, at.UnixMilli(), topics...)
	})
}
