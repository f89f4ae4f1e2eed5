package policytest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPoliciesPass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"minimal", "startup", "cascade"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, issues, err := policy.Load("testdata/" + name + ".yaml")
			require.NoError(t, err)
			require.Empty(t, issues)
			report := policytest.Run(p, policytest.Config{})
			for _, r := range report.Results {
				require.Equal(t, policytest.Passed, r.Status, r.String())
			}
			require.True(t, report.OK())
			require.Empty(t, report.Unreached)
			require.Equal(t, len(p.Tests), report.Count(policytest.Passed))
		})
	}
}

const office = `
leadrouter: 1
policy: office
calendars: {berlin: {zone: Europe/Berlin, hours: Mon-Fri 09:00-18:00}}
teams: {emea: {manager: ines, calendar: berlin}}
caps: {senior: {open: 2, day: 1}}
reps:
  ines: {team: emea, level: boss}
  jonas: {team: emea, level: senior, language: [de], backup: petra}
  petra: {team: emea, level: senior, language: [de]}
  marek: {team: emea, level: senior, language: [pl]}
pools: {seniors: {who: {level: senior}, match: [language], relax: [language]}}
slas: {demo: {for: source == "demo_request", accepted: {20m: to_backup}}}
score:
  fit: {points: [{30: company.employees >= 50}], bands: {weak: <30, strong: rest}}
marks: [{when: country == "DE", tag: home}]
rules:
  - {name: again, when: duplicate, to: [last_owner]}
  - {name: big, when: company.employees > 200, to: [jonas, {to: petra, even_if: [full]}]}
  - {name: patient, when: source == "event", to: {to: seniors, hold: 5m}}
  - {name: deal, when: product == "core", use: deals}
  - {name: mine, to: [company_owner, next]}
  - {name: rest, to: seniors}
rulesets:
  deals: [{name: close, to: seniors, on_qualified: later}]
  later: [{name: after, to: ines}]
tests:
`

func run(t *testing.T, tests string) policytest.Report {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(office + tests)})
	require.NotNil(t, p, "%v", issues)
	return policytest.Run(p, policytest.Config{})
}

// lines are the results without the place, which counts lines of this file.
func lines(t *testing.T, tests string) []string {
	t.Helper()
	var out []string
	for _, r := range run(t, tests).Results {
		require.Regexp(t, `^policy\.yaml:\d+$`, r.Place)
		out = append(out, strings.Split(strings.ReplaceAll(r.String(), " "+r.Place, ""), "\n")...)
	}
	return out
}

func TestEveryField(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"ok fields", "ok a list", "ok over", "ok again", "ok company"}, lines(t, `
  - name: fields
    lead: {product: core, language: de, country: DE, company: {employees: 80}}
    given: {full: [petra]}
    expect: {rule: deals/close, rep: jonas, team: emea, pool: seniors, pick: round_robin, outcome: assigned, attempt: 1,
      candidates: [jonas], relaxed: [], reason_code: turn, score: 30, fit: strong, over: false, tags: [home]}
  - {name: a list, lead: {language: fr}, expect: {rule: rest, candidates: [petra, marek, jonas], relaxed: language}}
  - {name: over, lead: {company: {employees: 500}}, given: {full: [jonas, petra]}, expect: {rep: petra, over: true}}
  - {name: again, lead: {source: x}, given: {last_owner: marek}, expect: {rep: marek, outcome: duplicate}}
  - {name: company, lead: {source: x}, given: {company_owner: marek}, expect: {rep: marek, rule: mine}}
`))
}

func TestFailures(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, test, want string }{
		{"outcome", `lead: {language: de}, given: {full: [jonas]}, expect: {outcome: waiting}`, "expected waiting, got petra (given.full names only jonas)"},
		{"outcome, nobody full", `lead: {company: {employees: 500}}, expect: {outcome: waiting}`, "expected waiting, got jonas (given.full names nobody)"},
		{"outcome, other", `lead: {company: {employees: 500}}, expect: {outcome: nurture}`, "expected nurture, got jonas (by the rule big)"},
		{"waits", `lead: {source: event}, given: {full: [jonas, petra, marek]}, expect: {outcome: assigned}`, "expected assigned, got waiting (3 people fit, and all are full or away)"},
		{"rule unknown", `lead: {language: de}, expect: {rule: big}`, "expected big, got rest (big does not match: company.employees is not known of the lead)"},
		{"rule no", `lead: {company: {employees: 5}}, expect: {rule: big}`, "expected big, got rest (big does not match)"},
		{"rule passed", `lead: {language: de}, expect: {rule: mine}`, "expected mine, got rest (mine matches, and nobody there fits)"},
		{"rule full", `lead: {source: x}, given: {company_owner: jonas, full: [jonas]}, expect: {rule: mine}`, "expected mine, got rest (mine matches, and nobody there is free)"},
		{"rule not reached", `lead: {company: {employees: 500}}, expect: {rule: rest}`, "expected rest, got big (rest is not reached)"},
		{"rep does not cover", `lead: {language: de}, expect: {rep: marek}`, "expected marek, got jonas (marek: no de)"},
		{"rep full", `lead: {language: de}, given: {full: [jonas]}, expect: {rep: jonas}`, "expected jonas, got petra (jonas is full)"},
		{"rep away", `lead: {language: de}, given: {away: [jonas]}, expect: {rep: jonas}`, "expected jonas, got petra (jonas is away)"},
		{"rep left", `lead: {language: de}, given: {left: [jonas]}, expect: {rep: jonas}`, "expected jonas, got petra (jonas: has left)"},
		{"rep off shift", `lead: {language: de}, given: {off_shift: [jonas]}, expect: {rep: jonas}`, "expected jonas, got petra (jonas: off shift)"},
		{"rep in turn", `lead: {language: de}, expect: {rep: petra}`, "expected petra, got jonas (petra is a candidate)"},
		{"rep not meant", `lead: {language: de}, expect: {rep: ines}`, "expected ines, got jonas (no destination of this lead means ines)"},
		{"rep, waiting", `lead: {company: {employees: 500}}, given: {away: [jonas, petra]}, expect: {rep: jonas}`, "expected jonas, got waiting (jonas is away)"},
		{"candidates", `lead: {language: de}, expect: {candidates: [jonas, marek]}`, "expected candidates [jonas, marek], got [jonas, petra] (marek: no de)"},
		{"no SLA", `lead: {language: de}, expect: {sla: demo}`, "expected demo, got none"},
		{"share", `lead: {language: de}, count: 4, expect: {share: {jonas: 3}}`, "expected 3 leads for jonas, got 2"},
		{"lead", `lead: {country: Mars}, expect: {rep: jonas}`, "lead: country: is not an ISO 3166-1 alpha-2 code"},
		{"night", `lead: {language: de}, at: 2026-05-04T23:00:00Z, expect: {rep: jonas}`, "expected jonas, got waiting (jonas: off shift)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			report := run(t, "  - {name: x, "+tt.test+"}\n")
			require.False(t, report.OK())
			require.Equal(t, []string{tt.want}, report.Results[0].Why)
			require.Regexp(t, `^FAIL policy\.yaml:\d+ x: `, report.Results[0].String())
		})
	}
}

func TestCountIsAboutTurns(t *testing.T) {
	t.Parallel()
	// One lead a day is their cap; a count of ten is ten turns all the same.
	require.Equal(t, []string{"ok turns", "ok full"}, lines(t, `
  - {name: turns, lead: {language: de}, count: 10, expect: {share: {jonas: 5, petra: 5, marek: 0}}}
  - {name: full, lead: {language: de}, count: 4, given: {full: [jonas]}, expect: {share: {jonas: 0, petra: 4}}}
`))
}

func TestStories(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"ok told",
		"FAIL wrong later: line N: expected petra, got jonas (petra is a candidate)",
		"FAIL closed twice: line N: closed changes nothing: the lead is closed",
		"FAIL patience: line N: expected jonas, got waiting (jonas is full)",
		"FAIL line: line N: expected jonas, got waiting (jonas is away)",
		"FAIL nobody refuses: line N: rejected changes nothing: nobody has the lead",
		"FAIL fails first: expected petra, got jonas (petra is a candidate)",
		"not run many: line N needs one lead: with `count`, the others would have clocks of their own",
	}, numbered(lines(t, `
  - {name: told, lead: {language: de}, then: [{do: accepted}, {after: 1d, do: contacted, expect: {rep: jonas}}, {do: lost}, {do: reopened}, {do: converted}]}
  - {name: wrong later, lead: {language: de}, then: [{do: accepted, expect: {rep: petra}}]}
  - {name: closed twice, lead: {language: de}, expect: {attempt: 1}, then: [{do: closed}, {do: closed}]}
  - {name: patience, lead: {source: event}, given: {full: [jonas, petra, marek]}, expect: {outcome: waiting}, then: [{after: 5m, expect: {rep: jonas}}]}
  - {name: line, lead: {company: {employees: 500}}, given: {away: [jonas, petra]}, then: [{after: 5m, expect: {rep: jonas}}]}
  - {name: nobody refuses, lead: {company: {employees: 500}}, given: {away: [jonas, petra]}, then: [{do: rejected, expect: {rep: jonas}}]}
  - {name: fails first, lead: {language: de}, expect: {rep: petra}, then: [{do: rejected}]}
  - {name: many, lead: {language: de}, count: 2, then: [{do: rejected, expect: {rep: petra}}]}
`)))
}

// numbered hides line numbers.
func numbered(in []string) []string {
	for i, line := range in {
		head, rest, found := strings.Cut(line, "line ")
		if found && rest[0] >= '0' && rest[0] <= '9' {
			in[i] = head + "line N" + strings.TrimLeft(rest, "0123456789")
		}
	}
	return in
}

func TestReport(t *testing.T) {
	t.Parallel()
	report := run(t, `
  - {name: a, lead: {product: core, language: de}, expect: {rep: jonas}}
  - {name: b, lead: {language: de}, count: 2, then: [{do: rejected, expect: {attempt: 2}}]}
`)
	require.True(t, report.OK(), "not run is not failed")
	require.Equal(t, 1, report.Count(policytest.NotRun))
	require.Equal(t, []string{"again", "big", "patient", "later/after"}, report.Unreached)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
leadrouter: 1
policy: dated
reps: {ana: {}, ben: {}}
rules: [{name: new, from: 2027-01-01, to: ana}, {name: old, to: ben}]
tests:
  - {name: today, lead: {source: x}, expect: {rule: old}}
  - {name: next year, lead: {source: x}, at: 2027-01-02T00:00:00Z, expect: {rule: new}}
`)})
	require.NotNil(t, p, "%v", issues)
	require.True(t, policytest.Run(p, policytest.Config{}).OK())
	later := policytest.Run(p, policytest.Config{Now: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC), Name: "day"})
	require.Len(t, later.Results, 1)
	require.False(t, later.OK())
}

func TestSameReport(t *testing.T) {
	t.Parallel()
	const tests = `
  - {name: a, lead: {language: de}, count: 7, given: {away: [petra], left: [marek]}, expect: {share: {jonas: 6}}}
`
	first := run(t, tests)
	require.Equal(t, first, run(t, tests))
}
