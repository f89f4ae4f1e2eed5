package app

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/feeds"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policylog"
	"leadrouter/pkg/providers"
	"leadrouter/pkg/redisledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
	"leadrouter/streams/router"
)

// DefaultInstance names an installation that has no name, where a name is needed:
// consumer groups, transactional ids, Redis keys.
const DefaultInstance = "leadrouter"

// RouterConfig is what a router process is told.
type RouterConfig struct {
	Kafka    kstream.Client
	Redis    Redis
	Instance string // prefix of topics; empty: none
	Policy   string // file or folder, or [Published]
	// PolicyTold is [PolicyFileConfig.Told]. Optional.
	PolicyTold func(*policy.Policy, error)
	Metrics    string // listen address; empty: none
	// Feeds is the folder of reps' calendar feeds that are files. Default: that of the policy.
	Feeds string
	// FeedsEvery is how often a feed with an address is read again. Default 5 min.
	FeedsEvery time.Duration
	// Plain takes leads as their senders and providers describe them: nothing is concluded
	// from what they say.
	Plain bool
	// GeoIP is a MaxMind file that tells where IP addresses are; empty: nobody knows.
	GeoIP string
	// MatchKey is the secret under which persons and companies are recognised, the same for
	// all routers and for good. Default: the name of the Kafka cluster, which is no secret.
	MatchKey string
	// Providers are asked what they know of new leads; nil: nobody is.
	Providers *providers.File
	// Slot tells the routers apart; empty: one is taken by a lock file.
	Slot string
	// StartTimeout bounds the wait for services at start. Default 30 s.
	StartTimeout time.Duration
	// NoRebuild leaves a ledger that was lost to leadrouter rebuild, by hand.
	NoRebuild bool
	Logger    *zap.Logger
	// Clock is what decisions call now. Default the system's.
	Clock clock.Clock
	// Version of the program, for the metrics. Optional.
	Version string
}

// Parts of a router's health.
const (
	partKafka  = "kafka"
	partLedger = "ledger"
	partStream = "stream"
	// partAccounts complains until the accounts are read, and while they cannot be.
	partAccounts = "accounts"

	partPolicy = "policy" // only when it comes from the topic
	// partRebuild complains while a ledger is lost and this router sees to it.
	partRebuild = "rebuild"
)

// PolicySource is where a router has its policy from.
type PolicySource interface {
	// Planner plans with the policy in force.
	Planner() *routing.Planner
	// Policy is the policy in force; nil before the first.
	Policy() *policy.Policy
	// Wait returns once the first policy is in force, or with the error of ctx.
	Wait(ctx context.Context) error
	// Run looks for changes until ctx ends.
	Run(ctx context.Context) error
}

// Router is the process that routes leads.
type Router struct {
	*process
	cfg    RouterConfig
	policy PolicySource
	feeds  *feeds.Feeds
	// accounts are those of account.changed; read to its end before the first lead.
	accounts *accounts.Follower
	stuck    atomic.Bool // the last call of the ledger failed, and is repeated
	mender   *mender     // nil: with NoRebuild
}

// NewRouter loads the policy of a file. A wrong one is an error: it never starts a
// router. One that is published is waited for by [Router.Run].
func NewRouter(cfg RouterConfig) (*Router, error) {
	cfg.StartTimeout = cmp.Or(cfg.StartTimeout, 30*time.Second)
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	parts := []string{partKafka, partLedger, partStream, partAccounts}
	if cfg.Policy == Published {
		parts = append(parts, partPolicy)
	}
	r := &Router{cfg: cfg, process: newProcess(processConfig{
		Role: roleRouter, Version: cfg.Version, Logger: cfg.Logger, StartTimeout: cfg.StartTimeout,
		Flags: "--brokers and --redis", Parts: parts,
	})}
	if cfg.NoRebuild {
		r.lost = "run leadrouter rebuild"
	}
	r.accounts = r.followAccounts()
	if cfg.Policy == Published {
		r.policy = FollowPolicy(policylog.New(cfg.Kafka, cfg.Instance), PolicyTopicConfig{
			Logger: cfg.Logger, Clock: clock.System(), Registerer: r.reg, Told: cfg.PolicyTold,
			Report: func(err error) { r.report(partPolicy, err) },
		})
		r.feeds = r.newFeeds()
		return r, nil
	}
	file, err := OpenPolicy(cfg.Policy, PolicyFileConfig{
		Logger: cfg.Logger, Clock: clock.System(), Registerer: r.reg, Told: cfg.PolicyTold,
	})
	if err != nil {
		return nil, err
	}
	r.policy = file
	r.feeds = r.newFeeds()
	return r, nil
}

// Policy is where the router has its policy from.
func (r *Router) Policy() PolicySource { return r.policy }

// Run routes leads until ctx ends, finishes the batch in hand and leaves the
// group. A service that does not answer in time at the start is [Unreachable];
// later ones are waited for.
func (r *Router) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ServeMetrics(ctx, r.cfg.Metrics, r.reg, r.health) })
	group.Go(func() error { return r.policy.Run(ctx) })
	group.Go(func() error { return r.feeds.Run(ctx) })
	group.Go(func() error { return r.accounts.Run(ctx) })
	group.Go(func() error { return r.route(ctx) })
	return group.Wait()
}

// route connects, then runs the stream.
func (r *Router) route(ctx context.Context) error {
	slot, release, err := takeSlot(r.cfg.Slot, r.cfg.Instance, roleRouter)
	if err != nil {
		return err
	}
	defer release()
	known, err := r.newKnowledge()
	if err != nil {
		return err
	}
	defer known.close()
	identity, err := r.connectKafka(ctx)
	if err != nil {
		return stopped(ctx, err)
	}
	client, err := r.cfg.Redis.Client()
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	store, err := redisledger.New(client, ledgerConfig(r.cfg.Instance, identity))
	if err != nil {
		return Usage(err)
	}
	if !r.cfg.NoRebuild {
		if r.mender, err = r.newMender(client, identity); err != nil {
			return err
		}
	}
	open := func(ctx context.Context) error { return r.start(ctx, store) }
	if err := r.wait(ctx, partLedger, open); err != nil {
		return stopped(ctx, err)
	}
	if err := r.policy.Wait(ctx); err != nil {
		return stopped(ctx, err)
	}
	if err := r.accounts.Wait(ctx); err != nil {
		return stopped(ctx, err)
	}
	r.awaitFeeds(ctx)
	handler, stream, err := r.build(slot, identity, store, known)
	if err != nil {
		return err
	}
	counted := newVitals(r.reg, r.cfg.Clock, store.Vitals)
	r.log.Info("router started", zap.String("slot", slot), zap.String("policy", r.policy.Policy().Name),
		zap.String("hash", r.policy.Policy().Hash))
	// The positions of the last batch are acknowledged after the stream has ended.
	acks, stopAcks := context.WithCancel(context.WithoutCancel(ctx))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return handler.Run(acks) })
	group.Go(func() error { return known.Run(acks) })
	group.Go(func() error { return r.watch(ctx, stream, func() error { return nil }) })
	group.Go(func() error { return probe(ctx, stream.Ping, func(err error) { r.report(partKafka, err) }) })
	group.Go(func() error { return probe(ctx, r.verified(store), r.reportLedger) })
	group.Go(func() error { return survey(ctx, r.log, "lag", stream.Survey) })
	group.Go(func() error { return survey(ctx, r.log, "ledger", counted.count) })
	if r.mender != nil {
		group.Go(func() error { return r.mender.Run(ctx) })
	}
	group.Go(func() error { defer stopAcks(); return stream.Run(ctx) })
	return group.Wait()
}

// build makes the stream and its handler.
func (r *Router) build(slot string, identity kstream.Identity, store *redisledger.Ledger, known *knowledge) (*router.Handler, *kstream.Stream, error) {
	streamConfig := kstream.Config{
		Client: r.cfg.Kafka, Instance: r.namespace(), Role: roleRouter, Slot: slot,
		Topics: r.inputs(), Tick: policyTick, Registerer: r.reg, Logger: r.log,
	}
	behind := func(t event.Type) *backlog {
		return &backlog{client: r.cfg.Kafka, group: streamConfig.Group(), topic: t.Topic(r.cfg.Instance), clock: clock.System()}
	}
	handler := router.New(store, router.Config{
		Instance: r.cfg.Instance,
		Process:  streamConfig.TransactionalID(0) + "-" + strconv.FormatInt(clock.System().Now().UnixNano(), 36),
		TopicIDs: identity.Topics,
		Planner:  r.policy.Planner,
		Absent:   r.feeds.Absent,
		// Installations do not recognise each other's leads.
		Recogniser: ties.New([]byte(cmp.Or(r.cfg.MatchKey, identity.Cluster) + "/" + r.namespace())),
		Enrich:     known.enrich,
		Derive:     known.derive,
		Fits:       streamConfig.Fits,
		Log:        audit.NewLog(r.cfg.Kafka, r.cfg.Instance),
		Read:       r.cfg.Kafka.At,
		Current:    behind(event.LeadActivity).Read,
		MayCome: (&arrivals{
			clock: clock.System(), backlog: func() *backlog { return behind(event.LeadCreated) }, waits: map[place]*wait{},
		}).May,
		Verify: func(ctx context.Context) error { return r.reopen(ctx, store) },
		Report: func(err error) { r.stuck.Store(err != nil); r.report(partLedger, err) },

		Registerer: r.reg, Logger: r.log, Clock: r.cfg.Clock,
	})
	stream, err := kstream.New(streamConfig, handler)
	if err != nil {
		return nil, nil, Usage(err)
	}
	return handler, stream, nil
}

// Namespace is the name of an installation where it needs one.
func Namespace(instance string) string { return cmp.Or(instance, DefaultInstance) }

// RouterGroup is the consumer group of an installation's routers.
func RouterGroup(instance string) string {
	return kstream.Config{Instance: Namespace(instance), Role: roleRouter}.Group()
}

const roleRouter = "router"

// policyTick is how soon an idle router finds that its policy is another one.
const policyTick = time.Second

func (r *Router) namespace() string { return Namespace(r.cfg.Instance) }

func (r *Router) inputs() []string {
	var names []string
	for _, t := range router.Inputs() {
		names = append(names, t.Topic(r.cfg.Instance))
	}
	return names
}

// open binds the ledger, if it knows at least what the log does.
func (r *Router) open(ctx context.Context, store *redisledger.Ledger) error {
	log := audit.NewLog(r.cfg.Kafka, r.cfg.Instance)
	epoch, sequence, err := log.Last(ctx)
	if err != nil {
		return err
	}
	_, err = store.OpenAfter(ctx, redisledger.Status{Epoch: epoch, Sequence: sequence})
	return err
}

// reopen is open for a ledger that has refused us: if it is lost, it is seen to.
func (r *Router) reopen(ctx context.Context, store *redisledger.Ledger) error {
	err := r.open(ctx, store)
	if r.mender != nil && errors.Is(err, ledger.ErrEpoch) {
		r.mender.ask()
	}
	return err
}

// start is the first open. A log that is not whole is refused: the next rebuild could not
// be made from it. A lost ledger is none of our troubles where it is rebuilt: it refuses
// the first batch, and so on.
func (r *Router) start(ctx context.Context, store *redisledger.Ledger) error {
	err := audit.NewLog(r.cfg.Kafka, r.cfg.Instance).Reaches(ctx)
	if errors.Is(err, audit.ErrCut) {
		return backoff.Permanent(Unreachable(err))
	}
	if err == nil {
		err = permittedRedis(ctx, store)
	}
	if err == nil {
		err = r.reopen(ctx, store)
	}
	if unusable(err) {
		return backoff.Permanent(Usage(err))
	}
	if r.mender != nil && errors.Is(err, ledger.ErrEpoch) {
		r.health.Set(partRebuild, err)
		return nil
	}
	return err
}

// newMender sees to the ledger through one of its own.
func (r *Router) newMender(client redis.UniversalClient, kafka kstream.Identity) (*mender, error) {
	store, err := redisledger.New(client, ledgerConfig(r.cfg.Instance, kafka))
	if err != nil {
		return nil, Usage(err)
	}
	return newMender(mender{
		open:  func(ctx context.Context) error { return r.open(ctx, store) },
		claim: func(ctx context.Context) (bool, error) { return store.Claim(ctx, claimFor) },
		rebuild: func(ctx context.Context) (audit.Rebuilt, error) {
			return rebuild(ctx, RebuildConfig{Kafka: r.cfg.Kafka, Instance: r.cfg.Instance, Now: r.cfg.Clock.Now()}, store)
		},
		report: func(err error) { r.health.Set(partRebuild, err) },
		log:    r.log, clock: clock.System(),
	}, r.reg), nil
}

// connectKafka waits for the brokers and checks the rights and the topics: names, ids,
// settings without which decisions could be lost.
func (r *Router) connectKafka(ctx context.Context) (kstream.Identity, error) {
	if err := r.permitted(ctx, r.cfg.Kafka, r.rights()); err != nil {
		return kstream.Identity{}, err
	}
	names := append(r.inputs(), event.LeadDecisions.Topic(r.cfg.Instance),
		event.LeadAssigned.Topic(r.cfg.Instance), event.LeadTimers.Topic(r.cfg.Instance), event.AccountChanged.Topic(r.cfg.Instance))
	for _, input := range r.inputs() {
		names = append(names, input+kstream.DLQSuffix)
	}
	if r.cfg.Policy == Published {
		names = append(names, event.PolicyPublished.Topic(r.cfg.Instance))
	}
	return r.identify(ctx, r.cfg.Kafka, names...)
}

// reportLedger tells how an idle ledger is. What it refuses a lead, it says itself.
func (r *Router) reportLedger(err error) {
	if r.mender != nil && errors.Is(err, ledger.ErrEpoch) {
		r.mender.ask()
	}
	if !r.stuck.Load() {
		r.report(partLedger, err)
	}
}

// verified asks whether the ledger is the one that was opened.
func (r *Router) verified(store *redisledger.Ledger) func(context.Context) error {
	return func(ctx context.Context) error {
		seen, err := store.Inspect(ctx)
		if err == nil && !seen.Verified {
			err = ledger.ErrEpoch
		}
		return err
	}
}
