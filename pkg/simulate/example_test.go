package simulate_test

import (
	"context"
	"fmt"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

// What if two thirds of the team left? A week of leads that are made up tells.
func ExampleRun() {
	p, _ := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: small
caps: {all: {day: 20}}
reps: {ana: {}, ben: {}, carl: {}}
rules: [{name: all, to: all}]
`)})
	spec, err := simulate.ParseSpec([]byte("{from: 2026-05-04, until: 2026-05-11, per_week: 270}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	week := spec.Generate(1)
	for _, h := range []*simulate.History{week, week.Without("ben", "carl")} {
		r, err := simulate.Run(context.Background(), h, routing.New(p), simulate.Config{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("ana gets %t more than 100, somebody waits: %t\n", r.Reps[0].Leads > 100, r.Waits.Still > 0)
	}
	// Output:
	// ana gets false more than 100, somebody waits: false
	// ana gets true more than 100, somebody waits: true
}
