package policy_test

import (
	"fmt"
	"time"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

const sample = `
policy: sample
reps:
  ana: {language: es pt}
  ben: {language: en}
pools:
  native: {who: all, match: [language]}
define:
  big: company.employees > 200
rules:
  - {name: big, when: big, to: [native, review]}
  - {name: rest, to: all}
`

func ExampleParse() {
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(sample)})
	if issues.Err() != nil {
		fmt.Println(issues)
		return
	}
	b := p.Bind(lead.Facts{"language": "pt", "company.employees": int64(800)}, time.Unix(0, 0))
	for _, rule := range p.Rules {
		fmt.Println(rule.Name, rule.When.Eval(b))
	}
	fit, _ := p.Pools[0].Match[0].Covers(b)
	for i, rep := range p.Reps {
		fmt.Println(rep.ID, fit.Has(int32(i)))
	}
	// Output:
	// big true
	// rest true
	// ana true
	// ben false
}

func ExampleIssues() {
	_, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: p\nreps: {ana: {}}\nrules:\n  - {name: big, when: contry == \"DE\", to: an}\n")})
	fmt.Println(issues)
	// Output:
	// policy.yaml:4:23: `contry` is not known of a lead; did you mean `country`?
	//    4 |   - {name: big, when: contry == "DE", to: an}
	//      |                       ^^^^^^
	// policy.yaml:4:43: no pool, team or rep is called `an`; did you mean `ana`?
	//    4 |   - {name: big, when: contry == "DE", to: an}
	//      |                                           ^^
}
