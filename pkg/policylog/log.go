package policylog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// ErrOutdated says that somebody else has published since the caller looked.
var ErrOutdated = errors.New("somebody else has published in between")

// Log is policy.published on Kafka.
type Log struct {
	kafka    kstream.Client
	instance string // as it begins transactional ids
	topic    string
}

// New is the log of an installation; an empty instance has no prefix.
func New(kafka kstream.Client, instance string) *Log {
	return &Log{kafka: kafka, instance: cmp.Or(instance, "leadrouter"), topic: event.PolicyPublished.Topic(instance)}
}

// Read reads the topic to its end and keeps the files with these hashes.
func (l *Log) Read(ctx context.Context, hashes ...string) (*Archive, error) {
	archive := NewArchive(hashes...)
	_, err := l.read(ctx, archive)
	return archive, err
}

// Files reads the files of a publication, see [Archive.Files].
func (l *Log) Files(ctx context.Context, p event.Publication) (map[string][]byte, error) {
	archive, err := l.Read(ctx, Hashes(p)...)
	if err != nil {
		return nil, err
	}
	return archive.Files(p)
}

// Follow reads the topic to its end, calls use with [Archive.Active], and then again
// whenever the pointer is written, until ctx ends; it then returns nil. An error of
// use ends it and is returned.
func (l *Log) Follow(ctx context.Context, use func(event.Publication, error) error) error {
	archive := NewArchive()
	next, err := l.read(ctx, archive)
	if err != nil {
		return stopped(ctx, err)
	}
	if err := use(archive.Active()); err != nil {
		return stopped(ctx, err)
	}
	return l.kafka.Tail(ctx, next, func(r *kstream.Record) error {
		add(archive, r)
		if string(r.Key) == activeKey {
			return use(archive.Active())
		}
		return nil
	})
}

// Draft is a policy to be published.
type Draft struct {
	Hash, Name, Version string // the policy's own
	Engine              int
	Files               map[string][]byte // by name
	By, Because         string            // who and why
	At                  time.Time
	// After is the number of the publication that was active when the caller looked; 0: none.
	After int
}

// Publication is the draft without a number.
func (d Draft) Publication() event.Publication {
	return event.Publication{
		Hash: d.Hash, Name: d.Name, Version: d.Version, Engine: d.Engine,
		Files: describe(d.Files), By: d.By, Because: d.Because, At: d.At.UTC(),
	}
}

// Publish makes a policy the active one: all of it is in the topic then, or nothing.
// The error is [ErrOutdated] when After is not the active one any more.
func (l *Log) Publish(ctx context.Context, d Draft) (event.Publication, error) {
	p := d.Publication()
	failed := func(err error) (event.Publication, error) {
		if errors.Is(err, kstream.ErrOvertaken) {
			err = ErrOutdated
		}
		return p, fmt.Errorf("publish policy %s: %w", d.Name, err)
	}
	// From here on nobody else can commit, unless we no longer can.
	out, err := kstream.OpenExclusive(ctx, l.kafka, l.instance+"-policy")
	if err != nil {
		return failed(err)
	}
	defer out.Close()
	archive, err := l.Read(ctx, Hashes(p)...)
	if err != nil {
		return failed(err)
	}
	active, err := archive.Active()
	if err != nil && !errors.Is(err, ErrNone) && !errors.Is(err, ErrDamaged) {
		return failed(err)
	}
	if active.Number != d.After {
		return failed(ErrOutdated)
	}
	p.Number = archive.last() + 1
	records, err := l.records(entries(p, d.Files, archive, partBytes), d.At)
	if err != nil {
		return failed(err)
	}
	if err := out.Commit(ctx, records...); err != nil {
		return failed(err)
	}
	p.Active = true
	return p, nil
}

// last is the highest number ever given.
func (a *Archive) last() int {
	active, _ := a.Active() // without one: 0
	for _, p := range a.publications {
		active.Number = max(active.Number, p.Number)
	}
	return active.Number
}

func (l *Log) records(list []entry, at time.Time) ([]*kstream.Record, error) {
	records := make([]*kstream.Record, len(list))
	for i, e := range list {
		envelope, err := event.New(event.PolicyPublished, e.cause, 0, e.key, at, e.data)
		if err != nil {
			return nil, err
		}
		records[i] = kstream.Encode(l.topic, e.key, envelope)
	}
	return records, nil
}

// read adds the whole topic to an archive and returns where to go on.
func (l *Log) read(ctx context.Context, archive *Archive) (map[kstream.TopicPartition]int64, error) {
	from, err := l.kafka.Starts(ctx, l.topic)
	if err != nil {
		return nil, err
	}
	if len(from) != 1 {
		return nil, fmt.Errorf("%w: %s has %d, and order matters in it", kstream.ErrPartitionCount, l.topic, len(from))
	}
	return l.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		add(archive, r)
		return nil
	})
}

// add gives a record to an archive. One that is no event is given as it is: it is
// damaged, and the archive will say so.
func add(archive *Archive, r *kstream.Record) {
	data := r.Value
	if e, err := kstream.Decode(r); err == nil {
		data = e.Data
	}
	archive.Add(string(r.Key), data)
}

// stopped turns the error of a reading that was called off into none.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
