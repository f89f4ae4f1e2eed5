package router_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

func TestALeadBecomesADecisionAndAnAssignment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.handle(b.created("L-1", "DE"))

	require.Empty(t, out.DLQ)
	require.Empty(t, out.Until)
	assigned := assignments(t, out)
	require.Len(t, assigned, 1)
	a := assigned[0]
	require.Equal(t, "carl", a.RepID)
	require.Equal(t, "local", a.Rule)
	require.Equal(t, ledger.Assigned, a.Outcome)
	require.Equal(t, 1, a.Attempt)
	require.Len(t, a.AssignmentID, 32)
	require.NotEmpty(t, a.Reason)
	require.Equal(t, "jo@weber.example", a.Lead.Email, "subscribers get the lead")

	logged := decisions(t, out)
	require.Len(t, logged, 1)
	require.Equal(t, a.Sequence, logged[0].Grant.Sequence)
	require.Equal(t, "id-lead.created", logged[0].Op.Topic)
	for _, r := range out.Records {
		require.Equal(t, "L-1", string(r.Key))
		if r.Topic == event.LeadDecisions.Topic("") {
			require.NotContains(t, string(r.Value), "jo@", "the log holds nothing personal")
		}
	}
}

// The three that the name of an operation tells apart: a redelivery, a second event
// with a known id, and a policy change between two reads.
func TestRedeliveryRepeatAndPolicyChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.created("L-1", "DE")
	want := b.handle(first)

	t.Log("the transaction is aborted, the process restarts, the policy has changed")
	b.adopt(strings.ReplaceAll(minimal, "carl: {country: [DE, AT, CH]}", "dora: {country: [DE]}"))
	b.restart()
	require.NoError(t, b.handler.Assigned(t.Context(), map[kstream.TopicPartition]int64{kstream.PartitionOf(first): 0}))
	got := b.handle(first)
	require.Empty(t, cmp.Diff(text(want), text(got)), "the same record gives the same bytes")
	b.commit(got, first)

	second := b.created("L-1", "US")
	out := b.handle(second)
	require.Empty(t, assignments(t, out), "a known id changes nothing")
	require.Equal(t, ledger.Repeat, decisions(t, out)[0].Grant.Effect)
	b.commit(out, second)

	out = b.handle(second)
	require.Empty(t, out.Records, "an acknowledged record gives nothing")

	third := b.created("L-2", "DE")
	require.Equal(t, "dora", assignments(t, b.handle(third))[0].RepID, "new leads go by the new policy")
}

func TestBadInputIsSetAsideAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	bad := map[string]string{
		"not_json":     `{"id": "L-9",`,
		"missing_id":   `{"country": "DE"}`,
		"wrong_type":   `{"id": "L-9", "company": 7}`,
		"unknown_enum": `{"id": "L-9", "intent": "burning"}`,
		"bad_date":     `{"id": "L-9", "created_at": "2026-02-31T00:00:00Z"}`,
		"not_utf8":     "{\"id\": \"L-9\", \"city\": \"\xff\xfe\"}",
		"too_large":    `{"id": "L-9", "city": "` + strings.Repeat("x", 10<<20) + `"}`,
		"too_deep":     `{"id": "L-9", "attributes": {"a": ` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `}}`,
	}
	b := setup(t)
	records := []*kstream.Record{b.created("L-1", "DE")}
	for _, value := range bad {
		records = append(records, b.record(event.LeadCreated, value))
	}
	records = append(records, b.created("L-2", "ES"),
		b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"yodelled"}`),
		b.record(event.RepStatus, `{"rep_id":"nobody","status":"away"}`))

	out := b.handle(records...)
	require.Len(t, assignments(t, out), 2)
	codes := map[string]int{}
	for _, d := range out.DLQ {
		codes[d.Code]++
		require.NotContains(t, d.Err.Error(), "burning", "values are not told")
	}
	for code := range bad {
		require.Positive(t, codes[code], code)
	}
	require.Equal(t, 2, codes["unknown_enum"])
	require.Equal(t, 1, codes["unknown_rep"])
}

func TestHostileStringsAreOnlyStrings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, s := range []string{
		"'; DROP TABLE leads; --", "${jndi:ldap://x}", "{{7*7}}", "\u202egnp.exe", "\x00", "a\nb\r\n\r\nc",
		"]]>", "\\u0000", "..%2f..%2f", "<script>alert(1)</script>", "🙂👩‍👩‍👧", strings.Repeat("é", 5000), "redis.call('FLUSHALL')",
	} {
		value := fmt.Sprintf(`{"id":"L-%d","city":%s,"country":"DE","tags":[%[2]s],"company":{"name":%[2]s},"attributes":{"x":%[2]s}}`, i, quote(s))
		out := b.handle(b.record(event.LeadCreated, value))
		if len(out.DLQ) > 0 {
			require.NotEmpty(t, out.DLQ[0].Code)
			continue
		}
		require.Equal(t, "carl", assignments(t, out)[0].RepID)
	}
}

func TestClosingFreesOnceAndStopsTheClocks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.created("L-1", "DE")
	b.commit(b.handle(lead), lead)
	closing := b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"converted","attempt":1}`)
	out := b.handle(closing)
	require.Equal(t, ledger.Freed, decisions(t, out)[0].Grant.Effect)
	last := out.Records[len(out.Records)-1]
	require.Equal(t, event.LeadTimers.Topic(""), last.Topic)
	require.Nil(t, last.Value, "a tombstone")
	b.commit(out, closing)

	again := b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"lost"}`)
	out = b.handle(again)
	require.Equal(t, ledger.Ignored, decisions(t, out)[0].Grant.Effect)
	state, err := b.store.Dump(t.Context())
	require.NoError(t, err)
	require.Zero(t, state.Reps["carl"].Open)
}

func TestAnActivityThatOvertakesItsLeadIsHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(minimal + "slas: {all: {for: true, contacted: {target: 1h}}}\n")
	early := b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"closed"}`)
	out := b.handle(early)
	require.Equal(t, ledger.Held, decisions(t, out)[0].Grant.Effect)
	b.commit(out, early)

	lead := b.created("L-1", "DE")
	out = b.handle(lead)
	g := decisions(t, out)[0].Grant
	require.Equal(t, ledger.Owned, g.Effect)
	require.Len(t, g.Held, 1)
	state, err := b.store.Dump(t.Context())
	require.NoError(t, err)
	require.Zero(t, state.Reps["carl"].Open, "closed as soon as it was decided")
	require.NotNil(t, assignments(t, out)[0].SLA)
	require.Empty(t, payloads[event.Timer](t, out, event.LeadTimers), "no clock runs for a closed lead")
}

func TestWhoIsAwayGetsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.handle(b.created("L-1", "DE"), b.record(event.RepStatus, `{"rep_id":"carl","status":"away"}`))
	a := assignments(t, out)[0]
	require.NotEqual(t, "carl", a.RepID, "a batch learns first who is there")
	require.Equal(t, "anyone", a.Rule)
}

func TestALeadInAnotherBatchsHandsIsBusy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.created("L-1", "DE")
	granted := b.handle(lead)
	closing := b.record(event.LeadActivity, `{"lead_id":"L-1","activity":"closed"}`)
	other := b.record(event.LeadActivity, `{"lead_id":"L-7","activity":"closed"}`)
	broken := b.record(event.LeadActivity, `no json`)

	out := b.handle(closing, other, broken)
	require.Empty(t, out.Records, "what follows in the partition waits too")
	require.Empty(t, out.DLQ, "it comes again, and is set aside then")
	require.Equal(t, map[kstream.TopicPartition]int64{kstream.PartitionOf(closing): closing.Offset}, out.Until)

	b.commit(granted, lead)
	out = b.handle(closing, other, broken)
	require.Len(t, decisions(t, out), 2)
	require.Len(t, out.DLQ, 1)
	require.Empty(t, out.Until)
}

func TestTroubleOfTheLedgerIsPassing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.created("L-1", "DE")
	for _, err := range []error{ledger.ErrUnavailable, ledger.ErrEpoch, errors.New("ERR max number of clients reached")} {
		b.store.refuse(err, err)
		_, got := b.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{lead}})
		require.ErrorIs(t, got, err)
		require.Equal(t, kstream.Retry(err).Error(), got.Error())
	}
	require.Len(t, assignments(t, b.handle(lead)), 1)
	require.Equal(t, 1, b.store.verified, "after a refusal the ledger is verified before it is used")

	b.store.refuse(errors.New("what this record does to the script"))
	_, err := b.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{b.created("L-2", "DE")}})
	require.ErrorContains(t, err, "what this record does to the script")
	require.NotEqual(t, kstream.Retry(err), err, "the ledger works without it")
}

// A ledger that can be read and takes no writes is in trouble until it takes them, however
// often it is asked what it knows.
func TestALedgerThatIsOnlyReadIsInTrouble(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.created("L-1", "DE")
	b.commit(b.handle(first), first)
	moved := b.record(event.LeadCommand, `{"lead_id":"L-1","command":"reroute","by":"boss","because":"it is better"}`)
	b.reported = nil
	b.store.refuse(ledger.ErrUnavailable, ledger.ErrUnavailable, ledger.ErrUnavailable)
	for range 3 {
		_, err := b.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{moved}})
		require.ErrorIs(t, err, ledger.ErrUnavailable)
	}
	require.NoError(t, b.reported[0], "the lead was looked at")
	for _, err := range b.reported[1:] {
		require.ErrorIs(t, err, ledger.ErrUnavailable)
	}
	b.handle(moved)
	require.NoError(t, b.reported[len(b.reported)-1])

	t.Log("whoever gets its partition asks anew")
	b.store.refuse(ledger.ErrUnavailable)
	_, err := b.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{b.created("L-2", "DE")}})
	require.ErrorIs(t, err, ledger.ErrUnavailable)
	b.fresh(moved, moved.Offset+1)
	require.NoError(t, b.reported[len(b.reported)-1])
}

func TestSkippedGrantsAreTakenBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	committed, skipped := b.created("L-1", "DE"), b.created("L-2", "DE")
	out := b.handle(committed, skipped)
	b.log.committed[decisions(t, out)[0].Grant.Sequence] = true
	hole := decisions(t, out)[1].Grant

	t.Log("the process dies; its successor finds the offset behind both records")
	b.restart()
	at := kstream.PartitionOf(skipped)
	require.NoError(t, b.handler.Assigned(t.Context(), map[kstream.TopicPartition]int64{at: skipped.Offset + 1}))
	next := b.created("L-3", "DE")
	out = b.handle(next)
	require.Len(t, decisions(t, out), 2)
	void := decisions(t, out)[0].Grant
	require.Equal(t, ledger.Voided, void.Effect)
	require.Equal(t, hole.Sequence, void.Undone.Sequence, "the hole is explained")

	t.Log("it dies as well: the void is written once more, the same")
	b.restart()
	require.NoError(t, b.handler.Assigned(t.Context(), map[kstream.TopicPartition]int64{at: skipped.Offset + 1}))
	again := b.handle(next)
	require.Empty(t, cmp.Diff(text(out), text(again)))
	b.commit(again, next)
	require.Empty(t, b.handle(next).Records)

	state, err := b.store.Dump(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, state.Reps["carl"].Open)
	require.NotContains(t, state.Leads, "L-2")
	memos, err := b.store.Pending(t.Context(), ledger.Partition{Topic: "id-lead.created"}, 1<<40)
	require.NoError(t, err)
	require.Empty(t, memos, "all is acknowledged")
}

func TestLeadsAreCountedWhenTheyAreCommitted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	lead := b.created("L-1", "DE")
	b.handle(lead)
	require.NoError(t, b.handler.Assigned(t.Context(), map[kstream.TopicPartition]int64{kstream.PartitionOf(lead): 0}))
	b.commit(b.handle(lead), lead)
	require.NoError(t, testutil.GatherAndCompare(b.reg, strings.NewReader(`
# HELP leadrouter_leads_total Leads decided and committed, by outcome; repeat: another record with a known id.
# TYPE leadrouter_leads_total counter
leadrouter_leads_total{outcome="assigned"} 1
`), "leadrouter_leads_total"))
}
