package simulate_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// monday is when histories of the tests begin.
func monday() time.Time { return time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC) }

func at(minutes int) time.Time { return monday().Add(time.Duration(minutes) * time.Minute) }

func parse(t require.TestingT, text string) *policy.Policy {
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte("policy: test\n" + text)})
	require.NotNil(t, p, "%v", issues)
	return p
}

func newLead(t require.TestingT, format string, args ...any) lead.Lead {
	l, err := lead.Parse(fmt.Appendf(nil, format, args...))
	require.NoError(t, err)
	return l
}

func run(t require.TestingT, h *simulate.History, p *policy.Policy, cfg simulate.Config) *simulate.Result {
	r, err := simulate.Run(background(), h, routing.New(p), cfg)
	require.NoError(t, err)
	return r
}

// busy is a policy in which everything that moves a lead happens.
const busy = `
teams: {emea: {manager: ines}}
caps: {all: {open: 4}}
calendars: {office: {zone: Europe/Berlin, hours: Mon-Fri 09:00-18:00}}
reps:
  ines: {open: 60}
  ana: {team: emea, backup: ben, country: [DE, ES]}
  ben: {team: emea, backup: carl, country: [ES], calendar: office}
  carl: {team: emea, backup: dora, country: [DE]}
  dora: {team: emea, backup: ana, country: [US], weight: 2}
  emil: {country: [US, DE, ES], open: 8}
pools:
  local: {who: {team: emea}, match: [country], relax: [country]}
  closers: {who: [emil, dora], pick: least_loaded}
slas:
  fast: {for: true, clock: 24x7, accepted: {5m: remind, 20m: [to_backup, tell_manager]}, contacted: {target: 30m, 60m: reassign}, overall: {3h: to_manager}}
waiting: {first: value, after: {15m: tell_manager, 4h: to_review}}
review: {by: [ines], after: {2h: tell_manager}}
reassign: {max_owners: 3, past_owners: last, turn_back: [away, wrong_language]}
rules:
  - {name: cold, when: intent == "low", to: nurture}
  - {name: patient, when: deal_value > 80000, to: [{to: local, hold: 5m}, wait]}
  - {name: local, to: local, on_qualified: close}
rulesets:
  close: [{name: closers, to: closers}]
`

// logged is the decision log of a simulation, as a router would have written it.
func logged(t require.TestingT, h *simulate.History, p *policy.Policy, cfg simulate.Config) (log []event.Decision, r *simulate.Result) {
	cfg.Watch = func(s simulate.Step) {
		d := event.Decision{
			Engine: routing.Engine, Kind: s.Kind, Grant: s.Grant, Asked: s.Asked,
			Op: ledger.OpID{Partition: ledger.Partition{Topic: "test"}, Offset: s.Grant.Sequence},
		}
		var err error
		switch {
		case s.Plan != nil && len(s.Plan.Steps) > 0:
			d.Draft, err = s.Plan.Encode()
		case s.Reason != "":
			d.Draft, err = json.Marshal(map[string]string{"reason": s.Reason})
		}
		require.NoError(t, err)
		log = append(log, d)
	}
	return log, run(t, h, p, cfg)
}

// read is the history that a log tells.
func read(t require.TestingT, log []event.Decision) *simulate.History {
	reader := simulate.NewReader()
	for _, d := range log {
		require.NoError(t, reader.Add(d))
	}
	return reader.History()
}

// answers of reps: each accepts after so many minutes, and calls as much later.
func answers(minutes map[string]int) (list []simulate.Answer) {
	for rep, n := range minutes {
		for i := range 20 {
			since := at(i * 60).UnixMilli()
			first := since + int64(n)*60_000
			list = append(list, simulate.Answer{
				Rep: rep, Since: since, Until: first + 1e7, First: first, Verb: ledger.Accepted, Contact: first + int64(n)*60_000,
			})
		}
	}
	return list
}
