package bench_test

import (
	"encoding/json"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"leadrouter/bench"
	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

// site is a new installation on real services, under the policy of 40 reps.
func site(t testing.TB) bench.Site {
	t.Helper()
	brokers, redis := services.Real(t)
	return bench.Site{
		Kafka: kstream.Client{Brokers: brokers}, Redis: app.Redis{Address: redis},
		Policy: unlimited(t), Instance: services.Instance(t), Partitions: 4, PeerProject: "peer",
	}
}

// outcome is what became of the leads of a site.
type outcome struct {
	reps      map[string]int
	outcomes  map[string]int
	assigned  map[string]int // events by lead
	decisions map[string]int
	bytes     int // of both
}

func outcomeOf(t testing.TB, s bench.Site) outcome {
	t.Helper()
	o := outcome{reps: map[string]int{}, outcomes: map[string]int{}, assigned: map[string]int{}, decisions: map[string]int{}}
	starts, err := s.Kafka.Starts(t.Context(), event.LeadDecisions.Topic(s.Instance), event.LeadAssigned.Topic(s.Instance))
	require.NoError(t, err)
	_, err = s.Kafka.ReadToEnd(t.Context(), starts, func(r *kstream.Record) error {
		o.bytes += len(r.Value)
		if r.Topic == event.LeadDecisions.Topic(s.Instance) {
			o.decisions[string(r.Key)]++
			return nil
		}
		var assigned struct {
			Outcome string `json:"outcome"`
			Rep     string `json:"rep_id"`
		}
		require.NoError(t, json.Unmarshal(r.Value, &assigned))
		o.outcomes[assigned.Outcome]++
		o.reps[assigned.Rep]++
		o.assigned[string(r.Key)]++
		return nil
	})
	require.NoError(t, err)
	return o
}

const leads = 1_000

func TestTheRouterHasUseForManyRepsAndIsSampledWhole(t *testing.T) {
	t.Parallel()
	s := site(t)
	like, err := bench.Sample(t.Context(), s)
	require.NoError(t, err)
	o := outcomeOf(t, s)
	require.Len(t, o.assigned, leads)
	require.Greater(t, len(o.reps), 15)
	require.Greater(t, o.outcomes["assigned"], leads*9/10, "a new person nearly each time: %v", o.outcomes)
	require.GreaterOrEqual(t, len(like), leads-int(s.Partitions), "but for those with the roster")
	for _, records := range like {
		require.Len(t, records, 3, "decision, assignment, timers")
	}
	again, err := bench.Written(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, again, len(like))
	require.Equal(t, like[0][0].Value, again[0][0].Value)
}

func TestTheBareLoopWritesTheBytesOfTheRouter(t *testing.T) {
	t.Parallel()
	s := site(t)
	like := [][]*kstream.Record{{
		{Topic: "other.lead.decisions", Value: []byte("decision")},
		{Topic: "other.lead.assigned", Value: []byte(`{"outcome":"assigned","rep_id":"x"}`)},
	}}
	c, err := bench.Bare(t.Context(), s, like)
	require.NoError(t, err)
	_, err = bench.Backlog(t.Context(), clock.System(), c, bench.Load{Leads: 50}, nil)
	require.NoError(t, err)
	o := outcomeOf(t, s)
	require.Len(t, o.assigned, 50)
	require.Equal(t, 50*(len(like[0][0].Value)+len(like[0][1].Value)), o.bytes)
}

func TestClearingARouterLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	one, other := site(t), site(t)
	for _, s := range []bench.Site{one, other} {
		_, err := bench.Sample(t.Context(), s)
		require.NoError(t, err)
	}
	options, err := redis.ParseURL(one.Redis.Address)
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer func() { require.NoError(t, client.Close()) }()
	keys := func(s bench.Site) int {
		all, err := client.Keys(t.Context(), "{"+s.Instance+"}:*").Result()
		require.NoError(t, err)
		return len(all)
	}
	require.Greater(t, keys(one), leads)
	c, err := bench.Router(t.Context(), one)
	require.NoError(t, err)
	require.NoError(t, c.Clear(t.Context()))
	require.Zero(t, keys(one))
	require.Greater(t, keys(other), leads)
}

func TestThePeerDecidesTheSameLeadsOnce(t *testing.T) {
	t.Parallel()
	s := site(t)
	if err := bench.PeerBuilt(s.PeerProject); err != nil {
		t.Skip(err)
	}
	_, err := bench.Sample(t.Context(), s)
	require.NoError(t, err)
	ours := outcomeOf(t, s)

	s.Instance = services.Instance(t)
	work := func(first int) {
		c, err := bench.Peer(t.Context(), s, bench.TuningOf(bench.ForThroughput))
		require.NoError(t, err)
		_, err = bench.Backlog(t.Context(), clock.System(), c, bench.Load{First: first, Leads: leads / 2}, nil)
		require.NoError(t, err)
		size, err := c.State(t.Context())
		require.NoError(t, err)
		require.Positive(t, size)
		require.NoError(t, c.Clear(t.Context()))
	}
	work(0)
	repeat(t, s, leads/2)
	work(leads / 2) // with its state from the changelogs
	theirs := outcomeOf(t, s)
	require.Len(t, theirs.assigned, leads)
	require.Equal(t, theirs.assigned, theirs.decisions)
	require.Greater(t, len(theirs.reps), 15)
	require.Equal(t, map[string]int{"assigned": leads}, theirs.outcomes)
	t.Log(ours.outcomes, ours.bytes, theirs.bytes, len(ours.reps), len(theirs.reps))
	require.InEpsilon(t, ours.bytes, theirs.bytes, .35, "bytes of decision and assignment")
}

// repeat publishes the first n leads of a site once more.
func repeat(t testing.TB, s bench.Site, n int) {
	t.Helper()
	created := event.LeadCreated.Topic(s.Instance)
	starts, err := s.Kafka.Starts(t.Context(), created)
	require.NoError(t, err)
	var again []*kstream.Record
	_, err = s.Kafka.ReadToEnd(t.Context(), starts, func(r *kstream.Record) error {
		again = append(again, &kstream.Record{Topic: created, Key: r.Key, Value: r.Value})
		return nil
	})
	require.NoError(t, err)
	require.Len(t, again, n)
	p, err := kstream.NewPublisher(s.Kafka)
	require.NoError(t, err)
	defer p.Close()
	require.NoError(t, p.Publish(t.Context(), again...))
}

func TestEveryTuningHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tuning := range bench.Tunings() {
		require.False(t, seen[tuning.Name])
		seen[tuning.Name] = true
		require.Equal(t, tuning, bench.TuningOf(tuning.Name))
	}
	require.Contains(t, seen, bench.ForThroughput)
	require.Contains(t, seen, bench.ForLatency)
}
