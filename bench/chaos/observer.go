package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"leadrouter/bench/chaos/checker"
	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// observer is a subscriber of every topic, which keeps what it reads. It is safe for
// concurrent use.
type observer struct {
	clock    clock.Clock
	kafka    kstream.Client
	instance string
	topics   []string // with their prefix
	assigned func(value []byte)

	mu      sync.Mutex
	records []checker.Record
	next    map[kstream.TopicPartition]int64
	last    time.Time // when something came
}

// newObserver makes an observer that tells each record of lead.assigned to assigned.
func newObserver(clk clock.Clock, kafka kstream.Client, instance string, assigned func([]byte)) *observer {
	o := &observer{clock: clk, kafka: kafka, instance: instance, assigned: assigned, last: clk.Now()}
	for _, t := range app.Topics(instance, 1, 1) {
		o.topics = append(o.topics, t.Name)
	}
	return o
}

// run reads until ctx ends.
func (o *observer) run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := o.read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && o.clock.Sleep(ctx, time.Second) != nil {
			return nil
		}
	}
	return nil
}

// read reads on from where it was.
func (o *observer) read(ctx context.Context) error {
	if o.next == nil {
		starts, err := o.kafka.Starts(ctx, o.topics...)
		if err != nil {
			return err
		}
		o.next = starts
	}
	return o.kafka.Tail(ctx, o.next, func(r *kstream.Record) error {
		o.keep(r)
		return nil
	})
}

func (o *observer) keep(r *kstream.Record) {
	now := o.clock.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	tp := kstream.PartitionOf(r)
	if r.Offset < o.next[tp] {
		return // read on from before it
	}
	o.next[tp] = r.Offset + 1
	kept := o.record(r)
	kept.Seen = now
	o.records = append(o.records, kept)
	if kept.Value != nil || kept.Key != "sla barrier" { // what watchers mark now and then is no news
		o.last = now
	}
	if kept.Topic == "lead.assigned" {
		o.assigned(kept.Value)
	}
}

// record is a record as the checker takes it.
func (o *observer) record(r *kstream.Record) checker.Record {
	kept := checker.Record{
		Topic: strings.TrimPrefix(r.Topic, o.instance+"."), Partition: r.Partition, Offset: r.Offset,
		At: r.Timestamp, Key: string(r.Key), Value: r.Value,
	}
	if strings.HasSuffix(kept.Topic, kstream.DLQSuffix) {
		kept.Headers = map[string]string{}
		for _, h := range r.Headers {
			kept.Headers[h.Key] = string(h.Value)
		}
	}
	return kept
}

// all gives what was read, and since when nothing came.
func (o *observer) all() (records []checker.Record, last time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clip(o.records), o.last
}

// again reads everything once more, from the beginning.
func (o *observer) again(ctx context.Context) ([]checker.Record, error) {
	starts, err := o.kafka.Starts(ctx, o.topics...)
	if err != nil {
		return nil, err
	}
	var records []checker.Record
	_, err = o.kafka.ReadToEnd(ctx, starts, func(r *kstream.Record) error {
		records = append(records, o.record(r))
		return nil
	})
	if err != nil {
		return nil, errors.Join(errors.New("read all once more"), err)
	}
	return records, nil
}
