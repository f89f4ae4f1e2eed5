package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2026-11-24 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

func weber() *lead.Lead {
	return &lead.Lead{
		ID: "L-20418", Email: "karl@weber.example", Phone: "+49301234567", FirstName: "Karl", LastName: "Weber",
		Company: lead.Company{Name: "Weber Bank"}, Country: "DE",
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	lines := console.Lines{}
	var got []string
	for _, x := range []struct {
		a    event.Assigned
		took time.Duration
	}{
		{event.Assigned{AssignedAt: at("10:00:02"), LeadID: "L-20418", Lead: weber(), Attempt: 1, Outcome: ledger.Assigned, RepID: "jonas", Rule: "deals/specialist", ReasonCode: "turn", ReasonData: map[string]any{"turn": 410_000.0}}, 14 * time.Millisecond},
		{event.Assigned{AssignedAt: at("10:00:03"), LeadID: "L-20419", Lead: &lead.Lead{Country: "ES"}, Attempt: 1, Outcome: ledger.Waiting, Rule: "deals/deal-size", ReasonCode: "none_free", ReasonData: map[string]any{"fit": 2.0, "off_shift": 0.0}}, 11 * time.Millisecond},
		{event.Assigned{AssignedAt: at("10:20:02"), LeadID: "L-20418", Attempt: 2, Outcome: ledger.Assigned, RepID: "petra", Rule: "deals/specialist", ReasonCode: "backup", Previous: &event.Previous{RepID: "jonas", Cause: "sla", Clock: "accepted"}, SLA: &event.SLA{Name: "demo"}}, 0},
		{event.Assigned{AssignedAt: at("10:20:03"), LeadID: "L-20420", Outcome: ledger.Review, Rule: "vip-referral", ReasonCode: "rule"}, 2300 * time.Millisecond},
		{event.Assigned{AssignedAt: at("10:20:04"), LeadID: "L-20421", Outcome: ledger.Nurture, Rule: "intent-by-fit", Row: "low, weak", ReasonCode: "rule"}, time.Microsecond},
		{event.Assigned{AssignedAt: at("10:20:05"), LeadID: "L-20422", Outcome: ledger.Duplicate, RepID: "klara", Rule: "same-person", ReasonCode: "last_owner"}, 0},
		{event.Assigned{AssignedAt: at("10:20:06"), LeadID: "L-20423", Outcome: ledger.Disqualified, Rule: "junk", ReasonCode: "rule"}, 0},
		{event.Assigned{AssignedAt: at("10:20:07"), LeadID: "L-20424", Outcome: ledger.Review, ReasonCode: "no_rule"}, 0},
	} {
		got = append(got, lines.Line(x.a, x.took))
	}
	require.Equal(t, strings.TrimSpace(`
10:00:02  L-20418  Weber Bank, DE  ->  jonas    deals/specialist  their turn (+0.41)           14ms
10:00:03  L-20419  -, ES           ..  waiting  deals/deal-size   2 fit, both full or away     11ms
10:20:02  L-20418  Weber Bank, DE  =>  petra    sla demo          jonas: not accepted in 20m   #2
10:20:03  L-20420  -               ??  review   vip-referral      the rule says so             2.3s
10:20:04  L-20421  -               ~~  nurture  intent-by-fit     row low, weak                1ms
10:20:05  L-20422  -               ==  klara    same-person       had this person before
10:20:06  L-20423  -               xx  disqualified  junk              the rule says so
10:20:07  L-20424  -               ??  review        -                 no rule takes it
`), strings.Join(got, "\n"))
}

// Whatever a lead holds, a line shows none of what is personal, stays one line and
// steers no terminal.
func TestLineHoldsNothingPersonalNorHostile(t *testing.T) {
	t.Parallel()
	l := weber()
	l.JobTitle, l.City, l.ReferredBy = "CTO", "Berlin", "Ana"
	l.Company.Name = "Evil\x1b[2J\nInc."
	line := (&console.Lines{}).Line(event.Assigned{LeadID: "L-1\r\n", Lead: l, RepID: "jonas", Outcome: ledger.Assigned, ReasonCode: "turn"}, 0)
	for _, personal := range []string{l.Email, l.Phone, l.FirstName, l.LastName, l.ReferredBy} {
		require.NotContains(t, line, personal)
	}
	require.Contains(t, line, "Evil·[2J·Inc., DE")
	require.NotContains(t, line, "\n")
	require.NotContains(t, line, "\x1b")
}

func TestColumnsWidenAndEnd(t *testing.T) {
	t.Parallel()
	lines := console.Lines{}
	long := event.Assigned{LeadID: strings.Repeat("x", 100), RepID: "jonas", Outcome: ledger.Assigned, ReasonCode: "turn"}
	require.Contains(t, lines.Line(long, 0), "  "+strings.Repeat("x", 35)+"…  ")
	short := lines.Line(event.Assigned{LeadID: "L-1", RepID: "jonas", Outcome: ledger.Assigned, ReasonCode: "turn"}, 0)
	require.Contains(t, short, "  L-1"+strings.Repeat(" ", 33)+"  ", "columns stay where they were")
}

func TestColourOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	a := event.Assigned{LeadID: "L-1", RepID: "jonas", Outcome: ledger.Assigned, ReasonCode: "turn"}
	require.NotContains(t, (&console.Lines{}).Line(a, 0), "\x1b")
	require.Contains(t, (&console.Lines{Style: console.Style{Color: true}}).Line(a, 0), "\x1b[32m->\x1b[0m")
}

func TestReasons(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]event.Assigned{
		"3 fit, all off shift":               {ReasonCode: "none_free", ReasonData: map[string]any{"fit": int64(3), "off_shift": int64(3)}},
		"1 fit, is full or away":             {ReasonCode: "none_free", ReasonData: map[string]any{"fit": 1.0}},
		"5 fit: 2 off shift, 3 full or away": {ReasonCode: "none_free", ReasonData: map[string]any{"fit": 5.0, "off_shift": 2.0}},
		"their turn, not territory":          {ReasonCode: "turn", Relaxed: []string{"territory"}},
		"owns the account, past a cap":       {ReasonCode: "owner", Over: true},
		"something_new":                      {ReasonCode: "something_new"},
		"stands in":                          {ReasonCode: "stand_in"},
		"waited too long":                    {ReasonCode: "escalated", Outcome: ledger.Review},
		"a person says so":                   {ReasonCode: "command"},
		"jonas: turned it down":              {ReasonCode: "turn", Previous: &event.Previous{RepID: "jonas", Cause: "rejected"}},
		"jonas: not contacted in time":       {ReasonCode: "turn", Previous: &event.Previous{RepID: "jonas", Cause: "sla", Clock: "contacted"}},
		"jonas: not in time":                 {ReasonCode: "turn", Previous: &event.Previous{RepID: "jonas", Cause: "sla"}},
		"jonas: qualified it":                {ReasonCode: "turn", Previous: &event.Previous{RepID: "jonas", Cause: "qualified"}},
		"jonas: has left":                    {ReasonCode: "turn", Previous: &event.Previous{RepID: "jonas", Cause: "left"}},
		"jonas: is away":                     {ReasonCode: "turn", Previous: &event.Previous{RepID: "jonas", Cause: "away"}},
		"jonas: taken by a person":           {ReasonCode: "command", Previous: &event.Previous{RepID: "jonas", Cause: "command"}},
		"jonas: somebody else took it":       {ReasonCode: "command", Previous: &event.Previous{RepID: "jonas", Cause: "claimed"}},
		"jonas: changed in the CRM":          {ReasonCode: "command", Previous: &event.Previous{RepID: "jonas", Cause: "owner_changed"}},
		"jonas: something_new":               {ReasonCode: "turn", Previous: &event.Previous{RepID: "jonas", Cause: "something_new"}},
	} {
		require.Equal(t, want, console.Reason(a))
	}
}
