package router_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

// draftOf is the plan on a decision.
func draftOf(t *testing.T, d event.Decision) routing.Draft {
	t.Helper()
	var draft routing.Draft
	require.NoError(t, json.Unmarshal(d.Draft, &draft))
	return draft
}

// requireProven derives every decision again, from the log and the policy alone.
func (b *bundle) requireProven(decisions []event.Decision) {
	b.t.Helper()
	planner := <-b.policies
	b.policies <- planner
	auditor := audit.NewAuditor([]*routing.Planner{planner}, func(f audit.Finding) { b.t.Errorf("%+v", f) })
	for _, d := range decisions {
		auditor.Add(d)
	}
	verdict := auditor.Close()
	require.Equal(b.t, len(decisions), verdict.Proven, "%+v", verdict)
}

// Who is in a meeting does not get the lead; the decision says so, and the log alone
// proves it, whatever calendars say by then.
func TestWhoIsBusyGetsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	meeting := routing.Absence{Rep: "carl", Until: b.clock.Now().Add(time.Hour).UnixMilli()}
	b.absent = []routing.Absence{meeting}
	lead := b.created("L-1", "DE")
	want := b.handle(lead)
	require.Equal(t, "anyone", assignments(t, want)[0].Rule)
	require.NotEqual(t, "carl", assignments(t, want)[0].RepID)
	logged := decisions(t, want)
	require.Equal(t, []routing.Absence{meeting}, draftOf(t, logged[0]).Absent)
	b.requireProven(logged)

	t.Log("the transaction is aborted; by the next read the meeting is over")
	b.absent = nil
	b.restart()
	b.fresh(lead, 0)
	again := b.handle(lead)
	require.Empty(t, cmp.Diff(text(want), text(again)), "the same record gives the same bytes")
	b.commit(again, lead)

	next := b.handle(b.created("L-2", "DE"))
	require.Equal(t, "carl", assignments(t, next)[0].RepID)
	require.Nil(t, draftOf(t, decisions(t, next)[0]).Absent)
}

// All leads of a batch see the same calendars.
func TestCalendarsAreAskedOnceABatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asked := 0
	b.asked = func() { asked++ }
	var records []*kstream.Record
	for i := range 600 {
		records = append(records, b.created(fmt.Sprintf("L-%d", i), "DE"))
	}
	b.handle(records...)
	require.Equal(t, 1, asked)
}

// A lead whose only rep is in a meeting waits for its end; when that has been put off, for
// the new one; and then the rep gets it.
func TestALeadIsWokenWhenAMeetingEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(narrow)
	l := lifecycle{b}
	var log []event.Decision
	do := func(of event.Type, value string) kstream.Output {
		out := l.do(of, value)
		log = append(log, decisions(t, out)...)
		return out
	}
	end := time.Date(2026, 5, 4, 11, 0, 0, 0, time.UTC)
	b.absent = []routing.Absence{{Rep: "ana", Until: end.UnixMilli()}}
	out := do(event.LeadCreated, `{"id":"L1"}`)
	require.Equal(t, "1 person fits, and is busy in the calendar.", assignments(t, out)[0].Reason)
	first := only[event.Timer](t, out, event.LeadTimers)
	require.Contains(t, first.Due, event.Due{
		Clock: "shift", Stage: int(end.UnixMilli() / 60_000), At: end, Do: []string{"reassign"},
	})

	l.clock.Set(end)
	later := end.Add(30 * time.Minute)
	b.absent = []routing.Absence{{Rep: "ana", Until: later.UnixMilli()}}
	wake := `{"lead_id":"L1","attempt":1,"cause":"capacity","clock":"shift","at":"2026-05-04T11:00:00Z"}`
	out = do(event.LeadReassign, wake)
	require.Equal(t, ledger.Ignored, decisions(t, out)[0].Grant.Effect)
	again := only[event.Timer](t, out, event.LeadTimers)
	require.Contains(t, again.Due, event.Due{
		Clock: "shift", Stage: int(later.UnixMilli() / 60_000), At: later, Do: []string{"reassign"},
	})

	l.clock.Set(later)
	b.absent = nil
	a := only[event.Assigned](t, do(event.LeadReassign, wake), event.LeadAssigned)
	require.Equal(t, []any{"ana", 2}, []any{a.RepID, a.Attempt})
	b.requireProven(log)
}

// A stand-in who is in a meeting is passed over, like one who is off shift.
func TestAMoveSeesWhoIsAbsentByThen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(minimal)
	l := lifecycle{b}
	a := only[event.Assigned](t, l.do(event.LeadCreated, `{"id":"L1","country":"DE"}`), event.LeadAssigned)
	require.Equal(t, "carl", a.RepID)
	b.absent = []routing.Absence{{Rep: "ana", Until: b.clock.Now().Add(time.Hour).UnixMilli()}}
	out := l.reassign(`"attempt":1,"cause":"rejected"`)
	require.Equal(t, "ben", only[event.Assigned](t, out, event.LeadAssigned).RepID)
	require.Equal(t, b.absent, draftOf(t, decisions(t, out)[0]).Absent)
}
