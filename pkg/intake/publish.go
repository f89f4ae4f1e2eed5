package intake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"sync"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// ErrStalled is the cause when the brokers stop to answer in mid-file. What has
// been written stays; publishing the file again repeats the ids, so that nothing
// doubles.
var ErrStalled = errors.New("the brokers do not answer")

// Publishing says where leads go and what happens on the way.
type Publishing struct {
	Topic string // full name of the topic of lead.created
	// Rate is the most leads per second; 0: no bound.
	Rate float64
	// Patience is how long the brokers may be silent while something waits to be
	// written. Default 30 s.
	Patience time.Duration
	Clock    clock.Clock // default [clock.System]
	// Refuse is told of every row that is no lead; its error ends the run. Required.
	Refuse func(Record) error
}

// Summary counts what became of a file's rows.
type Summary struct {
	Published int `json:"published"`
	Refused   int `json:"refused"`
	// Repeated of the published have the id of an earlier row, and change nothing.
	Repeated int `json:"repeated"`
}

// Publish writes all leads of a file and waits until they are written. It ends
// early, with what it has done so far, when ctx ends, when reading fails, or with
// [ErrStalled].
func Publish(ctx context.Context, from *Reader, to *kstream.Publisher, cfg Publishing) (Summary, error) {
	cfg.Patience = cmp.Or(cfg.Patience, 30*time.Second)
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := &publishing{Publishing: cfg, to: to, seen: map[uint64]struct{}{}, cancel: cancel, progress: make(chan struct{}, 1)}
	var watch sync.WaitGroup
	watch.Go(func() { run.watch(ctx) })
	err := run.file(ctx, from)
	if err == nil {
		err = to.Flush(ctx)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	cancel(nil)
	watch.Wait()
	if err != nil {
		err = fmt.Errorf("publish %s: %w", from.Name(), err)
	}
	return run.result(), err
}

// publishing is one run of [Publish].
type publishing struct {
	Publishing
	to       *kstream.Publisher
	seen     map[uint64]struct{} // hashes of ids
	cancel   context.CancelCauseFunc
	progress chan struct{} // something was sent or acknowledged

	mu      sync.Mutex
	summary Summary
	pending int // sent and not acknowledged
}

// file sends the rows of a file one by one.
func (p *publishing) file(ctx context.Context, from *Reader) error {
	start := p.Clock.Now()
	for n := 0; ; n++ {
		rec, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if p.Rate > 0 {
			due := start.Add(time.Duration(float64(n) / p.Rate * float64(time.Second)))
			if err := p.Clock.Sleep(ctx, due.Sub(p.Clock.Now())); err != nil {
				return err
			}
		}
		if err := p.row(ctx, from.Name(), rec); err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// row sends one lead, or sets its row aside.
func (p *publishing) row(ctx context.Context, file string, rec Record) error {
	if rec.Err == nil {
		record := p.record(rec)
		if size := kstream.Size(record); size <= kstream.DefaultMaxMessageBytes {
			p.send(ctx, record, rec.ID())
			return nil
		}
		rec.Err = &RowError{File: file, Line: rec.Line, Err: errors.New("it is larger than Kafka takes")}
	}
	p.update(func() { p.summary.Refused++ })
	return p.Refuse(rec)
}

// record is the event of a row. Its id derives from what the row is about and its data, so
// that the same row makes the same event.
func (p *publishing) record(rec Record) *kstream.Record {
	id, kind := rec.ID(), event.LeadCreated
	if rec.Account.ID != "" {
		kind = event.AccountChanged
	}
	return kstream.Encode(p.Topic, id, event.Envelope{
		ID:      event.ID(id+" "+string(rec.Data), kind, 0),
		Type:    kind,
		Source:  "leadrouter/publish",
		Subject: id,
		Time:    p.Clock.Now(),
		Data:    rec.Data,
	})
}

// send hands a record over; it blocks while too many wait.
func (p *publishing) send(ctx context.Context, record *kstream.Record, id string) {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id)
	_, repeated := p.seen[h.Sum64()]
	p.seen[h.Sum64()] = struct{}{}
	p.update(func() { p.pending++ })
	p.to.Send(ctx, record, func(_ *kstream.Record, err error) {
		if err != nil {
			p.update(func() { p.pending-- })
			p.cancel(fmt.Errorf("write %s: %w", id, err))
			return
		}
		p.update(func() {
			p.pending--
			p.summary.Published++
			if repeated {
				p.summary.Repeated++
			}
		})
	})
}

// update changes the counts and tells the watch that something moved.
func (p *publishing) update(change func()) {
	p.mu.Lock()
	change()
	p.mu.Unlock()
	select {
	case p.progress <- struct{}{}:
	default:
	}
}

func (p *publishing) result() Summary {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.summary
}

// watch ends the run when something is pending and nothing moves: the client goes
// on trying for ever.
func (p *publishing) watch(ctx context.Context) {
	timer := p.Clock.NewTimer(p.Patience)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.progress:
		case <-timer.C():
			p.mu.Lock()
			stalled := p.pending > 0
			p.mu.Unlock()
			if stalled {
				p.cancel(fmt.Errorf("%w for %s", ErrStalled, p.Patience))
				return
			}
		}
		timer.Reset(p.Patience)
	}
}
