package sla

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// Journal is what a watcher does beside its stream. A [kstream.Client] is one.
type Journal interface {
	// Mark writes a barrier to the end of each partition and returns their offsets.
	Mark(ctx context.Context, key string, partitions ...kstream.TopicPartition) (map[kstream.TopicPartition]int64, error)
	// ReadThrough calls fn for what is committed in the partitions of from, each up to
	// and with the offset in through.
	ReadThrough(ctx context.Context, from, through map[kstream.TopicPartition]int64, fn func(*kstream.Record) error) error
}

// barrierKey is the key of barriers. It holds a space, which no lead's id does.
const barrierKey = "sla barrier"

// readLimit bounds how long a partition to be taken over, or a question to the
// brokers, keeps the others waiting. What was read by then is not read again.
const readLimit = 5 * time.Second

// Assigned takes partitions over, or finds out after an abort what has been said.
func (h *Handler) Assigned(ctx context.Context, offsets map[kstream.TopicPartition]int64) error {
	h.undo()
	for at, offset := range offsets {
		s := h.shards[at.Partition]
		if s == nil {
			s = &shard{book: newBook(h.pool), timers: offset}
			h.shards[at.Partition] = s
		}
		s.barrier = unread
	}
	err := h.restore(ctx, offsets)
	h.report(err)
	return kstream.Retry(err)
}

// undo puts back what was taken for transactions that are not known to be committed.
// Those that are will be found in lead.fired.
func (h *Handler) undo() {
	for _, r := range slices.Backward(h.rounds) {
		for i, n := range slices.Backward(r.notices) {
			if s := h.shards[r.shards[i]]; s != nil {
				s.undo(n)
			}
		}
	}
	h.rounds = nil
}

// restore sets barriers and reads lead.fired up to them. lead.timers comes through the
// stream.
func (h *Handler) restore(ctx context.Context, partitions map[kstream.TopicPartition]int64) error {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	var ends []kstream.TopicPartition
	from := make(map[kstream.TopicPartition]int64, len(partitions))
	for at := range partitions {
		fired := h.firedOf(at.Partition)
		from[fired] = h.shards[at.Partition].fired
		ends = append(ends, at, fired)
	}
	barriers, err := h.cfg.Journal.Mark(ctx, barrierKey, ends...)
	if err != nil {
		return fmt.Errorf("set barriers: %w", err)
	}
	if err := h.cfg.Journal.ReadThrough(ctx, from, barriers, h.recall); err != nil {
		return fmt.Errorf("read what has fired: %w", err)
	}
	for at := range partitions {
		h.shards[at.Partition].barrier = barriers[at]
	}
	return nil
}

// recall takes a record of lead.fired into its book. One that cannot be read must not
// be passed over: what it says would be said again.
func (h *Handler) recall(r *kstream.Record) error {
	s := h.shards[r.Partition]
	switch {
	case string(r.Key) == barrierKey:
	case r.Value == nil:
		s.recall(string(r.Key), nil)
	default:
		f, err := decodeFired(r)
		if err != nil {
			return fmt.Errorf("record %s at offset %d: %w", kstream.PartitionOf(r), r.Offset, err)
		}
		s.recall(f.LeadID, &f)
	}
	s.fired = r.Offset + 1
	return nil
}

func decodeFired(r *kstream.Record) (event.Fired, error) {
	e, err := kstream.Decode(r)
	if err != nil {
		return event.Fired{}, err
	}
	return e.Fired()
}

// firedOf is the partition of lead.fired that goes with one of lead.timers.
func (h *Handler) firedOf(partition int32) kstream.TopicPartition {
	return kstream.TopicPartition{Topic: h.out.fired, Partition: partition}
}

// askBrokers compares the wall clock with the brokers' time, by a barrier in any
// partition.
func (h *Handler) askBrokers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	before := h.steady.read()
	for p := range h.shards {
		barrier, err := h.cfg.Journal.Mark(ctx, barrierKey, h.firedOf(p))
		if err != nil {
			return fmt.Errorf("ask the brokers for the time: %w", err)
		}
		err = h.cfg.Journal.ReadThrough(ctx, barrier, barrier, func(r *kstream.Record) error {
			at, kept := kstream.AppendTime(r)
			if !kept { // an embedded broker, which has our clock
				h.log.Warn("lead.fired does not keep the brokers' time: the clock is taken at its word")
				at = before
			}
			return h.steady.agree(before, at)
		})
		if err != nil && !h.doubted {
			h.log.Warn("nothing fires: the clock is in doubt", zap.Error(err))
		}
		h.doubted = err != nil // told once: a host's clock can be wrong for a day
		return err
	}
	return nil
}
