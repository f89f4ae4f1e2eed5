package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

const team = `
policy: team
reps:
  ana: {level: rep, country: [DE, ES]}
  ben: {level: rep, country: [DE]}
  cho: {level: rep, country: [US]}
caps: {rep: {open: 1}}
rules:
  - {name: local, to: [{to: all, match: [country]}, review]}
`

func planner(t testing.TB, source string) *routing.Planner {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(source)})
	require.NoError(t, issues.Err())
	return routing.New(p)
}

// lead decides a lead and logs it.
func (h *history) lead(t testing.TB, p *routing.Planner, id, country string) event.Decision {
	t.Helper()
	op := h.op("created", ledger.Assign, id)
	plan := p.Plan(routing.Input{Facts: lead.Lead{ID: id, Country: country}.Facts(), At: time.UnixMilli(op.At)})
	body, err := plan.Draft().Encode()
	require.NoError(t, err)
	op.Steps, op.Roster, op.Value, op.Body = plan.Steps, plan.Roster, plan.Value, body
	h.write(t, op)
	d := &h.log[len(h.log)-1]
	d.Engine, d.Draft = routing.Engine, body
	return *d
}

// happens lets something happen to a lead and logs it.
func (h *history) happens(t testing.TB, id, verb string) {
	t.Helper()
	op := h.op("activity", ledger.Activity, id)
	op.Verb = verb
	h.write(t, op)
}

func tell(t *testing.T, id string, p *routing.Planner, log []event.Decision) audit.Story {
	t.Helper()
	teller := audit.NewTeller(id, p)
	for _, d := range log {
		require.NoError(t, teller.Add(d))
	}
	return teller.Story()
}

func TestAStoryIsTold(t *testing.T) {
	t.Parallel()
	p, h := planner(t, team), newHistory()
	h.lead(t, p, "L-0", "DE")
	h.happens(t, "L-1", ledger.Accepted)
	h.lead(t, p, "L-1", "DE")
	h.lead(t, p, "L-2", "ES")
	h.happens(t, "L-1", ledger.Closed)
	h.lead(t, p, "L-1", "US")

	story := tell(t, "L-1", p, h.log)
	require.Equal(t, "L-1", story.Lead)
	var effects []ledger.Effect
	for _, c := range story.Chapters {
		effects = append(effects, c.Grant.Effect)
		require.Equal(t, c.Grant.At, c.When().UnixMilli())
		require.Equal(t, c.Grant.Verb != "", c.Kind == ledger.Activity)
	}
	require.Equal(t, []ledger.Effect{ledger.Held, ledger.Owned, ledger.Freed, ledger.Repeat}, effects)
	require.NotZero(t, story.Now.Closed)

	c := story.Chapters[1]
	require.Equal(t, "ben", c.Assigned.RepID, "ana had the first")
	require.Equal(t, "local", c.Assigned.Rule)
	require.Equal(t, "full: open 1/1", c.Standings["ana"].Full())
	require.Empty(t, c.Standings["ben"].Full(), "before the grant")
	require.Equal(t, ledger.Available, c.Standings["ben"].Presence)
	require.Zero(t, c.Standings["cho"].After, "who was not free earns nothing")
	require.Equal(t, c.Grant.Turn.Before, c.Standings["ben"].Before)
	require.Equal(t, c.Grant.Turn.After, c.Standings["ben"].After)
	require.NotNil(t, c.Why)
	for _, other := range []int{0, 2, 3} {
		require.Nil(t, story.Chapters[other].Assigned)
		require.Nil(t, story.Chapters[other].Why)
	}
}

// The order in which partitions are read changes nothing.
func TestAStoryIsInTheOrderOfTheSequence(t *testing.T) {
	t.Parallel()
	p, h := planner(t, team), newHistory()
	h.lead(t, p, "L-1", "DE")
	h.happens(t, "L-1", ledger.Accepted)
	h.happens(t, "L-1", ledger.Closed)
	want := tell(t, "L-1", p, h.log)
	got := tell(t, "L-1", p, []event.Decision{h.log[2], h.log[1], h.log[0]})
	require.Equal(t, want, got)
}

// A policy that is not the decision's explains nothing; nor does none.
func TestAnotherPolicyDoesNotExplain(t *testing.T) {
	t.Parallel()
	p, h := planner(t, team), newHistory()
	h.lead(t, p, "L-1", "DE")
	for _, other := range []*routing.Planner{nil, planner(t, strings.Replace(team, "policy: team", "policy: other", 1))} {
		c := tell(t, "L-1", other, h.log).Chapters[0]
		require.Nil(t, c.Why)
		require.Equal(t, "ana", c.Assigned.RepID, "the record tells this much")
		require.NotEmpty(t, c.Standings)
	}
}

func TestALeadThatNobodyKnowsHasNoStory(t *testing.T) {
	t.Parallel()
	p, h := planner(t, team), newHistory()
	h.lead(t, p, "L-1", "DE")
	require.Equal(t, audit.Story{Lead: "L-9"}, tell(t, "L-9", p, h.log))
}

func TestADecisionTakenBackIsTold(t *testing.T) {
	t.Parallel()
	h := newHistory()
	lost := h.op("created", ledger.Assign, "L-1")
	h.apply(t, lost)
	h.void(t, lost)
	story := tell(t, "L-1", nil, h.log)
	require.Len(t, story.Chapters, 1)
	require.Equal(t, ledger.Voided, story.Chapters[0].Grant.Effect)
	require.Nil(t, story.Now)
}

// What stands with a refusal is its reason, and no plan.
func TestARefusalHasItsReason(t *testing.T) {
	t.Parallel()
	p, h := planner(t, team), newHistory()
	h.lead(t, p, "L-1", "DE")
	h.happens(t, "L-1", ledger.Rejected)
	h.log[1].Draft = []byte(`{"reason":"wrong_language"}`)
	c := tell(t, "L-1", p, h.log).Chapters[1]
	require.Equal(t, "wrong_language", c.Reason)
	require.Nil(t, c.Draft)
	require.Nil(t, c.Assigned)
	h.log[1].Draft = []byte(`{"reason":7}`)
	teller := audit.NewTeller("L-1", p)
	require.NoError(t, teller.Add(h.log[0]))
	require.ErrorContains(t, teller.Add(h.log[1]), "sequence 2")
}

func TestADraftThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	h := newHistory()
	h.write(t, h.op("created", ledger.Assign, "L-1"))
	for _, draft := range []string{`{`, `{"engine":999}`} {
		d := h.log[0]
		d.Draft = []byte(draft)
		require.ErrorContains(t, audit.NewTeller("L-1", nil).Add(d), "sequence 1")
	}
}

func TestEveryCapIsNamed(t *testing.T) {
	t.Parallel()
	full := map[string]audit.Standing{
		"full: open 2/2":        {Load: ledger.Load{Open: 2}, Caps: ledger.Caps{Open: 2}},
		"full: open value 70/6": {Load: ledger.Load{OpenValue: 70}, Caps: ledger.Caps{OpenValue: 6}},
		"full: this hour 1/1":   {Load: ledger.Load{Hour: 1}, Caps: ledger.Caps{Hour: 1}},
		"full: today 4/4":       {Load: ledger.Load{Day: 4}, Caps: ledger.Caps{Day: 4}},
		"full: this week 9/9":   {Load: ledger.Load{Week: 9}, Caps: ledger.Caps{Week: 9}},
		"":                      {Load: ledger.Load{Open: 1, Week: 9}, Caps: ledger.Caps{Open: 2}},
	}
	for want, s := range full {
		require.Equal(t, want, s.Full())
	}
}
