package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/rights"
)

// RebuildConfig is what it takes to refill a ledger.
type RebuildConfig struct {
	Kafka    kstream.Client
	Redis    Redis
	Instance string
	// Now is the earliest time that the ledger goes on at.
	Now time.Time
	// Progress is told of each decision that was read. Optional.
	Progress func()
}

// Rebuild refills the ledger in Redis from the decision log, whether routers run or not:
// they wait meanwhile and go on by themselves. It takes over from a rebuild under way.
func Rebuild(ctx context.Context, cfg RebuildConfig) (audit.Rebuilt, error) {
	// Asked before anything is halted: who may not fence the routers could not go on, and
	// who may not describe the inputs would take their positions for none.
	if err := Permitted(ctx, cfg.Kafka, rights.Kafka(rights.Rebuild, cfg.Instance, rights.Options{})); err != nil {
		return audit.Rebuilt{}, err
	}
	identity, err := cfg.Kafka.Identify(ctx)
	if err != nil {
		return audit.Rebuilt{}, Unreachable(err)
	}
	client, err := cfg.Redis.Client()
	if err != nil {
		return audit.Rebuilt{}, err
	}
	defer func() { _ = client.Close() }()
	store, err := redisledger.New(client, ledgerConfig(cfg.Instance, identity))
	if err != nil {
		return audit.Rebuilt{}, Usage(err)
	}
	if err := permittedRedis(ctx, store); err != nil {
		return audit.Rebuilt{}, rebuildError(err)
	}
	rebuilt, err := rebuild(ctx, cfg, store)
	return rebuilt, rebuildError(err)
}

// rebuildError gives an error of a rebuild its exit code.
func rebuildError(err error) error {
	switch {
	case unusable(err):
		return Usage(err)
	case errors.Is(err, ledger.ErrUnavailable), errors.Is(err, audit.ErrCut):
		return Unreachable(err)
	case errors.Is(err, kstream.ErrOvertaken), errors.Is(err, ledger.ErrEpoch):
		return No(fmt.Errorf("another rebuild has taken over, or Redis was lost once more; routers go on by themselves when it is done: %w", err))
	default:
		return err
	}
}

// unusable says that this Redis cannot be used as it is, however long one waits.
func unusable(err error) bool {
	for _, wrong := range []error{redisledger.ErrEviction, redisledger.ErrBound, redisledger.ErrSchema} {
		if errors.Is(err, wrong) {
			return true
		}
	}
	return false
}

// ledgerConfig names the ledger of an instance.
func ledgerConfig(instance string, kafka kstream.Identity) redisledger.Config {
	return redisledger.Config{Namespace: Namespace(instance), Cluster: kafka.Cluster, Prefix: instance}
}

// claimFor is how long others believe that a rebuild goes on of which they hear nothing.
const claimFor = 5 * time.Second

// rebuild refills a ledger, and tells others so for as long as it takes.
func rebuild(ctx context.Context, cfg RebuildConfig, store *redisledger.Ledger) (rebuilt audit.Rebuilt, err error) {
	if err := store.Reclaim(ctx, claimFor); err != nil {
		return rebuilt, err
	}
	defer func() {
		if !errors.Is(err, kstream.ErrOvertaken) { // then it is that of the other one
			err = cmp.Or(err, store.Release(context.WithoutCancel(ctx)))
		}
	}()
	claiming, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for clock.System().Sleep(claiming, claimFor/4) == nil {
			_ = store.Reclaim(claiming, claimFor) // if Redis is gone, the rebuild finds out
		}
		return nil
	})
	group.Go(func() (err error) {
		defer stop()
		rebuilt, err = audit.Rebuild{
			Kafka: cfg.Kafka, Instance: cfg.Instance, Group: RouterGroup(cfg.Instance),
			Lock:   Namespace(cfg.Instance) + "-rebuild",
			Target: store.Replace(), Now: cfg.Now, Clock: clock.System(), Progress: cfg.Progress,
		}.Run(ctx)
		return err
	})
	return rebuilt, group.Wait()
}
