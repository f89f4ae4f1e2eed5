package event_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// TestRealDecision: a decision as it is really made is what the schemas promise.
func TestRealDecision(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
leadrouter: 1
policy: real
teams: {emea: {}}
reps: {ana: {team: emea, language: [de]}, ben: {team: emea, language: [de]}}
slas: {all: {for: true, accepted: {20m: reassign}, contacted: {target: 1h}}}
rules: [{name: local, to: [{to: all, match: [language], relax: [language]}]}]
`)})
	require.NotNil(t, p, "%v", issues)
	l, err := lead.Parse([]byte(`{"id":"L-1","language":"de","email":"eva@bank.example","seats":3}`))
	require.NoError(t, err)
	plan := routing.New(p).Plan(routing.Input{Facts: l.Facts(), At: at})
	draft, err := plan.Draft().Encode()
	require.NoError(t, err)
	op := ledger.Op{
		ID: ledger.OpID{Partition: ledger.Partition{Topic: "t"}, Offset: 7}, Digest: "d", Kind: ledger.Assign, At: at.UnixMilli(),
		Lead: l.ID, Value: plan.Value, Steps: plan.Steps, Roster: plan.Roster, Body: draft,
	}
	results, err := ledger.NewModel(ledger.Config{}).Apply(context.Background(), ledger.Chunk{Ops: []ledger.Op{op}})
	require.NoError(t, err)
	assigned, err := routing.Decide(results[0].Body, results[0].Grant)
	require.NoError(t, err)
	assigned.AssignmentID = event.ID("t/0/0", event.LeadAssigned, 0)
	assigned.Lead = &l
	require.Equal(t, "all", assigned.SLA.Name)

	for typ, data := range map[event.Type]any{
		event.LeadAssigned: assigned,
		event.LeadDecisions: event.Decision{
			Engine: routing.Engine, Op: op.ID, Digest: op.Digest, Kind: op.Kind, Policy: &assigned.Policy,
			Draft: json.RawMessage(results[0].Body), Grant: results[0].Grant,
		},
	} {
		e, err := event.New(typ, op.ID.String(), 0, l.ID, at, data)
		require.NoError(t, err)
		require.NoError(t, validate(t, typ, e.Data), string(e.Data))
		if typ == event.LeadDecisions {
			require.NotContains(t, string(e.Data), "eva", "the log holds no personal data")
		}
	}
}
