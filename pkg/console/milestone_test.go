package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// A lead is named and its spans are told by what was shown of it before.
func TestMilestoneLines(t *testing.T) {
	t.Parallel()
	lines := console.Lines{}
	lines.Remember(event.Assigned{AssignedAt: at("10:00:02"), LeadID: "L-20418", Lead: weber(), Attempt: 1, Outcome: ledger.Assigned, RepID: "jonas"})
	jonas := event.Milestone{LeadID: "L-20418", Attempt: 1, SLA: "demo", RepID: "jonas", Clock: "accepted"}
	say := func(m event.Milestone, name, clock string, do, tell []string) string {
		m.Event, m.At, m.Do, m.Tell = name, at(clock), do, tell
		return lines.Milestone(m)
	}
	got := []string{say(jonas, event.Warned, "10:10:02", []string{"remind"}, nil)}
	jonas.Clock = "contacted"
	got = append(got,
		say(jonas, event.Breached, "10:15:02", nil, nil),
		say(jonas, event.Escalated, "10:30:02", []string{"reassign", "tell_manager"}, []string{"ingrid"}),
		lines.Line(event.Assigned{
			AssignedAt: at("10:30:03"), LeadID: "L-20418", Attempt: 2, Outcome: ledger.Assigned, RepID: "petra", ReasonCode: "stand_in",
			Previous: &event.Previous{RepID: "jonas", Cause: event.CauseSLA, Clock: "contacted"}, SLA: &event.SLA{Name: "demo"},
		}, time.Second))
	petra := event.Milestone{LeadID: "L-20418", Attempt: 2, SLA: "demo", RepID: "petra", Clock: "contacted"}
	got = append(got,
		say(petra, event.Met, "10:40:03", nil, nil),
		say(jonas, event.Breached, "10:41:00", nil, nil), // late, and of an attempt that is over
		say(event.Milestone{LeadID: "L-9", Attempt: 1, Clock: "waiting"}, event.Escalated, "10:50:00", []string{"to_review"}, nil))
	require.Equal(t, strings.TrimSpace(`
10:10:02  L-20418  Weber Bank, DE   !  jonas    sla demo          reminded: not accepted in 10m
10:15:02  L-20418  Weber Bank, DE  !!  jonas    sla demo          target missed: not contacted in 15m
10:30:02  L-20418  Weber Bank, DE  !!  jonas    sla demo          not contacted in 30m: ingrid told, by the rules again
10:30:03  L-20418  Weber Bank, DE  =>  petra    sla demo          jonas: not contacted in 30m                            #2
10:40:03  L-20418  Weber Bank, DE  ok  petra    sla demo          contacted in time                                      #2
10:41:00  L-20418  Weber Bank, DE  !!  jonas    sla demo          target missed: not contacted in time
10:50:00  L-9      -               !!  waiting  sla               no rep in time: to review
`), strings.Join(got, "\n"))
}

func TestMilestones(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]event.Milestone{
		"no contact in 2h: nobody told, to the manager":  {Event: event.Escalated, Clock: "overall", Do: []string{"to_manager", "tell_manager"}},
		"not qualified in 2h: to the backup":             {Event: event.Escalated, Clock: "qualified", Do: []string{"to_backup"}},
		"no decision in 2h: dana told":                   {Event: event.Escalated, Clock: "review", Do: []string{"tell_manager"}, Tell: []string{"dana"}},
		"target missed: something_new not stopped in 2h": {Event: event.Breached, Clock: "something_new"},
		"something_new": {Event: "something_new", Clock: "accepted"},
	} {
		require.Equal(t, want, console.Milestone(m, 2*time.Hour))
	}
}

// What a lead's later events leave out is remembered of the leads that were heard of last.
func TestLinesForgetOldLeads(t *testing.T) {
	t.Parallel()
	lines := console.Lines{}
	shown := func(id string) string {
		return lines.Milestone(event.Milestone{LeadID: id, Attempt: 1, Event: event.Met, Clock: "accepted"})
	}
	lines.Remember(event.Assigned{LeadID: "first", Attempt: 1, Lead: weber()})
	for i := range 30_000 {
		lines.Remember(event.Assigned{LeadID: fmt.Sprint(i), Attempt: 1, Lead: weber()})
	}
	require.NotContains(t, shown("first"), "Weber")
	require.Contains(t, shown("20000"), "Weber")
	lines.Remember(event.Assigned{LeadID: "20000", Attempt: 2})
	require.Contains(t, shown("20000"), "Weber", "a later attempt does not hold the lead")
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0s": 0, "45s": 45 * time.Second, "1m10s": 68 * time.Second, "10m": 10*time.Minute + 9*time.Second,
		"1h": 59*time.Minute + 50*time.Second, "1h30m": 90 * time.Minute, "25h": 25 * time.Hour, "3d": 71 * time.Hour,
	} {
		require.Equal(t, want, console.Span(d))
	}
}
