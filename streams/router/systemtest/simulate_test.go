package systemtest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

// busyPolicy has everything that moves a lead, within seconds.
const busyPolicy = `
policy: busy
teams: {emea: {manager: ines}}
caps: {all: {open: 12}}
reps:
  ines: {open: 60}
  ana: {team: emea, backup: ben, country: [DE, ES]}
  ben: {team: emea, backup: carl, country: [ES]}
  carl: {team: emea, backup: dora, country: [DE]}
  dora: {team: emea, backup: ana, country: [US], weight: 2}
  emil: {country: [US, DE, ES], open: 8}
pools:
  local: {who: {team: emea}, match: [country], relax: [country]}
  closers: {who: [emil, dora], pick: least_loaded}
slas:
  fast: {for: true, clock: 24x7, accepted: {1s: remind, 3s: [to_backup, tell_manager]}, contacted: {target: 4s, 9s: reassign}, overall: {14s: to_manager}}
waiting: {first: value, after: {4s: tell_manager, 7s: to_review}}
review: {by: [ines], after: {2s: tell_manager}}
reassign: {max_owners: 3, past_owners: last, turn_back: [away, wrong_language]}
rules:
  - {name: cold, when: intent == "low", to: nurture}
  - {name: same-person, when: duplicate, to: [last_owner, next]}
  - {name: same-company, when: country == "ES", to: [company_owner, next], owns_account: true}
  - {name: patient, when: deal_value > 80000, to: [{to: local, hold: 2s}, wait]}
  - {name: local, to: local, on_qualified: close}
rulesets:
  close: [{name: closers, to: closers}]
`

// TestSimulateThePast: what two routers and two watchers have made of leads, activities,
// decisions of people and reps who come and go, a simulation under their policy makes of
// them, too: the same owners and outcomes, attempt by attempt, without a difference.
func TestSimulateThePast(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	in := install(t, oneFile(busyPolicy))
	all := []*process{in.router("a"), in.router("b"), in.launch("sla", "x"), in.launch("sla", "y")}
	for _, p := range all {
		p.awaitReady()
	}
	days := &busyDays{in: in, chance: rand.New(rand.NewPCG(seed, seed))}
	for range 24 {
		days.pass()
		<-time.After(400 * time.Millisecond)
	}
	<-time.After(12 * time.Second) // clocks run out; what is due at the end stays due
	for _, p := range all {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}
	in.requireProven(oneFile(busyPolicy))

	h := in.history()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(busyPolicy)})
	require.NoError(t, issues.Err())
	result, err := simulate.Run(t.Context(), h, routing.New(p), simulate.Config{Seed: 1})
	require.NoError(t, err)
	t.Logf("%d leads, %d decisions, outcomes %v, skipped %v", result.Leads, result.Past.Decisions, result.Outcomes, result.Skipped)
	require.Greater(t, result.Past.Decisions, result.Leads, "leads have moved on")
	require.Zero(t, result.Past.Differences, "%+v", result.Past.First)
	require.Equal(t, result.Past.Decisions, result.Past.Same)
	require.Zero(t, result.Draws)

	said := in.leadrouter("simulate", "--output", "json")
	require.Zero(t, said.code, said.err)
	var printed struct{ Past simulate.Past }
	require.NoError(t, json.Unmarshal([]byte(said.out), &printed))
	require.Equal(t, result.Past, printed.Past)
}

// history reads the decision log.
func (in *installation) history() *simulate.History {
	in.t.Helper()
	reader, folder := simulate.NewReader(), audit.NewFolder()
	var failed error
	folder.Seen = func(d event.Decision, _ *ledger.State) { failed = cmp.Or(failed, reader.Add(d)) }
	require.NoError(in.t, audit.NewLog(in.kafka, in.name).Read(in.t.Context(), folder.Add))
	require.NoError(in.t, failed)
	require.Empty(in.t, folder.Missing())
	return reader.History()
}

// busyDays is a world in which much happens at once.
type busyDays struct {
	in     *installation
	chance *rand.Rand
	leads  []string
}

// pass lets a short time pass.
func (b *busyDays) pass() {
	for range 5 + b.chance.IntN(8) {
		id := fmt.Sprintf("S-%04d", len(b.leads))
		b.leads = append(b.leads, id)
		b.in.publish(event.LeadCreated, keyed(id, `{"id":%q,"country":%q,"intent":%q,"deal_value":%d,"test":%t,"email":"%c.%d@%c.example"}`, id,
			b.one("DE", "ES", "US"), b.one("high", "high", "high", "low"), b.chance.IntN(100_000), b.chance.IntN(40) == 0,
			'a'+rune(b.chance.IntN(26)), b.chance.IntN(2), 'a'+rune(b.chance.IntN(26))))
	}
	for range 14 {
		b.happens(b.leads[max(0, len(b.leads)-1-b.chance.IntN(60))])
	}
	if b.chance.IntN(3) == 0 {
		rep := b.one("ana", "ben", "carl")
		b.in.publish(event.RepStatus, keyed(rep, `{"rep_id":%q,"status":%q}`, rep, b.one("away", "available", "available")))
	}
}

func (b *busyDays) one(of ...string) string { return of[b.chance.IntN(len(of))] }

// happens lets something happen to a lead.
func (b *busyDays) happens(id string) {
	switch b.chance.IntN(12) {
	case 0:
		b.in.publish(event.LeadActivity, keyed(id, `{"lead_id":%q,"activity":"rejected","reason":%q}`, id, b.one("wrong_language", "busy")))
	case 1:
		b.in.publish(event.LeadActivity, keyed(id, `{"lead_id":%q,"activity":"accepted","attempt":%d}`, id, 1+b.chance.IntN(2)))
	case 2:
		b.in.publish(event.LeadCommand, keyed(id, `{"lead_id":%q,"command":"assign","rep_id":%q,"by":"ines","because":"test"}`, id, b.one("ana", "dora", "emil")))
	case 3:
		b.in.publish(event.LeadCommand, keyed(id, `{"lead_id":%q,"command":%q,"by":"ines","because":"test"}`, id, b.one("release", "reroute", "disqualify")))
	case 4:
		b.in.publish(event.LeadUpdated, keyed(id, `{"id":%q,"intent":"high"}`, id))
	case 5:
		b.in.publish(event.LeadActivity, keyed(id, `{"lead_id":%q,"activity":"claimed","rep_id":%q}`, id, b.one("ben", "carl")))
	default:
		b.in.publish(event.LeadActivity, keyed(id, `{"lead_id":%q,"activity":%q}`, id,
			b.one("accepted", "contacted", "qualified", "converted", "lost", "closed", "reopened", "signal")))
	}
}
