package audit_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/testkit/services"
)

// open is like fair, with caps that nobody reaches.
const open = `
policy: open
reps:
  ana: {country: [DE, ES], weight: 3}
  ben: {country: [DE]}
  cho: {country: [US, DE]}
rules:
  - {name: local, to: [{to: all, match: [country]}, next]}
  - {name: anyone, to: all}
`

// BenchmarkRebuild folds a log of b.N decisions in a real Kafka into a real Redis:
// -benchtime 1000000x for a million. Two of three are leads, which stay open, the third is an activity of one of them.
func BenchmarkRebuild(b *testing.B) {
	kafka := kstream.Client{Brokers: []string{services.OwnKafka(b, services.KafkaConfig{}).Addr()}}
	server := services.OwnRedis(b, services.RedisConfig{})
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: time.Minute})
	b.Cleanup(func() { require.NoError(b, client.Close()) })
	topic := event.LeadDecisions.Topic("x")
	require.NoError(b, kafka.CreateTopics(b.Context(), kstream.Topic{Name: topic, Partitions: 12}))
	publishLog(b, kafka, topic, b.N)
	store, err := redisledger.New(client, redisledger.Config{Namespace: "x", Cluster: "c", Prefix: "x"})
	require.NoError(b, err)

	b.ResetTimer()
	got, err := audit.Rebuild{
		Kafka: kafka, Instance: "x", Group: group, Lock: "x-rebuild", Target: store.Replace(),
		Now: time.UnixMilli(start), Clock: clock.System(),
	}.Run(b.Context())
	b.StopTimer()
	require.NoError(b, err)
	require.Equal(b, b.N, got.Decisions)
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "µs/decision")
	b.ReportMetric(b.Elapsed().Seconds(), "s")
	b.ReportMetric(float64(got.Leads), "leads")
}

// publishLog writes a log of n decisions, and keeps none of them.
func publishLog(b *testing.B, kafka kstream.Client, topic string, n int) {
	b.Helper()
	to, err := kstream.NewPublisher(kafka)
	require.NoError(b, err)
	defer to.Close()
	p, h := planner(b, open), newHistory()
	countries := []string{"DE", "ES", "US", "FR"}
	for i, leads := 0, 0; i < n; i++ {
		if i%3 == 2 {
			h.happens(b, "L-"+strconv.Itoa(leads-1), ledger.Contacted)
		} else {
			h.lead(b, p, "L-"+strconv.Itoa(leads), countries[i%4])
			leads++
		}
		if len(h.log) < 5_000 && i < n-1 {
			continue
		}
		records := make([]*kstream.Record, len(h.log))
		for k, d := range h.log {
			e, err := event.New(event.LeadDecisions, d.Op.String(), 0, d.Grant.Lead, time.UnixMilli(d.Grant.At), d)
			require.NoError(b, err)
			records[k] = kstream.Encode(topic, d.Grant.Lead, e)
		}
		require.NoError(b, to.Publish(b.Context(), records...))
		h.log = h.log[:0]
		h.acknowledge(b)
	}
}

// acknowledge lets the model forget what is in flight.
func (h *history) acknowledge(b *testing.B) {
	b.Helper()
	var acks []ledger.Ack
	for name, next := range h.next {
		acks = append(acks, ledger.Ack{Partition: ledger.Partition{Topic: name}, Position: next})
	}
	_, err := h.model.Apply(context.Background(), ledger.Chunk{Acks: acks})
	require.NoError(b, err)
}
