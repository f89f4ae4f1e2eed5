package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// Backlog publishes n records, then starts the stream and measures how fast it
// works them off: from the first record that comes out to the last one, so that
// joining the group does not count. start returns what stops the stream.
func Backlog(ctx context.Context, c clock.Clock, path Path, n int, start func(context.Context) (stop func() error, err error)) (Result, error) {
	path = path.withDefaults()
	if err := fill(ctx, path, n); err != nil {
		return Result{}, err
	}
	ends, err := path.Client.Ends(ctx, path.Out)
	if err != nil {
		return Result{}, err
	}
	stop, err := start(ctx)
	if err != nil {
		return Result{}, err
	}
	first, seen := time.Time{}, 0
	err = path.Client.Tail(ctx, ends, func(*kstream.Record) error {
		if seen++; seen == 1 {
			first = c.Now()
		}
		if seen == n {
			return errComplete
		}
		return nil
	})
	took := c.Now().Sub(first)
	if err := errors.Join(stop(), unless(err, errComplete)); err != nil {
		return Result{}, fmt.Errorf("%d of %d records came out: %w", seen, n, err)
	}
	return Result{Sorted: make([]time.Duration, n), Took: took}, nil
}

// fill publishes the records of a path.
func fill(ctx context.Context, path Path, n int) error {
	p, err := kstream.NewPublisher(path.Client)
	if err != nil {
		return err
	}
	defer p.Close()
	for i := range n {
		r := path.Make(i)
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
