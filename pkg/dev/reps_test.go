package dev_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/dev"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// company is a board with leads of one rep, and the reps who act on them.
type company struct {
	*dev.Reps
	t        *testing.T
	sequence int64
	now      time.Time
}

func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{t: t, now: noon}
	c.Reps = &dev.Reps{Board: dev.NewBoard(), Chance: chance(1), Clock: clock.NewFake(noon), Instance: "acme"}
	c.grant(ledger.Grant{
		Effect: ledger.Owned, Lead: "L-0", Rep: "ana", Attempt: 1, Outcome: ledger.Assigned, Roster: "r",
		Install: []ledger.Terms{{ID: "ana", Weight: 1}, {ID: "ben", Weight: 1}},
	})
	return c
}

func (c *company) grant(g ledger.Grant) {
	c.t.Helper()
	c.sequence++
	g.Sequence, g.At = c.sequence, c.now.UnixMilli()
	require.NoError(c.t, c.Board.Add(event.Decision{Grant: g}))
}

func (c *company) owned(lead, rep string, attempt int) {
	c.t.Helper()
	c.grant(ledger.Grant{Effect: ledger.Owned, Lead: lead, Rep: rep, Attempt: attempt, Outcome: ledger.Assigned, Roster: "r"})
}

// acts are what the reps report at an instant.
func (c *company) acts(at time.Time) []event.Activity {
	c.t.Helper()
	var acts []event.Activity
	for _, r := range c.Act(at) {
		require.Equal(c.t, "acme.lead.activity", r.Topic)
		e, err := kstream.Decode(r)
		require.NoError(c.t, err)
		a, err := e.Activity()
		require.NoError(c.t, err, "anybody could have sent it")
		require.Equal(c.t, a.LeadID, string(r.Key))
		acts = append(acts, a)
	}
	return acts
}

// Of many leads most are accepted and contacted in good time, and some are not in each
// of the ways that a policy has an answer to.
func TestRepsDoWhatPeopleDo(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	const leads = 140 // fewer than are too many
	for i := range leads {
		c.owned(fmt.Sprintf("L-%d", i+1), "ana", 1)
	}
	require.Empty(t, c.acts(noon), "nobody is that fast")
	done := map[string]map[string]time.Time{}
	for minute := range 60 {
		at := noon.Add(time.Duration(minute) * time.Minute)
		for _, a := range c.acts(at) {
			require.Equal(t, "ana", a.RepID)
			require.Equal(t, 1, a.Attempt)
			require.Equal(t, a.Activity == ledger.Rejected, a.Reason != "")
			if done[a.LeadID] == nil {
				done[a.LeadID] = map[string]time.Time{}
			}
			require.Zero(t, done[a.LeadID][a.Activity], "each once")
			done[a.LeadID][a.Activity] = at
		}
	}
	count := map[string]int{"untouched": leads + 1 - len(done)}
	for id, acts := range done {
		accepted, contacted := acts[ledger.Accepted], acts[ledger.Contacted]
		switch {
		case !acts[ledger.Rejected].IsZero():
			require.Len(t, acts, 1, id)
			count["refused"]++
		case contacted.IsZero():
			count["left lying"]++
		case accepted.After(noon.Add(10 * time.Minute)):
			count["late"]++
		default:
			require.LessOrEqual(t, accepted, contacted)
			require.True(t, contacted.Before(noon.Add(15*time.Minute)))
			count["in time"]++
		}
	}
	require.Greater(t, count["in time"], leads/2)
	for _, some := range []string{"untouched", "left lying", "late", "refused"} {
		require.Positive(t, count[some], "%s of %v", some, count)
		require.Less(t, count[some], leads/4, "%s of %v", some, count)
	}
}

// A new start does what is left to do, at the same time as it would have been done.
func TestRepsGoOnWithWhatTheyWereAt(t *testing.T) {
	t.Parallel()
	first, second := newCompany(t), newCompany(t)
	for i := range 30 {
		first.owned(fmt.Sprintf("L-%d", i+1), "ana", 1)
		second.owned(fmt.Sprintf("L-%d", i+1), "ana", 1)
	}
	reported := first.acts(noon.Add(6 * time.Minute))
	require.NotEmpty(t, reported)
	for _, a := range reported { // the second finds them in the log
		l, _ := second.Board.Lead(a.LeadID)
		marks := &ledger.Marks{Since: l.Since, Accepted: l.Accepted, Contacted: l.Contacted}
		switch a.Activity {
		case ledger.Accepted:
			marks.Accepted = noon.UnixMilli()
		case ledger.Contacted:
			marks.Contacted = noon.UnixMilli()
		default: // a refusal moves the lead
			second.owned(a.LeadID, "ben", 2)
			continue
		}
		second.grant(ledger.Grant{Effect: ledger.Noted, Lead: a.LeadID, Rep: "ana", Attempt: 1, Verb: a.Activity, Marks: marks})
	}
	later := noon.Add(20 * time.Minute)
	var rest []event.Activity
	for _, a := range second.acts(later) {
		if a.Attempt == 1 {
			rest = append(rest, a)
		}
	}
	require.Empty(t, cmp.Diff(first.acts(later), rest))
}

// What somebody meant to do with a lead that has gone is not done.
func TestRepsLetGoOfWhatIsGone(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	require.Empty(t, c.acts(noon))
	c.grant(ledger.Grant{Effect: ledger.Freed, Lead: "L-0", Rep: "ana", Attempt: 1, Verb: ledger.Lost})
	for i := range 40 {
		c.owned(fmt.Sprintf("M-%d", i), "ana", 1)
	}
	require.Empty(t, c.acts(noon))
	for i := range 40 {
		c.owned(fmt.Sprintf("M-%d", i), "ben", 2)
	}
	for _, a := range c.acts(noon.Add(time.Hour)) {
		require.Equal(t, "ben", a.RepID)
		require.Equal(t, 2, a.Attempt)
	}
}

// Leads that are too many are closed, the oldest first, each once: won or lost where
// there was contact.
func TestTooManyLeadsAreClosed(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	c.grant(ledger.Grant{
		Effect: ledger.Noted, Lead: "L-0", Rep: "ana", Attempt: 1, Verb: ledger.Contacted,
		Marks: &ledger.Marks{Contacted: noon.UnixMilli()},
	})
	for i := range 151 {
		c.owned(fmt.Sprintf("L-%d", i+1), "ana", 1)
	}
	closed := c.acts(noon)
	require.Len(t, closed, 2)
	require.Equal(t, "L-0", closed[0].LeadID)
	require.Contains(t, []string{ledger.Converted, ledger.Lost}, closed[0].Activity)
	require.Equal(t, "L-1", closed[1].LeadID)
	require.Equal(t, ledger.Closed, closed[1].Activity)
	require.Empty(t, c.acts(noon))
}
