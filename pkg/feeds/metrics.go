package feeds

import "github.com/prometheus/client_golang/prometheus"

// Metrics are made when they are asked for, so that a rep who is gone from the policy is
// gone from them: there are never more series than reps with a feed.
var (
	ageDesc = prometheus.NewDesc("leadrouter_feed_age_seconds",
		"Since a rep's calendar feed was last found good; since the first try, if it never was.", []string{"rep"}, nil)
	failuresDesc = prometheus.NewDesc("leadrouter_feed_failures_total",
		"Readings of a rep's calendar feed that came to nothing.", []string{"rep"}, nil)
)

// Describe implements [prometheus.Collector].
func (f *Feeds) Describe(out chan<- *prometheus.Desc) {
	out <- ageDesc
	out <- failuresDesc
}

// Collect implements [prometheus.Collector].
func (f *Feeds) Collect(out chan<- prometheus.Metric) {
	now := f.cfg.Clock.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, feed := range f.feeds {
		out <- prometheus.MustNewConstMetric(ageDesc, prometheus.GaugeValue, max(0, now.Sub(feed.good).Seconds()), feed.rep)
		out <- prometheus.MustNewConstMetric(failuresDesc, prometheus.CounterValue, float64(feed.failures), feed.rep)
	}
}
