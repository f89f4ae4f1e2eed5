package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

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
	return l.read(ctx, from, use)
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

// Has tells which of the sequences stand in the log, committed, looking at records
// that are not older than since.
func (l *Log) Has(ctx context.Context, since time.Time, sequences []int64) (map[int64]bool, error) {
	from, err := l.kafka.Since(ctx, since, l.topic)
	if err != nil {
		return nil, err
	}
	found := map[int64]bool{}
	return found, l.read(ctx, from, func(d event.Decision) error {
		if slices.Contains(sequences, d.Grant.Sequence) {
			found[d.Grant.Sequence] = true
		}
		return nil
	})
}

func (l *Log) read(ctx context.Context, from map[kstream.TopicPartition]int64, use func(event.Decision) error) error {
	_, err := l.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		d, err := Decode(r)
		if err != nil {
			return err
		}
		return use(d)
	})
	if err != nil {
		return fmt.Errorf("read the decision log: %w", err)
	}
	return nil
}

// Decode reads a record of the decision log.
func Decode(r *kstream.Record) (event.Decision, error) {
	var d event.Decision
	if err := json.Unmarshal(r.Value, &d); err != nil {
		return d, fmt.Errorf("decision at %s offset %d: %w", kstream.PartitionOf(r), r.Offset, err)
	}
	return d, nil
}
