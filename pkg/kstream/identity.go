package kstream

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
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

// Committed returns the offsets that a group has committed.
func (c Client) Committed(ctx context.Context, group string) (map[TopicPartition]int64, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	fetched, err := kadm.NewClient(client).FetchOffsets(ctx, group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil // nobody has ever been in it
	}
	if err != nil {
		return nil, fmt.Errorf("offsets of group %s: %w", group, err)
	}
	offsets := make(map[TopicPartition]int64)
	fetched.Each(func(o kadm.OffsetResponse) {
		if o.At >= 0 {
			offsets[TopicPartition{Topic: o.Topic, Partition: o.Partition}] = o.At
		}
	})
	return offsets, nil
}

// Members counts who is in a group.
func (c Client) Members(ctx context.Context, group string) (int, error) {
	client, err := c.open()
	if err != nil {
		return 0, err
	}
	defer client.Close()
	described, err := kadm.NewClient(client).DescribeGroups(ctx, group)
	if err != nil {
		return 0, fmt.Errorf("members of group %s: %w", group, err)
	}
	return len(described[group].Members), nil
}

// WaitSettled waits until no transaction is open on a topic: until readers under
// read_committed can get to its end. A dead process holds it for as long as its
// transaction timeout.
func (c Client) WaitSettled(ctx context.Context, topic string) error {
	client, err := c.open()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	wait := backoff.WithContext(backoff.NewConstantBackOff(100*time.Millisecond), ctx)
	return backoff.Retry(func() error {
		stable, err := admin.ListCommittedOffsets(ctx, topic)
		if err != nil {
			return backoff.Permanent(fmt.Errorf("wait for open transactions on %s: %w", topic, err))
		}
		ends, err := admin.ListEndOffsets(ctx, topic)
		if err != nil {
			return backoff.Permanent(fmt.Errorf("wait for open transactions on %s: %w", topic, err))
		}
		var open error
		ends.Each(func(end kadm.ListedOffset) {
			if at, _ := stable.Lookup(end.Topic, end.Partition); at.Offset < end.Offset {
				open = fmt.Errorf("a transaction is open on %s/%d", end.Topic, end.Partition)
			}
		})
		return open
	}, wait)
}
