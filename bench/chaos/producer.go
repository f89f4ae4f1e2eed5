package main

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"leadrouter/bench/chaos/world"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// producer sends what comes in, and what reps answer. It is safe for concurrent use.
type producer struct {
	clock    clock.Clock
	to       *kstream.Publisher
	instance string
	rate     float64 // leads a second

	mu    sync.Mutex
	world *world.World
	sent  map[string]bool // keys of leads that Kafka has confirmed
	bad   map[string]bool
	// waits holds the leads that were decided, and whether they stand in line now.
	waits   map[string]bool
	waiting int

	ctx     context.Context //nolint:containedctx // the life of the run: deeds of reps wait in it
	working sync.WaitGroup
	open    atomic.Int64 // deeds and records that are not done
}

func newProducer(ctx context.Context, clk clock.Clock, kafka kstream.Client, instance string, seed uint64, rate float64) (*producer, error) {
	to, err := kstream.NewPublisher(kafka)
	if err != nil {
		return nil, err
	}
	return &producer{
		clock: clk, to: to, instance: instance, rate: rate, world: world.New(seed),
		sent: map[string]bool{}, bad: map[string]bool{}, waits: map[string]bool{}, ctx: ctx,
	}, nil
}

// beat is how often something comes in.
const beat = 250 * time.Millisecond

// run sends until ctx ends.
func (p *producer) run(ctx context.Context) error {
	due := 0.0
	for p.clock.Sleep(ctx, beat) == nil {
		if p.crowded() {
			continue
		}
		due += p.rate * beat.Seconds()
		n := int(due)
		due -= float64(n)
		p.next(func(w *world.World) []world.Record { return w.Next(n) })
	}
	return nil
}

// crowd is how many leads may wait to be decided, and how many in line, before no more
// come in. What faults do is to be seen, not what happens to whoever is asked for more
// than they can do: after every outage a machine that is short of time would have to make
// up for more than the time before.
const crowd = 150

// crowded reports whether as many leads wait as may.
func (p *producer) crowded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.world.Leads()-len(p.waits) > crowd || p.waiting > crowd
}

// decided notes what became of a lead.
func (p *producer) decided(a world.Assignment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waits[a.Lead] {
		p.waiting--
	}
	p.waits[a.Lead] = a.Outcome == "waiting"
	if p.waits[a.Lead] {
		p.waiting++
	}
}

// next sends what the world makes up.
func (p *producer) next(makeUp func(*world.World) []world.Record) {
	p.mu.Lock()
	records := makeUp(p.world)
	for _, r := range records {
		if world.IsBad(r.Key) {
			p.bad[r.Key] = true
		}
	}
	p.mu.Unlock()
	for _, r := range records {
		p.send(r)
	}
}

// send hands a record over. One that Kafka does not take is sent again, as a form does
// that has no answer: it may come twice.
func (p *producer) send(r world.Record) {
	p.open.Add(1)
	record := &kstream.Record{Topic: p.instance + "." + r.Topic, Key: []byte(r.Key), Value: []byte(r.Value)}
	p.to.Send(p.ctx, record, func(_ *kstream.Record, err error) {
		defer p.open.Add(-1)
		if err != nil && p.ctx.Err() == nil {
			p.working.Go(func() { p.send(r) })
			return
		}
		if err == nil && r.Topic == "lead.created" && !world.IsBad(r.Key) {
			p.mu.Lock()
			p.sent[r.Key] = true
			p.mu.Unlock()
		}
	})
}

// answer has the rep of an assignment do what they do.
func (p *producer) answer(value []byte) {
	var a world.Assignment
	if json.Unmarshal(value, &a) != nil {
		return // the checker says so
	}
	p.decided(a)
	for _, deed := range world.Answer(a) {
		p.open.Add(1)
		p.working.Go(func() {
			defer p.open.Add(-1)
			if p.clock.Sleep(p.ctx, deed.After) == nil {
				p.send(deed.Record)
			}
		})
	}
}

// idle reports whether all deeds are done and all records are written.
func (p *producer) idle() bool { return p.open.Load() == 0 }

// close waits for what is under way, whose context has ended.
func (p *producer) close() {
	p.to.Close()
	p.working.Wait()
}
