package router_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// watched has clocks, and people to move leads to.
const watched = `
policy: watched
teams: {emea: {manager: ines}}
reps:
  ines: {name: Ines Soto, team: emea}
  jonas: {name: Jonas Weber, team: emea, backup: petra}
  petra: {team: emea}
  klara: {team: emea}
pools: {seniors: {who: [jonas, klara, petra], pick: ranked}, deals: {who: klara}}
slas:
  demo:
    for: true
    clock: 24x7
    accepted: {10m: remind, 20m: to_backup}
    contacted: {target: 15m, 30m: [reassign, tell_manager]}
reassign: {turn_back: [spam]}
rules:
  - {name: late, when: country == "FR", to: wait}
  - {name: all, to: seniors, on_qualified: closing}
rulesets: {closing: [{name: closer, to: deals}]}
waiting: {after: {1h: tell_manager}}
`

// lifecycle is a lead that jonas owns, and what happens to it.
type lifecycle struct{ *bundle }

func owned(t *testing.T) lifecycle {
	t.Helper()
	b := setup(t)
	b.adopt(watched)
	l := lifecycle{b}
	l.do(event.LeadCreated, `{"id":"L1","country":"DE","email":"jo@weber.example"}`)
	return l
}

// do handles and commits one record.
func (l lifecycle) do(of event.Type, value string) kstream.Output {
	l.t.Helper()
	r := l.record(of, value)
	out := l.handle(r)
	l.commit(out, r)
	l.flush()
	return out
}

func (l lifecycle) reassign(value string) kstream.Output {
	return l.do(event.LeadReassign, `{"lead_id":"L1","at":"2026-05-04T10:20:00Z",`+value+`}`)
}

func (l lifecycle) activity(value string) kstream.Output {
	return l.do(event.LeadActivity, `{"lead_id":"L1",`+value+`}`)
}

func (l lifecycle) command(value string) kstream.Output {
	return l.do(event.LeadCommand, `{"lead_id":"L1","by":"ines","because":"she asked for it",`+value+`}`)
}

// only is the one payload of a type in an output.
func only[T any](t *testing.T, out kstream.Output, of event.Type) T {
	t.Helper()
	list := payloads[T](t, out, of)
	require.Len(t, list, 1, "%s in %s", of, text(out))
	return list[0]
}

// due tells the stages of a timer in a line each.
func due(timer event.Timer) []string {
	var lines []string
	for _, d := range timer.Due {
		lines = append(lines, fmt.Sprintf("%s %d %s %v", d.Clock, d.Stage, d.At.Sub(timer.Start), d.Do))
	}
	return lines
}

func TestClocksOfAnAssignment(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(watched)
	l := lifecycle{b}
	first := only[event.Timer](t, l.do(event.LeadCreated, `{"id":"L1","country":"DE"}`), event.LeadTimers)
	require.Equal(t, []any{"demo", "jonas", 1, []string{"ines"}}, []any{first.SLA, first.RepID, first.Attempt, first.Tell})
	contact := []string{"contacted 0 15m0s []", "contacted 1 30m0s [reassign tell_manager]"}
	require.Equal(t, []string{
		"accepted 0 10m0s [remind]", contact[0], "accepted 1 20m0s []", "accepted 2 20m0s [to_backup]", contact[1],
	}, due(first), "an entry that does nothing is the target")

	l.clock.Advance(time.Minute)
	accepted := only[event.Timer](t, l.activity(`"activity":"accepted"`), event.LeadTimers)
	require.Equal(t, contact, due(accepted))
	require.Equal(t, []event.Stop{{Clock: "accepted", At: first.Start.Add(time.Minute)}}, accepted.Stopped)
	contacted := only[event.Timer](t, l.activity(`"activity":"contacted"`), event.LeadTimers)
	require.Empty(t, contacted.Due)
	require.Len(t, contacted.Stopped, 2)
	closed := l.activity(`"activity":"lost"`)
	require.Empty(t, payloads[event.Timer](t, closed, event.LeadTimers))
	require.Nil(t, closed.Records[1].Value, "no clock of a closed lead runs")
}

func TestReassigned(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, reassign, rep, reason, code string
		outcome                           ledger.Outcome
	}{
		{"to the backup", `"attempt":1,"cause":"sla","clock":"accepted","to":"backup"`, "petra", "Jonas did not accept in time; you are the backup.", "stand_in", ledger.Assigned},
		{"to the manager", `"attempt":1,"cause":"sla","clock":"contacted","to":"manager"`, "ines", "Jonas did not act in time; you manage the team.", "escalated", ledger.Assigned},
		{"to the rules", `"attempt":1,"cause":"sla","clock":"contacted"`, "klara", "Jonas did not act in time; you were the first on the list who was free.", "rank", ledger.Assigned},
		{"to review", `"attempt":1,"cause":"sla","clock":"contacted","to":"review"`, "", "Jonas did not act in time; a person has to decide.", "escalated", ledger.Review},
		{"handed on", `"attempt":1,"cause":"qualified"`, "klara", "Jonas qualified it; it was your turn.", "turn", ledger.Assigned},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := owned(t)
			out := l.reassign(tt.reassign)
			a := only[event.Assigned](t, out, event.LeadAssigned)
			require.Equal(t, []any{2, tt.outcome, tt.rep, tt.reason, tt.code}, []any{a.Attempt, a.Outcome, a.RepID, a.Reason, a.ReasonCode})
			require.Equal(t, "jonas", a.Previous.RepID)
			require.Nil(t, a.Lead, "the log holds nothing personal")
			if tt.rep != "" {
				require.Equal(t, 2, only[event.Timer](t, out, event.LeadTimers).Attempt)
			} else {
				require.Nil(t, out.Records[2].Value, "nobody's clock runs")
			}
			again := l.reassign(tt.reassign)
			require.Empty(t, assignments(t, again), "the attempt is over")
			require.Equal(t, ledger.Fenced, decisions(t, again)[0].Grant.Effect)
		})
	}
}

// A decision names what has asked for it, so that nobody has to guess, and repeats nobody's
// words; what comes from outside is asked by nobody.
func TestADecisionNamesWhatAsked(t *testing.T) {
	t.Parallel()
	l := owned(t)
	out := l.reassign(`"attempt":1,"rep_id":"jonas","cause":"sla","reason":"I know Jo Weber","clock":"accepted","stage":2,"to":"backup"`)
	require.Equal(t, &event.Reassign{
		LeadID: "L1", Attempt: 1, Cause: event.CauseSLA, Clock: routing.ClockAccepted, Stage: 2, To: event.ToBackup, At: time.Date(2026, 5, 4, 10, 20, 0, 0, time.UTC),
	}, decisions(t, out)[0].Asked)
	late := l.reassign(`"attempt":1,"cause":"sla","clock":"contacted"`)
	require.Equal(t, ledger.Fenced, decisions(t, late)[0].Grant.Effect)
	require.Equal(t, routing.ClockContacted, decisions(t, late)[0].Asked.Clock, "also of what came too late")
	require.Nil(t, decisions(t, l.command(`"command":"release"`))[0].Asked)
}

// An acceptance and a breach race; whichever the ledger sees first wins.
func TestAcceptedInTime(t *testing.T) {
	t.Parallel()
	l := owned(t)
	l.activity(`"activity":"accepted"`)
	out := l.reassign(`"attempt":1,"cause":"sla","clock":"accepted","to":"backup"`)
	require.Equal(t, ledger.Ignored, decisions(t, out)[0].Grant.Effect)
	require.Empty(t, assignments(t, out))
	l.reassign(`"attempt":1,"cause":"sla","clock":"contacted","to":"backup"`)
	late := l.activity(`"activity":"accepted","attempt":1`)
	require.Equal(t, ledger.Fenced, decisions(t, late)[0].Grant.Effect)
}

// Contact implies acceptance, and qualification both: a late clock does not undo them.
func TestALaterActivityImpliesTheEarlier(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ activity, cause string }{
		{"contacted", `"cause":"sla","clock":"accepted"`},
		{"qualified", `"cause":"sla","clock":"accepted"`},
		{"qualified", `"cause":"sla","clock":"contacted"`},
		{"contacted", `"cause":"away"`},
	} {
		l := owned(t)
		l.activity(`"activity":"` + tt.activity + `"`)
		out := l.reassign(`"attempt":1,` + tt.cause)
		require.Equal(t, ledger.Ignored, decisions(t, out)[0].Grant.Effect, "%s, %s", tt.activity, tt.cause)
		require.Empty(t, assignments(t, out))
	}
}

// What is delivered again is the same to the byte, although the lead has moved and the
// policy is another one.
func TestMoveIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	l := owned(t)
	r := l.record(event.LeadReassign, `{"lead_id":"L1","attempt":1,"cause":"sla","clock":"accepted","to":"backup","at":"2026-05-04T10:20:00Z"}`)
	first := l.handle(r)
	l.adopt(minimal)
	l.restart()
	l.fresh(r, r.Offset)
	again := l.handle(r)
	require.Len(t, first.Records, 3)
	require.Equal(t, text(first), text(again))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	l := owned(t)
	spam := only[event.Reassign](t, l.activity(`"activity":"rejected","reason":"spam"`), event.LeadReassign)
	require.Equal(t, []any{"rejected", "spam", 1, "jonas"}, []any{spam.Cause, spam.Reason, spam.Attempt, spam.RepID})
	a := only[event.Assigned](t, l.reassign(`"attempt":1,"cause":"rejected","reason":"spam"`), event.LeadAssigned)
	require.Equal(t, "klara", a.RepID)
	own := only[event.Reassign](t, l.activity(`"activity":"rejected","reason":"I know Jo Weber"`), event.LeadReassign)
	require.Empty(t, own.Reason, "in a rep's own words: not for the log")
}

// What the owner before says of a lead is not taken for the word of the one by now. An id
// that is no rep's may be an address: not for the log.
func TestTheOwnerBeforeIsLate(t *testing.T) {
	t.Parallel()
	l := owned(t)
	l.reassign(`"attempt":1,"cause":"sla","clock":"accepted","to":"backup"`)
	late := l.activity(`"activity":"accepted","rep_id":"jonas"`)
	require.Equal(t, []any{ledger.Fenced, "jonas"}, []any{decisions(t, late)[0].Grant.Effect, decisions(t, late)[0].Grant.By})
	require.Empty(t, payloads[event.Timer](t, late, event.LeadTimers), "Petra's clocks go on")
	unknown := l.activity(`"activity":"accepted","rep_id":"petra@sales.example"`)
	require.Equal(t, ledger.Noted, decisions(t, unknown)[0].Grant.Effect)
	require.NotContains(t, text(unknown), "sales.example")
}

func TestQualifiedIsHandedOn(t *testing.T) {
	t.Parallel()
	l := owned(t)
	out := l.activity(`"activity":"qualified"`)
	handed := only[event.Reassign](t, out, event.LeadReassign)
	require.Equal(t, event.CauseQualified, handed.Cause)
	require.Equal(t, "klara", only[event.Assigned](t, l.reassign(`"attempt":1,"cause":"qualified"`), event.LeadAssigned).RepID)
	require.Empty(t, payloads[event.Reassign](t, l.activity(`"activity":"qualified"`), event.LeadReassign), "the last hand")
}

func TestCommands(t *testing.T) {
	t.Parallel()
	l := owned(t)
	a := only[event.Assigned](t, l.command(`"command":"assign","rep_id":"petra"`), event.LeadAssigned)
	require.Equal(t, []any{"petra", 2, "It comes from Jonas; Ines gave it to you.", "command"}, []any{a.RepID, a.Attempt, a.Reason, a.ReasonCode})
	require.Empty(t, assignments(t, l.command(`"command":"assign","rep_id":"petra"`)), "she has it")
	require.Empty(t, assignments(t, l.command(`"command":"assign","rep_id":"klara","attempt":1`)), "fenced")

	clock := only[event.Assigned](t, l.reassign(`"attempt":2,"cause":"sla","clock":"contacted","to":"backup"`), event.LeadAssigned)
	require.Equal(t, []any{ledger.Review, 3}, []any{clock.Outcome, clock.Attempt}, "a person chose her, a person decides again")
	released := only[event.Assigned](t, l.command(`"command":"release"`), event.LeadAssigned)
	require.Equal(t, []any{ledger.Review, 4, "Ines sent it to review."}, []any{released.Outcome, released.Attempt, released.Reason})
	require.Equal(t, "klara", only[event.Assigned](t, l.command(`"command":"reroute"`), event.LeadAssigned).RepID, "neither of those who had it")
	claimed := only[event.Assigned](t, l.activity(`"activity":"claimed","rep_id":"jonas"`), event.LeadAssigned)
	require.Equal(t, []any{"jonas", 6}, []any{claimed.RepID, claimed.Attempt})
	gone := only[event.Assigned](t, l.command(`"command":"disqualify"`), event.LeadAssigned)
	require.Equal(t, []any{ledger.Disqualified, "Ines turned this lead away."}, []any{gone.Outcome, gone.Reason})
	require.Equal(t, ledger.Ignored, decisions(t, l.command(`"command":"reroute"`))[0].Grant.Effect, "it is closed")
	state, err := l.store.Dump(t.Context())
	require.NoError(t, err)
	for id, rep := range state.Reps {
		require.Zero(t, rep.Open, id)
	}
}

// A lead that is opened again has no clocks, since what they were planned from is gone. It
// goes back to its owner, and to a person where the owner has left.
func TestOpenedAgain(t *testing.T) {
	t.Parallel()
	l := owned(t)
	l.activity(`"activity":"lost"`)
	again := l.activity(`"activity":"reopened"`)
	require.Len(t, again.Records, 1, text(again))
	l.activity(`"activity":"lost"`)
	l.do(event.RepStatus, `{"rep_id":"jonas","status":"left"}`)
	orphan := only[event.Reassign](t, l.activity(`"activity":"reopened"`), event.LeadReassign)
	require.Equal(t, []any{"left", "jonas", 1}, []any{orphan.Cause, orphan.RepID, orphan.Attempt})
	a := only[event.Assigned](t, l.reassign(`"attempt":1,"cause":"left"`), event.LeadAssigned)
	require.Equal(t, []any{ledger.Review, "Jonas has left; a person has to decide."}, []any{a.Outcome, a.Reason})
	require.Equal(t, "petra", assignments(t, l.command(`"command":"assign","rep_id":"petra"`))[0].RepID)
}

// What a person gives a rep counts in turns: rotation makes up for it.
func TestACommandCountsInTurns(t *testing.T) {
	t.Parallel()
	l := lifecycle{setup(t)}
	l.adopt("policy: two\nreps: {ana: {}, ben: {}}\nrules: [{name: all, to: all}]")
	l.do(event.LeadCreated, `{"id":"L1"}`)
	out := l.command(`"command":"assign","rep_id":"ben"`)
	turn := decisions(t, out)[0].Grant.Turn
	require.Equal(t, &ledger.Turn{Book: turn.Book, Amount: ledger.Unit, Free: ledger.NewBitmap([]int32{0, 1}), Before: ledger.Unit / 2, After: 0, Given: true}, turn)
	require.Equal(t, ledger.Ignored, decisions(t, l.command(`"command":"assign","rep_id":"ben"`))[0].Grant.Effect, "he has it, and pays once")
	require.Equal(t, "ana", assignments(t, l.do(event.LeadCreated, `{"id":"L2"}`))[0].RepID, "else it were his turn")
}

func TestCommandsThatCannotBe(t *testing.T) {
	t.Parallel()
	l := owned(t)
	out := l.command(`"command":"assign","rep_id":"nobody"`)
	require.Equal(t, "unknown_rep", out.DLQ[0].Code)
	r := l.record(event.LeadCommand, `{"lead_id":"L9","by":"ines","because":"x","command":"reroute"}`)
	require.Equal(t, map[kstream.TopicPartition]int64{kstream.PartitionOf(r): r.Offset}, l.handle(r).Until, "its lead may be on the way")
	l.clock.Advance(5 * time.Second)
	out = l.handle(r)
	require.Equal(t, "unknown_lead", out.DLQ[0].Code)
	require.Empty(t, out.Records)
}

// A server that has lost all answers that it has no such lead, as one does where there never was
// one.
func TestALedgerThatIsLostKnowsOfNoLead(t *testing.T) {
	t.Parallel()
	l := owned(t)
	r := l.record(event.LeadCommand, `{"lead_id":"L9","by":"ines","because":"x","command":"reroute"}`)
	l.handle(r)
	l.clock.Advance(5 * time.Second)
	l.store.refuse(ledger.ErrEpoch)
	_, err := l.handler.Handle(t.Context(), kstream.Batch{Records: []*kstream.Record{r}})
	require.ErrorIs(t, err, ledger.ErrEpoch, "nobody knows whether there is such a lead")
	require.Equal(t, "unknown_lead", l.handle(r).DLQ[0].Code)
	require.Equal(t, 1, l.store.verified, "bound anew")
}

// A lead that waits keeps its place when the rules have it wait again.
func TestWaitsOn(t *testing.T) {
	t.Parallel()
	l := owned(t)
	out := l.do(event.LeadCreated, `{"id":"L2","country":"FR"}`)
	require.Equal(t, []string{"waiting 0 1h0m0s [tell_manager]"}, due(only[event.Timer](t, out, event.LeadTimers)))
	again := l.do(event.LeadReassign, `{"lead_id":"L2","attempt":1,"cause":"capacity","at":"2026-05-04T10:20:00Z"}`)
	require.Equal(t, ledger.Ignored, decisions(t, again)[0].Grant.Effect)
	require.Empty(t, assignments(t, again))
	taken := only[event.Assigned](t, l.do(event.LeadCommand, `{"lead_id":"L2","by":"Dana Cole","because":"x","command":"assign","rep_id":"klara"}`), event.LeadAssigned)
	require.Equal(t, "A person gave it to you.", taken.Reason, "who is no rep is not named")
}

// After an outage what reps did in time is applied before the clocks that ran out.
func TestReassignmentsWaitForActivities(t *testing.T) {
	t.Parallel()
	l := owned(t)
	l.restart()
	l.behind = true
	r := l.record(event.LeadReassign, `{"lead_id":"L1","attempt":1,"cause":"sla","clock":"accepted","at":"2026-05-04T10:20:00Z"}`)
	out := l.handle(r)
	require.Empty(t, out.Records)
	require.Equal(t, map[kstream.TopicPartition]int64{kstream.PartitionOf(r): r.Offset}, out.Until)
	l.activity(`"activity":"accepted"`)
	l.behind = false
	require.Equal(t, ledger.Ignored, decisions(t, l.handle(r))[0].Grant.Effect)
}

// A reassignment that was granted before a crash waits for no activity: what came after it waits
// for its lead, and both would wait for ever.
func TestAReassignmentInDoubtWaitsForNoActivity(t *testing.T) {
	t.Parallel()
	l := owned(t)
	r := l.record(event.LeadReassign, `{"lead_id":"L1","attempt":1,"cause":"sla","clock":"accepted","at":"2026-05-04T10:20:00Z"}`)
	granted := l.handle(r)
	l.restart()
	l.behind = true
	l.fresh(r, r.Offset)
	since := l.record(event.LeadActivity, `{"lead_id":"L1","activity":"contacted"}`)
	next := l.record(event.LeadReassign, `{"lead_id":"L1","attempt":2,"cause":"sla","clock":"accepted","at":"2026-05-04T10:40:00Z"}`)
	out := l.handle(since, r, next)
	require.Equal(t, text(granted), text(kstream.Output{Records: out.Records}))
	require.Equal(t, map[kstream.TopicPartition]int64{kstream.PartitionOf(since): since.Offset, kstream.PartitionOf(next): next.Offset}, out.Until)
	l.commit(out, r)
	l.flush()
	require.Equal(t, ledger.Noted, decisions(t, l.handle(since))[0].Grant.Effect)
}

// Who goes away keeps what is accepted and gives back the rest, with the turn if the
// policy wants that; who leaves gives back everything.
func TestRepsGiveLeadsBack(t *testing.T) {
	t.Parallel()
	l := owned(t)
	l.do(event.LeadCreated, `{"id":"L2","country":"DE"}`)
	l.activity(`"activity":"accepted"`)
	r := l.record(event.RepStatus, `{"rep_id":"jonas","status":"away"}`)
	out := l.handle(r)
	back := only[event.Reassign](t, out, event.LeadReassign)
	require.Equal(t, []any{"L2", 1, "jonas", "away"}, []any{back.LeadID, back.Attempt, back.RepID, back.Cause})
	l.restart()
	l.fresh(r, r.Offset)
	require.Equal(t, text(out), text(l.handle(r)), "delivered again")
	l.commit(out, r)
	l.flush()
	moved := only[event.Assigned](t, l.do(event.LeadReassign, `{"lead_id":"L2","attempt":1,"cause":"away","at":"2026-05-04T10:20:00Z"}`), event.LeadAssigned)
	require.Equal(t, []any{"klara", "Jonas is away; you were the first on the list who was free."}, []any{moved.RepID, moved.Reason})

	left := only[event.Reassign](t, l.do(event.RepStatus, `{"rep_id":"jonas","status":"left"}`), event.LeadReassign)
	require.Equal(t, []any{"L1", "left"}, []any{left.LeadID, left.Cause})
	require.Equal(t, "klara", only[event.Assigned](t, l.reassign(`"attempt":1,"cause":"left"`), event.LeadAssigned).RepID)

	l.adopt(strings.Replace(watched, "turn_back: [spam]", "turn_back: [spam], away: keep", 1))
	kept := l.do(event.RepStatus, `{"rep_id":"klara","status":"away"}`)
	require.Empty(t, payloads[event.Reassign](t, kept, event.LeadReassign))
}

// An absence that is over by the time it is read takes no lead from who is there.
func TestAPastAbsenceGivesNothingBack(t *testing.T) {
	t.Parallel()
	l := owned(t)
	past := l.do(event.RepStatus, `{"rep_id":"jonas","status":"away","until":"2026-05-04T09:00:00Z"}`)
	require.Empty(t, payloads[event.Reassign](t, past, event.LeadReassign))
	now := l.do(event.RepStatus, `{"rep_id":"jonas","status":"away","until":"2026-05-05T09:00:00Z"}`)
	require.Equal(t, "L1", only[event.Reassign](t, now, event.LeadReassign).LeadID)
}

// What comes to be known adds up. A decision that could not be written is refused before
// the grant: after it the transaction would fail.
func TestAMoveTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(strings.Replace(watched, `country == "FR"`, `attributes.a == "x" || attributes.b == "x" || country == "FR"`, 1))
	l := lifecycle{b}
	l.do(event.LeadCreated, `{"id":"L1","country":"FR"}`)
	update := func(attribute string) kstream.Output {
		return l.do(event.LeadUpdated, fmt.Sprintf(`{"lead_id":"L1","attributes":{%q:%q}}`, attribute, strings.Repeat("y", 800_000)))
	}
	require.Len(t, update("a").Records, 3)
	refused := update("b")
	require.Empty(t, refused.Records)
	require.Equal(t, "too_large", refused.DLQ[0].Code)
}

// A reason that the policy does not know may be anybody's words: not for the log.
func TestAReasonInOwnWordsStaysOut(t *testing.T) {
	t.Parallel()
	l := owned(t)
	out := l.reassign(`"attempt":1,"cause":"rejected","reason":"I know Jo Weber"`)
	require.Equal(t, "klara", assignments(t, out)[0].RepID)
	require.NotContains(t, text(out), "Jo Weber")
}

// Sections are prepared side by side; all of them may find that the ledger is away.
func TestTheLedgerIsAwayWhileMovesArePlanned(t *testing.T) {
	t.Parallel()
	l := owned(t)
	l.store.unseen = func(context.Context) error { return ledger.ErrEpoch }
	records := make([]*kstream.Record, 2048)
	for i := range records {
		records[i] = l.record(event.LeadReassign, `{"lead_id":"L1","attempt":1,"cause":"left","at":"2026-05-04T10:20:00Z"}`)
	}
	_, err := l.handler.Handle(t.Context(), kstream.Batch{Records: records})
	require.ErrorIs(t, err, ledger.ErrEpoch)
	l.store.unseen = nil
	require.Len(t, assignments(t, l.handle(records...)), 1)
	require.Equal(t, 1, l.store.verified, "bound anew")
}

// A grant that fails calls the preparation of later sections off. What is told is why the
// grant failed: else no record would ever be found guilty of it.
func TestAFailedGrantIsToldWhileMovesArePlanned(t *testing.T) {
	t.Parallel()
	l := owned(t)
	records := make([]*kstream.Record, 256, 512)
	for i := range records {
		records[i] = l.created(fmt.Sprint("N", i), "DE")
	}
	for range 256 {
		records = append(records, l.record(event.LeadReassign, `{"lead_id":"L1","attempt":1,"cause":"left","at":"2026-05-04T10:20:00Z"}`))
	}
	l.store.unseen = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	l.store.refuse(errors.New("an odd record"))
	_, err := l.handler.Handle(t.Context(), kstream.Batch{Records: records})
	require.EqualError(t, err, "grant: an odd record")
}

// What comes to be known plans a lead again that nobody has, and leaves the others alone.
func TestUpdated(t *testing.T) {
	t.Parallel()
	l := owned(t)
	kept := l.do(event.LeadUpdated, `{"lead_id":"L1","country":"FR"}`)
	require.Equal(t, ledger.Ignored, decisions(t, kept)[0].Grant.Effect)
	require.Empty(t, assignments(t, kept))

	l.do(event.LeadCreated, `{"id":"L2","country":"FR"}`)
	l.clock.Advance(40 * time.Minute)
	still := l.do(event.LeadUpdated, `{"lead_id":"L2","city":"Paris","first_name":"Jo"}`)
	a := only[event.Assigned](t, still, event.LeadAssigned)
	require.Equal(t, []any{2, ledger.Waiting}, []any{a.Attempt, a.Outcome})
	require.Equal(t, []string{"waiting 0 20m0s [tell_manager]"}, due(only[event.Timer](t, still, event.LeadTimers)), "it goes on waiting")
	r := l.record(event.LeadUpdated, `{"country":"DE"}`)
	r.Key = []byte("L2")
	out := l.handle(r)
	require.Equal(t, []any{"jonas", 3}, []any{assignments(t, out)[0].RepID, assignments(t, out)[0].Attempt})
	require.NotContains(t, text(still)+text(out), "Jo\"", "names are not for the log")
	odd := l.do(event.LeadReassign, `{"lead_id":"L2","attempt":1,"cause":"sla","clock":"jo@weber.example","at":"2026-05-04T10:20:00Z"}`)
	require.Equal(t, "unknown_enum", odd.DLQ[0].Code)
	require.Equal(t, "wrong_type", l.do(event.LeadUpdated, `{"lead_id":7}`).DLQ[0].Code)
}
