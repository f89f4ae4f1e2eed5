package sla

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// Tick is how often a watcher looks what is due: it bounds how late a stage fires.
const Tick = 100 * time.Millisecond

// MaxBatch is how many records a watcher reads at once: at its start it reads all of them.
const MaxBatch = 10_000

// maxNotices bounds a transaction, and with it how long others wait for its end.
const maxNotices = 2_000

// Config of a [Handler]. All fields are required.
type Config struct {
	// Instance names the installation: the prefix of its topics.
	Instance   string
	Journal    Journal
	Registerer prometheus.Registerer
	Logger     *zap.Logger
	Clock      clock.Clock
}

// Handler fires what is due; it is the handler of a [kstream.Stream] on lead.timers
// that reads from the start and ticks.
type Handler struct {
	cfg    Config
	timers string
	out    outputs
	pool   *pool
	steady *steady
	// doubted: it was told that the clock is in doubt.
	doubted bool
	m       *metrics
	log     *zap.Logger

	shards map[int32]*shard
	rounds []*round // in transactions that are not known to be committed, oldest first

	mu        sync.Mutex
	complaint error // why not all that is due fires; nil: it does
	next      int64 // when the first stage is due that is not known to be committed; [never]: none is left
}

// shard is one partition, of lead.timers and lead.fired alike.
type shard struct {
	*book
	timers  int64 // offset in lead.timers of the first record that the book has not seen
	fired   int64 // the same in lead.fired, as far as it is not known from our own commits
	barrier int64 // offset in lead.timers: nothing fires before the book has seen it
}

func (s *shard) ready() bool { return s.timers > s.barrier }

// never is when nothing is due.
const never = math.MaxInt64

// unread is the barrier of a shard that has none yet.
const unread = math.MaxInt64

// round is what one transaction says.
type round struct {
	notices []notice
	shards  []int32           // of the notices
	fired   []*kstream.Record // in lead.fired; they know their offsets once they are written
}

// New returns a handler.
func New(cfg Config) *Handler {
	h := &Handler{
		cfg: cfg, log: cfg.Logger, timers: event.LeadTimers.Topic(cfg.Instance),
		out: outputs{
			sla: event.LeadSLA.Topic(cfg.Instance), reassign: event.LeadReassign.Topic(cfg.Instance),
			fired: event.LeadFired.Topic(cfg.Instance),
		},
		pool: newPool(), steady: newSteady(cfg.Clock), shards: map[int32]*shard{}, next: never,
	}
	h.m = newMetrics(cfg.Registerer, states{ready: h.isReady, overdue: h.overdue})
	return h
}

func (h *Handler) isReady() float64 {
	if h.Ready() != nil {
		return 0
	}
	return 1
}

// overdue is for how many seconds the first stage is late. It is asked from anywhere, and
// grows while the stream stands still.
func (h *Handler) overdue() float64 {
	h.mu.Lock()
	next := h.next
	h.mu.Unlock()
	if next == never {
		return 0
	}
	return max(0, h.cfg.Clock.Now().Sub(instant(next)).Seconds())
}

// Ready tells why not all that is due fires; nil: it does. It may be called at any
// time from anywhere.
func (h *Handler) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.complaint
}

// Handle takes the records into the books, and says what is due.
func (h *Handler) Handle(ctx context.Context, batch kstream.Batch) (kstream.Output, error) {
	h.read(batch.Records)
	r := &round{}
	now, err := h.now(ctx)
	if err == nil {
		h.take(r, now)
	}
	out, failed := h.publish(r)
	h.report(err)
	return out, failed
}

// now is the instant up to which everything fires, or why nothing does.
func (h *Handler) now(ctx context.Context) (time.Time, error) {
	at, doubt := h.look()
	if doubt == nil || !h.steady.mayAsk() {
		return at, doubt
	}
	if err := h.askBrokers(ctx); err != nil {
		return at, err
	}
	h.log.Info("the clock is trusted again")
	return h.look()
}

// look reads the clock, and counts when it was set.
func (h *Handler) look() (at time.Time, doubt error) {
	trusted := h.steady.doubt == nil
	at, doubt = h.steady.now()
	if trusted && doubt != nil {
		h.m.steps.Inc()
	}
	return at, doubt
}

// read takes records into the books. What a book has seen already comes again after
// an abort.
func (h *Handler) read(records []*kstream.Record) {
	for _, r := range records {
		s := h.shards[r.Partition]
		if r.Offset < s.timers {
			continue
		}
		s.timers = r.Offset + 1
		if err := s.read(r); err != nil {
			h.m.skipped.Inc()
			h.log.Debug("record skipped", zap.Stringer("partition", kstream.PartitionOf(r)), zap.Int64("offset", r.Offset), zap.Error(err))
		}
	}
}

// errForeign is about a record of lead.timers that has no clocks of a lead.
var errForeign = errors.New("its key is not its lead")

func (s *shard) read(r *kstream.Record) error {
	if r.Value == nil {
		s.clear(string(r.Key)) // of a barrier there is nothing to forget
		return nil
	}
	e, err := kstream.Decode(r)
	if err != nil {
		return err
	}
	t, err := e.Timer()
	if err != nil {
		return err
	}
	if t.LeadID != string(r.Key) {
		return errForeign
	}
	s.set(t)
	return nil
}

// take moves what is due from the books into the round, in the order in which it was
// due.
func (h *Handler) take(r *round, now time.Time) {
	limit := now.UnixNano()
	for len(r.notices) < maxNotices {
		first, key := int32(-1), limit
		for p, s := range h.shards {
			if next, any := s.next(); any && s.ready() && (next < key || next == key && (first < 0 || p < first)) {
				first, key = p, next
			}
		}
		if first < 0 {
			return
		}
		r.notices = append(r.notices, h.shards[first].take())
		r.shards = append(r.shards, first)
	}
}

// publish makes the output of a round.
func (h *Handler) publish(r *round) (kstream.Output, error) {
	var out kstream.Output
	if len(r.notices) == 0 {
		return out, nil
	}
	for _, n := range r.notices {
		records, err := h.out.records(n)
		if err != nil {
			return kstream.Output{}, kstream.Fatal(fmt.Errorf("notice of lead %s: %w", n.lead, err))
		}
		out.Records = append(out.Records, records...)
		r.fired = append(r.fired, records[len(records)-1])
	}
	h.rounds = append(h.rounds, r)
	out.Then = func() { h.settle(r) }
	return out, nil
}

// settle notes that a round is committed. Between what we have read of lead.fired and
// what we have written there is nothing of others: they could not have committed.
func (h *Handler) settle(r *round) {
	h.rounds = slices.DeleteFunc(h.rounds, func(open *round) bool { return open == r })
	now := h.cfg.Clock.Now()
	for i, n := range r.notices {
		h.m.committed(n, now)
		if s := h.shards[r.shards[i]]; s != nil {
			s.fired = max(s.fired, r.fired[i].Offset+1)
		}
	}
}

// report tells what Ready answers, and the metrics what is open.
func (h *Handler) report(err error) {
	open, reading := 0, 0
	for _, s := range h.shards {
		open += s.open
		if !s.ready() {
			reading++
		}
	}
	h.m.open.Set(float64(open))
	if err == nil && reading > 0 {
		err = fmt.Errorf("reading the clocks of %d partitions", reading)
	}
	next := h.first()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.complaint, h.next = err, next
}

// first is when the first stage is due of all that is in the books or on its way out.
func (h *Handler) first() int64 {
	first := int64(never)
	for _, s := range h.shards {
		if next, any := s.next(); any && next != atOnce && s.ready() { // others may have fired it
			first = min(first, next)
		}
	}
	for _, r := range h.rounds {
		for i, n := range r.notices {
			if n.stage != nil && h.shards[r.shards[i]] != nil {
				first = min(first, n.at)
			}
		}
	}
	return first
}

// Committed has nothing to do: outputs are told of one by one.
func (h *Handler) Committed(context.Context, map[kstream.TopicPartition]int64) {}

// Revoked forgets partitions: another watcher has their clocks now.
func (h *Handler) Revoked(_ context.Context, partitions []kstream.TopicPartition) {
	for _, at := range partitions {
		delete(h.shards, at.Partition)
	}
	_, doubt := h.look()
	h.report(doubt)
}
