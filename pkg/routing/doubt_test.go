package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/routing"
)

func TestDoubt(t *testing.T) {
	t.Parallel()
	require.Nil(t, routing.Doubt(nil))
	require.Nil(t, routing.Doubt(&lead.Evidence{}))
	require.Nil(t, routing.Doubt(&lead.Evidence{Account: &lead.AccountMatch{ID: "A-1", Score: 9_900}}))
	require.Equal(t, &routing.Send{To: ledger.Review, Code: routing.AccountDoubt},
		routing.Doubt(&lead.Evidence{Account: &lead.AccountMatch{ID: "A-1", Doubtful: true}}))
}

// TestDoubtIsExplained: a lead whose account is in doubt is in review, and who looks at it
// reads which account is meant.
func TestDoubtIsExplained(t *testing.T) {
	t.Parallel()
	pl := teamPlanner(t, sales)
	for _, c := range []struct {
		match lead.AccountMatch
		want  string
	}{
		{lead.AccountMatch{ID: "A-1", Name: "Weber Bank", By: "similar_name", Score: 8_123}, "It may be of the account Weber Bank: the names are 81% alike; a person has to decide."},
		{lead.AccountMatch{ID: "A-1", Name: "Weber Bank", By: "domain", Score: 10_000}, "It may be of the account Weber Bank: several accounts have this domain; a person has to decide."},
		{lead.AccountMatch{ID: "A-1", By: "name", Score: 10_000}, "It may be of the account A-1: several accounts have this name; a person has to decide."},
	} {
		c.match.Doubtful = true
		known := &lead.Evidence{Account: &c.match}
		d := pl.Plan(routing.Input{Facts: facts(t, demo), At: monday, Evidence: known, Send: routing.Doubt(known)}).Draft()
		got, err := d.Decide(ledger.Grant{Effect: ledger.Ended, Outcome: ledger.Review, Lead: "L-1", Attempt: 1, At: monday.UnixMilli()})
		require.NoError(t, err)
		require.Equal(t, c.want, got.Reason)
		require.Equal(t, "account_doubt", got.ReasonCode)
		require.Equal(t, "A-1", got.ReasonData["account"])
		require.Equal(t, int64(c.match.Score), got.ReasonData["score"])

		again, err := pl.Plan(d.Input()).Draft().Encode()
		require.NoError(t, err)
		first, err := d.Encode()
		require.NoError(t, err)
		require.Equal(t, string(first), string(again), "the log proves it")
	}
}
