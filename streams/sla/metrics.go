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
	steps   prometheus.Counter
}

// reassigned is what the metrics call a lead.reassign, beside the milestones.
const reassigned = "reassigned"

// states are what is asked for when somebody looks: they must be true of a watcher that does
// nothing, too.
type states struct {
	ready   func() float64
	overdue func() float64 // seconds
}

func newMetrics(reg prometheus.Registerer, now states) *metrics {
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
		steps: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadrouter_sla_clock_steps_total",
			Help: "Times that the clock of this host was set by more than 2 s: nothing fires until the brokers' time agrees with it.",
		}),
	}
	reg.MustRegister(m.open, m.fired, m.lag, m.skipped, m.steps, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "leadrouter_sla_ready",
		Help: "1 while this watcher fires what is due: all its partitions are read, and the clock is trusted.",
	}, now.ready), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "leadrouter_sla_overdue_seconds",
		Help: "How long ago the stage was due that is to fire next, or is not committed yet; 0: none is late.",
	}, now.overdue))
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
