package router_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// narrow has one rep with one place, and a line in which value comes first.
const narrow = `
policy: narrow
calendars: {office: {zone: UTC, hours: Mon-Fri 09:00-17:00}}
caps: {all: {open: 1}}
reps: {ana: {calendar: office}}
rules: [{name: all, to: ana}]
waiting: {first: value, after: {1h: tell_manager, 4h: to_review}}
`

// What comes free goes to the first in line, and on to the next where it is refused.
func TestWaitingLine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(narrow)
	l := lifecycle{b}
	for i, value := range []int{10, 20, 50, 20} {
		l.clock.Advance(time.Second)
		l.do(event.LeadCreated, fmt.Sprintf(`{"id":"L%d","deal_value":%d}`, i, value))
	}
	give := func(out kstream.Output) string {
		offered := only[event.Reassign](t, out, event.LeadReassign)
		require.Equal(t, []any{"capacity", "ana", 1}, []any{offered.Cause, offered.RepID, offered.Attempt})
		raw, err := json.Marshal(offered)
		require.NoError(t, err)
		a := only[event.Assigned](t, l.do(event.LeadReassign, string(raw)), event.LeadAssigned)
		require.Equal(t, []any{"ana", 2, offered.LeadID}, []any{a.RepID, a.Attempt, a.LeadID})
		return a.LeadID
	}
	done := func(id string) kstream.Output {
		return l.do(event.LeadActivity, fmt.Sprintf(`{"lead_id":%q,"activity":"converted"}`, id))
	}
	require.Equal(t, "L2", give(done("L0")), "the largest")
	require.Equal(t, "L1", give(done("L2")), "then the oldest")
	require.Equal(t, "L3", give(done("L1")))
	require.Empty(t, payloads[event.Reassign](t, done("L3"), event.LeadReassign), "the line is empty")
}

// A lead that comes at night is planned again when the first shift begins, and again when
// the next one does.
func TestWaitsForAShift(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.adopt(narrow)
	l := lifecycle{b}
	l.clock.Advance(9 * time.Hour) // Monday, 19:00
	first := only[event.Timer](t, l.do(event.LeadCreated, `{"id":"L1"}`), event.LeadTimers)
	tuesday := time.Date(2026, 5, 5, 9, 0, 0, 0, time.UTC)
	require.Equal(t, "shift", first.Due[len(first.Due)-1].Clock)
	require.Equal(t, tuesday, first.Due[len(first.Due)-1].At)
	l.clock.Advance(24 * time.Hour) // Tuesday, 19:00: the watcher was down all day
	wake := `{"lead_id":"L1","attempt":1,"cause":"capacity","clock":"shift","at":"2026-05-05T09:00:00Z"}`
	out := l.do(event.LeadReassign, wake)
	require.Equal(t, ledger.Ignored, decisions(t, out)[0].Grant.Effect, "nobody is on shift")
	again := only[event.Timer](t, out, event.LeadTimers)
	require.Len(t, again.Due, 1, "both stages of the line are past")
	require.Equal(t, tuesday.Add(24*time.Hour), again.Due[0].At)
	require.Greater(t, again.Due[0].Stage, first.Due[len(first.Due)-1].Stage, "a stage of its own")

	l.do(event.RepStatus, `{"rep_id":"ana","status":"away"}`)
	l.clock.Advance(14 * time.Hour) // Wednesday, 9:00
	require.Empty(t, assignments(t, l.do(event.LeadReassign, wake)))
	back := only[event.Reassign](t, l.do(event.RepStatus, `{"rep_id":"ana","status":"available"}`), event.LeadReassign)
	require.Equal(t, []any{"L1", "capacity"}, []any{back.LeadID, back.Cause})
}
