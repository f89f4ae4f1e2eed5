package app

import (
	"context"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/lead"
)

// enrich adds what is known of new leads, stage by stage: later ones build on what earlier
// ones have found.
func (r *Router) enrich(_ context.Context, leads []*lead.Lead) {
	r.matchAccounts(leads)
}

// matchAccounts gives leads their accounts, by the limits of the policy in force.
func (r *Router) matchAccounts(leads []*lead.Lead) {
	p := r.policy.Policy().Accounts
	limits := accounts.Limits{Same: p.Same, Review: p.Review}
	for _, l := range leads {
		r.accounts.Match(l, limits)
	}
}

// followAccounts returns a follower that has read nothing yet.
func (r *Router) followAccounts() *accounts.Follower {
	return accounts.NewFollower(accounts.Config{
		Kafka: r.cfg.Kafka, Instance: r.cfg.Instance, Registerer: r.reg, Logger: r.log, Clock: clock.System(),
		Report: func(err error) { r.report(partAccounts, err) },
	})
}
