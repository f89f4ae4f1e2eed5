package console_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

var update = flag.Bool("update", false, "write the golden files")

const bank = `
policy: bank
version: 3
reps:
  jonas: {name: Jonas Weber, level: senior, language: [de, en], product: [risk]}
  petra: {name: Petra Lang, level: senior, language: [de], product: [risk]}
  klara: {name: Klara Roth, level: junior, language: [de], product: [core]}
  marek: {name: Marek Nowak, level: junior, language: [pl, en], product: [core]}
caps: {senior: {open: 2, day: 6}}
pools:
  specialists: {who: {level: senior}, match: [language, product]}
  juniors: {who: {level: junior}, match: [language], relax: [language]}
rules:
  - {name: junk, when: company.domain == "rival.example", to: disqualify}
  - {name: customer, when: account.status == "customer", to: [owner, juniors]}
  - {name: big, when: deal_value >= 10000, to: [specialists, juniors, review]}
  - {name: rest, to: [juniors, review]}
`

// desk decides leads on the model and keeps the log.
type desk struct {
	t       *testing.T
	planner *routing.Planner
	model   *ledger.Model
	log     []event.Decision
	said    []event.Milestone
	at      time.Time
}

func newDesk(t *testing.T, source string) *desk {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(source)})
	require.NoError(t, issues.Err())
	return &desk{t: t, planner: routing.New(p), model: ledger.NewModel(ledger.Config{}), at: time.Date(2026, 11, 24, 9, 0, 2, 0, time.UTC)}
}

func (d *desk) do(op ledger.Op) {
	d.t.Helper()
	d.at = d.at.Add(time.Minute)
	op.At, op.Digest = d.at.UnixMilli(), "d"
	if op.Kind != ledger.Void {
		op.ID = ledger.OpID{Partition: ledger.Partition{Topic: "in"}, Offset: int64(len(d.log))}
	}
	results, err := d.model.Apply(context.Background(), ledger.Chunk{Ops: []ledger.Op{op}})
	require.NoError(d.t, err)
	d.log = append(d.log, event.Decision{Op: op.ID, Kind: op.Kind, Draft: results[0].Body, Grant: results[0].Grant})
}

// comes decides a lead.
func (d *desk) comes(id, language, product string, value float64) {
	d.t.Helper()
	l := lead.Lead{ID: id, Language: language, Product: product, DealValue: &value}
	plan := d.planner.Plan(routing.Input{Facts: l.Facts(), At: d.at.Add(time.Minute)})
	body, err := plan.Draft().Encode()
	require.NoError(d.t, err)
	d.do(ledger.Op{Kind: ledger.Assign, Lead: id, Steps: plan.Steps, Roster: plan.Roster, Value: plan.Value, Body: body})
}

func (d *desk) happens(id, verb string) {
	d.t.Helper()
	d.do(ledger.Op{Kind: ledger.Activity, Lead: id, Verb: verb})
}

// refused is a lead turned down, for a reason that the policy knows.
func (d *desk) refused(id, reason string) {
	d.t.Helper()
	d.do(ledger.Op{Kind: ledger.Activity, Lead: id, Verb: ledger.Rejected, Body: []byte(`{"reason":"` + reason + `"}`)})
}

// moves plans a lead again and moves it from an attempt, unless that activity has
// happened.
func (d *desk) moves(id string, attempt int, unless string, with func(*routing.Input)) {
	d.t.Helper()
	op := ledger.Op{Kind: ledger.Move, Lead: id, Attempt: attempt, Fence: true, Verb: unless}
	leads, err := d.model.Look(context.Background(), []string{id})
	require.NoError(d.t, err)
	if l := leads[id]; l.Attempt == attempt && l.Closed == 0 {
		var draft routing.Draft
		require.NoError(d.t, json.Unmarshal(l.Draft, &draft))
		in := draft.Again(l, d.at.Add(time.Minute))
		with(&in)
		plan := d.planner.Plan(in)
		op.Steps, op.Roster, op.TurnBack = plan.Steps, plan.Roster, plan.TurnBack
		op.Stay = l.Outcome == ledger.Waiting
		op.Body, err = plan.Draft().Encode()
		require.NoError(d.t, err)
	}
	d.do(op)
}

// milestone is what a clock of L-1 says as soon as the last thing has happened.
func (d *desk) milestone(m event.Milestone) {
	m.LeadID, m.SLA, m.At = "L-1", "demo", d.at
	d.said = append(d.said, m)
}

func (d *desk) status(rep, verb string) {
	d.t.Helper()
	d.do(ledger.Op{Kind: ledger.Presence, Rep: rep, Verb: verb})
}

// explain prints the story of L-1.
func (d *desk) explain(planner *routing.Planner, whyNot string) string {
	d.t.Helper()
	teller := audit.NewTeller("L-1", planner)
	teller.WhyNot = whyNot
	for _, decision := range d.log {
		require.NoError(d.t, teller.Add(decision))
	}
	value := 80000.0
	l := lead.Lead{
		ID: "L-1", Email: "jo@weber.example", Phone: "+49 30 9988", FirstName: "Jo", Country: "DE", Language: "de",
		Source: "demo_request", DealValue: &value, Currency: "EUR", Company: lead.Company{Name: "Weber Bank"},
	}
	name := func(id string) string {
		if i, known := d.planner.Policy().Rep(id); known {
			return d.planner.Policy().Reps[i].Name
		}
		return id
	}
	var b bytes.Buffer
	story := teller.Story()
	story.Milestones = d.said
	require.NoError(d.t, console.Teller{Name: name, WhyNot: whyNot}.Write(&b, l, story))
	// The hash changes with the tables that the policy is read with.
	return strings.ReplaceAll(b.String(), d.planner.Policy().Hash[:7], "0123456")
}

func TestStories(t *testing.T) {
	t.Parallel()
	risk := func(d *desk, id string) { d.comes(id, "de", "risk", 80000) }
	stories := map[string]struct {
		play   func(*desk)
		whyNot string
		blind  bool   // without the policy
		policy string // default bank
	}{
		"picked":     {play: func(d *desk) { risk(d, "L-0"); risk(d, "L-1") }},
		"away":       {play: func(d *desk) { d.status("jonas", ledger.Away); risk(d, "L-1") }, whyNot: "jonas"},
		"left":       {play: func(d *desk) { d.status("jonas", ledger.Left); risk(d, "L-1") }},
		"full":       {play: func(d *desk) { fill(d, "petra"); risk(d, "L-1") }, whyNot: "petra"},
		"next-pool":  {play: func(d *desk) { d.comes("L-1", "pl", "risk", 80000) }, whyNot: "jonas"},
		"relaxed":    {play: func(d *desk) { d.comes("L-1", "fr", "core", 5) }, whyNot: "klara"},
		"same-turn":  {play: func(d *desk) { risk(d, "L-1") }, whyNot: "petra"},
		"lower-turn": {play: func(d *desk) { risk(d, "L-0"); risk(d, "L-1") }, whyNot: "jonas"},
		"later-pool": {play: func(d *desk) { risk(d, "L-1") }, whyNot: "klara"},
		"has-it":     {play: func(d *desk) { risk(d, "L-1") }, whyNot: "jonas"},
		"not-meant":  {play: func(d *desk) { d.comes("L-1", "de", "core", 5) }, whyNot: "petra"},
		"review":     {play: func(d *desk) { emptied(d); risk(d, "L-1") }, whyNot: "marek"},
		"closed":     {play: func(d *desk) { risk(d, "L-1"); d.happens("L-1", ledger.Accepted); d.happens("L-1", ledger.Converted) }},
		"reopened":   {play: func(d *desk) { risk(d, "L-1"); d.happens("L-1", ledger.Lost); d.happens("L-1", ledger.Reopened) }},
		"repeat":     {play: func(d *desk) { risk(d, "L-1"); risk(d, "L-1") }},
		"overtaken":  {play: func(d *desk) { d.happens("L-1", ledger.Accepted); risk(d, "L-1") }},
		"held":       {play: func(d *desk) { d.happens("L-1", ledger.Accepted) }},
		"ignored":    {play: func(d *desk) { risk(d, "L-1"); d.happens("L-1", ledger.Reopened) }},
		"fenced": {play: func(d *desk) {
			risk(d, "L-1")
			d.do(ledger.Op{Kind: ledger.Activity, Lead: "L-1", Verb: "lost", Attempt: 7})
		}},
		"clock":        {play: clockRunsOut},
		"refused":      {play: refusedTwice},
		"no-move":      {play: nothingMoves},
		"commanded":    {play: personsDecide},
		"waited":       {play: waitsAndGoes, policy: strings.Replace(bank, "to: [juniors, review]}", "to: [juniors]}", 2)},
		"other-policy": {play: func(d *desk) { risk(d, "L-1") }, blind: true},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, cmp.Or(story.policy, bank))
			story.play(d)
			planner := d.planner
			if story.blind {
				planner = nil
			}
			got := d.explain(planner, story.whyNot)
			for _, personal := range []string{"weber.example", "9988", "Jo "} {
				require.NotContains(t, got, personal)
			}
			golden(t, name, got)
		})
	}
}

// clockRunsOut: reminded, moved, accepted in time by the next one.
func clockRunsOut(d *desk) {
	d.comes("L-1", "de", "risk", 80000)
	d.at = d.at.Add(10 * time.Minute)
	d.milestone(event.Milestone{Attempt: 1, Event: event.Warned, Clock: "accepted", Do: []string{"remind"}})
	d.at = d.at.Add(10 * time.Minute)
	d.milestone(event.Milestone{Attempt: 1, Event: event.Breached, Clock: "contacted"})
	d.milestone(event.Milestone{Attempt: 1, Event: event.Breached, Clock: "accepted"}) // the next one says as much
	d.milestone(event.Milestone{Attempt: 1, Event: event.Escalated, Clock: "accepted", Do: []string{"to_backup", "tell_manager"}, Tell: []string{"ingrid"}})
	d.moves("L-1", 1, ledger.Accepted, func(in *routing.Input) {
		in.Previous = &routing.Previous{Rep: "jonas", Cause: event.CauseSLA, Clock: "accepted"}
		in.First = &routing.First{Rep: "petra", Code: routing.StandIn, Rule: "big"}
	})
	d.happens("L-1", ledger.Accepted)
	d.milestone(event.Milestone{Attempt: 2, Event: event.Met, Clock: "accepted"})
}

// refusedTwice: for a reason that gives the turn back, and for none.
func refusedTwice(d *desk) {
	d.comes("L-1", "de", "risk", 80000)
	d.refused("L-1", "wrong_language")
	d.moves("L-1", 1, "", func(in *routing.Input) {
		in.Previous = &routing.Previous{Rep: "jonas", Cause: event.CauseRejected, Reason: "wrong_language"}
	})
	d.happens("L-1", ledger.Rejected)
	d.moves("L-1", 2, "", func(in *routing.Input) {
		in.Previous = &routing.Previous{Rep: "petra", Cause: event.CauseRejected}
	})
}

// nothingMoves: moves that came too late, one way and another.
func nothingMoves(d *desk) {
	d.comes("L-1", "de", "risk", 80000)
	d.happens("L-1", ledger.Contacted)
	late := func(*routing.Input) {}
	d.moves("L-1", 1, ledger.Contacted, late)
	d.moves("L-1", 7, ledger.Contacted, late)
	d.happens("L-1", ledger.Lost)
	d.moves("L-1", 1, ledger.Contacted, late)
}

// personsDecide: a manager takes the lead from its owner, for review.
func personsDecide(d *desk) {
	d.comes("L-1", "de", "risk", 80000)
	d.moves("L-1", 1, "", func(in *routing.Input) {
		in.Previous = &routing.Previous{Rep: "jonas", Cause: event.CauseCommand}
		in.Send = &routing.Send{To: ledger.Review, Code: routing.Commanded, By: "Ingrid"}
	})
}

// waitsAndGoes: nobody was free, still nobody, then somebody.
func waitsAndGoes(d *desk) {
	d.status("klara", ledger.Away)
	d.status("marek", ledger.Away)
	d.comes("L-1", "de", "core", 500)
	again := func(*routing.Input) {}
	d.moves("L-1", 1, "", again)
	d.status("klara", ledger.Available)
	d.milestone(event.Milestone{Attempt: 1, Event: event.Escalated, Clock: "waiting", Do: []string{"reassign"}})
	d.moves("L-1", 1, "", again)
}

// fill gives a rep all that the rep may hold.
func fill(d *desk, rep string) {
	other := map[string]string{"petra": "jonas", "jonas": "petra"}[rep]
	d.status(other, ledger.Away)
	d.comes("F-1", "de", "risk", 80000)
	d.comes("F-2", "de", "risk", 80000)
	d.status(other, ledger.Available)
}

// emptied sends everybody away.
func emptied(d *desk) {
	for _, rep := range []string{"jonas", "petra", "klara", "marek"} {
		d.status(rep, ledger.Away)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "story", name+".txt")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "make it with -update")
	require.Empty(t, gocmp.Diff(string(want), got))
}
