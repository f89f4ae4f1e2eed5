package policytest_test

import (
	"fmt"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
)

func ExampleRun() {
	p, _ := policy.Parse(map[string][]byte{"policy.yaml": []byte(`leadrouter: 1
policy: minimal
reps: {ana: {country: [ES, PT]}, ben: {country: [US]}}
rules: [{name: local, to: [{to: all, match: [country]}, next]}, {name: anyone, to: all}]
tests:
  - {name: Portugal is Ana's, lead: {country: PT}, expect: {rep: ana}}
  - {name: nobody has France, lead: {country: FR}, expect: {rule: local}}
`)})
	report := policytest.Run(p, policytest.Config{})
	for _, r := range report.Results {
		fmt.Println(r)
	}
	// Output:
	// ok policy.yaml:6 Portugal is Ana's
	// FAIL policy.yaml:7 nobody has France: expected local, got anyone (local matches, and nobody there fits)
}
