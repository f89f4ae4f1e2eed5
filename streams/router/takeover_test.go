package router_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// giveUp is what the stream does with a record that has failed alone: it goes to the
// dead letters without being handed out.
func (b *bundle) giveUp(r *kstream.Record) {
	b.handler.Committed(b.t.Context(), map[kstream.TopicPartition]int64{kstream.PartitionOf(r): r.Offset + 1})
}

// changed is another record at the place of r: a broker has lost the tail of its log.
func changed(r *kstream.Record) *kstream.Record {
	other := *r
	other.Value = []byte(`{"id":"L-9","country":"ES"}`)
	return &other
}

// A record that is not the one of the grant is refused; given up, its grant is taken
// back, also when batches before it are committed in between.
func TestAnotherRecordAtTheSamePlaceIsRefusedAndItsGrantTakenBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before, culprit := b.created("L-1", "DE"), b.created("L-2", "DE")
	granted := decisions(t, b.handle(culprit))[0].Grant
	out := b.handle(before)

	_, err := b.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{changed(culprit)}})
	require.ErrorContains(t, err, "is another one than when it was decided")
	b.commit(out, before)
	b.giveUp(culprit)

	next := b.created("L-3", "DE")
	all := decisions(t, b.handle(next))
	require.Len(t, all, 2)
	require.Equal(t, ledger.Voided, all[0].Grant.Effect)
	require.Equal(t, granted.Sequence, all[0].Grant.Undone.Sequence)
}

// Position and void of a partition race: the position waits.
func TestAPositionWaitsForTheVoidBelowIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	culprit, behind := b.created("L-1", "DE"), b.created("L-2", "DE")
	b.handle(culprit)
	b.fresh(culprit, 0)
	under := b.handle(behind) // the dead letter is under way, and so is this
	b.giveUp(culprit)
	b.commit(under, behind)
	require.Len(t, b.memos(event.LeadCreated), 2, "nothing may be forgotten yet")

	last := b.created("L-3", "DE")
	out := b.handle(last)
	require.Equal(t, ledger.Voided, decisions(t, out)[0].Grant.Effect)
	b.commit(out, last)
	b.flush()
	require.Empty(t, b.memos(event.LeadCreated))
}

// A second stray while a void is under way: each is written once.
func TestVoidsUnderWayAreNotWrittenAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, second := b.created("L-1", "DE"), b.created("L-2", "DE")
	b.handle(first, second)
	b.fresh(first, 0)
	b.giveUp(first)
	other := b.record(event.LeadActivity, `{"lead_id":"L-7","activity":"closed"}`)
	carrier := b.handle(other)
	require.Equal(t, ledger.Voided, decisions(t, carrier)[0].Grant.Effect)

	b.giveUp(second)
	another := b.record(event.LeadActivity, `{"lead_id":"L-8","activity":"closed"}`)
	require.Len(t, decisions(t, b.handle(another)), 1, "the first void is under way")
	b.commit(carrier, other)
	third := b.record(event.LeadActivity, `{"lead_id":"L-9","activity":"closed"}`)
	out := b.handle(third)
	require.Equal(t, ledger.Voided, decisions(t, out)[0].Grant.Effect)
	require.Equal(t, "L-2", decisions(t, out)[0].Grant.Lead)
}

// What everybody waits for may be held back by the void: it goes alone then.
func TestAVoidGoesAloneWhenEverythingElseWaits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	skipped, committed := b.created("L-1", "DE"), b.created("L-2", "DE")
	out := b.handle(skipped, committed)
	b.log.committed[decisions(t, out)[1].Grant.Sequence] = true
	b.restart()
	b.fresh(committed, committed.Offset+1)

	closing := b.record(event.LeadActivity, `{"lead_id":"L-2","activity":"closed"}`)
	out = b.handle(closing)
	require.True(t, out.Unprompted)
	require.Equal(t, map[kstream.TopicPartition]int64{kstream.PartitionOf(closing): closing.Offset}, out.Until)
	require.Equal(t, ledger.Voided, decisions(t, out)[0].Grant.Effect)
	require.Empty(t, b.handle(closing).Records, "it is under way")
	b.commit(out) // with offsets that may stand before a hole, where the partition does

	out = b.handle(closing)
	require.Equal(t, ledger.Freed, decisions(t, out)[0].Grant.Effect, "nobody waits any more")
	b.commit(out, closing)
	b.flush()
	require.Empty(t, b.memos(event.LeadCreated))
}

// The commit of a batch that was under way before is not that of the void.
func TestAVoidGoesAloneBehindABatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	skipped, committed := b.created("L-1", "DE"), b.created("L-2", "DE")
	out := b.handle(skipped, committed)
	b.log.committed[decisions(t, out)[1].Grant.Sequence] = true
	b.restart()
	closing := b.record(event.LeadActivity, `{"lead_id":"L-2","activity":"closed"}`)
	dead := b.record(event.RepStatus, `no json`)
	under := b.handle(dead)
	require.Len(t, under.DLQ, 1)
	b.fresh(committed, committed.Offset+1)

	void := b.handle(closing)
	require.True(t, void.Unprompted)
	b.commit(under, dead)
	b.handler.Committed(t.Context(), map[kstream.TopicPartition]int64{kstream.PartitionOf(closing): closing.Offset})
	require.Empty(t, b.handle(closing).Records, "still under way")
	b.flush()
	require.Len(t, b.memos(event.LeadCreated), 2)
	b.commit(void)
	require.Equal(t, ledger.Freed, decisions(t, b.handle(closing))[0].Grant.Effect)
}

// A void and the first of a line that is woken go together, and each is done once.
func TestAVoidGoesWithAWake(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(narrow)
	waiting := b.created("L-0", "DE")
	b.commit(b.handle(waiting), waiting)
	skipped, committed := b.created("L-1", "DE"), b.created("L-2", "DE")
	out := b.handle(skipped, committed)
	b.log.committed[decisions(t, out)[1].Grant.Sequence] = true
	b.restart()
	b.fresh(committed, committed.Offset+1)
	closing := b.record(event.LeadActivity, `{"lead_id":"L-2","activity":"closed"}`)

	woken := b.handle()
	require.Len(t, payloads[event.Reassign](t, woken, event.LeadReassign), 1)
	both := b.handle(closing)
	require.Len(t, payloads[event.Reassign](t, both, event.LeadReassign), 1)
	require.Equal(t, ledger.Voided, decisions(t, both)[0].Grant.Effect)
	b.commit(woken)
	require.Empty(t, decisions(t, b.handle(closing)), "its commit is not that of the void")
	b.commit(both)
	out = b.handle(closing)
	require.Empty(t, payloads[event.Reassign](t, out, event.LeadReassign))
	require.Equal(t, ledger.Freed, decisions(t, out)[0].Grant.Effect)
}

// What could not be settled when it was committed is settled before the next batch.
func TestSettlingIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	culprit := b.created("L-1", "DE")
	b.handle(culprit)
	b.fresh(culprit, 0)
	b.log.fail = errors.New("no answer from the log")
	b.giveUp(culprit)

	next := b.record(event.LeadActivity, `{"lead_id":"L-7","activity":"closed"}`)
	_, err := b.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{next}})
	require.ErrorIs(t, err, b.log.fail)
	require.Equal(t, kstream.Retry(err).Error(), err.Error())
	b.log.fail = nil
	require.Equal(t, ledger.Voided, decisions(t, b.handle(next))[0].Grant.Effect)
}

func TestARevokedPartitionIsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	skipped := b.created("L-1", "DE")
	b.handle(skipped)
	b.restart()
	at := kstream.PartitionOf(skipped)
	b.fresh(skipped, skipped.Offset+1)
	b.handler.Revoked(t.Context(), []kstream.TopicPartition{at})

	other := b.record(event.LeadActivity, `{"lead_id":"L-7","activity":"closed"}`)
	out := b.handle(other)
	require.Len(t, decisions(t, out), 1, "the void is its next owner's to write")
	b.commit(out, other)
	require.Len(t, b.memos(event.LeadCreated), 1)
}

// Refused when it is read again, under another policy: the record is a dead letter,
// and what it was granted is taken back.
func TestADeadLetterThatHadBeenGranted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	away := b.record(event.RepStatus, `{"rep_id":"carl","status":"away"}`)
	b.handle(away)
	b.adopt(`{policy: other, reps: {ana: {}}, rules: [{name: all, to: all}]}`)
	b.fresh(away, 0)
	out := b.handle(away)
	require.Equal(t, "unknown_rep", out.DLQ[0].Code)
	b.commit(out, away)

	void := decisions(t, b.handle(b.created("L-1", "DE")))[0].Grant
	require.Equal(t, ledger.Voided, void.Effect)
	require.Equal(t, ledger.Present, void.Undone.Effect)
}

// Positions are acknowledged without a batch, and again when the ledger was away.
func TestPositionsAreAcknowledgedAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.created("L-1", "DE")
	out := b.handle(lead)
	done := make(chan error)
	stop := b.run(done)
	b.store.refuse(ledger.ErrUnavailable)
	b.commit(out, lead)
	require.Eventually(t, func() bool {
		b.clock.Advance(500 * time.Millisecond)
		return len(b.memos(event.LeadCreated)) == 0
	}, 10*time.Second, time.Millisecond)
	stop()
	require.NoError(t, <-done)
}
