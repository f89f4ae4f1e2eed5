package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// values are the series of a registry, as "name{labels}" without the quotes, by value.
func values(t *testing.T, reg prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			found[f.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return found
}

// What an alert asks of a router is there before anything has gone wrong: a counter that
// comes with its first event shows no increase.
func TestARouterCountsWhatItsWorkDoesNotTell(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.run()
	s.ready(true)
	want := map[string]float64{
		"leadrouter_ready{role=router}":                               1,
		"leadrouter_build_info{engine=1,role=router,version=unknown}": 1,
		"leadrouter_ledger_epoch{}":                                   1,
		"leadrouter_ledger_memos{}":                                   0,
		"leadrouter_waiting_leads{}":                                  0,
		"leadrouter_waiting_first_seconds{}":                          0,
		"leadrouter_redis_memory_bytes{}":                             0,
		"leadrouter_redis_memory_limit_bytes{}":                       0,
		"leadrouter_policy_refused{}":                                 0,
		"leadrouter_policy_reloads_total{result=refused}":             0,
		"leadrouter_transactions_total{result=aborted}":               0,
		"leadrouter_topic_partitions{topic=x.lead.created}":           2,
		"leadrouter_owned_partitions{topic=x.lead.created}":           2,
		"leadrouter_group_lag_records{topic=x.lead.created}":          0,
	}
	require.Eventually(t, func() bool {
		found := values(t, s.router.Metrics())
		for name, value := range want {
			if got, ok := found[name]; !ok || got != value {
				return false
			}
		}
		return true
	}, 60*time.Second, 50*time.Millisecond, "%v", values(t, s.router.Metrics()))
	stop()
}
