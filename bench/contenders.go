package bench

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.uber.org/zap"

	"leadrouter/pkg/app"
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
	Partitions int32
	Providers  *providers.File // that the router asks; nil: none
	Plain      bool            // the router takes leads as they come
}

// Contender is a stream from lead.created to lead.assigned.
type Contender struct {
	Name  string
	Path  Path
	Start func(context.Context) (stop func() error, err error)
}

// Router is the product on the site, in a new installation.
func Router(ctx context.Context, s Site) (Contender, error) {
	if err := s.Kafka.CreateTopics(ctx, app.Topics(s.Instance, s.Partitions, 1)...); err != nil {
		return Contender{}, err
	}
	start := func(ctx context.Context) (func() error, error) {
		router, err := app.NewRouter(app.RouterConfig{
			Kafka: s.Kafka, Redis: s.Redis, Instance: s.Instance, Policy: s.Policy, Providers: s.Providers, Plain: s.Plain,
			Slot: "bench", Logger: zap.NewNop(),
		})
		if err != nil {
			return nil, err
		}
		return launch(ctx, router.Run), nil
	}
	return Contender{Name: "router", Path: s.path(), Start: start}, nil
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
	start := func(ctx context.Context) (func() error, error) {
		stream, err := kstream.New(kstream.Config{
			Client: s.Kafka, Instance: s.Instance, Role: "copy", Slot: "bench", Topics: topics,
		}, &Copy{Like: own})
		if err != nil {
			return nil, err
		}
		return launch(ctx, stream.Run), nil
	}
	return Contender{Name: "bare loop", Path: s.path(), Start: start}, nil
}

// launch runs a stream until the returned function is called.
func launch(ctx context.Context, run func(context.Context) error) func() error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// Sample is what the router writes for some leads, for each the records of the decision
// log and of lead.assigned.
func Sample(ctx context.Context, s Site) ([][]*kstream.Record, error) {
	c, err := Router(ctx, s)
	if err != nil {
		return nil, err
	}
	topics := []string{event.LeadDecisions.Topic(s.Instance), event.LeadAssigned.Topic(s.Instance)}
	from, err := s.Kafka.Starts(ctx, topics...)
	if err != nil {
		return nil, err
	}
	const leads = 1_000
	if err := fill(ctx, c.Path, leads); err != nil {
		return nil, err
	}
	stop, err := c.Start(ctx)
	if err != nil {
		return nil, err
	}
	byLead, seen := map[string][]*kstream.Record{}, 0
	err = s.Kafka.Tail(ctx, from, func(r *kstream.Record) error {
		byLead[string(r.Key)] = append(byLead[string(r.Key)], r)
		if seen++; seen == leads*len(topics) {
			return errComplete
		}
		return nil
	})
	if stopErr := stop(); stopErr != nil {
		return nil, stopErr
	}
	for id, records := range byLead {
		// The first decision of each partition, which carries the roster, is not the usual.
		if slices.ContainsFunc(records, func(r *kstream.Record) bool { return bytes.Contains(r.Value, []byte(`"install":`)) }) {
			delete(byLead, id)
		}
	}
	return slices.Collect(maps.Values(byLead)), unless(err, errComplete)
}

// path is from lead.created to lead.assigned.
func (s Site) path() Path {
	return Path{
		Client: s.Kafka, In: event.LeadCreated.Topic(s.Instance), Out: event.LeadAssigned.Topic(s.Instance),
		Make: makeLead,
	}
}

// makeLead is a lead as a web form sends it.
func makeLead(i int) *kstream.Record {
	id := fmt.Sprintf("L-%08d", i)
	countries := [...]string{"DE", "AT", "ES", "US", "GB", "FR"}
	languages := [...]string{"de", "de", "es", "en", "en", "fr"}
	return marshalled(id, map[string]any{
		"id": id, "source": "demo_request", "channel": "web", "email": fmt.Sprintf("jo.%d@weber-bank.example", i),
		"first_name": "Jo", "last_name": "Weber", "job_title": "VP Risk", "country": countries[i%6], "language": languages[i%6],
		"company": map[string]any{"name": "Weber Bank", "domain": "weber-bank.example", "industry": "finance", "employees": 20 + i%900},
		"product": "risk", "deal_value": 1000 * (1 + i%90), "currency": "EUR",
	})
}
