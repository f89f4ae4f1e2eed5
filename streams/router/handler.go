package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
)

// Config of a [Handler]. All fields are required where no default is given.
type Config struct {
	// Instance names the installation: the prefix of its topics.
	Instance string
	// Process names this process among all that ever ran, e.g. by its transactional
	// id and the time of its start.
	Process string
	// TopicIDs are the broker's ids of the input topics, by name.
	TopicIDs map[string]string
	// Planner plans with the policy in force. A batch asks for it once.
	Planner func() *routing.Planner
	// Absent are the reps who are absent at an instant by calendars of their own, ascending
	// by id. A batch asks for them once. Default: nobody has such a calendar.
	Absent func(at time.Time) []routing.Absence
	// Enrich adds what is known of new leads to what their senders said, in place. It is
	// asked for a section at once, with the policy of its batch, and takes no longer than a
	// lead may be kept waiting. Default: nothing is known.
	Enrich func(ctx context.Context, p *policy.Policy, leads []*lead.Lead)
	// Derive adds what follows from the facts of an update, in place. Default: nothing does.
	Derive func(*lead.Lead)
	// Recogniser knows the leads of one person or one company; nil: it is nobody's business.
	Recogniser *ties.Recogniser
	// Fits tells whether a record can be written.
	Fits func(*kstream.Record) bool
	// Log reads the decision log, to settle what a dead process left behind.
	Log Log
	// Read gives an input record of long ago; nil when its topic does not keep it any more.
	Read func(context.Context, kstream.TopicPartition, int64) (*kstream.Record, error)
	// Current tells whether the activities that were there when the process began have
	// been applied, by whichever router; until then reassignments wait.
	Current func(context.Context) (bool, error)
	// MayCome tells whether the lead that a record is about may still be decided: records
	// wait for leads that are not known yet.
	MayCome func(context.Context, *kstream.Record) (bool, error)
	// Verify binds the ledger anew after [ledger.ErrEpoch]; it fails for as long as
	// the ledger has to be rebuilt.
	Verify func(context.Context) error
	// Report is told how the ledger is after each call: nil when it answered. Calls come from
	// several goroutines.
	Report     func(error)
	Registerer prometheus.Registerer
	Logger     *zap.Logger
	Clock      clock.Clock
}

// Log finds decisions in the decision log.
type Log interface {
	// Has tells which of the sequences of an epoch stand in the log. All below floor are
	// known to have been committed before the first of them was given. A transaction
	// that is open is waited for: it may hold what is asked for.
	Has(ctx context.Context, epoch, floor int64, sequences []int64) (map[int64]bool, error)
}

// Handler routes leads; it is the handler of a [kstream.Stream].
type Handler struct {
	cfg    Config
	ledger ledger.Store
	acks   *acker
	topics map[string]event.Type // by name
	names  map[event.Type]string
	m      *metrics
	log    *zap.Logger

	batch  int64       // number of the last batch
	seen   int64       // highest sequence given to this process
	flight flight      // what is handed out and not committed
	stale  atomic.Bool // the ledger refused us: verify before the next call
	// refusing: the last grant failed. An answer to a question does not heal that.
	refusing atomic.Bool

	current bool   // no reassignment has to wait for activities from before the start
	woken   string // hash of the policy by which the waiting line was planned again

	strays map[kstream.TopicPartition]int64 // committed offsets with strays below, not looked into yet
	debts  map[kstream.TopicPartition]*debt // voids owed to the log
}

// New returns a handler that works on a ledger. Its [Handler.Run] must run beside
// the stream.
func New(store ledger.Store, cfg Config) *Handler {
	if cfg.Absent == nil {
		cfg.Absent = func(time.Time) []routing.Absence { return nil }
	}
	if cfg.Enrich == nil {
		cfg.Enrich = func(context.Context, *policy.Policy, []*lead.Lead) {}
	}
	if cfg.Derive == nil {
		cfg.Derive = func(*lead.Lead) {}
	}
	h := &Handler{
		cfg: cfg, ledger: store, log: cfg.Logger, m: newMetrics(cfg.Registerer),
		topics: map[string]event.Type{}, names: map[event.Type]string{},
		flight: flight{}, strays: map[kstream.TopicPartition]int64{}, debts: map[kstream.TopicPartition]*debt{},
	}
	h.acks = newAcker(store, cfg.Clock, cfg.Logger)
	for _, t := range event.Topics(cfg.Instance) {
		h.topics[t.Name], h.names[t.Type] = t.Type, t.Name
	}
	return h
}

// Inputs are the types that the router reads, in the order in which a batch
// applies them: who is there, what is new, what happened to it, what is known by now, what
// people decide, and which clocks have run out.
func Inputs() []event.Type {
	return []event.Type{
		event.RepStatus, event.LeadCreated, event.LeadActivity, event.LeadUpdated, event.LeadCommand, event.LeadReassign,
	}
}

// Run acknowledges positions that no batch carries, until ctx ends.
func (h *Handler) Run(ctx context.Context) error { return h.acks.run(ctx) }

// Handle turns a batch into decisions, and a change of the policy, which a tick is enough to
// find, into the first of those who wait.
func (h *Handler) Handle(ctx context.Context, batch kstream.Batch) (kstream.Output, error) {
	out := kstream.Output{Until: map[kstream.TopicPartition]int64{}}
	if err := h.verify(ctx); err != nil {
		return out, err
	}
	if err := h.wake(ctx, &out); err != nil || len(batch.Records) == 0 {
		return out, err
	}
	if err := h.settle(ctx); err != nil {
		return out, err
	}
	h.flight.meet(batch)
	due, sections := h.due(), h.split(batch.Records)
	voided, err := h.work(ctx, due, sections)
	if err != nil {
		return kstream.Output{}, err
	}
	voids, err := h.voidRecords(due, voided)
	if err != nil {
		return kstream.Output{}, err
	}
	out.Records = append(out.Records, voids...)
	for _, s := range sections {
		collect(&out, s)
	}
	// What stands behind a busy record comes again with it.
	out.DLQ = slices.DeleteFunc(out.DLQ, func(d kstream.Dead) bool { return waits(&out, d.Record) })
	h.carry(due, batch, &out)
	h.depart(&out, sections)
	for _, s := range sections {
		out.DLQ = append(out.DLQ, s.given...)
	}
	return out, nil
}

// collect adds a section to the output.
func collect(out *kstream.Output, s *section) {
	out.Records = append(out.Records, s.output...)
	out.DLQ = append(out.DLQ, s.dead...)
	for i, it := range s.items {
		if s.results[i].Code != ledger.Busy {
			continue
		}
		at := kstream.PartitionOf(it.record)
		if first, ok := out.Until[at]; !ok || it.record.Offset < first {
			out.Until[at] = it.record.Offset
		}
	}
}

// waits reports whether a record is to come again.
func waits(out *kstream.Output, r *kstream.Record) bool {
	first, busy := out.Until[kstream.PartitionOf(r)]
	return busy && r.Offset >= first
}

// depart notes what the output of a batch tells of. Until here all that was
// granted were strays.
func (h *Handler) depart(out *kstream.Output, sections []*section) {
	for _, s := range sections {
		for i, it := range s.items {
			if r := s.results[i]; r.Code != ledger.Busy {
				h.flight.set(kstream.PartitionOf(it.record), it.record.Offset, departed(it, r))
			}
		}
	}
	for _, d := range out.DLQ {
		h.flight.refuse(d.Record)
	}
}

// departed is the passage of a record that the output tells of.
func departed(it *item, r ledger.Result) passage {
	p := passage{sent: true, outcome: counted(it, r), came: it.record.Timestamp}
	if it.lead != nil {
		p.source, p.live = it.lead.Source, !it.lead.Test && !it.lead.Bulk
	}
	return p
}

// counted is what the metrics count a result as: leads alone, each once.
func counted(it *item, r ledger.Result) string {
	switch {
	case it.op.Kind != ledger.Assign || r.Code == ledger.Done:
		return ""
	case r.Grant.Effect == ledger.Repeat:
		return string(ledger.Repeat)
	default:
		return string(r.Grant.Outcome)
	}
}

// grant calls the ledger, with the acknowledgements that are due.
func (h *Handler) grant(ctx context.Context, chunk ledger.Chunk) ([]ledger.Result, error) {
	chunk.Acks = h.acks.take()
	if len(chunk.Ops) == 0 && len(chunk.Acks) == 0 {
		return nil, nil
	}
	start := h.cfg.Clock.Now()
	results, err := h.ledger.Apply(ctx, chunk)
	h.m.redis.Observe(h.cfg.Clock.Now().Sub(start).Seconds())
	h.refusing.Store(err != nil)
	h.cfg.Report(err)
	if err != nil {
		h.acks.giveBack(chunk.Acks)
		return nil, h.fate(ctx, err)
	}
	if len(results) != len(chunk.Ops) {
		return nil, fmt.Errorf("ledger gave %d answers to %d operations", len(results), len(chunk.Ops))
	}
	return results, nil
}

// heard reports how the ledger has answered a question. A ledger that answers may still
// refuse to grant: one that is full, or whose replica is away, can be read, and would be
// fine and in trouble by turns with every batch that looks before it asks.
func (h *Handler) heard(err error) {
	if err != nil || !h.refusing.Load() {
		h.cfg.Report(err)
	}
}

// fate decides what an error of the ledger means for the batch. An error that is
// nobody's yet counts against the records only if the ledger works without them:
// otherwise a server with a new way to say no would send good leads to the dead
// letters.
func (h *Handler) fate(ctx context.Context, err error) error {
	passing := errors.Is(err, ledger.ErrEpoch) || errors.Is(err, ledger.ErrUnavailable)
	if !passing {
		_, idle := h.ledger.Apply(ctx, ledger.Chunk{})
		passing = idle != nil
	}
	if errors.Is(err, ledger.ErrEpoch) {
		h.stale.Store(true)
	}
	if passing {
		return kstream.Retry(err)
	}
	return fmt.Errorf("grant: %w", err)
}

// verify binds the ledger anew where it refused the last call.
func (h *Handler) verify(ctx context.Context) error {
	if !h.stale.Load() {
		return nil
	}
	if err := h.cfg.Verify(ctx); err != nil {
		h.cfg.Report(err)
		return kstream.Retry(err)
	}
	h.stale.Store(false)
	// Another ledger: its sequences are its own, and who is in its line was never asked.
	h.seen, h.woken = 0, ""
	return nil
}

// Committed notes the positions for acknowledgement, unless something below them
// has to be settled first.
func (h *Handler) Committed(ctx context.Context, offsets map[kstream.TopicPartition]int64) {
	now := h.cfg.Clock.Now()
	for at, offset := range offsets {
		if h.flight.land(at, offset, func(p passage) { h.m.lead(p, now) }) {
			h.strays[at] = offset
		}
	}
	for at, offset := range offsets {
		h.acknowledge(at, offset)
	}
	if err := h.settle(ctx); err != nil {
		h.log.Warn("memos not settled, trying again with the next batch", zap.Error(err))
	}
}

// Assigned settles what earlier owners of the partitions left behind.
func (h *Handler) Assigned(ctx context.Context, offsets map[kstream.TopicPartition]int64) error {
	for at := range offsets {
		h.forget(at)
	}
	h.refusing.Store(false) // whatever it was, the batch is gone that would show that it has healed
	if err := h.verify(ctx); err != nil {
		return err
	}
	return h.takeOver(ctx, offsets)
}

// Revoked forgets the partitions; their positions are acknowledged all the same.
func (h *Handler) Revoked(_ context.Context, partitions []kstream.TopicPartition) {
	for _, at := range partitions {
		h.forget(at)
	}
}

// forget drops what is known of a partition that is settled anew, here or by its
// next owner.
func (h *Handler) forget(at kstream.TopicPartition) {
	h.flight.forget(at)
	delete(h.strays, at)
	delete(h.debts, at)
}

// partition names an input partition for the ledger.
func (h *Handler) partition(at kstream.TopicPartition) ledger.Partition {
	return ledger.Partition{Topic: h.cfg.TopicIDs[at.Topic], Index: at.Partition}
}

// sorted orders partitions, so that nothing depends on the order of a map.
func sorted[V any](by map[kstream.TopicPartition]V) []kstream.TopicPartition {
	return slices.SortedFunc(maps.Keys(by), func(a, b kstream.TopicPartition) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
}
