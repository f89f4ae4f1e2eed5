package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Fake is a clock that moves only when told to. Timers fire inside Advance and Set,
// in order of their deadlines; equal deadlines fire in the order they were set.
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
	pending []*fakeTimer  // sorted by deadline; equal deadlines by age
	changed chan struct{} // closed, then replaced, whenever pending changes
}

// NewFake returns a fake clock that shows start.
func NewFake(start time.Time) *Fake {
	return &Fake{now: start.UTC(), changed: make(chan struct{})}
}

// Now returns the instant last set.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Elapsed returns by how much the clock was moved forward, steps left out.
func (f *Fake) Elapsed() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.elapsed
}

// Step sets the wall clock forward by d, or back, as an operator or a time server
// does: no time passes, and timers have as long to go as before.
func (f *Fake) Step(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	for _, t := range f.pending {
		t.when = t.when.Add(d)
	}
}

// NewTimer returns a timer that fires once the clock has been moved by d.
func (f *Fake) NewTimer(d time.Duration) Timer {
	t := &fakeTimer{clock: f, c: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

// Sleep waits until the clock has been moved by d.
func (f *Fake) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, f, d) }

// Advance moves the clock forward by d and fires what became due.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moveTo(f.now.Add(d))
}

// Set moves the clock to t and fires what became due. Moving back fires nothing.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moveTo(t.UTC())
}

// BlockUntil waits until at least n timers (sleepers included) are pending, so that
// a test advances only after the code under test has begun to wait.
func (f *Fake) BlockUntil(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		count, changed := len(f.pending), f.changed
		f.mu.Unlock()
		if count >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// moveTo steps through the deadlines on the way, so each timer sees its own instant.
// The caller holds mu.
func (f *Fake) moveTo(target time.Time) {
	for len(f.pending) > 0 && !f.pending[0].when.After(target) {
		t := f.pending[0]
		f.remove(t)
		f.pass(t.when)
		t.c <- t.when
	}
	f.pass(target)
}

// pass shows t from now on. The caller holds mu.
func (f *Fake) pass(t time.Time) {
	f.elapsed += max(0, t.Sub(f.now))
	f.now = t
}

// insert keeps pending sorted. The caller holds mu.
func (f *Fake) insert(t *fakeTimer) {
	i := len(f.pending)
	for i > 0 && f.pending[i-1].when.After(t.when) {
		i--
	}
	f.pending = slices.Insert(f.pending, i, t)
	f.signal()
}

// remove reports whether t was pending. The caller holds mu.
func (f *Fake) remove(t *fakeTimer) bool {
	i := slices.Index(f.pending, t)
	if i < 0 {
		return false
	}
	f.pending = slices.Delete(f.pending, i, i+1)
	f.signal()
	return true
}

// signal wakes every BlockUntil. The caller holds mu.
func (f *Fake) signal() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// fakeTimer is guarded by its clock's mu. Its channel holds at most one value: it is
// drained before the timer becomes pending again, so a send never blocks.
type fakeTimer struct {
	clock *Fake
	when  time.Time
	c     chan time.Time
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.disarm()
}

func (t *fakeTimer) Reset(d time.Duration) bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	was := t.disarm()
	t.when = t.clock.now.Add(max(d, 0))
	if d <= 0 {
		t.c <- t.when
	} else {
		t.clock.insert(t)
	}
	return was
}

// disarm takes the timer off the queue, or takes back a value nobody has received.
func (t *fakeTimer) disarm() bool {
	select {
	case <-t.c:
		return true
	default:
		return t.clock.remove(t)
	}
}
