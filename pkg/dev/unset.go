package dev

import (
	"sync"
	"time"

	"leadrouter/pkg/clock"
)

// unset is a clock that nobody can set, for one reader. The watcher compares Now with
// Elapsed to find out whether somebody has set the clock, and then asks the brokers,
// whose time is another one here. At 60 times the speed the two seconds that it allows
// are a thirtieth of one: a pause of this process between the two readings would be
// taken for a step. So Elapsed is told as of the last Now.
type unset struct {
	clock.Clock
	start time.Time

	mu   sync.Mutex
	last time.Time
}

func newUnset(c clock.Clock) *unset {
	now := c.Now()
	return &unset{Clock: c, start: now, last: now}
}

// Now is the other clock's.
func (u *unset) Now() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last = u.Clock.Now()
	return u.last
}

// Elapsed is how long the clock had run when it was last read.
func (u *unset) Elapsed() time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.last.Sub(u.start)
}
