package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/rights"
	"leadrouter/streams/sla"
)

// WatcherConfig is what an SLA watcher process is told.
type WatcherConfig struct {
	Kafka    kstream.Client
	Instance string // prefix of topics; empty: none
	Metrics  string // listen address; empty: none
	// Slot tells the watchers apart; empty: one is taken by a lock file.
	Slot string
	// StartTimeout bounds the wait for the brokers at start. Default 30 s.
	StartTimeout time.Duration
	Logger       *zap.Logger
	// Clock says what is due. Default the system's.
	Clock clock.Clock
	// Version of the program, for the metrics. Optional.
	Version string
}

// Watcher is the process that watches the clocks of leads.
type Watcher struct {
	*process
	cfg WatcherConfig
}

const roleSLA = "sla"

// NewWatcher makes a watcher. It connects when it runs.
func NewWatcher(cfg WatcherConfig) *Watcher {
	cfg.StartTimeout = cmp.Or(cfg.StartTimeout, 30*time.Second)
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	return &Watcher{cfg: cfg, process: newProcess(processConfig{
		Role: roleSLA, Version: cfg.Version, Logger: cfg.Logger, StartTimeout: cfg.StartTimeout,
		Flags: "--brokers", Parts: []string{partKafka, partStream},
	})}
}

// Run watches until ctx ends, finishes the transaction in hand and leaves the group.
// Brokers that do not answer in time at the start are [Unreachable]; later they are
// waited for.
func (w *Watcher) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ServeMetrics(ctx, w.cfg.Metrics, w.reg, w.health) })
	group.Go(func() error { return w.fire(ctx) })
	return group.Wait()
}

// fire connects, then runs the stream.
func (w *Watcher) fire(ctx context.Context) error {
	slot, release, err := takeSlot(w.cfg.Slot, w.cfg.Instance, roleSLA)
	if err != nil {
		return err
	}
	defer release()
	if err := w.connect(ctx); err != nil {
		return stopped(ctx, err)
	}
	handler := sla.New(sla.Config{
		Instance: w.cfg.Instance, Journal: w.cfg.Kafka, Registerer: w.reg, Logger: w.log, Clock: w.cfg.Clock,
	})
	stream, err := kstream.New(kstream.Config{
		Client: w.cfg.Kafka, Instance: Namespace(w.cfg.Instance), Role: roleSLA, Slot: slot,
		Topics: []string{w.topic(event.LeadTimers)}, FromStart: true, Tick: sla.Tick, MaxBatch: sla.MaxBatch,
		Registerer: w.reg, Logger: w.log,
	}, handler)
	if err != nil {
		return Usage(err)
	}
	w.log.Info("watcher started", zap.String("slot", slot))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.watch(ctx, stream, handler.Ready) })
	group.Go(func() error { return probe(ctx, stream.Ping, func(err error) { w.report(partKafka, err) }) })
	group.Go(func() error { return survey(ctx, w.log, "lag", stream.Survey) })
	group.Go(func() error { return stream.Run(ctx) })
	return group.Wait()
}

// connect waits for the brokers and checks the topics.
func (w *Watcher) connect(ctx context.Context) error {
	if err := w.permitted(ctx, w.cfg.Kafka, rights.Kafka(rights.SLA, w.cfg.Instance, rights.Options{})); err != nil {
		return err
	}
	_, err := w.identify(ctx, w.cfg.Kafka, w.topic(event.LeadTimers), w.topic(event.LeadFired),
		w.topic(event.LeadSLA), w.topic(event.LeadReassign))
	if err != nil {
		return err
	}
	return w.wait(ctx, partKafka, w.checkFired)
}

// checkFired checks what the watcher relies on: a partition of lead.fired for each of
// lead.timers, and the brokers' time.
func (w *Watcher) checkFired(ctx context.Context) error {
	starts, err := w.cfg.Kafka.Starts(ctx, w.topic(event.LeadTimers))
	if err != nil {
		return err
	}
	for _, t := range Topics(w.cfg.Instance, int32(len(starts)), 0) {
		if t.Name != w.topic(event.LeadFired) {
			continue
		}
		err := w.cfg.Kafka.VerifyTopics(ctx, t)
		for _, wrong := range []error{kstream.ErrPartitionCount, kstream.ErrTopicConfig} {
			if errors.Is(err, wrong) {
				return backoff.Permanent(Usage(err))
			}
		}
		return err
	}
	return nil
}

func (w *Watcher) topic(t event.Type) string { return t.Topic(w.cfg.Instance) }
