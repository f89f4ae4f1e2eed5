package router

import (
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// maxSources bounds the series: a source is a text of whoever sends the lead.
const maxSources = 100

// Names of sources that have none of their own.
const (
	noSource     = "none"
	otherSources = "other" // one too many, or a name that is none
)

// sourceName is what a form or a campaign is called. What may be an address, a number of a
// phone or a sentence is not shown.
var sourceName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,39}$`)

// sources count the leads by what sent them, so that a form that has gone silent shows. Tests
// and imports do not count: neither says that anybody filled the form in.
type sources struct {
	leads *prometheus.CounterVec // source
	last  *prometheus.GaugeVec   // source
	known map[string]time.Time   // the last lead of each
}

func newSources(reg prometheus.Registerer) *sources {
	s := &sources{
		leads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_source_leads_total",
			Help: "Leads decided and committed by their source, without tests and imports; other: sources beyond the first 100, and names that are none.",
		}, []string{"source"}),
		last: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_source_last_lead_timestamp_seconds",
			Help: "When the last of these leads was published, as Unix time.",
		}, []string{"source"}),
		known: map[string]time.Time{noSource: {}, otherSources: {}},
	}
	reg.MustRegister(s.leads, s.last)
	return s
}

// count adds a lead that is committed and was published at an instant.
func (s *sources) count(source string, came time.Time) {
	name := s.name(source)
	s.leads.WithLabelValues(name).Inc()
	if came.After(s.known[name]) { // partitions are not in step
		s.known[name] = came
		s.last.WithLabelValues(name).Set(float64(came.UnixMilli()) / 1000)
	}
}

// name is the label of a source, which is known from then on.
func (s *sources) name(source string) string {
	name := strings.ToLower(strings.TrimSpace(source))
	if name == "" {
		return noSource
	}
	if _, known := s.known[name]; known {
		return name
	}
	if len(s.known) >= maxSources || !sourceName.MatchString(name) {
		return otherSources
	}
	s.known[name] = time.Time{}
	return name
}
