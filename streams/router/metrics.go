package router

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	leads   *prometheus.CounterVec // outcome
	latency prometheus.Histogram
	redis   prometheus.Histogram
	sources *sources
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		leads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_leads_total",
			Help: "Leads decided and committed, by outcome; repeat: another record with a known id.",
		}, []string{"outcome"}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "leadrouter_created_to_assigned_seconds",
			Help:    "From the timestamp of lead.created to the commit of its decision.",
			Buckets: []float64{.001, .002, .004, .008, .016, .032, .064, .125, .25, .5, 1, 2, 5, 15, 60, 300},
		}),
		redis: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "leadrouter_redis_seconds",
			Help:    "One call of the ledger: a chunk of operations.",
			Buckets: []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .5, 1, 5},
		}),
	}
	reg.MustRegister(m.leads, m.latency, m.redis)
	m.sources = newSources(reg)
	return m
}

// lead counts a lead whose decision is committed.
func (m *metrics) lead(p passage, now time.Time) {
	if p.outcome == "" {
		return
	}
	m.leads.WithLabelValues(p.outcome).Inc()
	m.latency.Observe(max(0, now.Sub(p.came).Seconds()))
	if p.live {
		m.sources.count(p.source, p.came)
	}
}
