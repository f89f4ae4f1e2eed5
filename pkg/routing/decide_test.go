package routing_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

const sales = `
bands: {tier: {of: value, small: <10000, large: rest}}
score:
  fit: {points: [{30: company.employees >= 50}], bands: {weak: <30, strong: rest}}
  intent: {points: [{80: source == "demo_request"}], bands: {low: <80, high: rest}}
pools:
  seniors: {who: {level: senior}, match: [geo, language, company.industry], relax: [company.industry]}
marks: [{when: intent == "high", tag: hot, tell: manager}, {when: country == "FR", tag: never}]
slas:
  demo: {clock: business, accepted: {10m: remind, 20m: to_backup}, contacted: {target: 1d, 2d: reassign}}
  other: {for: true, preset: event}
rulesets: {close: [{name: a, to: seniors}]}
rules:
  - {name: junk, when: '"junk" in tags', to: disqualify}
  - {name: cold, when: intent == "low", table: [tier], rows: {small: {to: nurture}, any: {to: review}}}
  - {name: all, to: [{to: seniors, even_if: [off_shift]}], sla: demo, on_qualified: close, owns_account: true, watch: true}
`

const demo = `{"source":"demo_request","country":"DE","language":"de","email":"eva@bank.example","first_name":"Eva",
	"phone":"+49301234","company":{"employees":80,"industry":"finance"},"deal_value":50000,"account":{"owner":"jonas"}}`

func TestDecide(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, sales)
	plan := pl.Plan(routing.Input{Facts: facts(t, demo), At: monday})
	got, draft, grant := newOffice().take(t, "L-1", plan)

	score := int64(110)
	want := event.Assigned{
		LeadID: "L-1", Attempt: 1, Outcome: ledger.Assigned, RepID: "jonas", Team: "emea", Pool: "seniors", Rule: "all",
		Pick: ledger.RoundRobin, Reason: "You speak German and know finance, and it was your turn.", ReasonCode: "turn",
		ReasonData: map[string]any{
			"match":   map[string]string{"geo": "emea", "language": "de", "company.industry": "finance"},
			"even_if": []string{"off_shift"}, "turn": int64(0),
		},
		Score: &score, Fit: "strong", Intent: "high", Tags: []string{"hot"}, Tell: []string{"ines"},
		AssignedAt: monday,
		SLA: &event.SLA{
			Name: "demo", AcceptBy: monday.Add(20 * time.Minute), ContactBy: monday.Add(24 * time.Hour),
		},
		Policy:   event.Policy{Name: "test", Hash: pl.Policy().Hash},
		Sequence: 1,
	}
	require.Empty(t, cmp.Diff(want, got))

	var d routing.Draft
	require.NoError(t, json.Unmarshal(draft, &d))
	require.Equal(t, "close", d.Steps[grant.Step].OnQualified)
	require.True(t, d.Steps[grant.Step].Watch && d.Steps[grant.Step].OwnsAccount)
	require.Equal(t, "close", plan.OnQualified(grant.Step))
	for _, personal := range []string{"Eva", "eva@", "4930"} {
		require.NotContains(t, string(draft), personal, "the log holds no personal data")
	}
}

// TestDecideAgain: the draft and the grant alone give the event, byte for byte.
func TestDecideAgain(t *testing.T) {
	t.Parallel()
	first, draft, grant := newOffice().take(t, "L-1", teamPlanner(t, sales).Plan(routing.Input{Facts: facts(t, demo), At: monday}))
	want, err := json.Marshal(first)
	require.NoError(t, err)
	logged, err := json.Marshal(grant) // as the log or a memo gives it back
	require.NoError(t, err)
	var back ledger.Grant
	require.NoError(t, json.Unmarshal(logged, &back))
	second, err := routing.Decide(draft, back)
	require.NoError(t, err)
	got, err := json.Marshal(second)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// TestDraftIsPlannedAgain: an audit gets the same draft from the draft's own input.
func TestDraftIsPlannedAgain(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, sales)
	in := routing.Input{
		Facts: facts(t, demo), At: monday.Add(1234567 * time.Nanosecond), LastOwner: "tom", CompanyOwner: "marek",
		Past: []string{"petra"}, Left: []string{"tom"}, Previous: &routing.Previous{Rep: "petra", Cause: "rejected"},
		Entry: "close", Waited: 1500 * time.Millisecond,
		Evidence: &lead.Evidence{From: map[string]string{"country": "phone"}, Missing: []string{"firmographics"}},
	}
	want, err := pl.Plan(in).Draft().Encode()
	require.NoError(t, err)
	var d routing.Draft
	require.NoError(t, json.Unmarshal(want, &d))
	got, err := pl.Plan(d.Input()).Draft().Encode()
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestDecideCrews(t *testing.T) {
	t.Parallel()
	// Tom is the only one in New York: his day ends eight hours after Berlin's.
	pl := teamPlanner(t, sales)
	plan := pl.Plan(routing.Input{
		Facts: facts(t, `{"source":"demo_request","language":"en","company":{"industry":"finance"}}`),
		At:    monday.Add(4*time.Hour + 15*time.Minute), // 08:15 in New York
	})
	o := newOffice()
	seen := map[string]event.Assigned{}
	for _, id := range []string{"L-1", "L-2"} {
		a, _, _ := o.take(t, id, plan)
		seen[a.RepID] = a
	}
	require.Equal(t, "emea", seen["jonas"].Team)
	require.Equal(t, monday.Add(4*time.Hour+35*time.Minute), seen["jonas"].SLA.AcceptBy)
	require.Equal(t, "us", seen["tom"].Team)
	require.Equal(t, monday.Add(4*time.Hour+50*time.Minute), seen["tom"].SLA.AcceptBy, "20 minutes after his shift began")
}

func TestDecideEnds(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, lead, outcome, row, reason, code string }{
		{"disqualified", `{"tags":["junk"]}`, "disqualified", "", "The rule junk turns this lead away.", "rule"},
		{"nurture", `{"tags":["x"],"source":"event","deal_value":5}`, "nurture", "small", "The rule cold keeps this lead in nurture (small).", "rule"},
		{"review", `{"tags":["x"],"source":"event"}`, "review", "any", "The rule cold asks a person to decide (any).", "rule"},
		{"nobody fits", `{"source":"demo_request","language":"fr"}`, "waiting", "", "Nobody fits this lead.", "none_fits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _, _ := newOffice().take(t, "L-1", teamPlanner(t, sales).Plan(routing.Input{Facts: facts(t, tt.lead), At: monday}))
			require.EqualValues(t, tt.outcome, a.Outcome)
			require.Equal(t, tt.row, a.Row)
			require.Equal(t, tt.reason, a.Reason)
			require.Equal(t, tt.code, a.ReasonCode)
			require.Empty(t, a.RepID)
			require.Nil(t, a.SLA)
		})
	}
}

func TestDecideFillsUp(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, "rules: [{name: a, to: [jonas, {to: petra, even_if: [full]}]}]")
	o := newOffice()
	var reps []string
	var last event.Assigned
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		last, _, _ = o.take(t, id, pl.Plan(routing.Input{Facts: facts(t, `{}`), At: monday}))
		reps = append(reps, last.RepID)
	}
	require.Equal(t, []string{"jonas", "jonas", "petra", "petra", "petra"}, reps)
	require.True(t, last.Over)
	require.Equal(t, "The rule a names you. You are past a cap: the policy wants you to have it all the same.", last.Reason)
}

func TestDecideErrors(t *testing.T) {
	t.Parallel()
	raw, err := teamPlanner(t, sales).Plan(routing.Input{Facts: facts(t, demo), At: monday}).Draft().Encode()
	require.NoError(t, err)
	owned := ledger.Grant{Lead: "L-1", Effect: ledger.Owned, Rep: "jonas"}
	tests := []struct {
		name    string
		draft   string
		grant   ledger.Grant
		message string
	}{
		{"no draft", ``, owned, "read draft of lead L-1"},
		{"a repeat", string(raw), ledger.Grant{Lead: "L-1", Effect: ledger.Repeat}, "its grant is repeat"},
		{"a step too far", string(raw), ledger.Grant{Lead: "L-1", Effect: ledger.Ended, Step: 9}, "no step 9"},
		{"another engine", `{"engine":99}`, owned, "engine 99 is not known"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := routing.Decide([]byte(tt.draft), tt.grant)
			require.ErrorContains(t, err, tt.message)
		})
	}
}

// A turn that is fair by value is told with what the lead takes of it.
func TestTheTurnTellsItsUnit(t *testing.T) {
	t.Parallel()
	for fairness, amount := range map[string]any{"count": nil, "value": int64(5_000_00)} {
		pl := planner(t, `
reps: {ana: {level: senior}, ben: {level: senior}}
pools: {closers: {who: {level: senior}, fair_by: `+fairness+`}}
rules: [{name: any, to: closers}]
`)
		plan := pl.Plan(routing.Input{Facts: facts(t, `{"id":"L","deal_value":5000,"currency":"EUR"}`), At: monday})
		a, _, _ := newOffice().take(t, "L", plan)
		require.Equal(t, amount, a.ReasonData["turn_amount"])
		require.Contains(t, a.ReasonData, "turn")
	}
}
