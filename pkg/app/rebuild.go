package app

import (
	"context"
	"errors"
	"time"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
)

// Rebuild refills the ledger in Redis from the decision log. No router may run.
func Rebuild(ctx context.Context, kafka kstream.Client, redis Redis, instance string, now time.Time) (audit.Rebuilt, error) {
	identity, err := kafka.Identify(ctx)
	if err != nil {
		return audit.Rebuilt{}, Unreachable(err)
	}
	client, err := redis.Client()
	if err != nil {
		return audit.Rebuilt{}, err
	}
	defer func() { _ = client.Close() }()
	store, err := redisledger.New(client, redisledger.Config{
		Namespace: Namespace(instance), Cluster: identity.Cluster, Prefix: instance,
	})
	if err != nil {
		return audit.Rebuilt{}, Usage(err)
	}
	// A ledger that is not the one of before is just what is to be replaced.
	if _, err := store.Open(ctx); err != nil && !errors.Is(err, ledger.ErrEpoch) {
		if errors.Is(err, ledger.ErrUnavailable) {
			return audit.Rebuilt{}, Unreachable(err)
		}
		return audit.Rebuilt{}, Usage(err)
	}
	rebuilt, err := audit.Rebuild{
		Kafka: kafka, Instance: instance, Group: RouterGroup(instance), Store: store, Now: now,
	}.Run(ctx)
	if errors.Is(err, audit.ErrRunning) {
		return rebuilt, No(err)
	}
	return rebuilt, err
}
