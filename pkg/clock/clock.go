package clock

import (
	"context"
	"time"
)

// Clock tells the time and waits. All implementations are safe for concurrent use.
type Clock interface {
	// Now returns the current instant in UTC.
	Now() time.Time
	// Elapsed returns how long the clock has run, as timers count it: a step of the
	// wall clock, which Now follows, does not show.
	Elapsed() time.Duration
	// NewTimer returns a timer that fires once, d from now; at once when d <= 0.
	NewTimer(d time.Duration) Timer
	// Sleep waits for d and returns nil, or returns the cause of ctx as soon as it ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// Timer is a single event, with the semantics of [time.Timer] since Go 1.23: after
// Stop or Reset returns, no value of the former setting can be received.
type Timer interface {
	// C delivers one value when the timer fires. The value only says "now":
	// a receiver that needs the instant asks the clock.
	C() <-chan time.Time
	// Stop reports whether it prevented the timer from firing.
	Stop() bool
	// Reset fires the timer d from now and reports whether it was still pending.
	Reset(d time.Duration) bool
}

// System returns the machine's clock. Its instants carry a monotonic reading, so
// differences between them survive a step of the wall clock.
func System() Clock { return system{origin: time.Now()} }

type system struct{ origin time.Time }

func (system) Now() time.Time { return time.Now().UTC() }

func (c system) Elapsed() time.Duration { return time.Since(c.origin) }

func (system) NewTimer(d time.Duration) Timer { return systemTimer{time.NewTimer(d)} }

func (c system) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, c, d) }

type systemTimer struct{ *time.Timer }

func (t systemTimer) C() <-chan time.Time { return t.Timer.C }

// sleep is Sleep for every clock: one timer, raced against ctx. An ended ctx wins
// over an elapsed timer, so that a cancelled loop never runs one turn more.
func sleep(ctx context.Context, c Clock, d time.Duration) error {
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C():
	}
	return context.Cause(ctx)
}
