package providers

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	// slowAfter is after how many calls in a row, each longer than the budget, nobody waits
	// for a provider.
	slowAfter = 8
	// maxQueue bounds the calls of a provider that wait for its rate or for a slot.
	maxQueue = 1_000
	// buried is how many newer calls make one that is asked for again go to the front.
	buried        = 64
	maxLatecomers = 1_000 // of one call
)

// source is a provider at work: one queue, served by [source.run].
type source struct {
	Provider
	shared *shared

	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	limiter *rate.Limiter
	slots   *semaphore.Weighted
	wake    chan struct{} // holds one when there may be something in the queue

	requests map[Result]prometheus.Counter

	mu    sync.Mutex
	calls map[string]*call // queued or under way, by key: one address is asked once
	queue []*call          // the newest last, and first to go
	alone time.Time        // until when it is left alone, because it says so
	slow  int              // calls in a row that took longer than the budget
}

// call is one question under way, for all leads that have it.
type call struct {
	key, address string
	done         chan struct{} // closed when the answer is there
	answer       answer        // set before done is closed

	// Guarded by the source's mu.
	at   int         // where in the queue it was put last; -1: it has left
	late []latecomer // went on without it, at most maxLatecomers
}

// latecomer is a lead that was decided without an answer.
type latecomer struct {
	id    string
	lacks uint64 // fields that it lacked then
}

func newSource(p Provider, s *shared) *source {
	src := &source{
		Provider: p, shared: s, limiter: rate.NewLimiter(p.Rate, max(1, int(p.Rate)/10)),
		slots: semaphore.NewWeighted(p.Concurrency), wake: make(chan struct{}, 1),
		requests: map[Result]prometheus.Counter{}, calls: map[string]*call{},
	}
	for _, r := range []Result{Found, Nothing, Cached, Timeout, Failed, Garbage, Limited, Open, Dropped} {
		src.requests[r] = s.m.requests.WithLabelValues(p.Name, string(r))
	}
	open := s.m.breaker.WithLabelValues(p.Name)
	src.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     p.Breaker.For,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= p.Breaker.After },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			open.Set(openness(to))
			switch {
			case to == gobreaker.StateOpen && from == gobreaker.StateClosed:
				s.log.Warn("a provider fails, it is left alone for a while", zap.String("provider", p.Name), zap.Duration("for", p.Breaker.For))
			case to == gobreaker.StateClosed:
				s.log.Info("a provider is back", zap.String("provider", p.Name))
			}
		},
	})
	return src
}

// join gives the call about an address: one that is under way, or a new one. It is nil when
// the provider is not to be asked, with the reason.
func (s *source) join(key, address string) (*call, Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.calls[key]; c != nil {
		if c.at >= 0 && len(s.queue)-c.at > buried && len(s.queue) < maxQueue {
			s.push(c) // its older place is passed over
		}
		return c, ""
	}
	switch {
	case s.closed():
		return nil, Open
	case len(s.queue) >= maxQueue:
		return nil, Dropped
	}
	c := &call{key: key, address: address, done: make(chan struct{})}
	s.calls[key] = c
	s.push(c)
	return c, ""
}

// push puts a call to the front of the queue. The caller holds mu.
func (s *source) push(c *call) {
	c.at = len(s.queue)
	s.queue = append(s.queue, c)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// closed reports whether the provider is left alone. The caller holds mu.
func (s *source) closed() bool {
	return s.shared.clock.Now().Before(s.alone) || s.breaker.State() == gobreaker.StateOpen
}

// waitedFor reports whether it is worth waiting for.
func (s *source) waitedFor() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slow < slowAfter
}

// take gives the answer of a call if it is there. If not, the lead's later part in it is noted.
func (s *source) take(c *call, l latecomer) (answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-c.done:
		return c.answer, true
	default:
	}
	if len(c.late) < maxLatecomers {
		c.late = append(c.late, l)
	} else {
		s.shared.m.dropped.WithLabelValues(s.Name).Inc()
	}
	return answer{}, false
}

// run serves the queue until ctx ends, and then waits for the calls under way. It alone takes
// calls out, and each is taken once there is a slot and the rate allows it: by then it is the
// newest.
func (s *source) run(ctx context.Context) {
	var calls sync.WaitGroup
	defer s.flush(true)
	defer calls.Wait()
	for s.await(ctx) {
		if s.slots.Acquire(ctx, 1) != nil || s.limiter.Wait(ctx) != nil {
			return
		}
		c := s.pop()
		if c == nil { // only what is passed over was left
			s.slots.Release(1)
			continue
		}
		calls.Go(func() {
			defer s.slots.Release(1)
			s.serve(ctx, c)
		})
	}
}

// await waits until something is in the queue; false when ctx has ended. While the provider
// is left alone nothing stays in it.
func (s *source) await(ctx context.Context) bool {
	for {
		s.flush(false)
		s.mu.Lock()
		n := len(s.queue)
		s.mu.Unlock()
		if n > 0 {
			return ctx.Err() == nil
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return false
		}
	}
}

// flush answers all calls of the queue by that they are not made: always at the end, else
// while the provider is left alone.
func (s *source) flush(always bool) {
	s.mu.Lock()
	var rest []*call
	if always || s.closed() {
		for n, c := range s.queue {
			if c.at == n {
				c.at = -1
				rest = append(rest, c)
			}
		}
		s.queue = nil
	}
	s.mu.Unlock()
	for _, c := range rest {
		s.finish(c, answer{result: Open, err: errAlone})
	}
}

var errAlone = errors.New("it is left alone for a while: it failed, or said so")

// pop takes the newest call out of the queue: somebody may still wait for it.
func (s *source) pop() *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := len(s.queue) - 1; n >= 0; n-- {
		c := s.queue[n]
		s.queue[n] = nil
		s.queue = s.queue[:n]
		if c.at == n {
			c.at = -1
			return c
		}
	}
	return nil
}

// serve makes a call.
func (s *source) serve(ctx context.Context, c *call) {
	done, err := s.breaker.Allow()
	if err != nil {
		s.finish(c, answer{result: Open, err: errAlone})
		return
	}
	start := s.shared.clock.Now()
	a, refused := s.ask(ctx, s.shared.client, c.address)
	if ctx.Err() != nil { // called off: it says nothing of the provider
		done(nil)
		s.finish(c, a)
		return
	}
	took := s.shared.clock.Now().Sub(start)
	s.shared.m.seconds.WithLabelValues(s.Name).Observe(took.Seconds())
	s.shared.m.refused.WithLabelValues(s.Name).Add(float64(refused))
	if a.result == Limited {
		done(nil) // it works
	} else {
		done(a.err)
	}
	s.learn(a, took)
	s.shared.cache.keep(ctx, &s.Provider, c.key, a)
	s.finish(c, a)
}

// learn notes whether the provider is slow, and until when it wants to be left alone.
func (s *source) learn(a answer, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if status, ok := errors.AsType[*statusError](a.err); ok && a.result == Limited {
		s.alone = s.shared.clock.Now().Add(status.after)
	}
	before := s.slow
	if took > s.shared.budget || a.result == Timeout {
		s.slow = min(s.slow+1, slowAfter)
	} else {
		s.slow = 0
	}
	switch slow := s.shared.m.slow.WithLabelValues(s.Name); {
	case s.slow == slowAfter && before < slowAfter:
		slow.Set(1)
		s.shared.log.Warn("a provider is slow, nobody waits for it", zap.String("provider", s.Name), zap.Duration("budget", s.shared.budget))
	case s.slow == 0 && before == slowAfter:
		slow.Set(0)
		s.shared.log.Info("a provider is in time again", zap.String("provider", s.Name))
	}
}

// finish hands the answer to those who wait, and to those who did not.
func (s *source) finish(c *call, a answer) {
	s.requests[a.result].Inc() // before anybody can go on
	s.mu.Lock()
	delete(s.calls, c.key)
	c.answer = a
	late := c.late
	close(c.done)
	s.mu.Unlock()
	if a.result != Found {
		return
	}
	for _, l := range late {
		if fields := s.object(a, l.lacks); fields != nil {
			s.shared.late.add(news{provider: s.Name, lead: l.id, fields: fields})
		}
	}
}
