package audit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// between does something between two steps of a rebuild.
type between struct {
	audit.Target
	halted, staged, flipped func() error // right after; nil: nothing
}

func (b between) Halt(ctx context.Context) (ledger.Standstill, error) {
	still, err := b.Target.Halt(ctx)
	return still, errors.Join(err, call(b.halted))
}

func (b between) Stage(ctx context.Context, s *ledger.State) error {
	return errors.Join(b.Target.Stage(ctx, s), call(b.staged))
}

func (b between) Flip(ctx context.Context) error {
	return errors.Join(b.Target.Flip(ctx), call(b.flipped))
}

func call(do func() error) error {
	if do == nil {
		return nil
	}
	return do()
}

// A router that has granted and not committed is shut out, and what it had granted counts
// as not given. The record of a lead that was committed with its offsets stays.
func TestNothingIsCommittedBehindARebuild(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := newHistory()
	h.write(t, h.op("created", ledger.Assign, "L-1"))
	lost := h.write(t, h.op("created", ledger.Assign, "L-2"))
	s.write(h.log[0])
	open := s.client(kgo.TransactionalID(group + "-a-0"))
	defer open.Close()
	require.NoError(t, open.BeginTransaction())
	require.NoError(t, open.ProduceSync(t.Context(), s.record(h.log[1])).FirstErr())
	idle, err := kstream.OpenExclusive(t.Context(), s.kafka, group+"-b-0")
	require.NoError(t, err)
	defer idle.Close()

	got, err := s.rebuild()
	require.NoError(t, err)
	require.Equal(t, 2, got.Fenced)
	require.Equal(t, 1, got.Leads)
	require.Equal(t, lost.Sequence, got.Sequence, "what was the last one is given again, to the record of the epoch")
	require.Error(t, open.EndTransaction(t.Context(), kgo.TryCommit))
	require.ErrorIs(t, idle.Commit(t.Context(), s.record(h.log[1])), kstream.ErrOvertaken)
	require.NotContains(t, s.dump().Leads, "L-2")
	epoch, sequence, err := audit.NewLog(s.kafka, "x").Last(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{2, 2}, []int64{epoch, sequence})
}

// record is a decision for the log.
func (s *site) record(d event.Decision) *kstream.Record {
	s.t.Helper()
	e, err := event.New(event.LeadDecisions, d.Op.String(), 0, d.Grant.Lead, time.UnixMilli(d.Grant.At), d)
	require.NoError(s.t, err)
	key := d.Grant.Lead
	if d.Kind == ledger.Rebuild {
		key = string(ledger.Rebuild)
	}
	return kstream.Encode(s.topic, key, e)
}

// Of two that rebuild at once one comes through, whatever the moment at which the second
// begins, and the other finds out before it flips.
func TestOneOfTwoRebuildsWins(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(*between, func() error){
		"after the halt":  func(b *between, do func() error) { b.halted = do },
		"after the stage": func(b *between, do func() error) { b.staged = do },
	} {
		s := newSite(t)
		h := newHistory()
		h.write(t, h.op("created", ledger.Assign, "L-1"))
		s.write(h.log...)
		first := between{Target: s.store.Replace()}
		at(&first, func() error {
			_, err := s.rebuild()
			return err
		})
		_, err := s.rebuildOn(first)
		require.ErrorIs(t, err, kstream.ErrOvertaken, name)
		status, err := s.store.Open(t.Context())
		require.NoError(t, err, name)
		require.EqualValues(t, 2, status.Epoch, name)
		require.EqualValues(t, 2, status.Sequence, "one record of one epoch")
	}
}

// A rebuild that ends anywhere is made good by the next one.
func TestARebuildThatBreaksOffIsMadeGood(t *testing.T) {
	t.Parallel()
	broken := errors.New("the process is gone")
	for name, target := range map[string]func(audit.Target) audit.Target{
		"after the halt":  func(to audit.Target) audit.Target { return between{Target: to, halted: func() error { return broken }} },
		"after the stage": func(to audit.Target) audit.Target { return between{Target: to, staged: func() error { return broken }} },
		"before the flip": func(to audit.Target) audit.Target { return noFlip{to, broken} },
		"after the flip": func(to audit.Target) audit.Target {
			return between{Target: to, flipped: func() error { return broken }}
		},
	} {
		s := newSite(t)
		h := newHistory()
		h.write(t, h.op("created", ledger.Assign, "L-1"))
		h.apply(t, h.op("created", ledger.Assign, "L-2")) // lost
		h.write(t, h.op("created", ledger.Assign, "L-3"))
		s.write(h.log...)
		_, err := s.rebuildOn(target(s.store.Replace()))
		require.ErrorIs(t, err, broken, name)
		got, err := s.rebuild()
		require.NoError(t, err, name)
		require.Equal(t, 2, got.Leads, name)
		folder := audit.NewFolder()
		require.NoError(t, audit.NewLog(s.kafka, "x").Read(t.Context(), folder.Add))
		require.Empty(t, folder.Missing(), name)
		require.Empty(t, folder.State().Logged().Diff(s.dump().Logged()), name)
		require.Equal(t, got.Epoch, folder.State().Epoch, name)
	}
}

// noFlip dies between the record of the epoch and the flip.
type noFlip struct {
	audit.Target
	err error
}

func (n noFlip) Flip(context.Context) error { return n.err }

// A log that lacks what Redis knows to be committed, or its beginning, is no ledger.
func TestALogThatWasCutIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := newHistory()
	for range 9 {
		op := h.op("created", ledger.Assign, "L-1")
		_, err := s.store.Apply(t.Context(), ledger.Chunk{Ops: []ledger.Op{op}})
		require.NoError(t, err)
		h.write(t, op)
	}
	s.write(h.log[:3]...)
	ack := func(position int64) {
		acks := []ledger.Ack{{Partition: h.log[0].Op.Partition, Position: position}}
		_, err := s.store.Apply(t.Context(), ledger.Chunk{Acks: acks})
		require.NoError(t, err)
	}
	ack(8) // 9 given, one of them in flight, 3 in the log
	_, err := s.rebuild()
	require.ErrorIs(t, err, audit.ErrCut)
	require.ErrorContains(t, err, "redis has committed 4 decisions more than there are")
	s.write(h.log[3:8]...)
	got, err := s.rebuild()
	require.NoError(t, err, "and once the log is restored it goes on")
	require.Equal(t, 8, got.Decisions)

	log := audit.NewLog(s.kafka, "x")
	require.NoError(t, log.Reaches(t.Context()))
	ends, err := s.kafka.Ends(t.Context(), s.topic)
	require.NoError(t, err)
	for at, end := range ends {
		if end > 1 {
			require.NoError(t, s.kafka.DeleteBelow(t.Context(), map[kstream.TopicPartition]int64{at: 1}))
		}
	}
	require.ErrorIs(t, log.Reaches(t.Context()), audit.ErrCut)
	_, err = s.rebuild()
	require.ErrorIs(t, err, audit.ErrCut)
	require.ErrorContains(t, err, "begins at offset 1")
}

// Routers whose ids may not be seen could not be shut out.
func TestRoutersThatCannotBeFencedAreNotRebuiltUnder(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	member := s.client(kgo.ConsumerGroup(group), kgo.ConsumeTopics(s.input))
	require.Eventually(t, func() bool {
		members, err := s.kafka.Members(t.Context(), group)
		require.NoError(t, err)
		return members == 1
	}, 20*time.Second, 20*time.Millisecond)
	_, err := s.rebuild()
	require.ErrorIs(t, err, audit.ErrUnseen)
	require.ErrorContains(t, err, "1 in group x-router")
	member.Close()
	_, err = s.rebuild()
	require.NoError(t, err)
}

// A base takes the place of the log's beginning.
func TestARebuildGoesOnFromABase(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	h := newHistory()
	for range 4 {
		h.write(t, h.op("created", ledger.Assign, "L-1"))
	}
	s.write(h.log[:2]...)
	base := audit.Base{State: fold(t, h.log[:2])}
	var err error
	base.Next, err = s.kafka.Ends(t.Context(), s.topic)
	require.NoError(t, err)
	s.write(h.log[2:]...)
	r := audit.Rebuild{
		Kafka: s.kafka, Instance: "x", Group: group, Lock: "x-rebuild", Target: s.store.Replace(),
		Now: time.UnixMilli(start), Clock: clock.System(), Base: func(context.Context) (audit.Base, error) { return base, nil },
	}
	read := 0
	r.Progress = func() { read++ }
	got, err := r.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, got.Decisions)
	require.Equal(t, 2, read)
	require.EqualValues(t, 5, got.Sequence)
	folder := audit.NewFolder()
	require.NoError(t, audit.NewLog(s.kafka, "x").Read(t.Context(), folder.Add))
	require.Empty(t, folder.State().Logged().Diff(s.dump().Logged()))
}

// Whatever a ledger that was replaced goes on granting, and wherever it comes to stand in
// the log, readers pass over it; what it had committed before stays.
func TestGrantsOfAReplacedLedgerArePassedOver(t *testing.T) {
	t.Parallel()
	for seed := range 4 {
		s := newSite(t)
		h := rapid.Custom(draw).Example(seed)
		h.apply(t, h.op("created", ledger.Assign, "L-lost"))
		h.write(t, h.op("created", ledger.Assign, "L-last"))
		s.write(h.log...)
		want, err := s.rebuild()
		require.NoError(t, err)
		before := len(h.log)
		zombie := h.op("created", ledger.Assign, "L-zombie")
		h.write(t, zombie) // sequence of the rebuild's own record
		h.write(t, h.op("created", ledger.Assign, "L-zombie-2"))
		late := h.log[before:]
		late = append(late, event.Decision{Op: zombie.ID, Kind: ledger.Presence, Grant: ledger.Grant{
			Sequence: want.Lost[0], Epoch: 1, At: start, Effect: ledger.Present, Rep: "ana", Verb: ledger.Away,
		}})
		s.write(late...)

		log := audit.NewLog(s.kafka, "x")
		folder := audit.NewFolder()
		require.NoError(t, log.Read(t.Context(), folder.Add))
		require.Equal(t, want.Sequence, folder.State().Sequence)
		require.NotContains(t, folder.State().Leads, "L-zombie")
		pass, err := audit.OpenPass(t.Context(), audit.PassConfig{
			Kafka: s.kafka, Instance: "x", Report: func(f audit.Finding) { t.Errorf("%+v", f) },
		})
		require.NoError(t, err)
		require.NoError(t, pass.Read(t.Context()))
		verdict, err := pass.Close(t.Context())
		require.NoError(t, err)
		require.Zero(t, verdict.Findings)
		_, sequence, err := log.Last(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, sequence, want.Sequence)
		found, err := log.Has(t.Context(), 2, 1, []int64{want.Lost[0], want.Sequence})
		require.NoError(t, err)
		require.Equal(t, map[int64]bool{want.Sequence: true}, found)

		again, err := s.rebuild()
		require.NoError(t, err)
		require.Empty(t, again.Lost)
		require.EqualValues(t, 3, again.Epoch)
	}
}
