package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/routing"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	const pools = `
pools:
  turn: {who: {level: senior}, match: [geo, language, company.industry], relax: [company.industry, language]}
  load: {who: {level: senior}, pick: least_loaded, match: [language]}
  list: {who: [petra, jonas], pick: ranked, match: [geo]}
`
	german := `{"country":"DE","language":"de","company":{"industry":"finance"},"account":{"owner":"jonas"}}`
	previous := func(cause, clock string) *routing.Previous {
		return &routing.Previous{Rep: "jonas", Cause: cause, Clock: clock}
	}
	tests := []struct {
		name, to, lead string
		in             routing.Input
		reason         string
		code           routing.Code
	}{
		{"skills", "turn", german, routing.Input{}, "You speak German and know finance, and it was your turn.", routing.Turn},
		{"a place", "list", german, routing.Input{}, "You cover emea, and you were the first on the list who was free.", routing.Rank},
		{"a place besides", "turn", `{"country":"PL","language":"pl"}`, routing.Input{}, "You speak Polish and cover emea, and it was your turn.", routing.Turn},
		{"nothing asked", "turn", `{}`, routing.Input{}, "It was your turn.", routing.Turn},
		{"load", "load", `{"language":"en"}`, routing.Input{}, "You speak English, and you had the most room.", routing.Load},
		{
			"left out", "turn", `{"country":"PL","language":"pl","company":{"industry":"law"}}`,
			routing.Input{Past: []string{"petra"}},
			"You speak Polish and cover emea, and it was your turn; nobody free knows law.", routing.Turn,
		},
		{"owner", "owner", german, routing.Input{}, "This account is yours.", routing.Owner},
		{"backup", "backup", german, routing.Input{}, "Jonas Weber owns this account, and you are the backup.", routing.BackupOf},
		{"manager", "manager", german, routing.Input{}, "Jonas Weber owns this account, and you manage the team.", routing.ManagerOf},
		{"person", "last_owner", german, routing.Input{LastOwner: "jonas"}, "You had an earlier lead of this person.", routing.LastOwner},
		{"company", "company_owner", german, routing.Input{CompanyOwner: "jonas"}, "You have another lead of this company.", routing.CompanyOwner},
		{"named", "marek", german, routing.Input{}, "The rule r names you.", routing.Named},
		{"refused", "backup", german, routing.Input{Previous: previous("rejected", "")}, "Jonas turned it down; Jonas Weber owns this account, and you are the backup.", routing.BackupOf},
		{"not accepted", "turn", german, routing.Input{Previous: previous("sla", "accepted"), Past: []string{"jonas"}}, "Jonas did not accept in time; you speak German and know finance, and it was your turn.", routing.Turn},
		{"not contacted", "turn", `{}`, routing.Input{Previous: previous("sla", "contacted")}, "Jonas did not act in time; it was your turn.", routing.Turn},
		{"left", "turn", `{}`, routing.Input{Previous: previous("left", "")}, "Jonas has left; it was your turn.", routing.Turn},
		{"otherwise", "marek", `{}`, routing.Input{Previous: previous("command", "")}, "It comes from Jonas; the rule r names you.", routing.Named},
		{"wait: off shift", "turn", `{"language":"de"}`, routing.Input{At: monday.Add(16 * time.Hour)}, "4 people fit, and all are off shift.", routing.NoneFree},
		{"wait: one", "marek", `{}`, routing.Input{At: monday.Add(16 * time.Hour)}, "1 person fits, and is off shift.", routing.NoneFree},
		{"wait: nobody", "turn", `{"country":"DE"}`, routing.Input{Left: []string{"jonas", "petra", "marek"}}, "Nobody fits this lead.", routing.NoneFits},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.in.Facts = facts(t, tt.lead)
			if tt.in.At.IsZero() {
				tt.in.At = monday
			}
			d := teamPlanner(t, pools+"rules: [{name: r, to: "+tt.to+"}]").Plan(tt.in).Draft()
			require.Equal(t, tt.reason, d.Reason(0))
			require.Equal(t, tt.code, d.Steps[0].Code)
		})
	}
}

func TestReasonsOfTheEnd(t *testing.T) {
	t.Parallel()
	const seniors = "pools: {s: {who: {level: senior}}}\nreassign: {max_owners: 2, past_owners: last}\nrules: [{name: r, when: country == \"DE\", to: s}]"
	last := func(lead string, in routing.Input) (string, routing.Code) {
		in.Facts = facts(t, lead)
		if in.At.IsZero() {
			in.At = monday
		}
		d := teamPlanner(t, seniors).Plan(in).Draft()
		end := len(d.Steps) - 1
		return d.Reason(end), d.Steps[end].Code
	}
	text := func(lead string, in routing.Input) string {
		reason, _ := last(lead, in)
		return reason
	}
	require.Equal(t, "No rule takes this lead; a person has to decide.", text(`{}`, routing.Input{}))
	require.Equal(t, "4 people fit: 1 off shift, 3 full or away.", text(`{"country":"DE"}`, routing.Input{}))
	require.Equal(t, "2 people fit, and both are full or away.", text(`{"country":"DE"}`, routing.Input{Left: []string{"tom", "jonas"}}))
	reason, code := last(`{"country":"DE"}`, routing.Input{Past: []string{"jonas", "petra"}})
	require.Equal(t, "2 people had this lead already; a person has to decide.", reason)
	require.Equal(t, routing.MaxOwners, code)
	// Who had it comes last, with a reason of its own.
	d := teamPlanner(t, seniors).Plan(routing.Input{Facts: facts(t, `{"country":"DE"}`), At: monday, Past: []string{"jonas"}}).Draft()
	require.Equal(t, "You had this lead before, and nobody else is free.", d.Reason(1))
	require.True(t, d.Steps[1].Past)
}
