package sla

import (
	"fmt"
	"time"

	"leadrouter/pkg/clock"
)

// maxDrift is how far the wall clock may move away from the monotonic one, and from
// the brokers', before nothing fires. What time servers do all day stays below.
const maxDrift = 2 * time.Second

// askAgain spaces out the questions to the brokers.
const askAgain = time.Second

// steady watches the wall clock for steps.
type steady struct {
	clock   clock.Clock
	wall    time.Time     // agreed upon
	elapsed time.Duration // then
	doubt   error         // why the clock is not trusted; nil: it is
	askAt   time.Duration // when the brokers may be asked again
}

func newSteady(c clock.Clock) *steady {
	s := &steady{clock: c}
	s.trust()
	return s
}

// now is the wall clock's instant, and why it cannot be trusted.
func (s *steady) now() (at time.Time, doubt error) {
	at = s.read()
	if step := at.Sub(s.wall) - (s.clock.Elapsed() - s.elapsed); s.doubt == nil && step.Abs() > maxDrift {
		s.doubt = fmt.Errorf("the clock was set by %s", step.Round(time.Millisecond))
	}
	return at, s.doubt
}

// read is the wall clock's instant without the monotonic reading, which differences
// would be taken from.
func (s *steady) read() time.Time { return s.clock.Now().Round(0) }

// trust takes the wall clock as it is.
func (s *steady) trust() {
	s.wall, s.elapsed = s.read(), s.clock.Elapsed()
	s.doubt, s.askAt = nil, 0
}

// mayAsk reports whether it is time to ask the brokers, and notes that it is done.
func (s *steady) mayAsk() bool {
	now := s.clock.Elapsed()
	if now < s.askAt {
		return false
	}
	s.askAt = now + askAgain
	return true
}

// agree compares the wall clock with the brokers' time. They were asked when it showed
// before.
func (s *steady) agree(before, broker time.Time) error {
	after := s.read()
	if broker.Before(before.Add(-maxDrift)) || broker.After(after.Add(maxDrift)) {
		s.doubt = fmt.Errorf("the clock was set, and is %s ahead of the brokers'", after.Sub(broker).Round(time.Millisecond))
		return s.doubt
	}
	s.trust()
	return nil
}
