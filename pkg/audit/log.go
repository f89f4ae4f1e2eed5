package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// Log reads the decision log of an installation.
type Log struct {
	kafka kstream.Client
	topic string
}

// NewLog reads the log of an instance.
func NewLog(kafka kstream.Client, instance string) *Log {
	return &Log{kafka: kafka, topic: event.LeadDecisions.Topic(instance)}
}

// Read gives all committed decisions from the beginning to use, partition by
// partition in order, partitions interleaved.
func (l *Log) Read(ctx context.Context, use func(event.Decision) error) error {
	from, err := l.kafka.Starts(ctx, l.topic)
	if err != nil {
		return err
	}
	return l.records(ctx, from, func(_ kstream.TopicPartition, d event.Decision) error { return use(d) })
}

// errFound ends a reading that only asks whether there is anything.
var errFound = errors.New("found")

// Empty tells whether no decision was ever committed.
func (l *Log) Empty(ctx context.Context) (bool, error) {
	err := l.Read(ctx, func(event.Decision) error { return errFound })
	if errors.Is(err, errFound) {
		return false, nil
	}
	return err == nil, err
}

// tail is how many records Has looks at first in each partition: more than routers
// have in flight, mostly.
const tail = 4_000

// Has tells which of the sequences stand in the log. All below floor are known to
// have been committed before the first of them was given: it reads from the end,
// back to one of those. Clocks are not asked: those of routers may differ.
//
// A transaction that was open at the call is waited for: the offsets that it commits
// may be seen before its records are.
func (l *Log) Has(ctx context.Context, floor int64, sequences []int64) (map[int64]bool, error) {
	if err := l.kafka.WaitSettled(ctx, l.topic); err != nil {
		return nil, err
	}
	starts, err := l.kafka.Starts(ctx, l.topic)
	if err != nil {
		return nil, err
	}
	ends, err := l.kafka.Ends(ctx, l.topic)
	if err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	for back := int64(tail); len(ends) > 0; back *= 4 {
		from := make(map[kstream.TopicPartition]int64, len(ends))
		for at, end := range ends {
			if from[at] = max(starts[at], end-back); from[at] == starts[at] {
				delete(ends, at) // there is nothing further back
			}
		}
		err := l.records(ctx, from, func(at kstream.TopicPartition, d event.Decision) error {
			if d.Grant.Sequence < floor {
				delete(ends, at)
			} else if slices.Contains(sequences, d.Grant.Sequence) {
				found[d.Grant.Sequence] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// records gives the committed decisions from some offsets on to use.
func (l *Log) records(ctx context.Context, from map[kstream.TopicPartition]int64, use func(kstream.TopicPartition, event.Decision) error) error {
	_, err := l.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		d, err := Decode(r)
		if err != nil {
			return err
		}
		return use(kstream.PartitionOf(r), d)
	})
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	return nil
}

// errNoSequence is why a JSON object is no decision.
var errNoSequence = errors.New("it has no sequence")

// Decode reads a record of the decision log. An error names its place.
func Decode(r *kstream.Record) (event.Decision, error) {
	var d event.Decision
	err := json.Unmarshal(r.Value, &d)
	if err == nil && d.Grant.Sequence < 1 {
		err = errNoSequence
	}
	if err != nil {
		return d, fmt.Errorf("decision at %s offset %d: %w", kstream.PartitionOf(r), r.Offset, err)
	}
	return d, nil
}
