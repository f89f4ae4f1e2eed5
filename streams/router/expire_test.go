package router_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

const gaveUp = `{"lead_id":"L9","attempt":1,"cause":"held","clock":"held","at":"2026-05-04T10:15:00Z"}`

// An activity waits a quarter of an hour for its lead; then it goes to the dead letters as it
// came, with whatever came after it.
func TestALeadThatNeverCame(t *testing.T) {
	t.Parallel()
	l := lifecycle{setup(t)}
	first := `{"lead_id":"L9","activity":"accepted","rep_id":"ana","reason":"Jo Weber called"}`
	timer := only[event.Timer](t, l.do(event.LeadActivity, first), event.LeadTimers)
	require.Equal(t, []string{"held 0 15m0s [drop]"}, due(timer))
	second := l.do(event.LeadActivity, `{"lead_id":"L9","activity":"contacted"}`)
	require.Empty(t, payloads[event.Timer](t, second, event.LeadTimers), "the clock of the first goes on")

	out := l.do(event.LeadReassign, gaveUp)
	require.Equal(t, ledger.Dropped, decisions(t, out)[0].Grant.Effect)
	require.Nil(t, out.Records[1].Value, "its clock is over")
	require.Len(t, out.DLQ, 2)
	require.Equal(t, first, string(out.DLQ[0].Record.Value))
	require.Equal(t, []any{"lead.activity", int64(1), "unknown_lead"}, []any{out.DLQ[1].Record.Topic, out.DLQ[1].Record.Offset, out.DLQ[1].Code})
	require.NotContains(t, text(out), "Weber")
	require.NotContains(t, out.DLQ[0].Err.Error(), "Weber")

	again := l.do(event.LeadReassign, gaveUp)
	require.Equal(t, ledger.Ignored, decisions(t, again)[0].Grant.Effect)
	require.Empty(t, again.DLQ)
	require.Equal(t, ledger.Assigned, only[event.Assigned](t, l.do(event.LeadCreated, `{"id":"L9","country":"DE"}`), event.LeadAssigned).Outcome)
}

// What waited in time is applied, and the clock of the lead that came has nothing to do.
func TestALeadThatCameLate(t *testing.T) {
	t.Parallel()
	l := lifecycle{setup(t)}
	l.do(event.LeadActivity, `{"lead_id":"L9","activity":"accepted"}`)
	l.clock.Advance(10 * time.Minute)
	came := l.do(event.LeadCreated, `{"id":"L9","country":"DE"}`)
	require.Nil(t, came.Records[len(came.Records)-1].Value, "the clock of what waited is over")
	late := l.do(event.LeadReassign, gaveUp)
	require.Equal(t, ledger.Ignored, decisions(t, late)[0].Grant.Effect)
	require.Empty(t, late.DLQ)
}

// A record read again gives the same letters; one that its topic has dropped gives none.
func TestGivingUpIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	l := lifecycle{setup(t)}
	l.do(event.LeadActivity, `{"lead_id":"L9","activity":"accepted"}`)
	l.do(event.LeadActivity, `{"lead_id":"L9","activity":"lost"}`)
	clear(l.inputs)
	l.do(event.LeadActivity, `{"lead_id":"L9","activity":"contacted"}`)
	r := l.record(event.LeadReassign, gaveUp)
	first := l.handle(r)
	l.restart()
	l.fresh(r, r.Offset)
	again := l.handle(r)
	require.Equal(t, text(first), text(again))
	require.Len(t, again.DLQ, 1)
	require.Equal(t, first.DLQ[0].Record, again.DLQ[0].Record)
}
