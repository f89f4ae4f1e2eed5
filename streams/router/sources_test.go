package router_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// comes has a lead of a source decided and committed; more is put into its JSON.
func (b *bundle) comes(id, source, more string, at time.Time) {
	b.t.Helper()
	r := b.record(event.LeadCreated, fmt.Sprintf(`{"id":%q,"country":"DE","source":%q%s}`, id, source, more))
	r.Timestamp = at
	b.commit(b.handle(r), r)
}

// bySource are the series of a metric, as "source value".
func (b *bundle) bySource(name string) (lines []string) {
	b.t.Helper()
	families, err := b.reg.Gather()
	require.NoError(b.t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				lines = append(lines, fmt.Sprintf("%s %.0f", m.GetLabel()[0].GetValue(), m.GetCounter().GetValue()+m.GetGauge().GetValue()))
			}
		}
	}
	return lines
}

func TestLeadsAreCountedBySource(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := time.Unix(1_764_000_000, 0)
	b.comes("L-1", "demo_request", "", at.Add(time.Minute))
	b.comes("L-2", " Demo_Request ", "", at) // read later, published before
	b.comes("L-3", "", "", at)
	b.comes("L-4", "event", `,"test":true`, at)
	b.comes("L-5", "event", `,"bulk":true`, at)
	require.Equal(t, []string{"demo_request 2", "none 1"}, b.bySource("leadrouter_source_leads_total"), "tests and imports say nothing of a form")
	require.Equal(t, []string{"demo_request 1764000060", "none 1764000000"}, b.bySource("leadrouter_source_last_lead_timestamp_seconds"))
}

// A source is whatever a sender writes: no person may show by it, and nobody may fill the
// memory with names.
func TestSourcesAreBounded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	at := time.Unix(1_764_000_000, 0)
	for i, source := range []string{"eva@example.com", "+49 170 1234567", "01701234567", "Eva told me", strings.Repeat("x", 41)} {
		b.comes(fmt.Sprint("P-", i), source, "", at)
	}
	require.Equal(t, []string{"other 5"}, b.bySource("leadrouter_source_leads_total"))
	for i := range 200 {
		b.comes(fmt.Sprint("L-", i), fmt.Sprint("form-", i), "", at)
	}
	require.Equal(t, 99, testutil.CollectAndCount(b.reg, "leadrouter_source_leads_total"), "98 names, and the others")
	require.Contains(t, b.bySource("leadrouter_source_leads_total"), "other 107")
	require.Contains(t, b.bySource("leadrouter_source_leads_total"), "form-97 1")
}

// A record that is read again after a crash is the same lead.
func TestALeadThatComesAgainIsNoSecondLead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.created("L-1", "DE")
	b.handle(lead)
	require.NoError(t, b.handler.Assigned(t.Context(), map[kstream.TopicPartition]int64{kstream.PartitionOf(lead): 0}))
	b.commit(b.handle(lead), lead)
	require.Equal(t, []string{"none 1"}, b.bySource("leadrouter_source_leads_total"))
}
