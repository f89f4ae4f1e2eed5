package sla

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lifecycle"
)

type metrics struct {
	open    prometheus.Gauge
	fired   *prometheus.CounterVec // event
	lag     prometheus.Histogram
	skipped prometheus.Counter
}

// reassigned is what the metrics call a lead.reassign, beside the milestones.
const reassigned = "reassigned"

func newMetrics(reg prometheus.Registerer, ready func() float64) *metrics {
	m := &metrics{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "leadrouter_sla_open_clocks",
			Help: "Clocks of this watcher's leads that have something left to fire.",
		}),
		fired: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_sla_fired_total",
			Help: "Events committed: warned, breached, escalated, met; reassigned: leads that had to move.",
		}, []string{"event"}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "leadrouter_sla_lag_seconds",
			Help:    "From the instant at which a stage was due to its commit.",
			Buckets: []float64{.025, .05, .1, .15, .2, .3, .5, 1, 2, 5, 15, 60, 300, 3600},
		}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadrouter_sla_skipped_records_total",
			Help: "Records of lead.timers that are not about the clocks of a lead.",
		}),
	}
	reg.MustRegister(m.open, m.fired, m.lag, m.skipped, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "leadrouter_sla_ready",
		Help: "1 while this watcher fires what is due: all its partitions are read, and the clock is trusted.",
	}, ready))
	for _, name := range append(event.Milestones(), reassigned) {
		m.fired.WithLabelValues(name) // 0 is worth seeing
	}
	return m
}

// committed counts a notice.
func (m *metrics) committed(n notice, now time.Time) {
	switch {
	case n.stage != nil:
		for _, name := range n.stage.events() {
			m.fired.WithLabelValues(name).Inc()
		}
		if _, moves := lifecycle.Moves(n.stage.do); moves {
			m.fired.WithLabelValues(reassigned).Inc()
		}
		m.lag.Observe(max(0, now.Sub(instant(n.at)).Seconds()))
	case n.met != "":
		m.fired.WithLabelValues(event.Met).Inc()
	}
}
