package deploy_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/zap"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/providers"
)

// metric is what a process exports under a name.
type metric struct {
	histogram bool
	labels    []string
}

// metrics are all that the roles export of their own.
var metrics = map[string]metric{
	"leadrouter_ready":      {labels: []string{"role"}},
	"leadrouter_build_info": {labels: []string{"role", "version", "engine"}},

	"leadrouter_batch_records":         {histogram: true},
	"leadrouter_batch_seconds":         {histogram: true, labels: []string{"stage"}},
	"leadrouter_transactions_total":    {labels: []string{"result"}},
	"leadrouter_consumer_lag_records":  {labels: []string{"topic", "partition"}},
	"leadrouter_group_lag_records":     {labels: []string{"topic"}},
	"leadrouter_owned_partitions":      {labels: []string{"topic"}},
	"leadrouter_topic_partitions":      {labels: []string{"topic"}},
	"leadrouter_partition_waits_total": {labels: []string{"topic", "partition"}},
	"leadrouter_dlq_records_total":     {labels: []string{"topic", "code"}},

	"leadrouter_leads_total":                        {labels: []string{"outcome"}},
	"leadrouter_created_to_assigned_seconds":        {histogram: true},
	"leadrouter_source_leads_total":                 {labels: []string{"source"}},
	"leadrouter_source_last_lead_timestamp_seconds": {labels: []string{"source"}},
	"leadrouter_waiting_leads":                      {},
	"leadrouter_waiting_first_seconds":              {},

	"leadrouter_redis_seconds":            {histogram: true},
	"leadrouter_redis_memory_bytes":       {},
	"leadrouter_redis_memory_limit_bytes": {},
	"leadrouter_ledger_epoch":             {},
	"leadrouter_ledger_memos":             {},
	"leadrouter_rebuilds_total":           {labels: []string{"result"}},

	"leadrouter_sla_open_clocks":           {},
	"leadrouter_sla_fired_total":           {labels: []string{"event"}},
	"leadrouter_sla_lag_seconds":           {histogram: true},
	"leadrouter_sla_overdue_seconds":       {},
	"leadrouter_sla_clock_steps_total":     {},
	"leadrouter_sla_skipped_records_total": {},
	"leadrouter_sla_ready":                 {},

	"leadrouter_policy_info":          {labels: []string{"hash", "name", "version"}},
	"leadrouter_policy_refused":       {},
	"leadrouter_policy_reloads_total": {labels: []string{"result"}},
	"leadrouter_feed_age_seconds":     {labels: []string{"rep"}},
	"leadrouter_feed_failures_total":  {labels: []string{"rep"}},

	"leadrouter_accounts":                      {},
	"leadrouter_account_records_refused_total": {},
	"leadrouter_provider_requests_total":       {labels: []string{"provider", "result"}},
	"leadrouter_provider_late_total":           {labels: []string{"provider"}},
	"leadrouter_provider_dropped_total":        {labels: []string{"provider"}},
	"leadrouter_provider_missing_total":        {labels: []string{"provider"}},
	"leadrouter_provider_refused_total":        {labels: []string{"provider"}},
	"leadrouter_provider_breaker_open":         {labels: []string{"provider"}},
	"leadrouter_provider_slow":                 {labels: []string{"provider"}},
	"leadrouter_provider_seconds":              {histogram: true, labels: []string{"provider"}},
	"leadrouter_provider_wait_seconds":         {histogram: true},
	"leadrouter_provider_cache_errors_total":   {},

	"leadrouter_audit_findings_total":           {labels: []string{"kind"}},
	"leadrouter_audit_decisions":                {labels: []string{"result"}},
	"leadrouter_audit_seals_total":              {},
	"leadrouter_audit_looked_timestamp_seconds": {},
}

// recorded are what the rules of Prometheus make of these.
var recorded = map[string]metric{
	"leadrouter:source_leads:recent": {labels: []string{"source", "window"}},
	"leadrouter:source_leads:usual":  {labels: []string{"source", "window"}},
}

// role is a process that runs in the test.
type role interface {
	Run(ctx context.Context) error
	Health() *app.Health
	Metrics() prometheus.Gatherer
}

// The list above is what the processes themselves say.
func TestMetricsAreWhatIsExported(t *testing.T) {
	t.Parallel()
	exported, gathered := map[string]metric{}, map[string]*dto.MetricFamily{}
	for _, r := range installation(t) {
		describe(t, r.Metrics(), exported)
		families, err := r.Metrics().Gather()
		require.NoError(t, err)
		for _, f := range families {
			gathered[f.GetName()] = f
		}
	}
	for name, m := range exported {
		known, ok := metrics[name]
		require.True(t, ok, "%s is in no list", name)
		require.ElementsMatch(t, known.labels, m.labels, name)
		if f := gathered[name]; f != nil {
			require.Equal(t, known.histogram, f.GetType() == dto.MetricType_HISTOGRAM, name)
		}
	}
	for name := range metrics {
		require.Contains(t, exported, name, "nobody exports it")
	}
}

// installation runs one process of each role until all are ready.
func installation(t *testing.T) []role {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"group.initial.rebalance.delay.ms": "0"}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	kafka := kstream.Client{Brokers: cluster.ListenAddrs()}
	require.NoError(t, kafka.CreateTopics(t.Context(), app.Topics("x", 2, 1)...))
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(policy, []byte("policy: p\nreps: {ana: {}}\nrules: [{name: all, to: all}]\n"), 0o600))
	asked, err := providers.Parse("p.yaml", []byte("providers: {p: {url: 'https://p.example/{company.domain}', fields: {country: $.c}}}"), os.LookupEnv)
	require.NoError(t, err)
	router, err := app.NewRouter(app.RouterConfig{
		Kafka: kafka, Redis: app.Redis{Address: miniredis.RunT(t).Addr()}, Instance: "x", Policy: policy,
		Providers: &asked, Slot: "test", Logger: zap.NewNop(),
	})
	require.NoError(t, err)
	auditor, err := app.NewAuditor(app.AuditorConfig{Follow: audit.FollowConfig{
		PassConfig: audit.PassConfig{Kafka: kafka, Instance: "x", Report: func(audit.Finding) {}}, Clock: clock.System(),
	}})
	require.NoError(t, err)
	roles := []role{router, app.NewWatcher(app.WatcherConfig{Kafka: kafka, Instance: "x", Slot: "test", Logger: zap.NewNop()}), auditor}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, len(roles))
	for _, r := range roles {
		go func() { ended <- r.Run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for range roles {
			require.NoError(t, <-ended)
		}
	})
	for _, r := range roles {
		require.Eventually(t, func() bool { return len(r.Health().Complaints()) == 0 }, time.Minute, 20*time.Millisecond, "%v", r.Health().Complaints())
	}
	return roles
}

var descPattern = regexp.MustCompile(`fqName: "(leadrouter_[^"]+)".* constLabels: \{(.*)\}, variableLabels: \{([^}]*)\}`)

// describe adds what a registry has by name, with its labels: also what has no series yet.
func describe(t *testing.T, from prometheus.Gatherer, to map[string]metric) {
	t.Helper()
	registry, ok := from.(prometheus.Collector)
	require.True(t, ok)
	all := make(chan *prometheus.Desc, 10_000)
	registry.Describe(all)
	close(all)
	for desc := range all {
		found := descPattern.FindStringSubmatch(desc.String())
		if found == nil {
			continue // Go's own
		}
		m := metric{}
		for label := range strings.SplitSeq(found[2]+","+found[3], ",") {
			if name, _, _ := strings.Cut(label, "="); name != "" {
				m.labels = append(m.labels, name)
			}
		}
		to[found[1]] = m
	}
}
