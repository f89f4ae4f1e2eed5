package redisledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"leadrouter/pkg/ledger"
)

// Config of a [Ledger].
type Config struct {
	// Namespace begins every key; it is the hash tag, without the braces.
	Namespace string
	// Cluster is the id of the Kafka cluster whose log this ledger is folded from.
	Cluster string
	// Prefix is the prefix of the instance's topics; may be empty.
	Prefix string
	// Dedupe is how long a closed lead is remembered, in ledger time. 0 means
	// [ledger.Dedupe].
	Dedupe time.Duration
}

func (c Config) withDefaults() Config {
	c.Dedupe = cmp.Or(c.Dedupe, ledger.Dedupe)
	return c
}

func (c Config) validate() error {
	var errs []error
	if c.Namespace == "" || strings.ContainsAny(c.Namespace, "{}") {
		errs = append(errs, fmt.Errorf("namespace %q must not be empty or hold braces", c.Namespace))
	}
	if c.Cluster == "" {
		errs = append(errs, errors.New("no Kafka cluster id"))
	}
	if c.Dedupe < 0 {
		errs = append(errs, fmt.Errorf("dedupe window %s is negative", c.Dedupe))
	}
	return errors.Join(errs...)
}

// Ledger is the [ledger.Store] in Redis. It is safe for concurrent use. [Ledger.Open]
// comes first.
type Ledger struct {
	client  redis.UniversalClient
	cfg     Config
	scripts scripts

	mu        sync.RWMutex
	bound     binding
	installed map[string]bool // digests of rosters that this generation has
}

var _ ledger.Store = (*Ledger)(nil)

// binding is the epoch that scripts must find, and the server it was verified on.
type binding struct {
	epoch      int64
	generation string
	server
}

// server is what tells one Redis from the same one after a restart or a promotion.
type server struct {
	run    string // empty on the embedded Redis
	replid string
}

// New makes a ledger on a client. It does not call the server.
func New(client redis.UniversalClient, cfg Config) (*Ledger, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("redis ledger: %w", err)
	}
	scripts, err := loadScripts()
	if err != nil {
		return nil, fmt.Errorf("redis ledger: %w", err)
	}
	return &Ledger{client: client, cfg: cfg, scripts: scripts, installed: map[string]bool{}}, nil
}

// Status is where a ledger stands.
type Status struct {
	Epoch    int64
	Sequence int64 // the last one given
	At       int64 // ledger time, Unix milliseconds
}

// Open is [Ledger.OpenAfter] with a log that is empty, or that nobody has looked at.
func (l *Ledger) Open(ctx context.Context) (Status, error) { return l.OpenAfter(ctx, Status{}) }

// OpenAfter checks the server and the namespace, binds a namespace that is empty, and
// adopts the epoch it finds. log is where the decision log stands: a ledger that knows
// less was rolled back or lost. [ledger.ErrEpoch] means that, or that the epoch was
// verified on another server, is older than the one that was adopted before, or stands
// still: the ledger must be replaced, and nothing was bound or adopted. After ErrEpoch
// from another call, OpenAfter adopts what somebody else has rebuilt.
func (l *Ledger) OpenAfter(ctx context.Context, log Status) (Status, error) {
	found, err := l.identify(ctx)
	if err == nil {
		err = l.check(found)
	}
	if err == nil && !found.exists {
		if log.Sequence > 0 {
			return Status{}, fmt.Errorf("open redis ledger %s: redis is empty and the decision log is not: %w", l.cfg.Namespace, ledger.ErrEpoch)
		}
		found, err = l.bind(ctx, found)
	}
	if err != nil {
		return Status{}, fmt.Errorf("open redis ledger %s: %w", l.cfg.Namespace, err)
	}
	bound := binding{epoch: found.epoch, generation: found.generation, server: found.server}
	status, err := l.status(ctx, bound)
	if err != nil {
		return Status{}, err
	}
	if why := l.lost(found, status, log); why != "" {
		return Status{}, fmt.Errorf("open redis ledger %s: %s: %w", l.cfg.Namespace, why, ledger.ErrEpoch)
	}
	l.adopt(bound)
	return status, nil
}

// lost says why what was found is not the ledger that the log speaks of; empty: it is.
func (l *Ledger) lost(found identity, status, log Status) string {
	before := l.binding().epoch
	switch {
	case found.verified.run == halted:
		return "it stands still until it is rebuilt"
	case found.verified != found.server:
		return fmt.Sprintf("verified on run %.8s, found run %.8s", found.verified.run, found.run)
	case found.epoch < max(before, log.Epoch):
		return fmt.Sprintf("epoch %d is over, %d has begun since", found.epoch, max(before, log.Epoch))
	case status.Sequence < log.Sequence:
		return fmt.Sprintf("it has given %d sequences, the log has %d", status.Sequence, log.Sequence)
	}
	return ""
}

// check says whether this server and namespace may be used at all.
func (l *Ledger) check(found identity) error {
	switch {
	case found.policy != "" && found.policy != "noeviction":
		return fmt.Errorf("%w but %s", ErrEviction, found.policy)
	case !found.exists:
		return nil
	case found.schema > schema:
		return fmt.Errorf("%w: %d, this program knows %d", ErrSchema, found.schema, schema)
	case found.cluster != l.cfg.Cluster || found.prefix != l.cfg.Prefix:
		return fmt.Errorf("%w: Kafka cluster %q, prefix %q", ErrBound, found.cluster, found.prefix)
	}
	return nil
}

// bind begins the first epoch of an empty namespace, unless somebody else just
// did.
func (l *Ledger) bind(ctx context.Context, found identity) (identity, error) {
	first := binding{epoch: 1, generation: generation(1, found.micros), server: found.server}
	if err := l.flip(ctx, binding{}, first); err != nil && !errors.Is(err, ledger.ErrEpoch) {
		return identity{}, err
	}
	found, err := l.identify(ctx)
	if err != nil {
		return identity{}, err
	}
	return found, l.check(found)
}

func (l *Ledger) adopt(b binding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bound != b {
		l.bound, l.installed = b, map[string]bool{}
	}
}

func (l *Ledger) binding() binding {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.bound
}

func (l *Ledger) keys(generation string) keys {
	return keys{namespace: l.cfg.Namespace, generation: generation}
}

// Status reads where the ledger stands.
func (l *Ledger) Status(ctx context.Context) (Status, error) { return l.status(ctx, l.binding()) }

func (l *Ledger) status(ctx context.Context, b binding) (Status, error) {
	clock, err := l.client.HGetAll(ctx, l.keys(b.generation).clock()).Result()
	if err != nil {
		return Status{}, fmt.Errorf("read clock of redis ledger %s: %w", l.cfg.Namespace, classify(err))
	}
	n := numbers{}
	status := Status{Epoch: b.epoch, Sequence: n.read(clock["sequence"]), At: n.read(clock["at"])}
	return status, n.err
}
