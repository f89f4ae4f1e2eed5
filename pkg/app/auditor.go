package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
)

// AuditorConfig is what an auditor process is told.
type AuditorConfig struct {
	Follow  audit.FollowConfig
	Metrics string // listen address; empty: none
	// Version of the program, for the metrics. Optional.
	Version string
}

// Auditor is the process that proves and seals the decision log as it grows.
type Auditor struct {
	*process
	cfg      AuditorConfig
	follower *audit.Follower
	m        *auditMetrics
}

const (
	roleAudit = "audit"
	partLog   = "log" // complains until the log was read once, and while it cannot be
)

type auditMetrics struct {
	findings  *prometheus.CounterVec // kind
	decisions *prometheus.GaugeVec   // result
	seals     prometheus.Counter
	looked    prometheus.Gauge
}

// Results of deriving a decision again, for the metrics.
const (
	resultProven   = "proven"
	resultUnproven = "unproven"
)

// NewAuditor checks the configuration. What it finds and seals goes to the callbacks of
// Follow, and is counted.
func NewAuditor(cfg AuditorConfig) (*Auditor, error) {
	a := &Auditor{cfg: cfg, process: newProcess(processConfig{
		Role: roleAudit, Version: cfg.Version, Logger: zap.NewNop(), Parts: []string{partLog},
	})}
	a.m = newAuditMetrics(a.reg)
	follow := cfg.Follow
	if report := follow.Report; report != nil {
		follow.Report = func(f audit.Finding) {
			a.m.findings.WithLabelValues(string(f.Kind)).Inc()
			report(f)
		}
	}
	follow.Sealed = both(func(event.Seal) { a.m.seals.Inc() }, follow.Sealed)
	follow.Looked = both(a.looked, follow.Looked)
	follow.Trouble = both(func(err error) { a.health.Set(partLog, err) }, follow.Trouble)
	var err error
	if a.follower, err = audit.NewFollower(follow); err != nil {
		return nil, Usage(err)
	}
	return a, nil
}

// both calls one and then the other, if there is another.
func both[T any](one, other func(T)) func(T) {
	if other == nil {
		return one
	}
	return func(v T) { one(v); other(v) }
}

func newAuditMetrics(reg prometheus.Registerer) *auditMetrics {
	m := &auditMetrics{
		findings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_audit_findings_total",
			Help: "What does not add up in the decision log, by kind, since this process began.",
		}, []string{"kind"}),
		decisions: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_audit_decisions",
			Help: "Decisions read since the log was last begun with: proven by deriving them again; unproven, taken at their word.",
		}, []string{"result"}),
		seals: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "leadrouter_audit_seals_total", Help: "Seals written by this process.",
		}),
		looked: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "leadrouter_audit_looked_timestamp_seconds",
			Help: "When the log was last proven and sealed to its end, as Unix time.",
		}),
	}
	for _, kind := range audit.Kinds() {
		m.findings.WithLabelValues(string(kind)) // what a first one is counted from
	}
	reg.MustRegister(m.findings, m.decisions, m.seals, m.looked)
	return m
}

// looked notes that the log was read to its end.
func (a *Auditor) looked(v audit.Verdict) {
	unproven := 0
	for _, n := range v.Unproven {
		unproven += n
	}
	a.m.decisions.WithLabelValues(resultProven).Set(float64(v.Proven))
	a.m.decisions.WithLabelValues(resultUnproven).Set(float64(unproven))
	a.m.looked.Set(float64(a.cfg.Follow.Clock.Now().UnixMilli()) / 1000)
	a.health.Set(partLog, nil)
}

// Run follows the log until ctx ends, and returns nil then; the error is
// [leadrouter/pkg/kstream.ErrOvertaken] when another auditor has begun.
func (a *Auditor) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ServeMetrics(ctx, a.cfg.Metrics, a.reg, a.health) })
	group.Go(func() error {
		if err := a.follower.Run(ctx); err != nil {
			return fmt.Errorf("follow the decision log: %w", err)
		}
		return nil
	})
	return group.Wait()
}

// Verdict is [audit.Follower.Verdict].
func (a *Auditor) Verdict() audit.Verdict { return a.follower.Verdict() }
