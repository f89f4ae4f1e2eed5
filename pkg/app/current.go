package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// askEvery bounds how often the brokers are asked how far a group is.
const askEvery = 500 * time.Millisecond

// backlog is what a topic held when it was first looked at and a group has not read.
type backlog struct {
	client kstream.Client
	group  string
	topic  string
	clock  clock.Clock

	mu    sync.Mutex
	ends  map[kstream.TopicPartition]int64 // nil: not looked at yet
	asked time.Time
	done  bool
}

// Read reports whether the group has read all of it by now. It asks now and then; in
// between the answer is no.
func (b *backlog) Read(ctx context.Context) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if b.done || now.Sub(b.asked) < askEvery {
		return b.done, nil
	}
	b.asked = now
	if err := b.ask(ctx); err != nil {
		return false, fmt.Errorf("how far %s is in %s: %w", b.group, b.topic, err)
	}
	return b.done, nil
}

func (b *backlog) ask(ctx context.Context) error {
	if b.ends == nil {
		ends, err := b.client.Ends(ctx, b.topic)
		if err != nil {
			return err
		}
		b.ends = ends
	}
	from, err := b.client.Starts(ctx, b.topic)
	if err != nil {
		return err
	}
	committed, err := b.client.Committed(ctx, b.group)
	if err != nil {
		return err
	}
	for at, end := range b.ends {
		from[at] = max(from[at], committed[at])
		if from[at] >= end {
			delete(from, at)
		}
	}
	unread, err := b.holds(ctx, from)
	b.done = err == nil && !unread
	return err
}

var errUnread = errors.New("there is a record")

// holds reports whether anything but markers of transactions stands from some offsets
// to the ends that were found first.
func (b *backlog) holds(ctx context.Context, from map[kstream.TopicPartition]int64) (bool, error) {
	if len(from) == 0 {
		return false, nil
	}
	_, err := b.client.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		if r.Offset < b.ends[kstream.PartitionOf(r)] {
			return errUnread
		}
		return nil
	})
	if errors.Is(err, errUnread) {
		return true, nil
	}
	return false, err
}
