package providers_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/providers"
)

// kept is a file with a cache and a personal fact in the URL.
const kept = `
budget: 10s # tests are patient
secret: env:KEY
providers:
  firmo:
    url: https://firmo.example/?mail={email}
    fields: {company.employees: $.size, job_title: $.title}
    cache: {found: 2h, missing: 1h}
    retries: 0
`

// cached gives a set of providers a Redis.
func cached(client redis.UniversalClient) func(*providers.Config) {
	return func(cfg *providers.Config) { cfg.Cache = client }
}

func newRedis(t *testing.T) (*miniredis.Miniredis, *redis.Client) {
	t.Helper()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return server, client
}

// What is known, and that nothing is, is asked once; after its time again.
func TestCache(t *testing.T) {
	t.Parallel()
	server, client := newRedis(t)
	var n atomic.Int64
	b := setup(t, parse(t, kept), func(r *http.Request) (*http.Response, error) {
		n.Add(1)
		if strings.Contains(r.URL.RawQuery, "nobody") {
			return says(http.StatusNotFound, "")
		}
		return says(http.StatusOK, `{"size":250,"title":"CFO"}`)
	}, cached(client))
	ask := func() (somebody, nobody *lead.Lead) {
		somebody, nobody = &lead.Lead{ID: "1", Email: "jo@person.example"}, &lead.Lead{ID: "2", Email: "nobody@person.example"}
		b.enrich(t, somebody, nobody)
		require.Equal(t, "CFO", somebody.JobTitle)
		require.Equal(t, "firmo", somebody.Evidence.From["job_title"])
		require.Nil(t, nobody.Evidence, "it is known that nothing is")
		return somebody, nobody
	}
	ask()
	require.Equal(t, int64(2), n.Load())
	ask()
	require.Equal(t, int64(2), n.Load())
	require.Equal(t, 2, b.count(t, "leadrouter_provider_requests_total", "cached"))
	for _, key := range server.Keys() {
		require.True(t, strings.HasPrefix(key, "x:provider:firmo:"), key)
		require.NotContains(t, key, "person")
		require.NotContains(t, key, "{", "no hash tag: it is not where the ledger is")
	}
	require.Len(t, server.Keys(), 2)

	server.FastForward(61 * time.Minute)
	ask()
	require.Equal(t, int64(3), n.Load(), "that nothing is known is forgotten first")
	server.FastForward(61 * time.Minute)
	ask()
	require.Equal(t, int64(5), n.Load())
}

// Another secret, or other fields, and it is another cache.
func TestCachesApart(t *testing.T) {
	t.Parallel()
	server, client := newRedis(t)
	for _, file := range []string{kept, strings.Replace(kept, "$.size", "$.staff", 1), strings.Replace(kept, "job_title: $.title", "city: $.title", 1)} {
		b := setup(t, parse(t, file), func(*http.Request) (*http.Response, error) { return says(404, "") }, cached(client))
		b.enrich(t, &lead.Lead{ID: "1", Email: "jo@person.example"})
	}
	f, err := providers.Parse("p.yaml", []byte(kept), func(string) (string, bool) { return "another", true })
	require.NoError(t, err)
	b := setup(t, f, func(*http.Request) (*http.Response, error) { return says(404, "") }, cached(client))
	b.enrich(t, &lead.Lead{ID: "1", Email: "jo@person.example"})
	require.Len(t, server.Keys(), 4)
}

// What fails is not kept.
func TestFailuresAreNotKept(t *testing.T) {
	t.Parallel()
	server, client := newRedis(t)
	b := setup(t, parse(t, kept), func(*http.Request) (*http.Response, error) { return says(500, "") }, cached(client))
	b.enrich(t, &lead.Lead{ID: "1", Email: "jo@person.example"})
	require.Empty(t, server.Keys())
}

// Without Redis everything goes on, and a value that is not ours is passed over.
func TestRedisIsNotNeeded(t *testing.T) {
	t.Parallel()
	server, client := newRedis(t)
	var n atomic.Int64
	b := setup(t, parse(t, kept), func(*http.Request) (*http.Response, error) {
		n.Add(1)
		return says(http.StatusOK, `{"size":250}`)
	}, cached(client))
	ask := func() {
		l := &lead.Lead{ID: "1", Email: "jo@person.example"}
		b.enrich(t, l)
		require.Equal(t, int64(250), *l.Company.Employees)
	}
	ask()
	for _, key := range server.Keys() {
		require.NoError(t, server.Set(key, "not ours"))
	}
	ask()
	require.Equal(t, int64(2), n.Load())
	for _, key := range server.Keys() {
		require.NoError(t, server.Set(key, `{"company.employees":"many","job_title":null}`))
	}
	l := &lead.Lead{ID: "1", Email: "jo@person.example"}
	b.enrich(t, l)
	require.Nil(t, l.Company.Employees, "no garbage becomes a fact")

	server.SetError("ERR out of order")
	ask()
	ask()
	require.Positive(t, b.count(t, "leadrouter_provider_cache_errors_total"))
	require.Less(t, b.count(t, "leadrouter_provider_cache_errors_total"), 3, "it is left alone for a while")
}
