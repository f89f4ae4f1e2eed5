package clock

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Scaled returns a clock that shows start now and runs factor times as fast as base:
// with 60, a minute passes in a second. Reading and waiting scale alike. The factor
// must be positive and finite.
func Scaled(base Clock, start time.Time, factor float64) (Clock, error) {
	if !(factor > 0) || math.IsInf(factor, 0) {
		return nil, fmt.Errorf("scale clock by %v: the factor must be a positive number", factor)
	}
	return &scaled{
		base: base, factor: factor, origin: base.Now(), run: base.Elapsed(),
		start: start.Round(0).UTC(), // base's monotonic reading is not this clock's
	}, nil
}

type scaled struct {
	base   Clock
	factor float64
	start  time.Time     // what this clock showed at first
	origin time.Time     // and base, then
	run    time.Duration // what base had run by then
}

func (s *scaled) Now() time.Time {
	elapsed := s.base.Now().Sub(s.origin)
	return s.start.Add(saturate(float64(elapsed) * s.factor))
}

func (s *scaled) Elapsed() time.Duration {
	return saturate(float64(s.base.Elapsed()-s.run) * s.factor)
}

func (s *scaled) NewTimer(d time.Duration) Timer {
	return scaledTimer{s.base.NewTimer(s.toBase(d)), s}
}

func (s *scaled) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, s, d) }

// toBase rounds up by at least a nanosecond of the base, so that a timer never fires
// before this clock shows its deadline: loops that re-check "is it due?" do not spin.
func (s *scaled) toBase(d time.Duration) time.Duration {
	if d <= 0 {
		return d
	}
	return saturate(math.Ceil(float64(d)/s.factor) + 1)
}

// saturate turns nanoseconds into a Duration; what does not fit becomes the longest one.
func saturate(ns float64) time.Duration {
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}

type scaledTimer struct {
	Timer
	clock *scaled
}

func (t scaledTimer) Reset(d time.Duration) bool { return t.Timer.Reset(t.clock.toBase(d)) }
