package kstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Where Tail begins in a partition, instead of an offset.
const (
	FromStart int64 = -2
	FromEnd   int64 = -1
)

// Starts returns the first offset of every partition of the topics.
func (c Client) Starts(ctx context.Context, topics ...string) (map[TopicPartition]int64, error) {
	return c.list(ctx, topics, (*kadm.Client).ListStartOffsets)
}

// Ends returns the last stable offset of every partition of the topics: everything below it
// is decided, and a read_committed reader can get there.
func (c Client) Ends(ctx context.Context, topics ...string) (map[TopicPartition]int64, error) {
	return c.list(ctx, topics, (*kadm.Client).ListCommittedOffsets)
}

func (c Client) list(ctx context.Context, topics []string,
	list func(*kadm.Client, context.Context, ...string) (kadm.ListedOffsets, error),
) (map[TopicPartition]int64, error) {
	client, err := c.open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	listed, err := list(kadm.NewClient(client), ctx, topics...)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list offsets of %v: %w", topics, err)
	}
	offsets := make(map[TopicPartition]int64)
	listed.Each(func(o kadm.ListedOffset) { offsets[TopicPartition{o.Topic, o.Partition}] = o.Offset })
	return offsets, nil
}

// ReadToEnd reads the partitions under read_committed from the given offsets up to the last
// stable offsets at the time of the call, calls fn for every record, and returns the offsets
// to read on from. Records of one partition come in order. An error of fn ends the reading
// and is returned.
//
// "The end" cannot be found by counting records: a transactional topic ends in a marker, and
// aborted records are never handed out. So markers are read too, and passed over.
func (c Client) ReadToEnd(ctx context.Context, from map[TopicPartition]int64, fn func(*Record) error) (map[TopicPartition]int64, error) {
	return c.ReadInStep(ctx, from, nil, fn)
}

// ReadInStep is [Client.ReadToEnd] for partitions that are to be read side by side: ahead is
// asked after each fetch which of those that are not at their end must wait for the others, so
// that a fast broker does not run away from a slow one. It must leave one. nil: none waits.
func (c Client) ReadInStep(ctx context.Context, from map[TopicPartition]int64,
	ahead func(open []TopicPartition) []TopicPartition, fn func(*Record) error,
) (map[TopicPartition]int64, error) {
	ends, err := c.Ends(ctx, topicsOf(from)...)
	if err != nil {
		return nil, fmt.Errorf("read to end: %w", err)
	}
	next := make(map[TopicPartition]int64, len(from))
	open := make(map[TopicPartition]int64) // partitions not yet read to their end
	for tp, offset := range from {
		end, ok := ends[tp]
		if !ok {
			return nil, fmt.Errorf("read to end: no partition %s", tp)
		}
		next[tp] = max(offset, 0)
		if next[tp] < end {
			open[tp] = next[tp]
		}
	}
	if len(open) == 0 {
		return next, nil
	}
	var pace func(*kgo.Client)
	if ahead != nil {
		pace = func(client *kgo.Client) { pause(client, next, ahead(slices.Collect(maps.Keys(open)))) }
	}
	err = c.consume(ctx, open, pace, func(r *Record) (bool, error) {
		tp := PartitionOf(r)
		if r.Offset >= ends[tp] { // came in since
			delete(open, tp)
			return len(open) == 0, nil
		}
		if next[tp] = r.Offset + 1; next[tp] >= ends[tp] {
			delete(open, tp)
		}
		if r.Attrs.IsControl() {
			return len(open) == 0, nil
		}
		return len(open) == 0, fn(r)
	})
	if err != nil {
		return nil, fmt.Errorf("read to end: %w", err)
	}
	for tp := range next {
		next[tp] = max(next[tp], ends[tp])
	}
	return next, nil
}

// ReadThrough reads the partitions under read_committed from the given offsets up to and with
// the records at the offsets of through, which must exist, and calls fn for every record. It
// waits for transactions that are open below. Records of one partition come in order. An
// error of fn ends the reading and is returned.
func (c Client) ReadThrough(ctx context.Context, from, through map[TopicPartition]int64, fn func(*Record) error) error {
	open := make(map[TopicPartition]int64, len(through))
	for tp, last := range through {
		if first, ok := from[tp]; ok && first <= last {
			open[tp] = first
		}
	}
	if len(open) == 0 {
		return nil
	}
	err := c.consume(ctx, open, nil, func(r *Record) (bool, error) {
		tp := PartitionOf(r)
		if r.Offset >= through[tp] {
			delete(open, tp)
		}
		if r.Attrs.IsControl() || r.Offset > through[tp] {
			return len(open) == 0, nil
		}
		return len(open) == 0, fn(r)
	})
	if err != nil {
		return fmt.Errorf("read through: %w", err)
	}
	return nil
}

// At gives the committed record at an offset; nil where there is none, or not any more.
func (c Client) At(ctx context.Context, at TopicPartition, offset int64) (*Record, error) {
	starts, err := c.Starts(ctx, at.Topic)
	if err != nil {
		return nil, fmt.Errorf("read offset %d of %s: %w", offset, at, err)
	}
	ends, err := c.Ends(ctx, at.Topic)
	if err != nil {
		return nil, fmt.Errorf("read offset %d of %s: %w", offset, at, err)
	}
	if offset < starts[at] || offset >= ends[at] {
		return nil, nil
	}
	var found *Record
	err = c.consume(ctx, map[TopicPartition]int64{at: offset}, nil, func(r *Record) (bool, error) {
		if r.Offset == offset && !r.Attrs.IsControl() {
			found = r
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read offset %d of %s: %w", offset, at, err)
	}
	return found, nil
}

// Tail reads the partitions under read_committed from the given offsets on and calls fn for
// every record, until ctx ends (it then returns nil) or fn returns an error.
func (c Client) Tail(ctx context.Context, from map[TopicPartition]int64, fn func(*Record) error) error {
	err := c.consume(ctx, from, nil, func(r *Record) (bool, error) {
		if r.Attrs.IsControl() {
			return false, nil
		}
		return false, fn(r)
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tail: %w", err)
	}
	return nil
}

// stepBytes are fetched at once from a broker where partitions are read in step.
const stepBytes = 4 << 20

// pause leaves these of all partitions out of the next fetches, and only these.
func pause(client *kgo.Client, all map[TopicPartition]int64, these []TopicPartition) {
	out, in := make(map[string][]int32), make(map[string][]int32)
	for tp := range all {
		to := in
		if slices.Contains(these, tp) {
			to = out
		}
		to[tp.Topic] = append(to[tp.Topic], tp.Partition)
	}
	client.ResumeFetchPartitions(in)
	client.PauseFetchPartitions(out)
}

// consume calls fn for records and markers until it is done, fails, or ctx ends; and pace, if
// not nil, after each fetch.
func (c Client) consume(ctx context.Context, from map[TopicPartition]int64, pace func(*kgo.Client), fn func(*Record) (done bool, err error)) error {
	partitions := make(map[string]map[int32]kgo.Offset)
	for tp, offset := range from {
		if partitions[tp.Topic] == nil {
			partitions[tp.Topic] = make(map[int32]kgo.Offset)
		}
		partitions[tp.Topic][tp.Partition] = at(offset)
	}
	opts := []kgo.Opt{
		kgo.ConsumePartitions(partitions),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(),
	}
	if pace != nil { // the less comes at once, the less of it is ahead; it may be ten times as much unpacked
		opts = append(opts, kgo.FetchMaxBytes(stepBytes), kgo.FetchMaxPartitionBytes(stepBytes/16))
	}
	client, err := c.open(opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for records := fetches.RecordIter(); !records.Done(); {
			if done, err := fn(records.Next()); done || err != nil {
				return err
			}
		}
		if pace != nil {
			pace(client)
		}
	}
}

func at(offset int64) kgo.Offset {
	switch offset {
	case FromStart:
		return kgo.NewOffset().AtStart()
	case FromEnd:
		return kgo.NewOffset().AtEnd()
	default:
		return kgo.NewOffset().At(offset)
	}
}

func topicsOf(offsets map[TopicPartition]int64) []string {
	var topics []string
	for topic := range byTopic(offsets) {
		topics = append(topics, topic)
	}
	return topics
}
