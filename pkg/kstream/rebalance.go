package kstream

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

// errClosed ends a callback of the group that comes while the stream shuts down.
var errClosed = errors.New("stream is closing")

type change int

const (
	joined   change = iota // a new generation has begun
	assigned               // partitions were added; offsets are known
	revoked                // partitions go to another member once the step is handled
	lost                   // the group has gone on without this member
)

// step is one step of a rebalance. The group's callbacks hand it to the loop and wait, so that
// the loop is never surprised: when revoked is done, nothing of the partitions is in hand.
type step struct {
	change     change
	offsets    map[TopicPartition]int64 // assigned; the loop resolves what is negative
	partitions []TopicPartition         // revoked or lost
	err        error                    // set by the loop
	done       chan struct{}
}

// post waits until the loop has handled e. It gives up when the loop has ended, or when ctx
// ends before the loop has taken e.
func (l *loop) post(ctx context.Context, e *step) error {
	e.done = make(chan struct{})
	select {
	case l.steps <- e:
		<-e.done
		return e.err
	case <-l.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// callbacks are the consumer's hooks into the loop. Lost partitions are treated like revoked
// ones: what is in hand fails at its commit, by the generation.
func (l *loop) callbacks() []kgo.Opt {
	gone := func(c change) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(ctx context.Context, _ *kgo.Client, partitions map[string][]int32) {
			if len(partitions) > 0 {
				// The error says that the loop or the client is gone, and the partitions with it.
				_ = l.post(ctx, &step{change: c, partitions: flatten(partitions)})
			}
		}
	}
	return []kgo.Opt{
		kgo.OnPartitionsAssigned(func(ctx context.Context, _ *kgo.Client, _ map[string][]int32) {
			_ = l.post(ctx, &step{change: joined})
		}),
		kgo.AdjustFetchOffsetsFn(l.adjust),
		kgo.OnPartitionsRevoked(gone(revoked)),
		kgo.OnPartitionsLost(gone(lost)),
	}
}

// adjust tells the loop where the group stands in newly assigned partitions, and answers with
// exact offsets where there is no commit: a rewind can only go to an exact offset.
func (l *loop) adjust(ctx context.Context, fetched map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	offsets := make(map[TopicPartition]int64)
	for topic, partitions := range fetched {
		for partition, offset := range partitions {
			at := offset.EpochOffset().Offset
			if l.cfg.FromStart {
				at = -1
			}
			offsets[TopicPartition{topic, partition}] = at
		}
	}
	if err := l.post(ctx, &step{change: assigned, offsets: offsets}); err != nil {
		return nil, err
	}
	for tp, offset := range offsets {
		fetched[tp.Topic][tp.Partition] = kgo.NewOffset().At(offset)
	}
	return fetched, nil
}

// rebalance handles one step. What is under way is finished first: the batch in hand is
// committed or aborted before the partitions change hands.
func (l *loop) rebalance(ctx context.Context, e *step) error {
	defer close(e.done)
	if err := l.settleAll(ctx); err != nil {
		e.err = err
		return err
	}
	if err := l.collect(l.stopPoll()); err != nil {
		e.err = err
		return err
	}
	switch e.change {
	case joined:
		l.join()
	case assigned:
		if e.err = resolveStarts(ctx, l.consumer, e.offsets); e.err == nil {
			l.queue.assign(e.offsets)
			l.metrics.owning(l.queue, l.cfg.Topics)
		}
	case revoked:
		l.giveUp(ctx, e.partitions)
	case lost:
		l.giveUp(ctx, e.partitions)
		l.ready.Store(false) // until it has joined again
	}
	return nil
}

// giveUp forgets partitions and tells the handler of those that it knew of.
func (l *loop) giveUp(ctx context.Context, partitions []TopicPartition) {
	if dropped := l.queue.drop(partitions); len(dropped) > 0 {
		l.metrics.forget(dropped)
		l.metrics.owning(l.queue, l.cfg.Topics)
		l.handler.Revoked(ctx, dropped)
	}
}

// join takes the new generation over. A client that was thrown out of the group in the middle
// of a rebalance comes back under another member id and keeps its partitions without being
// told that somebody else had them in between: then its positions are worth nothing.
func (l *loop) join() {
	m := memberOf(l.consumer)
	if m.id != l.member.id && len(l.queue.owned) > 0 {
		l.log.Warn("member id has changed, reading again from the committed offsets")
		l.rewinding = true
	}
	l.member = m
	l.recovered()
	l.log.Debug("generation has begun", zap.Int32("generation", m.generation))
}

func flatten(partitions map[string][]int32) []TopicPartition {
	var tps []TopicPartition
	for topic, ps := range partitions {
		for _, p := range ps {
			tps = append(tps, TopicPartition{topic, p})
		}
	}
	return tps
}
