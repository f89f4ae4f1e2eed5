package simulate_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

// TestClocksRunOut: nobody answers, so the lead goes from owner to owner as the SLA says,
// and every target is missed.
func TestClocksRunOut(t *testing.T) {
	t.Parallel()
	p := parse(t, `
reps: {ana: {backup: ben}, ben: {}}
slas: {fast: {for: true, clock: 24x7, accepted: {10m: remind, 20m: to_backup}}}
review: {by: [ana]}
reassign: {max_owners: 2}
rules: [{name: all, to: [ana]}]
`)
	h := simulate.NewHistory()
	h.Arrive(newLead(t, `{"id":"L","deal_value":100}`), at(0))
	h.Arrive(newLead(t, `{"id":"later"}`), at(300))
	h.Sort()
	var seen []string
	r := run(t, h, p, simulate.Config{Watch: func(s simulate.Step) {
		if s.Grant.Lead == "L" {
			seen = append(seen, time.UnixMilli(s.Grant.At).UTC().Format("15:04 ")+s.Grant.Rep+string(s.Grant.Outcome))
		}
	}})
	require.Equal(t, []string{"08:00 anaassigned", "08:20 benassigned", "08:40 review"}, seen)
	require.Equal(t, []simulate.SLA{{Name: "fast", Missed: 2}}, r.SLAs)
	f := r.Fates["L"]
	require.Equal(t, []any{"", "ana", 2, 2, ledger.Review}, []any{f.Rep, f.Begins, f.Owners, f.Missed, f.Outcome})
	require.Equal(t, int64(10_000), f.Value)
	require.Equal(t, "review", f.Who())
	require.Zero(t, r.Draws)
}

// TestAnswersMeetTargets: who answers in five minutes meets a target of ten, and that is
// told to be an estimate.
func TestAnswersMeetTargets(t *testing.T) {
	t.Parallel()
	p := parse(t, "reps: {ana: {}}\nslas: {fast: {for: true, clock: 24x7, accepted: {target: 10m}, contacted: {target: 7m}}}\nrules: [{name: all, to: ana}]\n")
	h := simulate.NewHistory()
	for i := range 8 {
		h.Arrive(newLead(t, `{"id":"L-%d"}`, i), at(i))
	}
	h.Happen(event.Activity{LeadID: "L-0", Activity: event.Signal, At: at(600)})
	h.Sort()
	h.Answers = answers(map[string]int{"ana": 5})
	r := run(t, h, p, simulate.Config{})
	require.Equal(t, []simulate.SLA{{Name: "fast", Met: 8, Missed: 8, Drawn: 16}}, r.SLAs, "accepted in time, called too late")
	require.InDelta(t, 0.5, r.SLAs[0].Share(), 0)
	require.Equal(t, 16, r.Draws)
	require.Zero(t, simulate.SLA{}.Share())
}

// TestWaitingLine: one rep with one place; the others wait their turn, and how long is told.
func TestWaitingLine(t *testing.T) {
	t.Parallel()
	p := parse(t, "caps: {all: {open: 1}}\nreps: {ana: {}}\nrules: [{name: all, to: all}]\n")
	h := simulate.NewHistory()
	for i := range 4 {
		h.Arrive(newLead(t, `{"id":"L-%d"}`, i), at(0))
	}
	for i := range 2 {
		h.Happen(event.Activity{LeadID: []string{"L-0", "L-1"}[i], Activity: ledger.Converted, At: at(10 * (i + 1))})
	}
	h.Happen(event.Activity{LeadID: "L-0", Activity: event.Signal, At: at(60)})
	h.Sort()
	r := run(t, h, p, simulate.Config{})
	require.Equal(t, simulate.Waits{Leads: 2, Still: 1, P50: 20 * time.Minute, P95: 20 * time.Minute}, r.Waits)
	require.Equal(t, map[ledger.Outcome]int{ledger.Assigned: 3, ledger.Waiting: 1}, r.Outcomes)
	ana := r.Reps[0]
	require.Equal(t, []any{3, 3, int64(1), int64(1), 3}, []any{ana.Leads, ana.Given, ana.Open, ana.Peak, ana.Full})
}

// TestFrom: what came before counts for turns and caps, and not in the report.
func TestFrom(t *testing.T) {
	t.Parallel()
	p := parse(t, "reps: {ana: {}, ben: {}}\nrules: [{name: all, to: all}]\n")
	h := simulate.NewHistory()
	for i := range 10 {
		h.Arrive(newLead(t, `{"id":"L-%d"}`, i), at(i))
	}
	h.Sort()
	r := run(t, h, p, simulate.Config{From: at(7)})
	require.Equal(t, 3, r.Leads)
	require.Equal(t, []time.Time{at(7), at(9)}, []time.Time{r.From, r.Until})
	require.Equal(t, 3, r.Reps[0].Leads+r.Reps[1].Leads)
	require.EqualValues(t, 10, r.Reps[0].Open+r.Reps[1].Open)
}

// TestPeopleDecide: commands of people run as they were given, unless they name somebody
// whom the policy does not know.
func TestPeopleDecide(t *testing.T) {
	t.Parallel()
	p := parse(t, "reps: {ana: {}, ben: {}}\nrules: [{name: all, to: ana}]\n")
	h := simulate.NewHistory()
	h.Arrive(newLead(t, `{"id":"L"}`), at(0))
	h.Happen(event.Activity{LeadID: "L", Activity: event.Claimed, RepID: "ben", At: at(1)})
	h.Happen(event.Activity{LeadID: "L", Activity: event.OwnerChanged, RepID: "zoe", At: at(2)})
	h.Happen(event.Activity{LeadID: "unknown", Activity: event.Claimed, RepID: "ana", At: at(2)})
	h.Tell(event.Status{RepID: "zoe", Status: ledger.Away, At: at(3), Until: at(9)})
	h.Tell(event.Status{RepID: "ben", Status: ledger.Left, At: at(4)})
	h.Sort()
	r := run(t, h, p, simulate.Config{})
	require.Equal(t, "waiting", r.Fates["L"].Who(), "ben left and gave it back; ana has had it")
	require.Equal(t, 2, r.Fates["L"].Owners)
	require.Equal(t, map[string]int{"records about reps whom the policy does not know": 2}, r.Skipped)
}

// TestRunIsCalledOff: a simulation that nobody waits for ends, and leaves nothing running.
func TestRunIsCalledOff(t *testing.T) {
	t.Parallel()
	h := spec(t, season).Generate(1)
	ctx, cancel := context.WithCancel(background())
	told := 0
	_, err := simulate.Run(ctx, h, routing.New(parse(t, busy)), simulate.Config{Progress: func(n int) {
		told = n
		cancel()
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Positive(t, told)
	require.Less(t, told, len(h.Records))
}
