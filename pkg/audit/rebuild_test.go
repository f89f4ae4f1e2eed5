package audit_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/embedded"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/redisledger"
)

const group = "x-router"

// site is an installation on embedded servers.
type site struct {
	t     *testing.T
	kafka kstream.Client
	store *redisledger.Ledger
	topic string
	input string
}

func newSite(t *testing.T) *site {
	t.Helper()
	servers, err := embedded.Start(embedded.Config{})
	require.NoError(t, err)
	t.Cleanup(servers.Close)
	s := &site{t: t, kafka: kstream.Client{Brokers: servers.Brokers()}, topic: event.LeadDecisions.Topic("x"), input: event.LeadCreated.Topic("x")}
	require.NoError(t, s.kafka.CreateTopics(t.Context(), kstream.Topic{Name: s.topic, Partitions: 3}, kstream.Topic{Name: s.input, Partitions: 2}))
	client := redis.NewClient(&redis.Options{Addr: servers.RedisAddr(), DisableIdentity: true})
	t.Cleanup(func() { _ = client.Close() })
	s.store, err = redisledger.New(client, redisledger.Config{Namespace: "x", Cluster: "leadrouter-dev", Prefix: "x"})
	require.NoError(t, err)
	_, err = s.store.Open(t.Context())
	require.NoError(t, err)
	return s
}

// write puts decisions into the log, the partition by the lead.
func (s *site) write(log ...event.Decision) {
	s.t.Helper()
	records := make([]*kstream.Record, len(log))
	for i, d := range log {
		e, err := event.New(event.LeadDecisions, d.Op.String(), 0, d.Grant.Lead, time.UnixMilli(d.Grant.At), d)
		require.NoError(s.t, err)
		records[i] = kstream.Encode(s.topic, d.Grant.Lead, e)
	}
	to, err := kstream.NewPublisher(s.kafka)
	require.NoError(s.t, err)
	defer to.Close()
	require.NoError(s.t, to.Publish(s.t.Context(), records...))
}

// commit moves the group's offset of input partition 1.
func (s *site) commit(offset int64) {
	s.t.Helper()
	client := s.client()
	defer client.Close()
	offsets := kadm.Offsets{}
	offsets.AddOffset(s.input, 1, offset, -1)
	require.NoError(s.t, kadm.NewClient(client).CommitAllOffsets(s.t.Context(), group, offsets))
}

func (s *site) client(opts ...kgo.Opt) *kgo.Client {
	s.t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(s.kafka.Brokers...))...)
	require.NoError(s.t, err)
	return client
}

func (s *site) rebuild() (audit.Rebuilt, error) { return s.rebuildOn(s.store.Replace()) }

func (s *site) rebuildOn(target audit.Target) (audit.Rebuilt, error) {
	return audit.Rebuild{
		Kafka: s.kafka, Instance: "x", Group: group, Lock: "x-rebuild", Target: target,
		Now: time.UnixMilli(start), Clock: clock.System(),
	}.Run(s.t.Context())
}

func (s *site) dump() *ledger.State {
	s.t.Helper()
	state, err := s.store.Dump(s.t.Context())
	require.NoError(s.t, err)
	return state
}

// After random runs the rebuilt ledger is the one that was lost.
func TestARebuiltLedgerIsTheOneThatWasLost(t *testing.T) {
	t.Parallel()
	for seed := range 3 {
		s := newSite(t)
		h := rapid.Custom(draw).Example(seed)
		s.write(h.log...)
		s.commit(7)
		got, err := s.rebuild()
		require.NoError(t, err)
		want, err := h.model.Dump(t.Context())
		require.NoError(t, err)
		require.Equal(t, audit.Rebuilt{
			Decisions: len(h.log), Sequence: want.Sequence + 1, Leads: len(want.Leads), Epoch: 2,
		}, got)

		state := s.dump()
		require.Len(t, state.Tails, 1, "positions are what the group has committed")
		for _, tail := range state.Tails {
			require.EqualValues(t, 7, tail.Acked)
			require.EqualValues(t, 1, tail.Index)
		}
		logged := state.Logged()
		require.Greater(t, logged.Epoch, want.Epoch)
		require.Equal(t, want.Sequence+1, logged.Sequence, "the record of the rebuild has a sequence")
		logged.Epoch, logged.Sequence, logged.At = want.Epoch, want.Sequence, want.At
		require.Empty(t, logged.Diff(want.Logged()))
	}
}

// The record explains what a crash has left open, for good.
func TestHolesAreGivenUpByARecord(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := newHistory()
	h.write(t, h.op("created", ledger.Assign, "L-1"))
	h.apply(t, h.op("created", ledger.Assign, "L-2"))
	h.apply(t, h.op("created", ledger.Assign, "L-3"))
	h.write(t, h.op("created", ledger.Assign, "L-4"))
	h.apply(t, h.op("created", ledger.Assign, "L-5")) // the last one given
	s.write(h.log...)

	got, err := s.rebuild()
	require.NoError(t, err)
	require.Equal(t, []int64{2, 3}, got.Lost)
	require.EqualValues(t, 5, got.Sequence)
	require.Equal(t, 2, got.Leads)

	t.Log("once more, as after a crash of the rebuild itself")
	again, err := s.rebuild()
	require.NoError(t, err)
	require.Empty(t, again.Lost)
	require.EqualValues(t, 6, again.Sequence)
	require.Equal(t, 3, again.Decisions)

	t.Log("the ledger goes on")
	next := h.op("created", ledger.Assign, "L-2")
	results, err := s.store.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{next}})
	require.NoError(t, err)
	require.EqualValues(t, 7, results[0].Grant.Sequence)
	s.write(event.Decision{Op: next.ID, Grant: results[0].Grant})
	folder := audit.NewFolder()
	require.NoError(t, audit.NewLog(s.kafka, "x").Read(t.Context(), folder.Add))
	require.Empty(t, folder.Missing())
	require.Empty(t, folder.State().Logged().Diff(s.dump().Logged()))
}

func TestAnEmptyLogGivesAnEmptyLedger(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	log := audit.NewLog(s.kafka, "x")
	empty, err := log.Empty(t.Context())
	require.NoError(t, err)
	require.True(t, empty)
	_, err = s.store.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{newHistory().op("created", ledger.Assign, "L-1")}})
	require.NoError(t, err)

	got, err := s.rebuild()
	require.NoError(t, err)
	require.Equal(t, audit.Rebuilt{Epoch: 2}, got)
	require.Empty(t, s.dump().Leads)
	empty, err = log.Empty(t.Context())
	require.NoError(t, err)
	require.True(t, empty, "nothing is recorded of nothing")

	s.write(event.Decision{Grant: ledger.Grant{Sequence: 1, Effect: ledger.Rebuilt}})
	empty, err = log.Empty(t.Context())
	require.NoError(t, err)
	require.False(t, empty)
}

func TestADamagedLogIsNoLedger(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := newHistory()
	h.write(t, h.op("created", ledger.Assign, "L-1"))
	s.write(h.log[0], h.log[0])
	_, err := s.rebuild()
	require.ErrorIs(t, err, audit.ErrRepeated)

	s = newSite(t)
	s.write(h.log[0], event.Decision{Grant: ledger.Grant{Sequence: 1 << 60, At: h.at, Effect: ledger.Present, Rep: "ana"}})
	_, err = s.rebuild()
	require.ErrorIs(t, err, audit.ErrTooManyLost)
	require.ErrorContains(t, err, "sequences 2 to 1152921504606846975: ")
	_, err = s.store.Open(t.Context())
	require.ErrorIs(t, err, ledger.ErrEpoch, "nothing is half done: it stands still")
}

// A record that is no decision is named by its place, and the others are read.
func TestAPassGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := newHistory()
	h.write(t, h.op("created", ledger.Assign, "L-1"))
	to, err := kstream.NewPublisher(s.kafka)
	require.NoError(t, err)
	defer to.Close()
	for _, value := range []string{"garbage", `{"grant":{}}`, `{"grant":{"sequence":-1}}`, "[]"} {
		require.NoError(t, to.Publish(t.Context(), &kstream.Record{Topic: s.topic, Key: []byte("k"), Value: []byte(value)}))
	}
	s.write(h.log...)

	var findings []audit.Finding
	pass, err := audit.OpenPass(t.Context(), audit.PassConfig{
		Kafka: s.kafka, Instance: "x", Report: func(f audit.Finding) { findings = append(findings, f) },
	})
	require.NoError(t, err)
	require.NoError(t, pass.Read(t.Context()))
	verdict, err := pass.Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, verdict.Decisions)
	require.Equal(t, []audit.Kind{audit.Unreadable, audit.Unreadable, audit.Unreadable, audit.Unreadable}, kinds(findings))
	for i, why := range []string{"invalid character", "no sequence", "no sequence", "cannot unmarshal array"} {
		require.Regexp(t, fmt.Sprintf(`^decision at x\.lead\.decisions/\d offset %d: .*%s`, i, why), findings[i].What)
	}
	_, err = s.rebuild()
	require.ErrorContains(t, err, "offset 0: invalid character", "a ledger is not refilled from what nobody can read")
}

// Has looks far enough back, and not by the clock.
func TestDecisionsAreFoundInTheLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	log := audit.NewLog(s.kafka, "x")
	found, err := log.Has(t.Context(), 0, 1, []int64{1})
	require.NoError(t, err)
	require.Empty(t, found)

	const all = 15_000 // more than one look back
	var records []event.Decision
	for sequence := range int64(all) {
		records = append(records, event.Decision{Grant: ledger.Grant{Sequence: sequence + 1, Lead: "L", Effect: ledger.Rebuilt}})
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(all/2, func(i, j int) { records[i], records[j] = records[j], records[i] })
	s.write(records...)
	for _, floor := range []int64{1, 4_000, all} {
		found, err = log.Has(t.Context(), 0, floor, []int64{floor, floor + 1, all, all + 1})
		require.NoError(t, err)
		for _, sequence := range []int64{floor, floor + 1, all} {
			require.Equal(t, sequence <= all, found[sequence], "floor %d, sequence %d", floor, sequence)
		}
		require.False(t, found[all+1])
	}
}

// The offsets of a transaction may be seen before its records are.
func TestAnOpenTransactionIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	producer := s.client(kgo.TransactionalID("t"))
	defer producer.Close()
	require.NoError(t, producer.BeginTransaction())
	record := &kgo.Record{Topic: s.topic, Value: []byte(`{"grant":{"sequence":3}}`)}
	require.NoError(t, producer.ProduceSync(t.Context(), record).FirstErr())

	answer := make(chan map[int64]bool, 1)
	go func() {
		found, err := audit.NewLog(s.kafka, "x").Has(t.Context(), 0, 1, []int64{3})
		if err == nil {
			answer <- found
		}
		close(answer)
	}()
	require.Never(t, func() bool { return len(answer) > 0 }, 300*time.Millisecond, 20*time.Millisecond)
	require.NoError(t, producer.EndTransaction(t.Context(), kgo.TryCommit))
	require.Equal(t, map[int64]bool{3: true}, <-answer)
}
