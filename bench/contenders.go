package bench

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/providers"
)

// Site is where contenders run.
type Site struct {
	Kafka      kstream.Client
	Redis      app.Redis
	Policy     string // file or folder
	Instance   string
	Slot       string // tells routers of one installation apart; default "bench"
	Partitions int32
	Providers  *providers.File // that the router asks; nil: none
	Plain      bool            // the router takes leads as they come
	// PeerProject is the folder of the peer's project.
	PeerProject string
}

// Contender is a stream from lead.created to lead.assigned.
type Contender struct {
	Name  string
	Path  Path
	Start func(context.Context) (Running, error)
	// State is how many bytes it keeps outside of Kafka. Nil: none.
	State func(context.Context) (int64, error)
	// Clear removes what it keeps outside of Kafka, after it was stopped. Nil: nothing.
	Clear func(context.Context) error
}

// Apart is the contender in processes of its own: one for each argv, a program that calls
// [Serve]. So its processor time is its own, and so are its collector and its threads.
func (c Contender) Apart(argvs ...[]string) Contender {
	c.Start = func(ctx context.Context) (Running, error) {
		var all []Running
		for _, argv := range argvs {
			r, err := spawn(ctx, argv)
			if err != nil {
				return Running{}, errors.Join(err, together(all).Stop())
			}
			all = append(all, r)
		}
		return together(all), nil
	}
	return c
}

// InProcess is a stream of this process as a contender.
func InProcess(name string, path Path, run func(context.Context) error) Contender {
	start := func(ctx context.Context) (Running, error) { return launch(ctx, run), nil }
	return Contender{Name: name, Path: path, Start: start}
}

// Router is the product on the site, in a new installation.
func Router(ctx context.Context, s Site) (Contender, error) {
	if err := s.Kafka.CreateTopics(ctx, app.Topics(s.Instance, s.Partitions, 1)...); err != nil {
		return Contender{}, err
	}
	start := func(ctx context.Context) (Running, error) {
		router, err := app.NewRouter(app.RouterConfig{
			Kafka: s.Kafka, Redis: s.Redis, Instance: s.Instance, Policy: s.Policy, Providers: s.Providers, Plain: s.Plain,
			Slot: cmp.Or(s.Slot, "bench"), Logger: zap.NewNop(),
		})
		if err != nil {
			return Running{}, err
		}
		running := launch(ctx, router.Run)
		running.Metrics = router.Metrics()
		return running, nil
	}
	return Contender{Name: "router", Path: s.path(), Start: start, Clear: s.clearRedis}, nil
}

// clearRedis removes the ledger of the site, and nothing else.
func (s Site) clearRedis(ctx context.Context) error {
	client, err := s.Redis.Client()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	const at = 1_000
	var keys []string
	all := client.Scan(ctx, 0, "{"+s.Instance+"}:*", at).Iterator()
	for all.Next(ctx) {
		if keys = append(keys, all.Val()); len(keys) == at {
			if err := client.Unlink(ctx, keys...).Err(); err != nil {
				return fmt.Errorf("clear Redis: %w", err)
			}
			keys = keys[:0]
		}
	}
	if len(keys) > 0 {
		err = client.Unlink(ctx, keys...).Err()
	}
	if err := errors.Join(all.Err(), err); err != nil {
		return fmt.Errorf("clear Redis: %w", err)
	}
	return nil
}

// Bare is the copy loop in a new installation: the same topics, transactions and
// producers, and for each lead the bytes of one of like; no plan and no ledger.
func Bare(ctx context.Context, s Site, like [][]*kstream.Record) (Contender, error) {
	if err := s.Kafka.CreateTopics(ctx, app.Topics(s.Instance, s.Partitions, 1)...); err != nil {
		return Contender{}, err
	}
	own := make([][]*kstream.Record, len(like))
	for i, records := range like {
		for _, r := range records {
			_, name, _ := strings.Cut(r.Topic, ".")
			own[i] = append(own[i], &kstream.Record{Topic: s.Instance + "." + name, Value: r.Value, Headers: r.Headers})
		}
	}
	var topics []string
	for _, t := range []event.Type{event.RepStatus, event.LeadCreated, event.LeadActivity} {
		topics = append(topics, t.Topic(s.Instance))
	}
	start := func(ctx context.Context) (Running, error) {
		reg := prometheus.NewRegistry()
		stream, err := kstream.New(kstream.Config{
			Client: s.Kafka, Instance: s.Instance, Role: "copy", Slot: cmp.Or(s.Slot, "bench"), Topics: topics, Registerer: reg,
		}, &Copy{Like: own})
		if err != nil {
			return Running{}, err
		}
		running := launch(ctx, stream.Run)
		running.Metrics = reg
		return running, nil
	}
	return Contender{Name: "bare loop", Path: s.path(), Start: start}, nil
}

// Sample has the router write what [Written] then returns for some leads.
func Sample(ctx context.Context, s Site) ([][]*kstream.Record, error) {
	c, err := Router(ctx, s)
	if err != nil {
		return nil, err
	}
	if _, err := Backlog(ctx, clock.System(), c, Load{Leads: 1_000}, nil); err != nil {
		return nil, err
	}
	return Written(ctx, s)
}

// Written returns what a router has written to the site, for each lead its records of the
// decision log, of lead.assigned and of lead.timers, in order of the leads.
func Written(ctx context.Context, s Site) ([][]*kstream.Record, error) {
	starts, err := s.Kafka.Starts(ctx, event.LeadDecisions.Topic(s.Instance),
		event.LeadAssigned.Topic(s.Instance), event.LeadTimers.Topic(s.Instance))
	if err != nil {
		return nil, err
	}
	byLead := map[string][]*kstream.Record{}
	if _, err := s.Kafka.ReadToEnd(ctx, starts, func(r *kstream.Record) error {
		byLead[string(r.Key)] = append(byLead[string(r.Key)], r)
		return nil
	}); err != nil {
		return nil, err
	}
	var all [][]*kstream.Record
	for _, id := range slices.Sorted(maps.Keys(byLead)) {
		records := byLead[id]
		// The first decision of each partition, which carries the roster, is not the usual.
		if slices.ContainsFunc(records, func(r *kstream.Record) bool { return bytes.Contains(r.Value, []byte(`"install":`)) }) {
			continue
		}
		slices.SortFunc(records, func(a, b *kstream.Record) int { return cmp.Compare(a.Topic, b.Topic) })
		all = append(all, records)
	}
	return all, nil
}

// path is from lead.created to lead.assigned.
func (s Site) path() Path {
	return Path{
		Client: s.Kafka, In: event.LeadCreated.Topic(s.Instance), Out: event.LeadAssigned.Topic(s.Instance),
		Make: makeLead,
	}
}

// makeLead is a lead as a web form sends it: each of another person, nearly each of another
// company, so that a policy with many rules and reps has use for many of them.
func makeLead(i int) *kstream.Record {
	id := fmt.Sprintf("L-%08d", i)
	countries := [...]string{"DE", "AT", "ES", "US", "GB", "FR"}
	languages := [...]string{"de", "de", "es", "en", "en", "fr"}
	industries := [...]string{"finance", "retail", "health", "software", "finance"}
	of := i - i%10/9 // one in ten is of the company of the one before
	return marshalled(id, map[string]any{
		"id": id, "source": "demo_request", "channel": "web", "email": fmt.Sprintf("jo.%d@%s", i, domain(of)),
		"first_name": personal(i, 2), "last_name": personal(i, 4), "job_title": "VP Risk",
		"country": countries[i%6], "language": languages[i%6],
		"company": map[string]any{"name": company(of), "domain": domain(of), "industry": industries[i%5], "employees": 20 + i%900},
		"product": [...]string{"risk", "core", "care"}[i%3], "deal_value": 1000 * (1 + i%90), "currency": "EUR",
	})
}

// personal is a name of some syllables that hardly resembles that of the number before.
func personal(i, syllables int) string {
	const consonants, vowels = "bcdfghjklmnprstvwxyz", "aeiou"
	// The multiplier is that of Knuth, the golden ratio of 2³²: it scatters what is close.
	n := uint32(i*syllables+1) * 2654435761
	name := make([]byte, 0, 2*syllables)
	for range syllables {
		name = append(name, consonants[n%20], vowels[n/20%5])
		n /= 100
	}
	name[0] -= 'a' - 'A'
	return string(name)
}
