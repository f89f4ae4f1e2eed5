package app

import (
	"context"
	"net/netip"

	"leadrouter/pkg/enrich"
	"leadrouter/pkg/geoip"
	"leadrouter/pkg/lead"
)

// knowledge is what a router finds out about new leads before it plans them, in stages that
// build on each other. A stage that is not set up is nil and does nothing.
type knowledge struct {
	places  *geoip.DB
	offline *enrich.Enricher
}

// newKnowledge sets the stages up.
func (r *Router) newKnowledge() (*knowledge, error) {
	k := &knowledge{}
	if err := k.setUpOffline(r); err != nil {
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
	k.offline = enrich.New(cfg)
	return nil
}

// enrich is the chain: what the lead itself tells comes before what others know.
func (k *knowledge) enrich(_ context.Context, leads []*lead.Lead) {
	for _, l := range leads {
		k.offline.Enrich(l)
	}
}

// close gives back what the stages hold.
func (k *knowledge) close() {
	if k.places != nil {
		_ = k.places.Close()
	}
}
