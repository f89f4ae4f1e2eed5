package kstream

import (
	"context"
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

// poll is one call of the consumer under way. There is always one while there is room, also
// while batches are handled: the client asks the brokers for more only when its buffer is
// taken, so polling late would mean records that are as old as the last poll.
type poll struct {
	cancel context.CancelFunc
	result chan kgo.Fetches
}

func (l *loop) startPoll(ctx context.Context) {
	l.pauseHeld()
	room := l.cfg.MaxBatch - (len(l.queue.pending) - l.queue.waiting())
	if l.polling != nil || l.rewinding || room <= 0 || len(l.queue.owned) == 0 || l.queue.full() {
		return
	}
	l.skip()
	ctx, cancel := context.WithCancel(ctx)
	p := &poll{cancel: cancel, result: make(chan kgo.Fetches, 1)}
	l.polling = p
	go func() { p.result <- l.consumer.PollRecords(ctx, room) }()
}

// pauseHeld stops fetching partitions that are held, whose records would pile up, and takes up
// again those that are not any more.
func (l *loop) pauseHeld() {
	held := l.queue.held()
	if len(held) == 0 && len(l.paused) == 0 {
		return
	}
	resumed := make(map[string][]int32)
	for topic, partitions := range l.paused {
		resumed[topic] = slices.DeleteFunc(partitions, func(partition int32) bool {
			return slices.Contains(held, TopicPartition{topic, partition})
		})
	}
	l.paused = make(map[string][]int32)
	for _, tp := range held {
		l.paused[tp.Topic] = append(l.paused[tp.Topic], tp.Partition)
	}
	if len(held) > 0 {
		l.consumer.PauseFetchPartitions(l.paused)
	}
	l.consumer.ResumeFetchPartitions(resumed)
}

// stopPoll ends the poll under way and returns what it had got by then.
func (l *loop) stopPoll() kgo.Fetches {
	if l.polling == nil {
		return nil
	}
	p := l.polling
	l.polling = nil
	p.cancel()
	return <-p.result
}

func (l *loop) polled() <-chan kgo.Fetches {
	if l.polling == nil {
		return nil
	}
	return l.polling.result
}

// collect queues what a poll has brought. An error of the consumer heals by itself, or else
// by a new session of the group, unless it is one of rights. That a session was lost is read once
// there is another, and there are partitions to read again: it says nothing of now, and there is
// one such error for every attempt until then.
func (l *loop) collect(fetches kgo.Fetches) error {
	var failed error
	var lost *kgo.ErrGroupSession
	l.unpacks.more()
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		l.queue.push(f.Records)
		if large, ok := errors.AsType[*kgo.ErrDecompressTooLarge](f.Err); ok {
			l.passOver(large)
		} else if session, ok := errors.AsType[*kgo.ErrGroupSession](f.Err); ok && commitFate(f.Err) != fateFatal {
			lost = session
		} else if f.Err != nil && !errors.Is(f.Err, context.Canceled) && !errors.Is(f.Err, errUnpacked) {
			failed = f.Err
		}
		tp := TopicPartition{f.Topic, f.Partition}
		if p := l.queue.owned[tp]; p != nil {
			p.end = max(p.end, f.HighWatermark)
			l.metrics.lagging(l.queue, map[TopicPartition]int64{tp: 0})
		}
	})
	if lost != nil {
		l.log.Warn("the group went on without this member for a while", zap.Error(lost.Err))
	}
	if failed == nil {
		return nil
	}
	if commitFate(failed) == fateFatal {
		return failed
	}
	l.stall("cannot read", failed)
	return nil
}
