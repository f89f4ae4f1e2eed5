package console_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	at      time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(bank)})
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

func (d *desk) status(rep, verb string) {
	d.t.Helper()
	d.do(ledger.Op{Kind: ledger.Presence, Rep: rep, Verb: verb})
}

// explain prints the story of L-1.
func (d *desk) explain(planner *routing.Planner, whyNot string) string {
	d.t.Helper()
	teller := audit.NewTeller("L-1", planner)
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
	require.NoError(d.t, console.Teller{Name: name, WhyNot: whyNot}.Write(&b, l, teller.Story()))
	// The hash changes with the tables that the policy is read with.
	return strings.ReplaceAll(b.String(), d.planner.Policy().Hash[:7], "0123456")
}

func TestStories(t *testing.T) {
	t.Parallel()
	risk := func(d *desk, id string) { d.comes(id, "de", "risk", 80000) }
	stories := map[string]struct {
		play   func(*desk)
		whyNot string
		blind  bool // without the policy
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
		"other-policy": {play: func(d *desk) { risk(d, "L-1") }, blind: true},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
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
	require.Empty(t, cmp.Diff(string(want), got))
}
