package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// mender brings back a ledger that was lost, replaced or rolled back. Every router has one:
//
//	refused ──► ask ──► open? ──there──────────────────────────────► go on
//	                      │lost
//	                      ▼
//	                    claim ──mine──► rebuild ──done─────────────► go on
//	                      │others'          │overtaken, failed
//	                      └────── wait ◄────┘
//
// It has a ledger of its own, so that the router's never changes under a batch.
type mender struct {
	open    func(context.Context) error // nil once the ledger can be used
	claim   func(context.Context) (mine bool, err error)
	rebuild func(context.Context) (audit.Rebuilt, error)
	report  func(error) // nil: there is nothing to mend

	rebuilds *prometheus.CounterVec // result
	log      *zap.Logger
	clock    clock.Clock
	wake     chan struct{} // buffered: the ledger has refused somebody
}

// Results of a rebuild, for the metrics.
const (
	rebuildDone      = "done"
	rebuildOvertaken = "overtaken" // another router's came later
	rebuildFailed    = "failed"
)

// newMender fills in what all menders have in common.
func newMender(m mender, reg prometheus.Registerer) *mender {
	m.wake = make(chan struct{}, 1)
	m.rebuilds = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "leadrouter_rebuilds_total",
		Help: "Rebuilds of the ledger that this router has begun, by result: done, overtaken by another router's, failed.",
	}, []string{"result"})
	for _, result := range []string{rebuildDone, rebuildOvertaken, rebuildFailed} {
		m.rebuilds.WithLabelValues(result)
	}
	reg.MustRegister(m.rebuilds)
	return &m
}

// ask has the ledger looked at. It does not wait.
func (m *mender) ask() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// How often a ledger is rebuilt at most: at once, and again after a pause that grows while it
// is lost again and again. After calm it is short again.
const (
	firstPause = 500 * time.Millisecond
	lastPause  = 30 * time.Second
	calm       = 2 * time.Minute
)

// whileOthersMend is the pause between two looks at what another router rebuilds.
const whileOthersMend = 500 * time.Millisecond

// Run mends whenever it is asked, until ctx ends.
func (m *mender) Run(ctx context.Context) error {
	pause := backoff.NewExponentialBackOff(backoff.WithInitialInterval(firstPause),
		backoff.WithMaxInterval(lastPause), backoff.WithMaxElapsedTime(0))
	ended := m.clock.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.wake:
		}
		if m.clock.Now().Sub(ended) > calm {
			pause.Reset()
		}
		for again := true; again && ctx.Err() == nil; {
			again = m.mend(ctx, pause)
		}
		ended = m.clock.Now()
	}
}

// errElsewhere is why a router waits for another.
var errElsewhere = errors.New("another process rebuilds the ledger")

// mend looks once and does what there is to do, pauses, and reports whether to look again.
func (m *mender) mend(ctx context.Context, pause backoff.BackOff) (again bool) {
	err := m.open(ctx)
	if err == nil {
		m.report(nil)
		return false
	}
	if !errors.Is(err, ledger.ErrEpoch) { // nothing to mend before it answers
		m.report(err)
		return m.clock.Sleep(ctx, pause.NextBackOff()) == nil
	}
	mine, claimErr := m.claim(ctx)
	if claimErr == nil && !mine {
		m.report(errElsewhere)
		return m.clock.Sleep(ctx, whileOthersMend) == nil
	}
	if claimErr == nil {
		m.report(fmt.Errorf("the ledger is being rebuilt from the decision log: %w", err))
		err = m.attempt(ctx, err)
	} else {
		err = claimErr
	}
	m.report(err)
	return m.clock.Sleep(ctx, pause.NextBackOff()) == nil && err != nil
}

// attempt rebuilds the ledger; why says what is wrong with it.
func (m *mender) attempt(ctx context.Context, why error) error {
	m.log.Warn("rebuilding the ledger from the decision log", zap.NamedError("reason", why))
	begin := m.clock.Now()
	rebuilt, err := m.rebuild(ctx)
	took := m.clock.Now().Sub(begin)
	switch {
	case err == nil:
		m.rebuilds.WithLabelValues(rebuildDone).Inc()
		m.log.Info("ledger rebuilt", zap.Duration("took", took), zap.Int("decisions", rebuilt.Decisions),
			zap.Int("leads", rebuilt.Leads), zap.Int64("sequence", rebuilt.Sequence), zap.Int64("epoch", rebuilt.Epoch),
			zap.Int("given_up", len(rebuilt.Lost)))
	case errors.Is(err, kstream.ErrOvertaken), errors.Is(err, ledger.ErrEpoch):
		m.rebuilds.WithLabelValues(rebuildOvertaken).Inc()
		m.log.Info("another rebuild of the ledger has taken over, or it was lost once more", zap.Error(err))
	case ctx.Err() != nil: // the router ends; the next one begins again
	default:
		m.rebuilds.WithLabelValues(rebuildFailed).Inc()
		m.log.Error("the ledger could not be rebuilt, trying again", zap.Error(err))
	}
	return err
}
