package kstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"
)

// Fence takes over every transactional id that begins with prefix, whether it is in use or
// idle, and returns how many they were. What was open under them is aborted or, if its end
// was begun, committed when Fence returns; and nobody who held one of them before can commit
// any more. A stream that meets this opens its ids again and reads on from the group's
// committed offsets. It takes the rights to describe these ids and to write with them; ids
// that may not be described are not seen.
func (c Client) Fence(ctx context.Context, prefix string) (int, error) {
	client, err := c.open()
	if err != nil {
		return 0, err
	}
	defer client.Close()
	listed, err := kadm.NewClient(client).ListTransactions(ctx, nil, nil)
	if err != nil {
		return 0, fmt.Errorf("list transactional ids %s…: %w", prefix, err)
	}
	fenced := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for _, id := range listed.TransactionalIDs() {
		if !strings.HasPrefix(id, prefix) {
			continue
		}
		fenced++
		group.Go(func() error {
			if err := fence(ctx, client, id); err != nil {
				return fmt.Errorf("fence transactional id %s: %w", id, err)
			}
			return nil
		})
	}
	return fenced, group.Wait()
}

// fenceTimeout bounds the wait for a coordinator to finish what an id has left open.
const fenceTimeout = 30 * time.Second

// fence asks for a new epoch of an id, as its next holder would. The coordinator first
// decides what is open, and is asked again until it has.
func fence(ctx context.Context, client *kgo.Client, id string) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = &id
	req.TransactionTimeoutMillis = int32(fenceTimeout.Milliseconds())
	wait := backoff.NewExponentialBackOff(backoff.WithInitialInterval(10*time.Millisecond),
		backoff.WithMaxInterval(200*time.Millisecond), backoff.WithMaxElapsedTime(fenceTimeout))
	return backoff.Retry(func() error {
		resp, err := req.RequestWith(ctx, client)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		if errors.Is(err, kerr.ConcurrentTransactions) || kerr.IsRetriable(err) {
			return err
		}
		return permanent(err)
	}, backoff.WithContext(wait, ctx))
}

// permanent ends a repetition with err; nil is no error.
func permanent(err error) error {
	if err == nil {
		return nil
	}
	return backoff.Permanent(err)
}

// PartitionOfKey tells to which of n partitions a record with this key goes: the one that
// streams, publishers and the Java clients choose.
func PartitionOfKey(key string, n int) int32 {
	partitioner := kgo.StickyKeyPartitioner(nil).ForTopic("")
	return int32(partitioner.Partition(&kgo.Record{Key: []byte(key)}, n))
}
