package alerts

import (
	"context"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
)

// rules are evaluated in their order, as Prometheus does in each group.
type rules struct {
	memory *memory
	groups []rulefmt.RuleGroup
	active map[string]map[string]*alert // by rule, then by labels
	made   map[string]map[string]labels.Labels
}

// alert is one that is pending or fires.
type alert struct {
	labels labels.Labels
	since  time.Duration
	firing bool
}

func newRules(m *memory, groups []rulefmt.RuleGroup) *rules {
	return &rules{memory: m, groups: groups, active: map[string]map[string]*alert{}, made: map[string]map[string]labels.Labels{}}
}

// evaluate goes through all rules at an instant.
func (r *rules) evaluate(ctx context.Context, t time.Duration) error {
	for _, group := range r.groups {
		for _, rule := range group.Rules {
			vector, err := r.memory.query(ctx, rule.Expr, t)
			if err != nil {
				return err
			}
			if rule.Record != "" {
				r.record(rule, vector, t)
			} else {
				r.alert(rule, vector, t)
			}
		}
	}
	return nil
}

// record writes what a recording rule gives, and ends what it does not give any more.
func (r *rules) record(rule rulefmt.Rule, vector promql.Vector, t time.Duration) {
	id := rule.Record + labels.FromMap(rule.Labels).String()
	now := map[string]labels.Labels{}
	for _, sample := range vector {
		l := labelled(sample.Metric, labels.MetricName, rule.Record, rule.Labels)
		now[l.String()] = l
		r.memory.add(l, t, sample.F)
	}
	for key, l := range r.made[id] {
		if now[key].IsEmpty() {
			r.memory.end(l, t)
		}
	}
	r.made[id] = now
}

// alert brings the alerts of a rule up to date, and writes their ALERTS.
func (r *rules) alert(rule rulefmt.Rule, vector promql.Vector, t time.Duration) {
	before, now := r.active[rule.Alert], map[string]*alert{}
	for _, sample := range vector {
		l := labelled(sample.Metric, labels.AlertName, rule.Alert, rule.Labels)
		a := before[l.String()]
		if a == nil {
			a = &alert{labels: l, since: t}
		}
		now[l.String()] = a
		if fires := t-a.since >= time.Duration(rule.For); fires != a.firing {
			if t > a.since {
				r.memory.end(a.series(), t)
			}
			a.firing = fires
		}
		r.memory.add(a.series(), t, 1)
	}
	for key, a := range before {
		if now[key] == nil {
			r.memory.end(a.series(), t)
		}
	}
	r.active[rule.Alert] = now
}

// series is how Prometheus shows an alert.
func (a *alert) series() labels.Labels {
	state := "pending"
	if a.firing {
		state = "firing"
	}
	return labels.NewBuilder(a.labels).Set(labels.MetricName, "ALERTS").Set("alertstate", state).Labels()
}

// labelled gives a result its name and the labels of its rule.
func labelled(metric labels.Labels, as, name string, more map[string]string) labels.Labels {
	b := labels.NewBuilder(metric).Del(labels.MetricName)
	for k, v := range more {
		b.Set(k, v)
	}
	return b.Set(as, name).Labels()
}
