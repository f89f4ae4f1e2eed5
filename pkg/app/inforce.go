package app

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
	"leadrouter/pkg/routing"
)

// InForce is the policy that a process decides by. A new one takes over only when it
// is free of errors and all its tests pass; otherwise the old one stays whole.
type InForce struct {
	current atomic.Pointer[routing.Planner] // nil: none was taken yet

	log     *zap.Logger
	told    func(*policy.Policy, error)
	reloads *prometheus.CounterVec // result
	info    *prometheus.GaugeVec   // hash, name, version
	refused prometheus.Gauge
}

// Results of a change, for the metrics.
const (
	reloadAccepted = "accepted"
	reloadRefused  = "refused"
)

// newInForce registers what it counts.
func newInForce(log *zap.Logger, reg prometheus.Registerer, told func(*policy.Policy, error)) *InForce {
	f := &InForce{
		log: log, told: told,
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_policy_reloads_total",
			Help: "Changes of the policy by result: accepted, refused.",
		}, []string{"result"}),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_policy_info",
			Help: "1 for the policy in force.",
		}, []string{"hash", "name", "version"}),
		refused: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "leadrouter_policy_refused",
			Help: "1 while the newest policy that was offered is refused, and an older one or none decides.",
		}),
	}
	for _, result := range []string{reloadAccepted, reloadRefused} {
		f.reloads.WithLabelValues(result) // what a first one is counted from
	}
	if f.told == nil {
		f.told = func(*policy.Policy, error) {}
	}
	reg.MustRegister(f.reloads, f.info, f.refused)
	return f
}

// Planner plans with the policy in force. A batch asks once, so that a change
// takes effect between two batches.
func (f *InForce) Planner() *routing.Planner { return f.current.Load() }

// Policy is the policy in force; nil before the first.
func (f *InForce) Policy() *policy.Policy {
	if planner := f.current.Load(); planner != nil {
		return planner.Policy()
	}
	return nil
}

// hash is that of the policy in force; empty before the first.
func (f *InForce) hash() string {
	if p := f.Policy(); p != nil {
		return p.Hash
	}
	return ""
}

// activate puts a checked policy in force.
func (f *InForce) activate(p *policy.Policy) {
	f.current.Store(routing.New(p))
	f.info.Reset()
	f.info.WithLabelValues(p.Hash, p.Name, p.Version).Set(1)
	f.keep()
}

// keep notes that the newest policy that was offered is the one in force.
func (f *InForce) keep() { f.refused.Set(0) }

// change is activate for one that takes over from another, and tells of it.
func (f *InForce) change(p *policy.Policy) {
	f.activate(p)
	f.reloads.WithLabelValues(reloadAccepted).Inc()
	f.log.Info("policy changed", zap.String("policy", p.Name), zap.String("version", p.Version),
		zap.String("hash", p.Hash), zap.Int("rules", len(p.Rules)), zap.Int("tests", len(p.Tests)))
	f.told(p, nil)
}

// refuse tells of one that cannot take over; source says where it stands.
func (f *InForce) refuse(source string, err error) {
	f.reloads.WithLabelValues(reloadRefused).Inc()
	f.refused.Set(1)
	message := "policy refused, the old one stays"
	if f.Policy() == nil {
		message = "policy refused, waiting for another"
	}
	f.log.Error(message, zap.String("policy", source),
		zap.String("in_force", f.hash()), zap.Error(err))
	f.told(f.Policy(), err)
}

// TestsPass runs a policy's own tests; the error lists those that fail.
func TestsPass(p *policy.Policy) error {
	report := policytest.Run(p, policytest.Config{})
	if report.OK() {
		return nil
	}
	var failed []error
	for _, result := range report.Results {
		if result.Status == policytest.Failed {
			failed = append(failed, errors.New(result.String()))
		}
	}
	return fmt.Errorf("%d of its tests fail:\n%w", len(failed), errors.Join(failed...))
}
