package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

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

// decoded is a record of the log and what it says; err: it is no decision.
type decoded struct {
	at       kstream.TopicPartition
	decision event.Decision
	err      error
}

// page is a run of records on its way through a pipe.
type page struct {
	records []*kstream.Record
	decoded []decoded // once done is closed
	done    chan struct{}
}

// pageSize is how many records are decoded in one go.
const pageSize = 256

func (p *page) decode() {
	defer close(p.done)
	p.decoded = make([]decoded, len(p.records))
	for i, r := range p.records {
		d, err := Decode(r)
		p.decoded[i] = decoded{at: kstream.PartitionOf(r), decision: d, err: err}
	}
}

// pipe reads the log from some offsets on to its end and gives what it decodes to use, in
// the order of reading. Decoding is most of the work, and done on all cores:
//
//	read ──► pages, in order ─────────────► use
//	     └─► work, for whoever is free ──┘
func (l *Log) pipe(ctx context.Context, from map[kstream.TopicPartition]int64, use func(decoded) error) error {
	workers := runtime.GOMAXPROCS(0)
	pages, work := make(chan *page, 4*workers), make(chan *page, 4*workers)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(pages)
		defer close(work)
		return l.paged(ctx, from, func(p *page) error {
			for _, to := range []chan<- *page{work, pages} {
				select {
				case to <- p:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	})
	for range workers {
		group.Go(func() error {
			for p := range work {
				p.decode()
			}
			return nil
		})
	}
	group.Go(func() error {
		for p := range pages {
			<-p.done // whatever is in pages has been given to work
			for _, d := range p.decoded {
				if err := use(d); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return group.Wait()
}

// paged reads the log in pages.
func (l *Log) paged(ctx context.Context, from map[kstream.TopicPartition]int64, send func(*page) error) error {
	next := &page{done: make(chan struct{})}
	_, err := l.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		next.records = append(next.records, r)
		if len(next.records) < pageSize {
			return nil
		}
		full := next
		next = &page{done: make(chan struct{})}
		return send(full)
	})
	if err != nil || len(next.records) == 0 {
		return err
	}
	return send(next)
}
