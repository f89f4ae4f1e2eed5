// Package doctor looks at everything a router needs, and says of each part whether
// it is fine and what to do next. It changes nothing: no topic is made, no key is
// written.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/rights"
)

// Status of a finding.
type Status string

// The statuses.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "FAIL"
)

// Finding is one thing that was looked at.
type Finding struct {
	Check       string `json:"check"`
	Status      Status `json:"status"`
	Text        string `json:"text"`
	Next        string `json:"next,omitempty"` // what to do
	Unreachable bool   `json:"unreachable,omitempty"`
}

// Config says what to look at.
type Config struct {
	Kafka    kstream.Client
	Redis    app.Redis
	Instance string // prefix of topics; empty: none
	Policy   string // file or folder, or [app.Published]; empty: none is looked at
	Feeds    string // folder of calendar feeds that are files. Default that of the policy
	// Providers is the file of providers; empty: none is looked at. Each is asked once about
	// Lead, unless that is nil.
	Providers string
	Lead      *lead.Lead
	// Role is whose rights are looked at. Default [rights.Router].
	Role    rights.Role
	Timeout time.Duration // longest wait for one service. Default 5 s
	Clock   clock.Clock   // default [clock.System]
}

// Run looks at everything, in the order in which a router needs it.
func Run(ctx context.Context, cfg Config) []Finding {
	cfg.Timeout = cmp.Or(cfg.Timeout, 5*time.Second)
	cfg.Role = cmp.Or(cfg.Role, rights.Router)
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	cfg.Kafka.Patience = cfg.Timeout
	e := &examination{Config: cfg}
	e.policy(ctx)
	e.providers(ctx)
	e.kafka(ctx)
	e.redis(ctx)
	return e.findings
}

// Err is nil when nothing failed, [app.Unreachable] when a service gives no answer,
// and [app.No] otherwise.
func Err(findings []Finding) error {
	var failed []string
	unreachable := false
	for _, f := range findings {
		if f.Status == Fail {
			failed = append(failed, f.Check)
			unreachable = unreachable || f.Unreachable
		}
	}
	if len(failed) == 0 {
		return nil
	}
	err := fmt.Errorf("not ready: %s; see what to do above", strings.Join(slices.Compact(failed), ", "))
	if unreachable {
		return app.Unreachable(err)
	}
	return app.No(err)
}

// examination is one run.
type examination struct {
	Config
	findings []Finding
	cluster  string // Kafka's id; empty when it was not reached
	logged   bool   // the decision log holds records
	hash     string // of the policy in files; empty when there is none
}

func (e *examination) add(check string, status Status, next, format string, args ...any) {
	e.findings = append(e.findings, Finding{Check: check, Status: status, Text: fmt.Sprintf(format, args...), Next: next})
}

// silent adds that a service gives no answer.
func (e *examination) silent(check, next string, err error) {
	if advice, _ := app.Refusal(err); advice != "" {
		e.add(check, Fail, advice, "refused: %v", err)
	} else {
		e.add(check, Fail, next, "no answer: %v", err)
	}
	e.findings[len(e.findings)-1].Unreachable = true
}

func (e *examination) kafka(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	identity, err := e.Kafka.Identify(ctx)
	if err != nil {
		e.silent("kafka", "check --brokers ("+strings.Join(e.Kafka.Brokers, ",")+"), --kafka-tls and --kafka-sasl", err)
		return
	}
	e.cluster = identity.Cluster
	e.add("kafka", OK, "", "cluster %s at %s", identity.Cluster, strings.Join(e.Kafka.Brokers, ","))
	e.topics(ctx)
	e.kafkaRights(ctx)
}

func (e *examination) topics(ctx context.Context) {
	const check = "topics"
	states, err := app.InspectTopics(ctx, e.Kafka, e.Instance)
	if err != nil {
		e.add(check, Fail, "check the rights of --kafka-user", "%v", err)
		return
	}
	var missing []string
	copies, fine, hidden := int16(0), true, 0
	for _, s := range states {
		if s.Hidden {
			hidden++
		}
		if s.Missing {
			missing = append(missing, s.Name)
			continue
		}
		for _, problem := range s.Problems {
			fine = false
			e.add(check, Fail, nextFor(problem), "%v", problem)
		}
		if s.Name == event.LeadDecisions.Topic(e.Instance) {
			copies = s.Replication
		}
	}
	switch {
	case len(missing) > 0:
		e.add(check, Fail, "leadrouter topics create", "%d of %d are missing, first %s", len(missing), len(states), missing[0])
		return
	case fine && hidden > 0:
		e.add(check, Warn, "run leadrouter doctor as who created the topics, too", "all %d are there; how %d of them are set this user may not read", len(states), hidden)
	case fine && copies == 1:
		e.add(check, Warn, "raise the replication of "+event.LeadDecisions.Topic(e.Instance), "all %d are there, with one copy each: a lost disk loses the log", len(states))
	case fine:
		e.add(check, OK, "", "all %d are there, %d copies of the log", len(states), copies)
	}
	e.log(ctx)
	e.published(ctx)
}

// nextFor says what to do about a topic that is not as it should be.
func nextFor(problem error) string {
	switch {
	case errors.Is(problem, kstream.ErrPartitionCount):
		return "the count is fixed for good: begin a new --instance"
	case errors.Is(problem, kstream.ErrTopicForgetting):
		return "set it back with kafka-configs before the log is cut"
	default:
		return "set it with kafka-configs"
	}
}

// log notes whether anything has been decided yet.
func (e *examination) log(ctx context.Context) {
	topic := event.LeadDecisions.Topic(e.Instance)
	ends, err := e.Kafka.Ends(ctx, topic)
	if err != nil {
		e.add("topics", Fail, "check the rights of --kafka-user", "%v", err)
		return
	}
	for _, end := range ends {
		e.logged = e.logged || end > 0
	}
}

// Bounds of how far the clocks of two hosts may be apart: decisions are stamped by
// the router, caps and shifts go by these stamps.
const (
	skewWarn = 2 * time.Second
	skewFail = time.Minute
)

func (e *examination) redis(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	const check = "redis"
	client, err := e.Redis.Client()
	if err != nil {
		e.add(check, Fail, "check --redis", "%v", err)
		return
	}
	defer func() { _ = client.Close() }()
	if err := client.Ping(ctx).Err(); err != nil {
		e.silent(check, "check --redis, --redis-tls and --redis-user", err)
		return
	}
	e.add(check, OK, "", "answers")
	if e.cluster == "" {
		e.add("ledger", Warn, "", "not looked at: what it is bound to is known when Kafka answers")
		return
	}
	store, err := redisledger.New(client, redisledger.Config{
		Namespace: cmp.Or(e.Instance, app.DefaultInstance), Cluster: e.cluster, Prefix: e.Instance,
	})
	if err != nil {
		e.add("ledger", Fail, "check --instance", "%v", err)
		return
	}
	if !e.redisRights(ctx, store) {
		return // what it says of the ledger would only repeat it
	}
	before := e.Clock.Now()
	seen, err := store.Inspect(ctx)
	e.ledger(seen, err)
	if !seen.Now.IsZero() {
		// The answer was made somewhere between the two readings.
		e.skew(seen.Now.Sub(before.Add(e.Clock.Now().Sub(before) / 2)))
	}
}

func (e *examination) ledger(seen redisledger.Inspection, err error) {
	const check = "ledger"
	switch {
	case errors.Is(err, redisledger.ErrEviction):
		e.add(check, Fail, "CONFIG SET maxmemory-policy noeviction, and in redis.conf", "%v", err)
	case errors.Is(err, redisledger.ErrBound):
		e.add(check, Fail, "take another Redis, or another --instance", "%v", err)
	case errors.Is(err, redisledger.ErrSchema):
		e.add(check, Fail, "use the newer leadrouter, or an empty Redis", "%v", err)
	case err != nil:
		e.add(check, Fail, "check the rights of --redis-user", "%v", err)
	case !seen.Bound && e.logged:
		e.add(check, Warn, "nothing: the next router rebuilds it from the log", "empty, and the decision log is not")
	case !seen.Bound:
		e.add(check, OK, "", "empty, as the decision log is")
	case !seen.Verified:
		e.add(check, Warn, "nothing: the next router rebuilds it from the log", "epoch %d; this Redis was restarted or replaced since", seen.Epoch)
	default:
		e.add(check, OK, "", "epoch %d", seen.Epoch)
	}
}

func (e *examination) skew(d time.Duration) {
	status, next := OK, ""
	switch {
	case d.Abs() > skewFail:
		status, next = Fail, "let both hosts follow NTP"
	case d.Abs() > skewWarn:
		status, next = Warn, "let both hosts follow NTP"
	}
	e.add("clock", status, next, "Redis is %s off this host", d.Round(time.Millisecond))
}
