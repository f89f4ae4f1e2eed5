package kstream

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
)

const (
	defaultInstance = "leadrouter"
	defaultSlot     = "0"
)

// Config describes one stream. Zero values take the documented defaults.
type Config struct {
	// Client tells how to reach the brokers. Required.
	Client Client
	// Instance names the installation. Default "leadrouter".
	Instance string
	// Role names the kind of process; with Instance it names the consumer group
	// ("<instance>-<role>"), and with Slot the transactional ids. Required.
	Role string
	// Slot tells the processes of a role apart. It must be stable over restarts, so that a
	// process frees the transaction it left open, and unique among those that run. Default "0".
	Slot string
	// Topics are the input topics, with their full names. Required.
	Topics []string
	// FromStart reads every partition from its start whenever it is assigned, not from the
	// committed offset. The group then only tells who owns what, and fences. After an abort
	// reading goes on behind what this process knows to be committed, which may be less than
	// what is: the handler has to find out what it has written.
	FromStart bool
	// Tick is the longest time without a call of Handle: it then gets an empty batch, whose
	// output commits the positions of all partitions. 0: no ticks.
	Tick time.Duration
	// MaxBatch is the largest number of records in a batch. Default 2,000.
	MaxBatch int
	// MaxBatchBytes is how many bytes of records a batch takes in, and about how many are read
	// ahead of it: with MaxBatch what bounds the memory of a stream that cannot keep up. A
	// larger record goes alone. Default 8 MiB.
	MaxBatchBytes int
	// Producers is the number of transactional clients used in turn, 2 or 3. Default 3: then
	// the one whose turn it is has not just ended a transaction even under load.
	Producers int
	// MaxMessageBytes is the largest output record, see [Config.Fits]. Default 1,048,588,
	// the brokers' own default of max.message.bytes.
	MaxMessageBytes int
	// SessionTimeout is how long a process may be silent before the group goes on without
	// it. Default 10 s.
	SessionTimeout time.Duration
	// TransactionTimeout is how long a dead process can hold subscribers back. Default 10 s.
	TransactionTimeout time.Duration
	// ShutdownTimeout bounds the end of the batch in hand after cancellation. Default 10 s.
	ShutdownTimeout time.Duration
	// Registerer takes the metrics. Default: a registry of its own, which nobody reads.
	Registerer prometheus.Registerer
	// Logger gets events of the stream, never contents of records. Default: none.
	Logger *zap.Logger
	// Clock is used for waiting. Default [clock.System].
	Clock clock.Clock
}

// producers are as many as a stream may have.
const producers = 3

// Group returns the consumer group.
func (c Config) Group() string { return cmp.Or(c.Instance, defaultInstance) + "-" + c.Role }

// TransactionalID returns the transactional id of producer i: "<instance>-<role>-<slot>-<i>".
func (c Config) TransactionalID(i int) string { return transactionalID(c.member(), i) }

// member is the client id of the stream in its group.
func (c Config) member() string { return c.Group() + "-" + cmp.Or(c.Slot, defaultSlot) }

func transactionalID(member string, i int) string { return fmt.Sprintf("%s-%d", member, i) }

// Fits reports whether a record can be written. A handler asks before it commits itself to
// anything, since a record that is refused later takes the batch down with it.
func (c Config) Fits(r *Record) bool { return Size(r) <= c.withDefaults().MaxMessageBytes }

func (c Config) withDefaults() Config {
	c.Slot = cmp.Or(c.Slot, defaultSlot)
	c.MaxBatch = cmp.Or(c.MaxBatch, 2_000)
	c.MaxBatchBytes = cmp.Or(c.MaxBatchBytes, 8<<20)
	c.Producers = cmp.Or(c.Producers, producers)
	c.MaxMessageBytes = cmp.Or(c.MaxMessageBytes, DefaultMaxMessageBytes)
	c.SessionTimeout = cmp.Or(c.SessionTimeout, 10*time.Second)
	c.TransactionTimeout = cmp.Or(c.TransactionTimeout, 10*time.Second)
	c.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 10*time.Second)
	if c.Registerer == nil {
		c.Registerer = prometheus.NewRegistry()
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	return c
}

func (c Config) validate() error {
	var errs []error
	check := func(ok bool, problem string) {
		if !ok {
			errs = append(errs, errors.New(problem))
		}
	}
	check(c.Role != "", "role is empty")
	check(len(c.Topics) > 0, "no input topic")
	check(c.Producers == 2 || c.Producers == producers, "producers must be 2 or 3")
	check(c.MaxBatch > 0, "max batch is not positive")
	check(c.MaxBatchBytes > 0, "max batch bytes is not positive")
	check(c.Tick >= 0, "tick is negative")
	check(c.SessionTimeout >= time.Second, "session timeout is below 1 s")
	check(c.TransactionTimeout >= time.Second, "transaction timeout is below 1 s")
	return errors.Join(append(errs, c.Client.validate())...)
}
