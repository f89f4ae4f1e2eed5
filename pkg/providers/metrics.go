package providers

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"
)

// metrics of all providers. Labels are names of the file: there are never many.
type metrics struct {
	requests    *prometheus.CounterVec   // by provider and result
	seconds     *prometheus.HistogramVec // of calls, retries included
	late        *prometheus.CounterVec
	dropped     *prometheus.CounterVec
	missing     *prometheus.CounterVec
	refused     *prometheus.CounterVec
	breaker     *prometheus.GaugeVec
	slow        *prometheus.GaugeVec
	waits       prometheus.Histogram
	cacheErrors prometheus.Counter
}

const labelProvider = "provider"

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{labelProvider}, labels...))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, []string{labelProvider})
	}
	buckets := []float64{.005, .01, .025, .05, .1, .2, .3, .5, 1, 2.5, 5, 10}
	m := &metrics{
		requests: counter("leadrouter_provider_requests_total", "Leads that a provider was to be asked about, by what became of it.", "result"),
		late:     counter("leadrouter_provider_late_total", "Answers that came after the decision and went to lead.updated."),
		dropped:  counter("leadrouter_provider_dropped_total", "Late answers that were dropped: too many waited, or Kafka did not take them."),
		missing:  counter("leadrouter_provider_missing_total", "Leads decided without the provider."),
		refused:  counter("leadrouter_provider_refused_total", "Values of answers that were not of their fact's type."),
		breaker:  gauge("leadrouter_provider_breaker_open", "1 while the provider is left alone, 0.5 while one request tries it, else 0."),
		slow:     gauge("leadrouter_provider_slow", "1 while the provider is asked and not waited for."),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "leadrouter_provider_seconds", Help: "How long a call took, retries included.", Buckets: buckets,
		}, []string{labelProvider}),
		waits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "leadrouter_provider_wait_seconds", Help: "How long a section of leads waited for all providers.", Buckets: buckets,
		}),
		cacheErrors: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadrouter_provider_cache_errors_total", Help: "Times that Redis did not serve as a cache.",
		}),
	}
	reg.MustRegister(m.requests, m.late, m.dropped, m.missing, m.refused, m.breaker, m.slow, m.seconds, m.waits, m.cacheErrors)
	return m
}

// openness is the state of a breaker as a number.
func openness(s gobreaker.State) float64 {
	switch s {
	case gobreaker.StateOpen:
		return 1
	case gobreaker.StateHalfOpen:
		return 0.5
	default:
		return 0
	}
}
