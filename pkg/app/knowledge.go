package app

import (
	"cmp"
	"context"
	"net/netip"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/enrich"
	"leadrouter/pkg/geoip"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/providers"
)

// knowledge is what a router finds out about new leads before it plans them, in stages that
// build on each other. A stage that is not set up is nil and does nothing.
type knowledge struct {
	places    *geoip.DB
	offline   *enrich.Enricher
	accounts  *accounts.Follower
	providers *providers.Providers
	cache     redis.UniversalClient // of providers
	late      *kstream.Publisher    // of providers
}

// newKnowledge sets the stages up.
func (r *Router) newKnowledge() (*knowledge, error) {
	k := &knowledge{accounts: r.accounts}
	if err := cmp.Or(k.setUpOffline(r), k.setUpProviders(r)); err != nil {
		k.close()
		return nil, err
	}
	return k, nil
}

// setUpOffline is what needs nobody else: what is built in, and a file of the user's.
func (k *knowledge) setUpOffline(r *Router) error {
	var cfg enrich.Config
	if r.cfg.GeoIP != "" {
		places, err := geoip.Open(r.cfg.GeoIP)
		if err != nil {
			return Usage(err)
		}
		k.places, cfg.Locate = places, func(a netip.Addr) (enrich.Place, bool) { return places.Locate(a) }
	}
	if !r.cfg.Plain {
		k.offline = enrich.New(cfg)
	}
	return nil
}

// setUpProviders is for a router with a file of providers. They go by the world's time.
func (k *knowledge) setUpProviders(r *Router) (err error) {
	if r.cfg.Providers == nil {
		return nil
	}
	if k.cache, err = r.cfg.Redis.cacheClient(); err != nil {
		return err
	}
	if k.late, err = kstream.NewPublisher(r.cfg.Kafka); err != nil {
		return err
	}
	k.providers = providers.New(*r.cfg.Providers, providers.Config{
		Instance: r.cfg.Instance, Namespace: r.namespace(), Cache: k.cache, Publish: k.late.Publish,
		Clock: clock.System(), Registerer: r.reg, Logger: r.log,
	})
	return nil
}

// enrich is the chain: what the lead itself tells comes before what others know.
func (k *knowledge) enrich(ctx context.Context, p *policy.Policy, leads []*lead.Lead) {
	for _, l := range leads {
		k.derive(l)
	}
	k.askProviders(ctx, leads)
	k.matchAccounts(p, leads)
}

// derive adds what follows from what a lead says.
func (k *knowledge) derive(l *lead.Lead) {
	if k.offline != nil {
		k.offline.Enrich(l)
	}
}

// matchAccounts gives leads their accounts, by the limits of a policy.
func (k *knowledge) matchAccounts(p *policy.Policy, leads []*lead.Lead) {
	limits := accounts.Limits{Same: p.Accounts.Same, Review: p.Accounts.Review}
	for _, l := range leads {
		k.accounts.Match(l, limits)
	}
}

// askProviders fills in what services outside know.
func (k *knowledge) askProviders(ctx context.Context, leads []*lead.Lead) {
	if k.providers != nil {
		k.providers.Enrich(ctx, leads)
	}
}

// Run does what the stages do in the background, until ctx ends.
func (k *knowledge) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if k.providers != nil {
		group.Go(func() error { return k.providers.Run(ctx) })
	}
	return group.Wait()
}

// close gives back what the stages hold.
func (k *knowledge) close() {
	if k.places != nil {
		_ = k.places.Close()
	}
	if k.cache != nil {
		_ = k.cache.Close()
	}
	if k.late != nil {
		k.late.Close()
	}
}

// followAccounts returns a follower that has read nothing yet.
func (r *Router) followAccounts() *accounts.Follower {
	return accounts.NewFollower(accounts.Config{
		Kafka: r.cfg.Kafka, Instance: r.cfg.Instance, Registerer: r.reg, Logger: r.log, Clock: clock.System(),
		Report: func(err error) { r.report(partAccounts, err) },
	})
}
