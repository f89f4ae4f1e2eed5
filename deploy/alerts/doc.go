// Package alerts tests the alert rules and the dashboards of this folder's neighbours with
// Prometheus's own parser and engine:
//
//	prometheus/alerts.yml ────────┐
//	prometheus/tests/*.yml ───────┼─► what fires at which instant, and what does not
//	grafana/dashboards/*.json ────┼─► every expression parses
//	docs/operations.md ───────────┘─► every alert has its runbook
//
// The tests are promtool's unit tests, so that "promtool test rules" runs them, too. This is
// a module of its own: what it needs is not what the product needs.
package alerts
