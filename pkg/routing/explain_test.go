package routing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/routing"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, `
pools: {seniors: {who: {level: senior}, match: [language, company.industry], relax: [company.industry]}}
guards: [{name: eu, when: country == "DE", then: '"emea" in rep.geo'}]
rules:
  - {name: customer, when: account.status == "customer", to: [owner]}
  - {name: spam, when: source == "spam", to: disqualify}
  - {name: trial, mode: shadow, to: all}
  - {name: old, until: 2020-01-01, to: all}
  - {name: all, why: everybody else, to: seniors}`)
	p := pl.Plan(routing.Input{
		Facts: facts(t, `{"country":"DE","language":"de","source":"event","company":{"industry":"finance"}}`), At: monday,
		Past: []string{"petra"},
	})
	e := p.Explain()
	for i := range e.Path {
		require.Regexp(t, `^policy\.yaml:\d+$`, e.Path[i].Place)
		e.Path[i].Place = ""
	}
	require.Empty(t, cmp.Diff(routing.Explanation{
		Path: []routing.PathEntry{
			{Rule: "customer", Fate: routing.Unknown, Missing: []string{"account.status"}},
			{Rule: "spam", Fate: routing.No},
			{Rule: "trial", Fate: routing.Shadow},
			{Rule: "old", Fate: routing.Resting},
			{Rule: "all", Fate: routing.Matched, Why: "everybody else"},
		},
		Tries: []routing.Tried{{
			Rule: "all", To: "seniors", Level: 0, Step: 0,
			Asked: []routing.Asked{{Axis: "language", Value: "de"}, {Axis: "company.industry", Value: "finance"}},
			In:    []string{"jonas"},
			Out: []routing.Out{
				{Rep: "marek", Reasons: []routing.Barrier{{Code: routing.NotCovered, Data: "de"}, {Code: routing.NotCovered, Data: "finance"}}},
				{Rep: "petra", Reasons: []routing.Barrier{{Code: routing.PastOwner}}},
				{Rep: "tom", Reasons: []routing.Barrier{
					{Code: routing.Guarded, Data: "eu"}, {Code: routing.NotCovered, Data: "de"}, {Code: routing.OffShift},
				}},
			},
		}},
		Never: []string{"ines"},
	}, e))
	require.Equal(t, []string{"trial"}, p.Draft().Shadow)
}

func TestExplainPastOwners(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, "reassign: {past_owners: last}\nrules: [{name: a, to: [jonas, marek]}]")
	e := pl.Plan(routing.Input{Facts: facts(t, `{}`), At: monday, Past: []string{"jonas"}, Left: []string{"marek"}}).Explain()
	require.Len(t, e.Path, 1, "the second walk goes the same way")
	var lines []string
	for _, try := range e.Tries {
		line := try.To
		for _, out := range try.Out {
			for _, b := range out.Reasons {
				line += " " + out.Rep + ": " + b.String()
			}
		}
		lines = append(lines, line)
	}
	require.Equal(t, []string{"jonas jonas: had it before", "marek marek: has left", "jonas", "marek marek: has left marek: not free before"}, lines)
}

func TestBarriersInWords(t *testing.T) {
	t.Parallel()
	for want, b := range map[string]routing.Barrier{
		"no finance": {Code: routing.NotCovered, Data: "finance"}, "guard eu": {Code: routing.Guarded, Data: "eu"},
		"off shift": {Code: routing.OffShift}, "has left": {Code: routing.LeftCompany}, "had it before": {Code: routing.PastOwner},
	} {
		require.Equal(t, want, b.String())
	}
}
