package systemtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
	"leadrouter/pkg/ledger"
)

// full has places for two leads; roomy has more of them, and somebody new.
const (
	full = `
policy: line
caps: {all: {open: 1}}
reps: {ana: {}, ben: {}}
rules: [{name: none, when: country == "FR", to: wait}, {name: all, to: all}]
waiting: {first: value}
`
	roomy = `
policy: line
caps: {all: {open: 10}}
reps: {ana: {}, ben: {}, dora: {}}
rules: [{name: all, to: all}]
waiting: {first: value}
`
)

// Leads wait, some for nobody in particular. When the policy has room for them they are given
// out without any record from outside, once each; what a manager gives away counts in turns.
func TestAnotherPolicyWakesTheLine(t *testing.T) {
	t.Parallel()
	in := install(t, oneFile(full))
	pair := []*process{in.router("a"), in.router("b")}
	in.publish(event.LeadCreated, keyed("L-0", `{"id":"L-0"}`), keyed("L-1", `{"id":"L-1"}`))
	in.awaitAssigned(2, time.Minute)
	for i := range 24 {
		id := fmt.Sprintf("W-%02d", i)
		in.publish(event.LeadCreated, keyed(id, `{"id":%q,"deal_value":%d,"country":%q}`, id, 100+i, []string{"DE", "FR"}[i%2]))
	}
	in.awaitAssigned(26, time.Minute)
	for _, id := range []string{"W-00", "W-01"} {
		given := in.leadrouter("assign", id, "ana", "--because", "she knows them", "--by", "boss")
		require.Zero(t, given.code, given.err)
	}
	in.awaitAssigned(28, time.Minute)

	in.write("policy.yaml", roomy)
	owners := map[string]string{}
	for _, a := range in.awaitAssigned(50, time.Minute) {
		require.Empty(t, owners[a.LeadID], "%s has an owner already", a.LeadID)
		owners[a.LeadID] = a.RepID
		if a.LeadID[0] == 'W' && a.Attempt == 1 {
			require.Equal(t, ledger.Waiting, a.Outcome)
		}
	}
	spread := map[string]int{}
	for lead, rep := range owners {
		require.NotEmpty(t, rep, lead)
		spread[rep]++
	}
	require.Equal(t, 26, spread["ana"]+spread["ben"]+spread["dora"])
	for _, p := range pair {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}
	in.recountLog()
	in.requireFolded()
	verdict := in.requireProven(oneFile(full), oneFile(roomy))
	require.Zero(t, verdict.Findings)
}
