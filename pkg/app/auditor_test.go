package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

func TestAnAuditorCountsWhatItFinds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stop := s.run()
	defer stop()
	s.ready(true)
	s.publish("L-1")
	require.Len(t, s.owners(1), 1)

	var mu sync.Mutex
	var said []audit.Kind
	auditor, err := app.NewAuditor(app.AuditorConfig{Follow: audit.FollowConfig{
		PassConfig: audit.PassConfig{Kafka: s.kafka, Instance: "x", Report: func(f audit.Finding) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, f.Kind)
		}},
		Every: 20 * time.Millisecond, Snapshot: -1, Clock: clock.System(),
	}})
	require.NoError(t, err)
	require.Contains(t, auditor.Health().Complaints(), "log", "it has not looked yet")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- auditor.Run(ctx) }()
	eventually := func(name string, enough func(float64) bool) {
		t.Helper()
		require.Eventually(t, func() bool {
			v, ok := values(t, auditor.Metrics())[name]
			return ok && enough(v)
		}, 60*time.Second, 20*time.Millisecond, name)
	}
	one := func(v float64) bool { return v == 1 }
	none := func(v float64) bool { return v == 0 }
	eventually("leadrouter_audit_decisions{result=unproven}", one) // no policy was named
	eventually("leadrouter_audit_decisions{result=proven}", none)
	eventually("leadrouter_audit_seals_total{}", one)
	eventually("leadrouter_audit_looked_timestamp_seconds{}", func(v float64) bool { return v > 1e9 })
	eventually("leadrouter_ready{role=audit}", one)
	for _, kind := range audit.Kinds() {
		eventually("leadrouter_audit_findings_total{kind="+string(kind)+"}", none)
	}

	to, err := kstream.NewPublisher(s.kafka)
	require.NoError(t, err)
	defer to.Close()
	require.NoError(t, to.Publish(t.Context(), &kstream.Record{Topic: event.LeadDecisions.Topic("x"), Value: []byte("garbage")}))
	eventually("leadrouter_audit_findings_total{kind=unreadable}", one)
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, []audit.Kind{audit.Unreadable}, said)
	require.Equal(t, 1, auditor.Verdict().Findings)
}

func TestAnAuditorNeedsSomebodyToReportTo(t *testing.T) {
	t.Parallel()
	_, err := app.NewAuditor(app.AuditorConfig{Follow: audit.FollowConfig{Clock: clock.System()}})
	require.Equal(t, app.ExitUsage, app.ExitCode(err))
	require.ErrorContains(t, err, "nobody to report to")
}
