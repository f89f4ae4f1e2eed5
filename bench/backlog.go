package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// Load is a backlog.
type Load struct {
	// Warm are worked off before it counts, in one go with the others: a virtual machine has
	// compiled what is hot by then, caches are filled, connections open.
	Warm  int
	Leads int // that count
	First int // number of the first one
}

// Backlog publishes the load, then starts the contender and measures how fast it works it off:
// from the first record that counts to the last one, so that joining the group does not count.
// The meter is read at both; nil: it is not.
func Backlog(ctx context.Context, c clock.Clock, contender Contender, load Load, meter *Meter) (Result, error) {
	path := contender.Path.withDefaults()
	if err := fill(ctx, path, load.First, load.Warm+load.Leads); err != nil {
		return Result{}, err
	}
	ends, err := path.Client.Ends(ctx, path.Out)
	if err != nil {
		return Result{}, err
	}
	watched, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := &finish{clock: c, load: load, meter: meter, started: make(chan Running, 1)}
	read := make(chan error, 1)
	// Who reads is there before there is something to read, or the time would start late.
	go func() {
		read <- path.Client.Tail(watched, ends, func(*kstream.Record) error { return f.received(watched) })
	}()
	running, err := contender.Start(ctx)
	if err != nil {
		cancel(err)
		return Result{}, errors.Join(err, unless(<-read, context.Canceled))
	}
	f.started <- running
	go running.tell(watched, cancel)
	if err = <-read; err == nil || watched.Err() != nil {
		err = context.Cause(watched)
	}
	if err := errors.Join(running.Stop(), unless(err, errComplete)); err != nil {
		return Result{}, fmt.Errorf("%s: %d of %d records came out: %w", contender.Name, f.seen, load.Warm+load.Leads, err)
	}
	return Result{Sorted: make([]time.Duration, load.Leads), Took: f.took, Used: f.used}, nil
}

// finish counts what comes out and stops the time.
type finish struct {
	clock   clock.Clock
	load    Load
	meter   *Meter
	started chan Running // one, as soon as it runs

	processes []int // of that
	seen      int
	start     time.Time
	took      time.Duration
	used      Usage // until the end that of the start
}

func (f *finish) received(ctx context.Context) (err error) {
	switch f.seen++; f.seen {
	case f.load.Warm + 1:
		select {
		case running := <-f.started:
			f.processes = running.Processes
		case <-ctx.Done():
			return ctx.Err()
		}
		f.start = f.clock.Now()
		f.used, err = f.read(ctx)
	case f.load.Warm + f.load.Leads:
		f.took = f.clock.Now().Sub(f.start)
		used, err := f.read(ctx)
		if err != nil {
			return err
		}
		f.used = used.Since(f.used)
		return errComplete
	}
	return err
}

func (f *finish) read(ctx context.Context) (Usage, error) {
	if f.meter == nil {
		return nil, nil
	}
	return f.meter.Read(ctx, f.processes...)
}

// fill publishes n records of a path, from the one with number first on.
func fill(ctx context.Context, path Path, first, n int) error {
	p, err := kstream.NewPublisher(path.Client)
	if err != nil {
		return err
	}
	defer p.Close()
	for i := range n {
		r := path.Make(first + i)
		r.Topic = path.In
		p.Send(ctx, r, nil)
	}
	return p.Flush(ctx)
}

// unless is err, or nil when it is the expected one.
func unless(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}
