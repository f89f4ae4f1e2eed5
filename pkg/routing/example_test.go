package routing_test

import (
	"context"
	"fmt"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// A lead is planned, granted and decided.
func Example() {
	p, _ := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
leadrouter: 1
policy: two
reps: {ana: {language: [es, pt]}, ben: {language: [en]}}
rules: [{name: local, to: [{to: all, match: [language]}, next]}, {name: anyone, to: all}]
`)})
	l, _ := lead.Parse([]byte(`{"id": "L-1", "language": "pt-BR"}`))

	plan := routing.New(p).Plan(routing.Input{Facts: l.Facts(), At: time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)})
	draft, _ := plan.Draft().Encode()

	results, err := ledger.NewModel(ledger.Config{}).Apply(context.Background(), ledger.Chunk{Ops: []ledger.Op{{
		ID: ledger.OpID{Partition: ledger.Partition{Topic: "lead.created"}}, Kind: ledger.Assign, At: 1777881600000,
		Lead: l.ID, Steps: plan.Steps, Roster: plan.Roster, Body: draft,
	}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ := routing.Decide(results[0].Body, results[0].Grant)
	fmt.Println(a.RepID, a.Rule, "-", a.Reason)
	// Output: ana local - You speak Brazilian Portuguese, and it was your turn.
}
