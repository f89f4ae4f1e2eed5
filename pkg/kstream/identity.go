package kstream

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
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
// [ErrTopicMissing]; where there are rights, one that may not be described is
// [kerr.TopicAuthorizationFailed], whether it exists or not.
func (c Client) Identify(ctx context.Context, topics ...string) (Identity, error) {
	client, err := c.open()
	if err != nil {
		return Identity{}, err
	}
	defer client.Close()
	meta, err := kadm.NewClient(client).Metadata(ctx, topics...)
	if errors.Is(err, kerr.TopicAuthorizationFailed) {
		return Identity{}, fmt.Errorf("identify one of topics %s: %w", strings.Join(topics, ", "), err)
	}
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

// Committed returns the offsets that a group has committed. It fails while a
// transaction on them is undecided.
func (c Client) Committed(ctx context.Context, group string) (map[TopicPartition]int64, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	fetched, err := kadm.NewClient(client).FetchOffsets(kadm.RequireStable(ctx), group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil // nobody has ever been in it
	}
	if err == nil {
		err = fetched.Error()
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
	members, err := membersOf(ctx, kadm.NewClient(client), group)
	return len(members), err
}

// membersOf tells who is in a group; nobody is in one that there is not.
func membersOf(ctx context.Context, admin *kadm.Client, group string) ([]kadm.DescribedGroupMember, error) {
	described, err := admin.DescribeGroups(ctx, group)
	if err == nil {
		err = described[group].Err
	}
	if errors.Is(err, kerr.GroupIDNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("members of group %s: %w", group, err)
	}
	return described[group].Members, nil
}

// DeleteBelow deletes the records of partitions below an offset each, for good.
func (c Client) DeleteBelow(ctx context.Context, below map[TopicPartition]int64) error {
	client, err := c.open()
	if err != nil {
		return err
	}
	defer client.Close()
	offsets := kadm.Offsets{}
	for tp, offset := range below {
		offsets.AddOffset(tp.Topic, tp.Partition, offset, -1)
	}
	deleted, err := kadm.NewClient(client).DeleteRecords(ctx, offsets)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		return fmt.Errorf("delete records: %w", err)
	}
	return nil
}

// WaitSettled waits until every transaction that is open on a topic at the call is
// decided: readers under read_committed then get to what was its end. A dead process
// holds it up for as long as its transaction timeout.
func (c Client) WaitSettled(ctx context.Context, topic string) error {
	client, err := c.open()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	failed := func(err error) error { return fmt.Errorf("wait for open transactions on %s: %w", topic, err) }
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return failed(err)
	}
	wait := backoff.WithContext(backoff.NewConstantBackOff(100*time.Millisecond), ctx)
	return backoff.Retry(func() error {
		stable, err := admin.ListCommittedOffsets(ctx, topic)
		if err == nil {
			err = stable.Error()
		}
		if err != nil {
			return backoff.Permanent(failed(err))
		}
		var open error
		ends.Each(func(end kadm.ListedOffset) {
			if at, _ := stable.Lookup(end.Topic, end.Partition); at.Offset < end.Offset {
				open = failed(fmt.Errorf("one is open on partition %d", end.Partition))
			}
		})
		return open
	}, wait)
}
