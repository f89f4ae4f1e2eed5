package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// process is what the roles have in common: metrics, health, a log, and patience with
// services.
type process struct {
	startTimeout time.Duration
	flags        string // that say where the services are
	lost         string // what becomes of a ledger that was replaced
	reg          *prometheus.Registry
	health       *Health
	log          *zap.Logger
}

// processConfig tells one process from another.
type processConfig struct {
	Role         string // "router", "sla", "audit"
	Version      string // of the program; empty: unknown
	Logger       *zap.Logger
	StartTimeout time.Duration
	Flags        string   // that say where the services are
	Parts        []string // of its health
}

// newProcess is a process that waits for its parts.
func newProcess(cfg processConfig) *process {
	reg := prometheus.NewRegistry()
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "leadrouter_build_info",
		Help: "1 for the version that runs; decisions name its engine.",
	}, []string{"role", "version", "engine"})
	build.WithLabelValues(cfg.Role, cmp.Or(cfg.Version, "unknown"), strconv.Itoa(routing.Engine)).Set(1)
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build)
	// An alert about the routers must not be silenced by a watcher that is ready.
	role := prometheus.WrapRegistererWith(prometheus.Labels{"role": cfg.Role}, reg)
	return &process{
		startTimeout: cfg.StartTimeout, flags: cfg.Flags, lost: "it is rebuilt from the decision log",
		reg: reg, health: NewHealth(role, cfg.Parts...), log: cfg.Logger,
	}
}

// Health is what the process says of itself.
func (p *process) Health() *Health { return p.health }

// Metrics are those of the process.
func (p *process) Metrics() prometheus.Gatherer { return p.reg }

// takeSlot is the slot of a process: the given one, or one taken on this host.
func takeSlot(given, instance, role string) (name string, release func(), err error) {
	if given != "" {
		return given, func() {}, nil
	}
	slot, err := TakeSlot(os.TempDir(), Namespace(instance), role)
	if err != nil {
		return "", nil, Usage(err)
	}
	return slot.Name, slot.Release, nil
}

// identify waits for the brokers and for topics without which the role cannot work.
func (p *process) identify(ctx context.Context, client kstream.Client, topics ...string) (identity kstream.Identity, err error) {
	err = p.wait(ctx, partKafka, func(ctx context.Context) error {
		identity, err = client.Identify(ctx, topics...)
		if errors.Is(err, kstream.ErrTopicMissing) {
			return backoff.Permanent(Usage(fmt.Errorf("%w; run leadrouter topics create, or check --instance", err)))
		}
		return err
	})
	return identity, err
}

// wait asks a service until it answers, for as long as the start may take; one that does not
// let us in is not asked again.
func (p *process) wait(ctx context.Context, part string, ask func(context.Context) error) error {
	policy := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond),
		backoff.WithMaxInterval(2*time.Second), backoff.WithMaxElapsedTime(p.startTimeout))
	err := backoff.Retry(func() error {
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		err := Explain(ask(limited))
		p.report(part, err)
		if _, lasting := Refusal(err); lasting {
			return backoff.Permanent(err)
		}
		return err
	}, backoff.WithContext(policy, ctx))
	if _, lasting := Refusal(err); err == nil || lasting || ExitCode(err) == ExitUsage {
		return err
	}
	if errors.Is(err, ledger.ErrEpoch) {
		return No(p.advised(err))
	}
	return Unreachable(fmt.Errorf("no answer from %s for %s (%w); check %s, or run leadrouter doctor", part, p.startTimeout, err, p.flags))
}

// report tells health and, when it is news, the log.
func (p *process) report(part string, err error) {
	err = p.advised(err)
	if !p.health.Set(part, err) {
		return
	}
	if err != nil {
		p.log.Warn("waiting for "+part, zap.Error(err))
		return
	}
	p.log.Info(part + " is there")
}

// advised says what becomes of a ledger that was replaced: nothing else heals it.
func (p *process) advised(err error) error {
	if errors.Is(err, ledger.ErrEpoch) {
		return fmt.Errorf("%w; %s", err, p.lost)
	}
	return err
}

// How often a service is asked whether it is there, and how long it may take.
const (
	probeEvery = 2 * time.Second
	probeLimit = 5 * time.Second
)

// probe asks a service now and then, so that an outage shows before the next record
// meets it.
func probe(ctx context.Context, ask func(context.Context) error, report func(error)) error {
	for clock.System().Sleep(ctx, probeEvery) == nil {
		limited, cancel := context.WithTimeout(ctx, probeLimit)
		err := ask(limited)
		cancel()
		if ctx.Err() == nil {
			report(err)
		}
	}
	return nil
}

// watch carries the stream's readiness to the health page, and then that of what runs
// on it, if there is more to say.
func (p *process) watch(ctx context.Context, stream *kstream.Stream, more func() error) error {
	for clock.System().Sleep(ctx, 200*time.Millisecond) == nil {
		err := more()
		if !stream.Ready() {
			err = errors.New("not in the group, or waiting for a service")
		}
		p.health.Set(partStream, err)
	}
	return nil
}

// stopped turns the error of a start that was called off into none.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
