package systemtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/policylog"
)

// Two routers have their policy from the topic: a publication takes effect on both,
// a broken one on neither, a rollback on both, and a restart needs nothing on disk.
func TestPublishedPolicies(t *testing.T) {
	t.Parallel()
	in := install(t, map[string]string{"policy.yaml": smallPolicy})
	pair := []*process{in.start("a", "--policy", app.Published), in.start("b", "--policy", app.Published)}
	in.publish(event.LeadCreated, leads("first", 40)...)
	for _, p := range pair {
		in.eventually(30*time.Second, "readyz says what to do", func() bool {
			ready, waits := p.ready()
			return !ready && strings.Contains(waits["policy"], "run leadrouter policy publish")
		})
	}
	require.Empty(t, in.assigned(), "nothing is decided without a policy")

	first := in.publishPolicy("it begins")
	in.awaitPolicy(pair, first)
	in.requireDecided(40, "first", first, "carl")

	in.write("policy.yaml", otherPolicy)
	second := in.publishPolicy("dora instead")
	in.awaitPolicy(pair, second)
	in.publish(event.LeadCreated, leads("second", 40)...)
	in.requireDecided(80, "second", second, "dora")
	for _, p := range pair {
		require.Positive(t, p.metric(`leadrouter_leads_total{outcome="assigned"}`), "router %s had its part", p.slot)
	}

	in.write("policy.yaml", strings.Replace(otherPolicy, "rep: dora", "rep: ana", 1))
	refused := in.leadrouter("policy", "publish")
	require.Equal(t, app.ExitNo, refused.code, refused.err)
	require.Contains(t, refused.err, "expected ana, got dora")
	in.publishSpoilt(2)
	for _, p := range pair {
		in.eventually(10*time.Second, "router "+p.slot+" refuses", func() bool {
			return p.metric(`leadrouter_policy_reloads_total{result="refused"}`) == 1 && len(p.log.lines("error")) > 0
		})
		require.Contains(t, p.log.lines("error")[0].Msg, "the old one stays")
	}
	in.publish(event.LeadCreated, leads("third", 20)...)
	in.requireDecided(100, "third", second, "dora")

	back := in.leadrouter("policy", "rollback", "1", "--because", "carl is back")
	require.Zero(t, back.code, back.err)
	in.awaitPolicy(pair, first)
	in.publish(event.LeadCreated, leads("fourth", 20)...)
	in.requireDecided(120, "fourth", first, "carl")
	for _, p := range pair {
		code, _ := p.stop()
		require.Zero(t, code, p.log)
	}

	require.NoError(t, os.RemoveAll(in.policy))
	pair = []*process{in.router("a", "--policy", app.Published)}
	in.awaitPolicy(pair, first)
	in.publish(event.LeadCreated, leads("fifth", 20)...)
	in.requireDecided(140, "fifth", first, "carl")
	told := in.leadrouter("explain", "second-0", "--policy", app.Published, "--why-not", "ana")
	require.Zero(t, told.code, told.err)
	require.Contains(t, told.out, "dora", "by the policy of that time, which is not the active one")
	proof := in.leadrouter("audit", "--policy", app.Published, "--output", "json")
	require.Zero(t, proof.code, "%s%s", proof.out, proof.err)
	t.Log(proof.out)
	require.Contains(t, in.leadrouter("policy", "history").out, "carl is back")
	in.recountLog()
	in.requireFolded()
}

// publishPolicy publishes the folder of the installation and returns the hash.
func (in *installation) publishPolicy(because string) (hash string) {
	in.t.Helper()
	done := in.leadrouter("policy", "publish", "--because", because, "--by", "test", "--output", "json")
	require.Zero(in.t, done.code, done.err)
	var result struct {
		Published bool   `json:"published"`
		Hash      string `json:"hash"`
	}
	require.NoError(in.t, json.Unmarshal([]byte(done.out), &result))
	require.True(in.t, result.Published)
	return result.Hash
}

// publishSpoilt gets a policy past the checks of `policy publish`: its hash is not
// that of its files.
func (in *installation) publishSpoilt(after int) {
	in.t.Helper()
	_, err := policylog.New(in.kafka, in.name).Publish(in.t.Context(), policylog.Draft{
		Hash: strings.Repeat("0", 64), Name: "spoilt", Engine: 1, By: "test", After: after,
		Files: map[string][]byte{"policy.yaml": []byte(smallPolicy)},
	})
	require.NoError(in.t, err)
}

// awaitPolicy waits until a policy is in force on routers.
func (in *installation) awaitPolicy(routers []*process, hash string) {
	in.t.Helper()
	for _, p := range routers {
		in.eventually(40*time.Second, fmt.Sprintf("router %s decides by %.7s", p.slot, hash), func() bool {
			ready, _ := p.ready()
			return ready && p.metric(fmt.Sprintf(`leadrouter_policy_info{hash=%q,name="small",version=""}`, hash)) == 1
		})
	}
}

// requireDecided waits for n assignments in all and checks by which policy those of
// a prefix were made, and for whom.
func (in *installation) requireDecided(n int, prefix, hash, rep string) {
	in.t.Helper()
	found := 0
	for _, a := range in.awaitAssigned(n, time.Minute) {
		if strings.HasPrefix(a.LeadID, prefix+"-") {
			found++
			require.Equal(in.t, hash, a.Policy.Hash, a.LeadID)
			require.Equal(in.t, rep, a.RepID, a.LeadID)
		}
	}
	require.Positive(in.t, found)
}
