package providers

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
)

// Config of [Providers]. All fields are required where no default is given.
type Config struct {
	// Instance names the installation: the prefix of its topics.
	Instance string
	// Namespace begins the keys of the cache.
	Namespace string
	// Cache is the Redis of the cache, with timeouts well below the budget. Default: none.
	Cache redis.UniversalClient
	// Publish writes late answers to lead.updated. Default: they go to the cache alone.
	Publish    func(context.Context, ...*kstream.Record) error
	Client     *http.Client // default: one of its own
	Clock      clock.Clock
	Registerer prometheus.Registerer
	Logger     *zap.Logger
}

// Providers asks the services of a file what they know of leads. It is safe for concurrent
// use; [Providers.Run] must run beside it.
type Providers struct {
	shared   *shared
	patience *patience
	sources  []*source
}

// shared is what all providers need.
type shared struct {
	budget    time.Duration
	namespace string
	cache     *cache
	late      *latePost
	client    *http.Client
	clock     clock.Clock
	m         *metrics
	log       *zap.Logger
}

// New returns the providers of a file.
func New(f File, cfg Config) *Providers {
	m := newMetrics(cfg.Registerer)
	if cfg.Client == nil {
		cfg.Client = newClient()
	}
	if cfg.Publish == nil {
		cfg.Publish = func(context.Context, ...*kstream.Record) error { return nil }
	}
	s := &shared{
		budget: f.Budget, namespace: cfg.Namespace, client: cfg.Client, clock: cfg.Clock, m: m, log: cfg.Logger,
		cache: &cache{client: cfg.Cache, namespace: cfg.Namespace, secret: f.secret, clock: cfg.Clock, m: m},
		late: &latePost{
			topic: event.LeadUpdated.Topic(cfg.Instance), publish: cfg.Publish, clock: cfg.Clock, m: m, log: cfg.Logger,
			queue: make(chan news, maxLate),
		},
	}
	p := &Providers{shared: s, patience: &patience{budget: f.Budget, share: f.Waiting, counted: cfg.Clock.Now()}}
	for _, one := range f.Providers {
		p.sources = append(p.sources, newSource(one, s))
	}
	return p
}

// Run makes the calls and publishes late answers, until ctx ends. Calls under way are then
// called off, and late answers that were not published yet are dropped.
func (p *Providers) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	defer p.shared.client.CloseIdleConnections()
	defer loops.Wait()
	loops.Go(func() { p.shared.late.run(ctx) })
	for _, s := range p.sources {
		loops.Go(func() { s.run(ctx) })
	}
	return nil
}

// ask is what one provider is asked about one lead.
type ask struct {
	lead    *lead.Lead
	from    *source
	address string
	key     string
	cached  *answer
	call    *call // nil: it is cached, or not asked
	why     Result
}

// Enrich fills in what the leads lack and the providers know, in place, and notes where it is
// from, or whose answer is missing. It takes no longer than one budget, and as long only
// where waiting is worth it: see the package's documentation.
func (p *Providers) Enrich(ctx context.Context, leads []*lead.Lead) {
	start := p.shared.clock.Now()
	asks := p.asks(leads)
	if len(asks) == 0 {
		return
	}
	p.shared.cache.find(ctx, asks)
	for _, a := range asks {
		if a.cached == nil {
			a.call, a.why = a.from.join(a.key, a.address)
		}
	}
	p.await(ctx, asks, start, len(leads))
	p.shared.m.waits.Observe(p.shared.clock.Now().Sub(start).Seconds())
	p.apply(asks)
}

// asks are the questions about leads: of each provider, about those that lack one of its
// fields and have what its URL needs.
func (p *Providers) asks(leads []*lead.Lead) []*ask {
	var asks []*ask
	keys := p.shared.cache.keyer()
	for _, l := range leads {
		for _, s := range p.sources {
			if s.lacks(l) == 0 {
				continue
			}
			if address, ok := s.url.fill(l); ok {
				asks = append(asks, &ask{lead: l, from: s, address: address, key: keys.key(p.shared.namespace, &s.Provider, address)})
			}
		}
	}
	return asks
}

// await waits for the calls, as long as it may.
func (p *Providers) await(ctx context.Context, asks []*ask, start time.Time, leads int) {
	limit, paid := p.patience.begin(start, leads)
	if paid {
		defer func() { p.patience.end(p.shared.clock.Now()) }()
	}
	limit -= p.shared.clock.Now().Sub(start)
	if limit <= 0 {
		return
	}
	timer := p.shared.clock.NewTimer(limit)
	defer timer.Stop()
	for _, a := range asks {
		if a.call == nil || !a.from.waitedFor() {
			continue
		}
		select {
		case <-a.call.done:
		case <-timer.C():
			return
		case <-ctx.Done():
			return
		}
	}
}

// apply gives the leads what is known by now, those answers first that are there.
func (p *Providers) apply(asks []*ask) {
	late := asks[:0]
	for _, a := range asks {
		s := a.from
		switch {
		case a.cached != nil:
			s.requests[Cached].Inc()
			s.fill(a.lead, *a.cached)
		case a.call == nil:
			s.requests[a.why].Inc()
			p.miss(a)
		case !p.settled(a):
			late = append(late, a)
		}
	}
	for _, a := range late {
		lacks := a.from.lacks(a.lead)
		if lacks == 0 {
			continue // another one knew
		}
		known, done := a.from.take(a.call, latecomer{id: a.lead.ID, lacks: lacks})
		if done && known.result.known() {
			a.from.fill(a.lead, known)
			continue
		}
		p.miss(a)
	}
}

// settled gives the lead the answer of a call, if that is there.
func (p *Providers) settled(a *ask) bool {
	select {
	case <-a.call.done:
	default:
		return false
	}
	if known := a.call.answer; known.result.known() {
		a.from.fill(a.lead, known)
	} else {
		p.miss(a)
	}
	return true
}

func (p *Providers) miss(a *ask) {
	a.lead.Missed(a.from.Name)
	p.shared.m.missing.WithLabelValues(a.from.Name).Inc()
}
