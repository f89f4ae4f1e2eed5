package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/seal"
)

// FollowConfig of a [Follower].
type FollowConfig struct {
	PassConfig
	// Every is how often the log is looked at; what is new is sealed. Default 5 min.
	Every time.Duration
	// Records is how many records one seal covers at most. Default, and most, 10,000: so
	// that a seal fits into a message.
	Records int64
	// Snapshot is how many decisions pass between two snapshots. Default 100,000; below 0:
	// none are taken.
	Snapshot int64
	// Keep is how many snapshots are kept. Default 3.
	Keep int
	// Sealed, when set, is told of each seal that is written.
	Sealed func(event.Seal)
	// Looked, when set, is told what the audit has come to each time that the log was read to
	// its end and sealed.
	Looked func(Verdict)
	// Trouble, when set, is told why the log has to be begun with again: brokers that do
	// not answer, mostly.
	Trouble func(error)
	Clock   clock.Clock
}

const mostSealed = 10_000

func (c FollowConfig) withDefaults() FollowConfig {
	c.Every = cmp.Or(c.Every, 5*time.Minute)
	c.Records = cmp.Or(c.Records, mostSealed)
	c.Snapshot = cmp.Or(c.Snapshot, 100_000)
	c.Keep = cmp.Or(c.Keep, 3)
	return c
}

func (c FollowConfig) validate() error {
	var errs []error
	if c.Every < 0 {
		errs = append(errs, errors.New("the time between two looks is negative"))
	}
	if c.Records < 1 || c.Records > mostSealed {
		errs = append(errs, fmt.Errorf("a seal covers 1 to %d records, not %d", mostSealed, c.Records))
	}
	if c.Keep < 1 {
		errs = append(errs, errors.New("at least 1 snapshot is kept"))
	}
	if c.Clock == nil || c.Report == nil {
		errs = append(errs, errors.New("there is no clock, or nobody to report to"))
	}
	return errors.Join(errs...)
}

// Follower reads the decision log for as long as it grows, proves it and seals it:
//
//	last snapshot ─► [ read to the end ─► prove, seal every so many ─► seal ─► snapshot ] ─► wait
//	                   ▲                                                               │
//	                   └───────────────────────────────────────────────────────────────┘
//
// Each seal is one transaction under one transactional id, "<instance>-audit", with the
// snapshot that goes with it: what is sealed is sealed once, in one chain, however often
// a follower ends and begins again, and of two that run the later one goes on.
type Follower struct {
	cfg       FollowConfig
	out       *kstream.Exclusive
	pass      *Pass
	maker     *seal.Maker
	sealed    map[int32]int64 // offsets below are sealed already, when it begins
	snapshots []event.Snapshot
	findings  int // of all passes
}

// NewFollower checks the configuration.
func NewFollower(cfg FollowConfig) (*Follower, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("follow the decision log: %w", err)
	}
	f := &Follower{cfg: cfg}
	f.cfg.From = func(event.Snapshot) bool { return true }
	f.cfg.Each = f.each
	f.cfg.Report = func(found Finding) {
		f.findings++
		cfg.Report(found)
	}
	return f, nil
}

// again is the wait before the log is begun with again after an error.
const again = 2 * time.Second

// Run follows until ctx ends, and returns nil then; the error is
// [kstream.ErrOvertaken] when another follower has begun.
func (f *Follower) Run(ctx context.Context) error {
	for {
		err := f.follow(ctx)
		if errors.Is(err, kstream.ErrOvertaken) {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		if f.cfg.Trouble != nil {
			f.cfg.Trouble(err)
		}
		if f.cfg.Clock.Sleep(ctx, again) != nil {
			return nil
		}
	}
}

// Verdict is what the audit has come to since it last began, with the findings of all
// the time, for when Run has returned.
func (f *Follower) Verdict() Verdict {
	var v Verdict
	if f.pass != nil {
		v = f.pass.Verdict()
	}
	v.Findings = f.findings
	return v
}

// follow begins at the newest snapshot and goes on until something fails.
func (f *Follower) follow(ctx context.Context) (err error) {
	if f.out, err = kstream.OpenExclusive(ctx, f.cfg.Kafka, cmp.Or(f.cfg.Instance, "leadrouter")+"-audit"); err != nil {
		return err
	}
	defer f.out.Close()
	if f.snapshots, err = NewSnapshots(f.cfg.Kafka, f.cfg.Instance).List(ctx); err != nil {
		return err
	}
	if f.pass, err = OpenPass(ctx, f.cfg.PassConfig); err != nil {
		return err
	}
	last := f.pass.chain.Last()
	f.maker, f.sealed = seal.NewMaker(last), last.Offsets
	for {
		if err := f.round(ctx); err != nil {
			return err
		}
		if f.cfg.Looked != nil {
			f.cfg.Looked(f.Verdict())
		}
		if err := f.cfg.Clock.Sleep(ctx, f.cfg.Every); err != nil {
			return err
		}
	}
}

// round reads what is new and seals it.
func (f *Follower) round(ctx context.Context) error {
	err := f.pass.Read(ctx)
	if err != nil {
		return err
	}
	if !f.due() {
		return f.write(ctx)
	}
	snapshot, packed, err := f.take()
	if err != nil {
		return err
	}
	keep := min(f.cfg.Keep-1, len(f.snapshots))
	records, err := NewSnapshots(f.cfg.Kafka, f.cfg.Instance).records(snapshot, packed, f.snapshots[keep:], f.cfg.Clock.Now())
	if err != nil {
		return err
	}
	if err := f.writeWith(ctx, snapshot.Digest, records); err != nil {
		return err
	}
	f.snapshots = slices.Insert(f.snapshots[:keep], 0, snapshot.Snapshot)
	return nil
}

// each seals what has not been, once there is enough for a seal.
func (f *Follower) each(ctx context.Context, r *kstream.Record) error {
	if r.Offset < f.sealed[r.Partition] {
		return nil
	}
	f.maker.Add(sealOf(r))
	if f.maker.Count() < f.cfg.Records {
		return nil
	}
	return f.write(ctx)
}

// write seals what there is, if anything.
func (f *Follower) write(ctx context.Context) error {
	if f.maker.Count() == 0 {
		return nil
	}
	return f.writeWith(ctx, "", nil)
}

// writeWith seals what there is, in one transaction with a snapshot.
func (f *Follower) writeWith(ctx context.Context, digest string, more []*kstream.Record) error {
	now := f.cfg.Clock.Now()
	s := f.maker.Seal(f.state().Sequence, now)
	s.Snapshot = digest
	key := fmt.Sprint(s.Number)
	e, err := event.New(event.LeadSeals, key, 0, key, now, s)
	if err != nil {
		return err
	}
	record := kstream.Encode(event.LeadSeals.Topic(f.cfg.Instance), key, e)
	if err := f.out.Commit(ctx, append(more, record)...); err != nil {
		return fmt.Errorf("write seal %s: %w", key, err)
	}
	f.maker.Sealed(s, record.Value)
	f.pass.last = f.maker.Last()
	if f.cfg.Sealed != nil {
		f.cfg.Sealed(s)
	}
	return nil
}

func (f *Follower) state() *ledger.State { return f.pass.auditor.folder.state }

// due says whether a snapshot is to be taken: it must be of what the log alone gives, and
// newer than the last one.
func (f *Follower) due() bool {
	last := int64(0)
	if len(f.snapshots) > 0 {
		last = f.snapshots[0].Sequence
	}
	return f.cfg.Snapshot > 0 && f.pass.auditor.vouches() && f.state().Sequence >= last+f.cfg.Snapshot
}

// take makes a snapshot of the ledger behind all that was read.
func (f *Follower) take() (Snapshot, []byte, error) {
	f.state().Sweep()
	snapshot := f.pass.auditor.folder.Snapshot()
	snapshot.Seal, snapshot.Offsets = f.maker.Last().Number+1, map[int32]int64{}
	for tp, offset := range f.pass.next {
		snapshot.Offsets[tp.Partition] = offset
	}
	packed, err := snapshot.pack()
	return snapshot, packed, err
}
