package app

import (
	"context"
	"maps"
	"sync"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

const (
	// patience is how long a record waits for its lead, which may be published after it.
	patience = 5 * time.Second
	// manyWaits is how many records are remembered before those that nobody asks about any
	// more are looked for.
	manyWaits = 1_000
)

// arrivals knows whether the lead of a record may still come.
type arrivals struct {
	clock   clock.Clock
	backlog func() *backlog // of lead.created, from now on

	mu    sync.Mutex
	waits map[place]*wait
}

// place of a record.
type place struct {
	kstream.TopicPartition
	offset int64
}

// wait is what a record waits for: first some time, then all leads that are there by then.
type wait struct {
	since, asked time.Time
	behind       *backlog
}

// May reports whether the lead of a record may still come: it may have been published up to
// some seconds after the record was first asked about, and stand far back in lead.created.
func (a *arrivals) May(ctx context.Context, r *kstream.Record) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Now()
	at := place{kstream.PartitionOf(r), r.Offset}
	w := a.waits[at]
	if w == nil {
		a.sweep(now)
		w = &wait{since: now}
		a.waits[at] = w
	}
	w.asked = now
	if now.Sub(w.since) < patience {
		return true, nil
	}
	if w.behind == nil {
		w.behind = a.backlog()
	}
	read, err := w.behind.Read(ctx)
	if read {
		delete(a.waits, at)
	}
	return !read, err
}

// sweep forgets the records whose leads have come.
func (a *arrivals) sweep(now time.Time) {
	if len(a.waits) < manyWaits {
		return
	}
	maps.DeleteFunc(a.waits, func(_ place, w *wait) bool { return now.Sub(w.asked) > time.Minute })
}
