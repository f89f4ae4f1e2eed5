package router_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/ties"
	"leadrouter/streams/router"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const minimal = `
policy: minimal
reps:
  ana: {country: [ES, PT]}
  ben: {country: [US, GB]}
  carl: {country: [DE, AT, CH]}
rules:
  - {name: local, to: [{to: all, match: [country]}, next]}
  - {name: anyone, to: all}
`

// bundle is a handler on the ledger's model, and the world around it.
type bundle struct {
	t        *testing.T
	handler  *router.Handler
	store    *flaky
	policies chan *routing.Planner // the one in force
	log      *fakeLog
	clock    *clock.Fake
	reg      *prometheus.Registry
	offsets  map[kstream.TopicPartition]int64
	inputs   map[string]*kstream.Record // by partition and offset
	behind   bool                       // activities from before the start are still to come
	absent   []routing.Absence
	asked    func() // is told when somebody asks who is absent
	told     sync.Mutex
	reported []error
}

// report notes how the ledger is.
func (b *bundle) report(err error) {
	b.told.Lock()
	defer b.told.Unlock()
	b.reported = append(b.reported, err)
}

// flaky is the model with errors to order.
type flaky struct {
	*ledger.Model
	verified int
	unseen   func(context.Context) error // of all calls of Look, where there is one

	mu       sync.Mutex
	fail     []error // for the next calls of Apply
	calls    int     // of Apply, with operations
	outdated int     // answers
}

// refuse orders errors for the next calls.
func (f *flaky) refuse(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = errs
}

func (f *flaky) Apply(ctx context.Context, c ledger.Chunk) ([]ledger.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.fail) > 0 {
		err := f.fail[0]
		f.fail = f.fail[1:]
		return nil, err
	}
	results, err := f.Model.Apply(ctx, c)
	if len(c.Ops) > 0 {
		f.calls++
	}
	for _, r := range results {
		if r.Code == ledger.Outdated {
			f.outdated++
		}
	}
	return results, err
}

func (f *flaky) Look(ctx context.Context, ids []string) (map[string]ledger.Lead, error) {
	if f.unseen != nil {
		return nil, f.unseen(ctx)
	}
	return f.Model.Look(ctx, ids)
}

// fakeLog is a decision log: the sequences that were committed.
type fakeLog struct {
	committed map[int64]bool
	fail      error
}

func (l *fakeLog) Has(_ context.Context, _, _ int64, sequences []int64) (map[int64]bool, error) {
	if l.fail != nil {
		return nil, l.fail
	}
	found := map[int64]bool{}
	for _, s := range sequences {
		found[s] = l.committed[s]
	}
	return found, nil
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{
		t: t, store: &flaky{Model: ledger.NewModel(ledger.Config{})}, policies: make(chan *routing.Planner, 1),
		log: &fakeLog{committed: map[int64]bool{}}, clock: clock.NewFake(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)),
		offsets: map[kstream.TopicPartition]int64{}, inputs: map[string]*kstream.Record{}, asked: func() {},
	}
	b.adopt(minimal)
	b.restart()
	return b
}

// adopt puts a policy in force.
func (b *bundle) adopt(source string) {
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(source)})
	require.NoError(b.t, issues.Err())
	select {
	case <-b.policies:
	default:
	}
	b.policies <- routing.New(p)
}

// restart replaces the handler by that of a new process on the same ledger.
func (b *bundle) restart() {
	ids := map[string]string{}
	for _, t := range router.Inputs() {
		ids[t.Topic("")] = "id-" + string(t)
	}
	b.reg = prometheus.NewRegistry()
	b.handler = router.New(b.store, router.Config{
		Process:  fmt.Sprintf("p%d", b.clock.Now().UnixNano()),
		TopicIDs: ids,
		Planner: func() *routing.Planner {
			p := <-b.policies
			b.policies <- p
			return p
		},
		Absent: func(time.Time) []routing.Absence { b.asked(); return b.absent },
		Fits:   kstream.Config{}.Fits, Log: b.log, Recogniser: ties.New([]byte("a secret")),
		Read: func(_ context.Context, at kstream.TopicPartition, offset int64) (*kstream.Record, error) {
			return b.inputs[fmt.Sprint(at, offset)], nil
		},
		MayCome: func(_ context.Context, r *kstream.Record) (bool, error) {
			return b.clock.Now().Sub(r.Timestamp) < 5*time.Second, nil
		},
		Current: func(context.Context) (bool, error) { return !b.behind, nil },
		Verify:  func(context.Context) error { b.store.verified++; return nil },
		Report:  b.report, Registerer: b.reg, Logger: zaptest.NewLogger(b.t), Clock: b.clock,
	})
	b.clock.Advance(time.Second)
}

// record is the next input record of a topic's partition 0.
func (b *bundle) record(t event.Type, value string) *kstream.Record {
	at := kstream.TopicPartition{Topic: t.Topic("")}
	r := &kstream.Record{Topic: at.Topic, Offset: b.offsets[at], Value: []byte(value), Timestamp: b.clock.Now()}
	b.inputs[fmt.Sprint(at, r.Offset)] = r
	b.offsets[at]++
	return r
}

func (b *bundle) created(id, country string) *kstream.Record {
	return b.record(event.LeadCreated, fmt.Sprintf(`{"id":%q,"country":%q,"email":"jo@weber.example"}`, id, country))
}

// handle gives a batch to the handler.
func (b *bundle) handle(records ...*kstream.Record) kstream.Output {
	b.t.Helper()
	out, err := b.handler.Handle(b.t.Context(), kstream.Batch{Records: records})
	require.NoError(b.t, err)
	return out
}

// commit tells the handler that a batch is committed, and the log of it.
func (b *bundle) commit(out kstream.Output, records ...*kstream.Record) {
	b.t.Helper()
	offsets := map[kstream.TopicPartition]int64{}
	for _, r := range records {
		offsets[kstream.PartitionOf(r)] = r.Offset + 1
	}
	for _, d := range decisions(b.t, out) {
		b.log.committed[d.Grant.Sequence] = true
	}
	if out.Then != nil {
		out.Then()
	}
	b.handler.Committed(b.t.Context(), offsets)
}

// fresh tells the handler that the partition of a record is read from an offset on:
// what was under way in it did not happen.
func (b *bundle) fresh(r *kstream.Record, offset int64) {
	b.t.Helper()
	offsets := map[kstream.TopicPartition]int64{kstream.PartitionOf(r): offset}
	require.NoError(b.t, b.handler.Assigned(b.t.Context(), offsets))
}

// run acknowledges beside the handler until stop is called.
func (b *bundle) run(done chan<- error) (stop func()) {
	ctx, stop := context.WithCancel(b.t.Context())
	go func() { done <- b.handler.Run(ctx) }()
	return stop
}

// flush acknowledges what is due.
func (b *bundle) flush() {
	b.t.Helper()
	done := make(chan error, 1)
	b.run(done)()
	require.NoError(b.t, <-done)
}

// memos are the operations that the ledger remembers of partition 0.
func (b *bundle) memos(of event.Type) []ledger.Result {
	b.t.Helper()
	memos, err := b.store.Pending(b.t.Context(), ledger.Partition{Topic: "id-" + string(of)}, 1<<40)
	require.NoError(b.t, err)
	return memos
}

func decisions(t *testing.T, out kstream.Output) []event.Decision {
	t.Helper()
	return payloads[event.Decision](t, out, event.LeadDecisions)
}

func assignments(t *testing.T, out kstream.Output) []event.Assigned {
	t.Helper()
	return payloads[event.Assigned](t, out, event.LeadAssigned)
}

func payloads[T any](t *testing.T, out kstream.Output, of event.Type) []T {
	t.Helper()
	var list []T
	for _, r := range out.Records {
		if r.Topic == of.Topic("") && r.Value != nil {
			var v T
			require.NoError(t, json.Unmarshal(r.Value, &v))
			list = append(list, v)
		}
	}
	return list
}

// text is the whole output, for comparison byte by byte.
func text(out kstream.Output) string {
	s := ""
	for _, r := range out.Records {
		s += fmt.Sprintf("%s %s %s %v\n", r.Topic, r.Key, r.Value, r.Headers)
	}
	return s
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
