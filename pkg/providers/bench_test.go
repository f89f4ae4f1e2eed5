package providers_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/providers"
	"leadrouter/pkg/testkit/services"
)

// BenchmarkEnrich is what a provider costs a lead while leads queue up: one that answers
// nothing, of which nothing is in the cache.
func BenchmarkEnrich(b *testing.B) {
	const file = `
secret: env:SECRET
providers: {firmo: {url: 'https://firmo.example/?d={company.domain}', fields: {attributes.segment: $.a, company.industry: $.b}, rate: 50/s}}
`
	_, address := services.Real(b)
	options, err := redis.ParseURL(address)
	require.NoError(b, err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	for name, cache := range map[string]redis.UniversalClient{"cache": client, "bare": nil} {
		b.Run(name, func(b *testing.B) {
			p := providers.New(parse(b, file), providers.Config{
				Namespace: services.Instance(b), Cache: cache, Client: &http.Client{Transport: trip(hangs)},
				Clock: clock.System(), Registerer: prometheus.NewRegistry(), Logger: zap.NewNop(),
			})
			ctx, stop := context.WithCancel(b.Context())
			done := make(chan error, 1)
			go func() { done <- p.Run(ctx) }()
			leads := section("L", 256)
			b.ReportAllocs()
			for b.Loop() {
				for _, l := range leads {
					l.Evidence = nil
				}
				p.Enrich(ctx, leads)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(leads)), "ns/lead")
			stop()
			require.NoError(b, <-done)
		})
	}
}
