package lifecycle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/lifecycle"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var monday = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

const text = `
policy: test
teams: {emea: {manager: ines}}
reps:
  ines: {name: Ines Berg}
  ana: {name: Ana Ruiz, team: emea, backup: ben}
  ben: {team: emea}
slas: {fast: {for: true, clock: 24x7, accepted: {target: 5m, 10m: to_backup}, contacted: {1h: [reassign, tell_manager]}}}
waiting: {after: {15m: tell_manager, 4h: to_review}}
reassign: {turn_back: [away, spam]}
rules:
  - {name: cold, when: intent == "low", to: nurture}
  - {name: patient, when: intent == "medium", to: [{to: ben, hold: 5m}, wait]}
  - {name: rest, to: [ana, ben], on_qualified: close}
rulesets:
  close: [{name: closers, to: ines}]
`

// bundle is a policy and a lead that ana has.
type bundle struct {
	policy  *policy.Policy
	planner *routing.Planner
	known   lifecycle.Known
}

func setup(t *testing.T) *bundle {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
	require.NotNil(t, p, "%v", issues)
	b := &bundle{policy: p, planner: routing.New(p)}
	b.known = b.lead("high", ledger.Lead{Outcome: ledger.Assigned, Attempt: 1, Rep: "ana", Since: monday.UnixMilli()})
	return b
}

// lead is one as the ledger has it, planned for an intent.
func (b *bundle) lead(intent string, l ledger.Lead) lifecycle.Known {
	plan := b.planner.Plan(routing.Input{Facts: lead.Facts{"intent": intent}, At: monday})
	return lifecycle.Known{Lead: l, Draft: plan.Draft()}
}

// plan is the plan of a move, and its operation.
func (b *bundle) plan(t *testing.T, m *lifecycle.Move, k lifecycle.Known) (ledger.Op, routing.Draft) {
	t.Helper()
	var op ledger.Op
	require.True(t, m.Op(&op, k.Lead))
	require.Equal(t, ledger.Move, op.Kind)
	draft := m.Plan(&op, b.planner, k, monday.Add(time.Hour), nil).Draft()
	require.Len(t, draft.Steps, len(op.Steps))
	return op, draft
}

// who is asked first, or where the lead ends.
func who(op ledger.Op) string {
	if op.Steps[0].End != "" {
		return string(op.Steps[0].End)
	}
	return op.Roster.Reps[op.Steps[0].Members[0]].ID
}

func TestReassign(t *testing.T) {
	t.Parallel()
	b := setup(t)
	commanded := b.known
	commanded.Draft.Steps = append([]routing.DraftStep{{Code: routing.Commanded}}, commanded.Draft.Steps[1:]...)
	tests := []struct {
		name     string
		known    lifecycle.Known
		reassign event.Reassign
		who      string
		unless   string
		turnBack bool
	}{
		{"clock", b.known, event.Reassign{Cause: event.CauseSLA, Clock: routing.ClockContacted}, "ben", ledger.Contacted, false},
		{"backup", b.known, event.Reassign{Cause: event.CauseSLA, Clock: routing.ClockAccepted, To: event.ToBackup}, "ben", ledger.Accepted, false},
		{"manager", b.known, event.Reassign{Cause: event.CauseSLA, Clock: routing.ClockOverall, To: event.ToManager}, "ines", ledger.Contacted, false},
		{"review", b.known, event.Reassign{Cause: event.CauseSLA, Clock: routing.ClockAccepted, To: event.ToReview}, "review", ledger.Accepted, false},
		{"refused", b.known, event.Reassign{Cause: event.CauseRejected, Reason: "spam"}, "ben", "", true},
		{"refused in other words", b.known, event.Reassign{Cause: event.CauseRejected, Reason: "call me: 555"}, "ben", "", false},
		{"away", b.known, event.Reassign{Cause: event.CauseAway}, "ben", ledger.Accepted, true},
		{"qualified", b.known, event.Reassign{Cause: event.CauseQualified}, "ines", "", false},
		{"a person's choice is a person's to undo", commanded, event.Reassign{Cause: event.CauseSLA, Clock: routing.ClockContacted}, "review", ledger.Contacted, false},
		{"unless the rep left", commanded, event.Reassign{Cause: event.CauseLeft}, "ben", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.reassign.LeadID, tt.reassign.Attempt = "L", 1
			op, draft := b.plan(t, lifecycle.Reassign(tt.reassign, b.policy), tt.known)
			require.Equal(t, []any{"L", 1, true, tt.unless, tt.turnBack}, []any{op.Lead, op.Attempt, op.Fence, op.Verb, op.TurnBack})
			require.Equal(t, tt.who, who(op))
			require.Equal(t, tt.reassign.Cause, draft.Previous.Cause)
			require.NotContains(t, draft.Previous.Reason, "555")
		})
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for command, want := range map[string]string{
		event.CommandAssign: "ines", event.CommandRelease: "review", event.CommandDisqualify: "disqualified", event.CommandReroute: "ben",
	} {
		m, err := lifecycle.Command(event.Command{LeadID: "L", Command: command, RepID: "ines", By: "ines"}, b.policy)
		require.NoError(t, err)
		require.True(t, m.Outside)
		op, draft := b.plan(t, m, b.known)
		require.Equal(t, want, who(op), command)
		require.Equal(t, command == event.CommandAssign, op.Stay, "who has it already keeps it")
		if draft.First != nil {
			require.Equal(t, "Ines", draft.First.By)
			require.True(t, op.Steps[0].LiftFull)
		}
	}
	_, err := lifecycle.Command(event.Command{Command: event.CommandAssign, RepID: "zoe"}, b.policy)
	require.Equal(t, lifecycle.UnknownRep, lead.CodeOf(err))
	m, err := lifecycle.Claim(event.Activity{LeadID: "L", Activity: event.Claimed, RepID: "ben"}, b.policy)
	require.NoError(t, err)
	op, draft := b.plan(t, m, b.known)
	require.Equal(t, []string{"ben", event.Claimed}, []string{who(op), draft.Previous.Cause})
	_, err = lifecycle.Claim(event.Activity{RepID: "zoe"}, b.policy)
	require.Equal(t, lifecycle.UnknownRep, lead.CodeOf(err))
}

// TestUpdate: what is known by now is planned with, but for what names the lead.
func TestUpdate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cold := b.lead("low", ledger.Lead{Outcome: ledger.Nurture, Attempt: 1})
	op, draft := b.plan(t, lifecycle.Update("L", lead.Facts{"intent": "high", "id": "L"}), cold)
	require.Equal(t, []string{"ana", ledger.Taken}, []string{who(op), op.Verb})
	require.Equal(t, lead.Facts{"intent": "high"}, draft.Facts)
	require.False(t, op.Stay)
}

// TestFound: what a provider says late is planned with, and the plan says where it is from.
func TestFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cold := b.lead("low", ledger.Lead{Outcome: ledger.Nurture, Attempt: 1})
	facts := lead.Facts{"intent": "high", "id": "L", "test": false}
	op, draft := b.plan(t, lifecycle.Found("L", facts, "firmo"), cold)
	require.Equal(t, []string{"ana", ledger.Taken}, []string{who(op), op.Verb})
	require.Equal(t, lead.Facts{"intent": "high"}, draft.Facts)
	require.Equal(t, &lead.Evidence{From: map[string]string{"intent": "firmo"}}, draft.Evidence)
}

// TestUpdateOfADoubt: facts that come later do not decide which account is meant, unless
// they name it. What a person sends back is for the rules.
func TestUpdateOfADoubt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	k := b.lead("low", ledger.Lead{Outcome: ledger.Review, Attempt: 1})
	k.Draft.Steps = []routing.DraftStep{{Code: routing.AccountDoubt}}
	k.Lead.Step = 0
	k.Draft.Evidence = &lead.Evidence{Account: &lead.AccountMatch{ID: "A-1", Doubtful: true}}
	op, _ := b.plan(t, lifecycle.Update("L", lead.Facts{"intent": "high"}), k)
	require.Equal(t, "review", who(op))
	op, _ = b.plan(t, lifecycle.Update("L", lead.Facts{"intent": "high", "account.id": "A-1"}), k)
	require.Equal(t, "ana", who(op))
	reroute, err := lifecycle.Command(event.Command{LeadID: "L", Command: event.CommandReroute, By: "ines"}, b.policy)
	require.NoError(t, err)
	op, _ = b.plan(t, reroute, k)
	require.NotEqual(t, "review", who(op))
}

// TestUpdated: what follows from an update fills gaps, and follows its own source; what the
// sender said stays, and what the sender says counts.
func TestUpdated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cold := b.lead("low", ledger.Lead{Outcome: ledger.Nurture, Attempt: 1})
	hot := lead.Lead{ID: "L", Intent: "high"}
	hot.Learned("phone", "intent")
	op, draft := b.plan(t, lifecycle.Updated(hot), cold)
	require.Equal(t, "nurture", who(op), "the sender has said low")
	require.Equal(t, lead.Facts{"intent": "low"}, draft.Facts)

	cold.Draft.Evidence = &lead.Evidence{From: map[string]string{"intent": "phone"}}
	before := *cold.Draft.Evidence
	op, draft = b.plan(t, lifecycle.Updated(hot), cold)
	require.Equal(t, "ana", who(op), "another phone number")
	require.Equal(t, &lead.Evidence{From: map[string]string{"intent": "phone"}}, draft.Evidence)

	op, draft = b.plan(t, lifecycle.Updated(lead.Lead{ID: "L", Intent: "high", Evidence: &lead.Evidence{}}), cold)
	require.Equal(t, "ana", who(op))
	require.Empty(t, draft.Evidence.From, "the sender's word by now")
	require.Equal(t, map[string]string{"intent": "phone"}, before.From)
}

// TestMovesOfOthers: a lead that is closed, or has gone on, takes no plan.
func TestMovesOfOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	m := lifecycle.Reassign(event.Reassign{LeadID: "L", Attempt: 1, Cause: event.CauseSLA}, b.policy)
	var op ledger.Op
	require.False(t, m.Op(&op, ledger.Lead{Attempt: 2}))
	require.False(t, m.Op(&op, ledger.Lead{Attempt: 1, Closed: 5}))
	require.True(t, m.Op(&op, ledger.Lead{Attempt: 1}))
	anyAttempt := lifecycle.Update("L", nil)
	require.True(t, anyAttempt.Op(&op, ledger.Lead{Attempt: 7}))
	require.Equal(t, []any{7, false}, []any{op.Attempt, op.Fence})
	_, err := lifecycle.Read("L", ledger.Lead{Draft: []byte("{")})
	require.ErrorContains(t, err, "read the plan of lead L")
	k, err := lifecycle.Read("L", ledger.Lead{Attempt: 3})
	require.NoError(t, err)
	require.Equal(t, 3, k.Attempt)
}

func TestDecided(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owned := ledger.Grant{At: monday.UnixMilli(), Effect: ledger.Owned, Lead: "L", Attempt: 1, Rep: "ana"}
	n := lifecycle.Decided(owned, &b.known.Draft)
	require.Equal(t, []string{"ana", "fast"}, []string{n.Timer.RepID, n.Timer.SLA})
	require.Len(t, n.Timer.Due, 4, "two targets, two stages")

	accepted := owned
	accepted.Held = []ledger.Late{{Verb: ledger.Accepted, Effect: ledger.Noted}, {Verb: ledger.Contacted, Effect: ledger.Fenced}}
	n = lifecycle.Decided(accepted, &b.known.Draft)
	require.Equal(t, "accepted", n.Timer.Stopped[0].Clock)
	require.Len(t, n.Timer.Stopped, 1, "what was about another attempt stops nothing")

	closed := owned
	closed.Attempt, closed.Held = 2, []ledger.Late{{Verb: ledger.Lost, Effect: ledger.Freed}}
	require.Equal(t, lifecycle.Next{Still: true}, lifecycle.Decided(closed, &b.known.Draft))
	closed.Held = append(closed.Held, ledger.Late{Verb: ledger.Reopened, Effect: ledger.Reowned})
	require.NotNil(t, lifecycle.Decided(closed, &b.known.Draft).Timer)

	patient := b.lead("medium", ledger.Lead{})
	waits := ledger.Grant{At: monday.UnixMilli(), Effect: ledger.Ignored, Lead: "L", Attempt: 1, Outcome: ledger.Waiting}
	require.Len(t, lifecycle.Decided(waits, &patient.Draft).Timer.Due, 3, "patience, and two stages of the line")
	require.Equal(t, lifecycle.Next{}, lifecycle.Decided(waits, &routing.Draft{}), "it was closed: there is no plan")
	require.Equal(t, lifecycle.Next{}, lifecycle.Decided(ledger.Grant{Effect: ledger.Fenced}, &patient.Draft))
}

func TestHappened(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noted := func(verb string) ledger.Grant {
		return ledger.Grant{
			At: monday.UnixMilli(), Effect: ledger.Noted, Lead: "L", Attempt: 1, Rep: "ana", Verb: verb,
			Marks: &ledger.Marks{Since: monday.UnixMilli(), Accepted: monday.UnixMilli() + 1},
		}
	}
	n := lifecycle.Happened(noted(ledger.Accepted), &b.known.Draft, "")
	require.Len(t, n.Timer.Due, 2, "the contact is still due")
	n = lifecycle.Happened(noted(ledger.Rejected), &b.known.Draft, "spam")
	require.Equal(t, &event.Reassign{LeadID: "L", Attempt: 1, RepID: "ana", Cause: event.CauseRejected, Reason: "spam", At: monday}, n.Move)
	n = lifecycle.Happened(noted(ledger.Qualified), &b.known.Draft, "")
	require.Equal(t, event.CauseQualified, n.Move.Cause)
	require.Nil(t, lifecycle.Happened(noted(ledger.Qualified), &routing.Draft{}, "").Move, "nobody to hand it on to")
	require.Equal(t, lifecycle.Next{}, lifecycle.Happened(noted(event.Signal), &b.known.Draft, ""))
	require.Equal(t, lifecycle.Next{Still: true}, lifecycle.Happened(ledger.Grant{Effect: ledger.Freed}, &b.known.Draft, ""))
	unowned := noted(ledger.Accepted)
	unowned.Rep = ""
	require.False(t, lifecycle.Asks(unowned))
}

func TestReturnedAndOffered(t *testing.T) {
	t.Parallel()
	g := ledger.Grant{
		At: monday.UnixMilli(), Effect: ledger.Settled, Rep: "ana", Verb: ledger.Left,
		Returns: []ledger.Return{{Lead: "A", Attempt: 1}, {Lead: "B", Attempt: 2}},
		Offer:   &ledger.Offer{Lead: "C", Attempt: 3, Rep: "ben"},
	}
	require.Equal(t, []event.Reassign{
		{LeadID: "A", Attempt: 1, RepID: "ana", Cause: event.CauseLeft, At: monday},
		{LeadID: "B", Attempt: 2, RepID: "ana", Cause: event.CauseLeft, At: monday},
	}, lifecycle.Returned(g))
	require.Equal(t, &event.Reassign{LeadID: "C", Attempt: 3, RepID: "ben", Cause: event.CauseCapacity, At: monday}, lifecycle.Offered(g))
	require.Nil(t, lifecycle.Offered(ledger.Grant{}))
	require.Nil(t, lifecycle.Returned(ledger.Grant{Effect: ledger.Owned}))
}

func TestClocks(t *testing.T) {
	t.Parallel()
	for clock, want := range map[string]string{routing.ClockHold: event.CauseHold, routing.ClockShift: event.CauseCapacity, routing.ClockWaiting: ""} {
		cause, wakes := lifecycle.Wakes(clock)
		require.Equal(t, want, cause)
		require.Equal(t, want != "", wakes)
	}
	for _, tt := range []struct {
		do    []string
		to    string
		moves bool
	}{
		{nil, "", false},
		{[]string{"remind"}, "", false},
		{[]string{"tell_manager", "reassign"}, "", true},
		{[]string{"to_backup", "to_manager"}, event.ToBackup, true},
		{[]string{"to_manager"}, event.ToManager, true},
		{[]string{"remind", "to_review"}, event.ToReview, true},
	} {
		to, moves := lifecycle.Moves(tt.do)
		require.Equal(t, []any{tt.to, tt.moves}, []any{to, moves}, tt.do)
	}
}

func TestGivesBack(t *testing.T) {
	t.Parallel()
	p := setup(t).policy
	require.True(t, lifecycle.GivesBack(p, ledger.Away, time.Time{}, monday))
	require.True(t, lifecycle.GivesBack(p, ledger.Away, monday.Add(1), monday))
	require.False(t, lifecycle.GivesBack(p, ledger.Away, monday, monday), "back by now")
	require.False(t, lifecycle.GivesBack(p, ledger.Left, time.Time{}, monday))
}
