package providers_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
)

func TestFillsInWhatALeadLacks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var asked atomic.Pointer[http.Request]
		b := setup(t, parse(t, one+"    headers: {Authorization: 'Bearer env:KEY'}\n"), func(r *http.Request) (*http.Response, error) {
			asked.Store(r)
			return says(http.StatusOK, `{"size": 250, "sector": "finance", "more": [1]}`)
		})
		l := &lead.Lead{ID: "L", Company: lead.Company{Domain: "a b/c?.example", Industry: "health"}}
		require.Zero(t, b.enrich(t, l))
		require.Equal(t, int64(250), *l.Company.Employees)
		require.Equal(t, "health", l.Company.Industry, "the sender's word stays")
		require.Empty(t, cmp.Diff(&lead.Evidence{From: map[string]string{"company.employees": "firmo"}}, l.Evidence))
		require.Equal(t, "domain=a+b%2Fc%3F.example", asked.Load().URL.RawQuery)
		require.Equal(t, "Bearer s3cret", asked.Load().Header.Get("Authorization"))
		require.Equal(t, "leadrouter", asked.Load().Header.Get("User-Agent"))
		require.Equal(t, 1, b.count(t, "leadrouter_provider_requests_total", "firmo", "found"))
	})
}

// Of two that know a fact the first of the file counts, whoever answers first.
func TestTheFirstProviderCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		f := parse(t, `
providers:
  slow: {url: 'https://slow.example/{company.domain}', fields: {city: $.city}, cache: off}
  fast: {url: 'https://fast.example/{company.domain}', fields: {city: $.city, region: $.region}, cache: off}
`)
		b := setup(t, f, func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "slow.example" {
				return after(200*time.Millisecond, `{"city":"Graz"}`)(r)
			}
			return says(http.StatusOK, `{"city":"Wien","region":"W"}`)
		})
		l := section("L", 1)[0]
		require.Equal(t, 200*time.Millisecond, b.enrich(t, l))
		require.Equal(t, []string{"Graz", "W"}, []string{l.City, l.Region})
		require.Equal(t, map[string]string{"city": "slow", "region": "fast"}, l.Evidence.From)
		require.Empty(t, l.Evidence.Missing)
	})
}

// One address is asked once, however many leads are about it.
func TestLeadsShareACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		b := setup(t, parse(t, one), func(r *http.Request) (*http.Response, error) {
			n.Add(1)
			return after(10*time.Millisecond, `{"size": 5}`)(r)
		})
		leads := section("L", 20)
		for _, l := range leads {
			l.Company.Domain = "same.example"
		}
		require.Equal(t, 10*time.Millisecond, b.enrich(t, leads...))
		require.Equal(t, int64(1), n.Load())
		for _, l := range leads {
			require.Equal(t, int64(5), *l.Company.Employees)
		}
	})
}

// Nobody is asked who could not say anything, or about a lead without what the URL needs.
func TestWhoIsNotAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := setup(t, parse(t, one), func(*http.Request) (*http.Response, error) {
			return nil, errors.New("nobody is to be asked")
		})
		size := int64(7)
		b.enrich(t,
			&lead.Lead{ID: "known", Company: lead.Company{Domain: "a.example", Industry: "health", Employees: &size}},
			&lead.Lead{ID: "unknown"},
			&lead.Lead{ID: "long", Company: lead.Company{Domain: strings.Repeat("a", 513)}},
		)
		require.Zero(t, b.count(t, "leadrouter_provider_requests_total"))
	})
}

// A lead waits one budget at most; what comes later goes to lead.updated with what it still
// lacks.
func TestLateAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := setup(t, parse(t, one+"    timeout: 1s\n"), after(400*time.Millisecond, `{"size": 250, "sector": "finance"}`))
		l := section("L", 1)[0]
		l.Company.Industry = "health"
		require.Equal(t, 300*time.Millisecond, b.enrich(t, l))
		require.Nil(t, l.Company.Employees)
		require.Empty(t, cmp.Diff(&lead.Evidence{Missing: []string{"firmo"}}, l.Evidence))
		require.Empty(t, b.late())

		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		require.Len(t, b.late(), 1)
		r := b.late()[0]
		require.Equal(t, []string{"x.lead.updated", "L-0"}, []string{r.Topic, string(r.Key)})
		require.JSONEq(t, `{"lead_id":"L-0","company":{"employees":250}}`, string(r.Value))
		e, err := kstream.Decode(r)
		require.NoError(t, err)
		require.Equal(t, "firmo", e.Provider())
		require.Equal(t, event.ID(event.ProviderSource+"firmo/L-0", event.LeadUpdated, 0), e.ID)
		updated, err := e.Updated()
		require.NoError(t, err)
		require.Equal(t, int64(250), *updated.Company.Employees)
		require.Equal(t, 1, b.count(t, "leadrouter_provider_late_total", "firmo"))
		require.Equal(t, 1, b.count(t, "leadrouter_provider_missing_total", "firmo"))
	})
}

// What Kafka does not take is counted, and the provider goes on.
func TestLateAnswersThatCannotBePublished(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := setup(t, parse(t, one+"    timeout: 1s\n"), after(400*time.Millisecond, `{"size": 250}`))
		b.mu.Lock()
		b.refuse = errors.New("no broker")
		b.mu.Unlock()
		b.enrich(t, section("L", 3)...)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 3, b.count(t, "leadrouter_provider_dropped_total", "firmo"))
		require.Positive(t, b.logs.FilterMessage("late answers were not published").Len())
		require.Zero(t, b.count(t, "leadrouter_provider_late_total", "firmo"))
	})
}

// A call that ends with the process leaves its lead without an answer, and nothing behind.
func TestStopping(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := setup(t, parse(t, one+"    timeout: 1m\n"), hangs)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		leads := section("L", 40)
		go func() {
			defer close(done)
			b.Enrich(ctx, leads)
		}()
		synctest.Wait()
		stop()
		<-done
		for _, l := range leads {
			require.Equal(t, []string{"firmo"}, l.Evidence.Missing)
		}
	})
}

// Nothing of a lead, an address or a secret is told, whatever happens.
func TestNothingIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var n atomic.Int64
		b := setup(t, parse(t, `
secret: env:KEY
providers:
  who:
    url: 'https://firmo.example/people?mail={email}'
    headers: {X-Key: 'env:KEY'}
    fields: {company.employees: $.size}
    retries: 0
`), func(r *http.Request) (*http.Response, error) {
			switch n.Add(1) % 5 {
			case 0:
				return nil, errors.New("dial " + r.URL.String())
			case 1:
				return says(http.StatusOK, `{"size": "jo@person.example"}`)
			case 2:
				return says(http.StatusInternalServerError, r.URL.String())
			case 3:
				return says(http.StatusOK, r.URL.String())
			}
			return hangs(r)
		})
		for range 40 {
			b.enrich(t, &lead.Lead{ID: "L", Email: "jo@person.example"})
		}
		synctest.Wait()
		require.Positive(t, b.logs.Len(), "the breaker has opened")
		told, err := json.Marshal(b.logs.All())
		require.NoError(t, err)
		families, err := b.reg.Gather()
		require.NoError(t, err)
		for _, f := range families {
			told = append(told, f.String()...)
		}
		for _, private := range []string{"person.example", "s3cret", "firmo.example"} {
			require.NotContains(t, string(told), private)
		}
	})
}
