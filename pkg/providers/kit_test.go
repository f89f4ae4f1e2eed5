package providers_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/providers"
)

// trip answers requests without a network, so that tests own the time.
type trip func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (t trip) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// says is an answer with a status and a body.
func says(code int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// hangs answers nothing until the request is called off.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// after answers once some time has passed.
func after(d time.Duration, body string) trip {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return says(http.StatusOK, body)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

// bundle is a set of providers at work on a fake network.
type bundle struct {
	*providers.Providers
	reg  *prometheus.Registry
	logs *observer.ObservedLogs

	mu        sync.Mutex
	published []*kstream.Record
	refuse    error // of publishing
}

// secretOf gives every secret the same value.
func secretOf(string) (string, bool) { return "s3cret", true }

// parse reads a file of providers.
func parse(t testing.TB, file string) providers.File {
	t.Helper()
	f, err := providers.Parse("providers.yaml", []byte(file), secretOf)
	require.NoError(t, err)
	return f
}

// setup makes providers that are at work until the test ends. It belongs into a bubble.
func setup(t *testing.T, f providers.File, net trip, change ...func(*providers.Config)) *bundle {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	b := &bundle{reg: prometheus.NewRegistry(), logs: logs}
	cfg := providers.Config{
		Instance: "x", Namespace: "x", Publish: b.publish, Client: &http.Client{Transport: net},
		Clock: clock.System(), Registerer: b.reg, Logger: zap.New(core),
	}
	for _, c := range change {
		c(&cfg)
	}
	b.Providers = providers.New(f, cfg)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	return b
}

func (b *bundle) publish(_ context.Context, records ...*kstream.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return b.refuse
	}
	b.published = append(b.published, records...)
	return nil
}

// late are the records that were published so far.
func (b *bundle) late() []*kstream.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.published
}

// count is the sum of a metric over the labels that are not given.
func (b *bundle) count(t *testing.T, name string, labels ...string) (sum int) {
	t.Helper()
	families, err := b.reg.Gather()
	require.NoError(t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			said := m.String()
			for _, l := range labels {
				if !strings.Contains(said, `"`+l+`"`) {
					said = ""
				}
			}
			if said != "" {
				sum += int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
			}
		}
	}
	return sum
}

// section makes n leads, of companies of their own.
func section(prefix string, n int) []*lead.Lead {
	leads := make([]*lead.Lead, n)
	for i := range leads {
		id := fmt.Sprintf("%s-%d", prefix, i)
		leads[i] = &lead.Lead{ID: id, Company: lead.Company{Domain: id + ".example"}}
	}
	return leads
}

// one is the usual file: one provider of two facts, by the company's domain.
const one = `
providers:
  firmo:
    url: https://firmo.example/companies?domain={company.domain}
    fields: {company.employees: $.size, company.industry: $.sector}
    rate: 100000/s
    cache: off
    retries: 0
`

// enrich gives the leads what is known, and how long that took.
func (b *bundle) enrich(t *testing.T, leads ...*lead.Lead) time.Duration {
	t.Helper()
	start := time.Now()
	b.Enrich(t.Context(), leads)
	return time.Since(start)
}

// bubble runs a test in time of its own.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}
