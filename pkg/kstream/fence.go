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

// Fence takes over every transactional id of a group's streams, whether it is in use or idle,
// and returns how many of them Kafka has listed. What was open under them is aborted or, if its
// end was begun, committed when Fence returns; and nobody who held one of them before can commit
// any more. A stream that meets this opens its ids again and reads on from the group's
// committed offsets. It takes the rights to describe these ids and to write with them; ids
// that may not be described are not listed.
//
// A list can lack the ids of a coordinator that is just moving. So those of the group's members
// are taken over in any case: who is no member can commit no offsets, and nothing with them.
func (c Client) Fence(ctx context.Context, group string) (listed int, err error) {
	client, err := c.open()
	if err != nil {
		return 0, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	all, err := admin.ListTransactions(ctx, nil, nil)
	if err != nil {
		return 0, fmt.Errorf("list transactional ids %s-…: %w", group, err)
	}
	ids := map[string]bool{}
	for _, id := range all.TransactionalIDs() {
		if strings.HasPrefix(id, group+"-") {
			ids[id] = true
		}
	}
	listed = len(ids)
	var members []kadm.DescribedGroupMember
	if err := untilDecided(ctx, func() (err error) {
		members, err = membersOf(ctx, admin, group)
		return err
	}); err != nil {
		return 0, err
	}
	for _, m := range members {
		if strings.HasPrefix(m.ClientID, group+"-") {
			for i := range producers {
				ids[transactionalID(m.ClientID, i)] = true
			}
		}
	}
	return listed, fenceAll(ctx, client, ids)
}

func fenceAll(ctx context.Context, client *kgo.Client, ids map[string]bool) error {
	tasks, ctx := errgroup.WithContext(ctx)
	tasks.SetLimit(16)
	for id := range ids {
		tasks.Go(func() error {
			if err := fence(ctx, client, id); err != nil {
				return fmt.Errorf("fence transactional id %s: %w", id, err)
			}
			return nil
		})
	}
	return tasks.Wait()
}

// fence asks for a new epoch of an id, as its next holder would. The coordinator first
// decides what is open, and is asked again until it has.
func fence(ctx context.Context, client *kgo.Client, id string) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = &id
	req.TransactionTimeoutMillis = int32(fenceTimeout.Milliseconds())
	return untilDecided(ctx, func() error {
		resp, err := req.RequestWith(ctx, client)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(resp.ErrorCode)
	})
}

// fenceTimeout bounds the wait for a coordinator that moves, or finishes what an id has left open.
const fenceTimeout = 30 * time.Second

// untilDecided asks a coordinator until it is there and has decided what is open.
func untilDecided(ctx context.Context, ask func() error) error {
	wait := backoff.NewExponentialBackOff(backoff.WithInitialInterval(10*time.Millisecond),
		backoff.WithMaxInterval(200*time.Millisecond), backoff.WithMaxElapsedTime(fenceTimeout))
	return backoff.Retry(func() error {
		err := ask()
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
