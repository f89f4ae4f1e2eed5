package accounts

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
)

// again is the wait before the topic is read anew after an error.
const again = time.Second

// Config is what a [Follower] needs.
type Config struct {
	Kafka    kstream.Client
	Instance string // prefix of topics; empty: none
	// Report is told what the first reading waits for, and nil once all is read.
	Report     func(error)
	Registerer prometheus.Registerer
	Logger     *zap.Logger
	Clock      clock.Clock
}

// Follower keeps an index of what account.changed says.
type Follower struct {
	cfg     Config
	topic   string
	index   atomic.Pointer[Index] // nil: not read yet
	first   chan struct{}         // closed once it was read to its end
	held    prometheus.GaugeFunc
	refused prometheus.Counter
}

// NewFollower returns a follower that has read nothing: [Follower.Run] reads.
func NewFollower(cfg Config) *Follower {
	f := &Follower{cfg: cfg, topic: event.AccountChanged.Topic(cfg.Instance), first: make(chan struct{})}
	f.held = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "leadrouter_accounts", Help: "Accounts that leads are matched with."},
		func() float64 { return float64(f.Len()) })
	f.refused = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "leadrouter_account_records_refused_total", Help: "Records of account.changed that are no account, and were passed over.",
	})
	if cfg.Registerer != nil {
		cfg.Registerer.MustRegister(f.held, f.refused)
	}
	return f
}

// Wait returns once the topic was read to its end, or with the error of ctx.
func (f *Follower) Wait(ctx context.Context) error {
	select {
	case <-f.first:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Len is the count of accounts that are known.
func (f *Follower) Len() int {
	if x := f.index.Load(); x != nil {
		return x.Len()
	}
	return 0
}

// Match is [Index.Match]; before the topic was read it does nothing.
func (f *Follower) Match(l *lead.Lead, limits Limits) {
	if x := f.index.Load(); x != nil {
		x.Match(l, limits)
	}
}

// Run follows the topic until ctx ends. After an error it reads all of it anew, so that
// nothing stays that was removed meanwhile; until then the accounts are those from before.
func (f *Follower) Run(ctx context.Context) error {
	for {
		err := f.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if f.index.Load() == nil {
			f.cfg.Report(err)
		} else {
			f.cfg.Logger.Warn("accounts cannot be read; they stay as they are", zap.Error(err))
		}
		if f.cfg.Clock.Sleep(ctx, again) != nil {
			return nil
		}
	}
}

// follow reads the topic to its end, has the index in force, and goes on reading.
func (f *Follower) follow(ctx context.Context) error {
	started := f.cfg.Clock.Now()
	x, next, err := f.read(ctx)
	if err != nil {
		return err
	}
	f.index.Store(x)
	f.cfg.Report(nil)
	select {
	case <-f.first:
	default:
		close(f.first)
		f.cfg.Logger.Info("accounts read", zap.Int("accounts", x.Len()), zap.Duration("took", f.cfg.Clock.Now().Sub(started)))
	}
	return f.cfg.Kafka.Tail(ctx, next, func(r *kstream.Record) error { f.apply(x, r); return nil })
}

func (f *Follower) read(ctx context.Context) (*Index, map[kstream.TopicPartition]int64, error) {
	from, err := f.cfg.Kafka.Starts(ctx, f.topic)
	if err != nil {
		return nil, nil, err
	}
	x := New()
	next, err := f.cfg.Kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error { f.apply(x, r); return nil })
	return x, next, err
}

// apply puts a record into an index. One that is no account changes nothing: what was known
// of it before is still the best that is known.
func (f *Follower) apply(x *Index, r *kstream.Record) {
	a, gone, err := Decode(r)
	if err != nil {
		f.refused.Inc()
		f.cfg.Logger.Warn("a record of account.changed is no account; it is passed over",
			zap.Int32("partition", r.Partition), zap.Int64("offset", r.Offset), zap.String("code", string(lead.CodeOf(err))))
		return
	}
	if gone {
		x.Remove(a.ID)
		return
	}
	x.Put(a, Version{Partition: r.Partition, Offset: r.Offset})
}

// Read reads the topic of an installation once, to its end. What is no account is passed over.
func Read(ctx context.Context, kafka kstream.Client, instance string) (*Index, error) {
	f := NewFollower(Config{Kafka: kafka, Instance: instance, Logger: zap.NewNop()})
	x, _, err := f.read(ctx)
	return x, err
}

// Decode reads a record of account.changed. One without a value, or with null, is gone. The
// key stands in for a missing id. The error is a [*lead.Error].
func Decode(r *kstream.Record) (a lead.Account, gone bool, err error) {
	if len(r.Value) == 0 {
		a.ID = string(r.Key)
		return a, true, nil
	}
	e, err := kstream.Decode(r)
	if err != nil {
		return a, false, err
	}
	a, err = e.Account()
	return a, false, err
}
