package systemtest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
)

// ownersPolicy gives leads of accounts to their owners.
const ownersPolicy = `
policy: owners
reps: {ana: {}, ben: {}, carl: {}}
rules:
  - {name: ours, when: known(account.owner) || known(account.parent_owner), to: [owner, review]}
  - {name: others, to: carl}
tests:
  - {name: the owner's, lead: {account: {owner: ana}}, expect: {rep: ana}}
`

// The accounts that are there before a router are known to its first lead; an owner who
// changes later gets the next one. The log names the record that it was decided by.
func TestAccountsAndTheirOwners(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": ownersPolicy})
	in.publish(event.AccountChanged,
		keyed("A-0", `{"id":"A-0","name":"Acme Holding","owner":"ana"}`),
		keyed("A-1", `{"id":"A-1","name":"Acme Stahl GmbH","domains":["acme.example"],"parent":"A-0","country":"DE"}`),
		keyed("A-2", `{"name":"Globex","country":"US","owner":"ben"}`),
		keyed("A-3", `{"broken`),
	)
	in.publish(event.LeadCreated,
		keyed("domain", `{"id":"domain","email":"eva@acme.example"}`),
		keyed("name", `{"id":"name","company":{"name":"GLOBEX Inc."},"country":"US"}`),
		keyed("alike", `{"id":"alike","company":{"name":"Globax"},"country":"US"}`),
		keyed("nobody", `{"id":"nobody","company":{"name":"Contoso"},"email":"eva@gmail.com"}`),
	)
	p := in.router("a")
	first := in.awaitAssigned(4, 20*time.Second)
	by := func(id string) event.Assigned {
		list := in.assigned()
		i := slices.IndexFunc(list, func(a event.Assigned) bool { return a.LeadID == id })
		require.GreaterOrEqual(t, i, 0, "%s in %v", id, first)
		return list[i]
	}
	require.Equal(t, "ana", by("domain").RepID, "the owner of the parent")
	require.Equal(t, "A-0", by("domain").Lead.Account.Group)
	require.Equal(t, "0/1", by("domain").Evidence.Account.Version)
	require.Equal(t, "ben", by("name").RepID)
	require.Equal(t, "carl", by("nobody").RepID)
	require.Empty(t, by("nobody").Evidence.Account.ID)

	doubt := by("alike")
	require.Equal(t, []string{"review", "account_doubt"}, []string{string(doubt.Outcome), doubt.ReasonCode})
	require.Equal(t, "It may be of the account Globex: the names are 84% alike; a person has to decide.", doubt.Reason)
	require.Nil(t, doubt.Lead.Account)
	require.Equal(t, 1, int(p.metric("leadrouter_account_records_refused_total")))

	in.publish(event.AccountChanged, keyed("A-2", `{"name":"Globex","country":"US","owner":"ana"}`), keyed("A-1", ""))
	in.eventually(20*time.Second, "the router has heard", func() bool { return p.metric("leadrouter_accounts") == 2 })
	in.publish(event.LeadCreated, keyed("next", `{"id":"next","company":{"name":"Globex"},"country":"US"}`))
	in.awaitAssigned(5, 20*time.Second)
	require.Equal(t, "ana", by("next").RepID)
	require.Equal(t, "0/4", by("next").Evidence.Account.Version)

	told := in.leadrouter("explain", "domain")
	require.Zero(t, told.code, told.err)
	require.Contains(t, told.out, "A-1 by domain   account.changed 0/1")

	// Rules decide once a person has sent it back to them.
	require.Zero(t, in.leadrouter("reroute", "alike", "--because", "it is another company").code)
	in.awaitAssigned(6, 20*time.Second)
	in.awaitCommitted(20 * time.Second)
	last := in.assigned()
	require.True(t, slices.ContainsFunc(last, func(a event.Assigned) bool { return a.LeadID == "alike" && a.RepID == "carl" }))
	code, _ := p.stop()
	require.Zero(t, code, p.log)
	proof := in.leadrouter("audit", "--output", "json")
	require.Zero(t, proof.code, "%s%s", proof.out, proof.err)
}
