package policytest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
)

const watched = `
leadrouter: 1
policy: watched
calendars: {berlin: {zone: Europe/Berlin, hours: Mon-Fri 09:00-18:00}}
teams: {emea: {manager: ines, calendar: berlin}}
reps:
  ines: {team: emea, level: boss}
  jonas: {team: emea, level: senior, language: [de], backup: petra}
  petra: {team: emea, level: senior, language: [de]}
  klara: {team: emea, level: senior, language: [de]}
  sam: {team: emea, level: sdr, language: [de]}
pools:
  seniors: {who: [jonas, klara, petra], pick: ranked, match: [language]}
  patient: {who: [jonas], match: [language]}
slas:
  demo:
    accepted: {10m: remind, 20m: to_backup}
    contacted: {target: 15m, 30m: [reassign, tell_manager]}
    overall: {2h: to_manager}
  slow: {contacted: {1d: to_review}}
  lone: {accepted: {5m: to_backup}}
waiting: {after: {15m: tell_manager, 4h: to_review}}
reassign: {max_owners: 3}
rules:
  - {name: slow, when: source == "slow", to: sam, sla: slow}
  - {name: lone, when: source == "lone", to: [sam, klara], sla: lone}
  - {name: hand, when: source == "hand", to: sam, sla: demo, on_qualified: close}
  - {name: hold, when: source == "hold", to: [{to: patient, hold: 5m}, klara]}
  - {name: wait, when: source == "wait", to: ines}
  - {name: demo, to: seniors, sla: demo}
rulesets:
  close: [{name: closer, to: [klara, petra], sla: demo}]
tests:
`

// TestClocks tells stories that the clocks of an SLA, patience and refusals decide.
func TestClocks(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, test string }{
		{"backup", `then: [{after: 19m, expect: {rep: jonas, attempt: 1}}, {after: 1m, expect: {rep: petra, attempt: 2, rule: demo, sla: demo}}]`},
		{"backup is away", `given: {away: [petra]}, then: [{after: 20m, expect: {rep: klara, attempt: 2}}]`},
		{"nobody's backup", `lead: {source: lone, language: de}, then: [{after: 5m, expect: {rep: klara, attempt: 2}}]`},
		{"accepted in time", `then: [{after: 5m, do: accepted}, {after: 20m, expect: {rep: jonas}}, {after: 5m, expect: {rep: klara, attempt: 2}}]`},
		{"contact stops all", `then: [{after: 5m, do: contacted}, {after: 2d, expect: {rep: jonas, attempt: 1}}]`},
		{"closed stops all", `then: [{do: lost}, {after: 2d, expect: {rep: jonas, attempt: 1}}]`},
		{"overall", `then: [{after: 1h, do: accepted}, {after: 59m}, {after: 2h, expect: {rep: ines, reason_code: escalated}}]`},
		{"to review", `lead: {source: slow, language: de}, then: [{after: 1d, expect: {outcome: review, reason_code: escalated}}]`},
		{"refused", `then: [{do: rejected, reason: spam, expect: {rep: klara, attempt: 2}}, {do: rejected, expect: {rep: petra}}, {do: rejected, expect: {rep: ines, reason_code: escalated}}, {do: rejected, expect: {outcome: review, reason_code: max_owners}}]`},
		{"qualified", `lead: {source: hand, language: de}, then: [{do: qualified, expect: {rep: klara, rule: close/closer, attempt: 2}}, {do: rejected, expect: {rep: petra, rule: close/closer}}]`},
		{"patience", `lead: {source: hold, language: de}, given: {full: [jonas]}, expect: {outcome: waiting}, then: [{after: 4m, expect: {outcome: waiting}}, {after: 1m, expect: {rep: klara, attempt: 2}}]`},
		{"waits too long", `lead: {source: wait}, given: {away: [ines]}, then: [{after: 3h, expect: {outcome: waiting}}, {after: 1h, expect: {outcome: review}}]`},
		{"the shift begins", `at: 2026-05-04T05:00:00Z, expect: {outcome: waiting}, then: [{after: 1h, expect: {outcome: waiting}}, {after: 1h, expect: {rep: jonas, attempt: 2}}]`},
		{"business time", `at: 2026-05-04T15:50:00Z, expect: {rep: jonas}, then: [{after: 12h, expect: {rep: jonas}}, {after: 3h20m, expect: {rep: petra}}]`},
		{"away at the end of the day", `at: 2026-05-04T15:50:00Z, then: [{do: rejected, expect: {rep: klara}}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := tt.test
			if text[:5] != "lead:" {
				text = "lead: {source: demo_request, language: de}, " + text
			}
			p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(watched + "  - {name: x, " + text + "}\n")})
			require.NotNil(t, p, "%v", issues)
			report := policytest.Run(p, policytest.Config{})
			require.Equal(t, policytest.Passed, report.Results[0].Status, report.Results[0].String())
		})
	}
}
