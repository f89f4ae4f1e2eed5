package audit

import (
	"context"
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
// partition in order, partitions interleaved. Those of a ledger that had been replaced
// by then are left out.
func (l *Log) Read(ctx context.Context, use func(event.Decision) error) error {
	from, err := l.kafka.Starts(ctx, l.topic)
	if err != nil {
		return err
	}
	return l.ReadFrom(ctx, from, use)
}

// ReadFrom is Read from an offset of each partition on.
func (l *Log) ReadFrom(ctx context.Context, from map[kstream.TopicPartition]int64, use func(event.Decision) error) error {
	epochs, err := l.epochs(ctx, from)
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	return l.records(ctx, from, func(_ kstream.TopicPartition, d event.Decision) error {
		if epochs.late(d.Grant) {
			return nil
		}
		return use(d)
	})
}

// ErrCut is returned for a log that is no longer all of what was decided.
var ErrCut = errors.New("the decision log was cut: restore it from a copy, and see that it keeps everything (retention.ms=-1)")

// Reaches tells whether the log is there from its beginning, which takes no reading. If not
// the error is [ErrCut].
func (l *Log) Reaches(ctx context.Context) error {
	starts, err := l.kafka.Starts(ctx, l.topic)
	if err != nil {
		return err
	}
	for at, start := range starts {
		if start > 0 {
			return fmt.Errorf("%s begins at offset %d: %w", at, start, ErrCut)
		}
	}
	return nil
}

// errFound ends a reading that only asks whether there is anything.
var errFound = errors.New("found")

// Empty tells whether no decision was ever committed.
func (l *Log) Empty(ctx context.Context) (bool, error) {
	from, err := l.kafka.Starts(ctx, l.topic)
	if err != nil {
		return false, err
	}
	err = l.records(ctx, from, func(kstream.TopicPartition, event.Decision) error { return errFound })
	if errors.Is(err, errFound) {
		return false, nil
	}
	return err == nil, err
}

// Last tells where the log ends: the epoch in force, and a sequence that has been given in
// it, at most a few below the last one. An empty log is at 0. It reads the last decision of
// each partition.
func (l *Log) Last(ctx context.Context) (epoch, sequence int64, err error) {
	err = l.backwards(ctx, 16, func(d event.Decision) bool {
		if d.Grant.Epoch > epoch {
			epoch, sequence = d.Grant.Epoch, 0
		}
		if d.Grant.Epoch == epoch {
			sequence = max(sequence, d.Grant.Sequence)
		}
		return true
	})
	return epoch, sequence, err
}

// tail is how many records Has looks at first in each partition: more than routers
// have in flight, mostly.
const tail = 4_000

// Has tells which of the sequences of an epoch stand in the log. All below floor are
// known to have been committed before the first of them was given: it reads from the end,
// back to one of those. Clocks are not asked: those of routers may differ.
//
// A transaction that was open at the call is waited for: the offsets that it commits
// may be seen before its records are.
func (l *Log) Has(ctx context.Context, epoch, floor int64, sequences []int64) (map[int64]bool, error) {
	if err := l.kafka.WaitSettled(ctx, l.topic); err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	err := l.backwards(ctx, tail, func(d event.Decision) bool {
		if d.Grant.Epoch == epoch && slices.Contains(sequences, d.Grant.Sequence) {
			found[d.Grant.Sequence] = true
		}
		return d.Grant.Sequence < floor
	})
	return found, err
}

// backwards looks at the ends of the partitions, first at so many offsets of each and then
// further back, until enough says of one of a partition's decisions that it was, or there
// is nothing more. A decision may be looked at more than once.
func (l *Log) backwards(ctx context.Context, first int64, enough func(event.Decision) bool) error {
	starts, err := l.kafka.Starts(ctx, l.topic)
	if err != nil {
		return err
	}
	ends, err := l.kafka.Ends(ctx, l.topic)
	if err != nil {
		return err
	}
	for back := first; len(ends) > 0; back *= 4 {
		from := make(map[kstream.TopicPartition]int64, len(ends))
		for at, end := range ends {
			if from[at] = max(starts[at], end-back); from[at] == starts[at] {
				delete(ends, at) // there is nothing further back
			}
		}
		err := l.records(ctx, from, func(at kstream.TopicPartition, d event.Decision) error {
			if enough(d) {
				delete(ends, at)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// records gives the committed decisions from some offsets on to use.
func (l *Log) records(ctx context.Context, from map[kstream.TopicPartition]int64, use func(kstream.TopicPartition, event.Decision) error) error {
	err := l.pipe(ctx, from, func(d decoded) error {
		if d.err != nil {
			return d.err
		}
		return use(d.at, d.decision)
	})
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	return nil
}
