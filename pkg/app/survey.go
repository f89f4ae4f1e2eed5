package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/redisledger"
)

// surveyEvery is how often a process counts what its work does not tell it: it takes some
// calls, and nobody scrapes more often by much.
const surveyEvery = 10 * time.Second

// survey runs a count now and then until ctx ends. One that fails is no trouble of its own:
// health says what does not answer, and the metrics keep their last values.
func survey(ctx context.Context, log *zap.Logger, what string, count func(context.Context) error) error {
	for {
		limited, cancel := context.WithTimeout(ctx, probeLimit)
		err := count(limited)
		cancel()
		if err != nil && ctx.Err() == nil {
			log.Debug("not counted", zap.String("what", what), zap.Error(err))
		}
		if clock.System().Sleep(ctx, surveyEvery) != nil {
			return nil
		}
	}
}

// vitals are the ledger's, as metrics. All routers of an installation say the same: one that
// does not looks at another Redis.
type vitals struct {
	read  func(context.Context) (redisledger.Vitals, error)
	clock clock.Clock // of the leads

	epoch, waiting, first, memos, used, limit prometheus.Gauge
}

func newVitals(reg prometheus.Registerer, now clock.Clock, read func(context.Context) (redisledger.Vitals, error)) *vitals {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		reg.MustRegister(g)
		return g
	}
	return &vitals{
		read: read, clock: now,
		epoch:   gauge("leadrouter_ledger_epoch", "Epoch of the ledger in Redis; each rebuild begins one. 0: there is no ledger."),
		waiting: gauge("leadrouter_waiting_leads", "Leads in the waiting line: nobody who fits has room."),
		first:   gauge("leadrouter_waiting_first_seconds", "How long the first in line has waited; 0: nobody waits."),
		memos:   gauge("leadrouter_ledger_memos", "Operations that the ledger has done and nobody has acknowledged."),
		used:    gauge("leadrouter_redis_memory_bytes", "Memory that Redis uses, for whatever is in it; 0 where it does not say."),
		limit:   gauge("leadrouter_redis_memory_limit_bytes", "The maxmemory of Redis: beyond it writes fail. 0: it has none, or does not say."),
	}
}

// count reads the vitals.
func (v *vitals) count(ctx context.Context) error {
	seen, err := v.read(ctx)
	if err != nil {
		return err
	}
	waits := 0.0
	if !seen.First.IsZero() {
		waits = max(0, v.clock.Now().Sub(seen.First).Seconds())
	}
	v.epoch.Set(float64(seen.Epoch))
	v.waiting.Set(float64(seen.Waiting))
	v.first.Set(waits)
	v.memos.Set(float64(seen.Memos))
	v.used.Set(float64(seen.Used))
	v.limit.Set(float64(seen.Limit))
	return nil
}
