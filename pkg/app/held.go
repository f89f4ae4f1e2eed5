package app

import (
	"context"

	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
)

// Ledger reads all that the ledger in Redis holds, and changes nothing.
func Ledger(ctx context.Context, kafka kstream.Client, redis Redis, instance string) (*ledger.State, error) {
	identity, err := kafka.Identify(ctx)
	if err != nil {
		return nil, Unreachable(err)
	}
	client, err := redis.Client()
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	store, err := redisledger.New(client, redisledger.Config{
		Namespace: Namespace(instance), Cluster: identity.Cluster, Prefix: instance,
	})
	if err != nil {
		return nil, Usage(err)
	}
	if _, err := store.Open(ctx); err != nil {
		return nil, Unreachable(err)
	}
	return store.Dump(ctx)
}
