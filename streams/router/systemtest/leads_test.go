package systemtest_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/event"
)

// realLeads is the file of the real leads, which are not part of the repository, and
// how many they are.
func realLeads(t *testing.T) (path string, n int) {
	t.Helper()
	shared := os.Getenv("LEADROUTER_SHARED")
	if shared == "" {
		shared = filepath.Join(root, "..", "shared")
	}
	path = filepath.Join(shared, "data", "x-education", "leads_oldest80.csv.gz")
	if _, err := os.Stat(path); err != nil {
		t.Skip("no real leads (set LEADROUTER_SHARED): ", err)
	}
	return path, 7392
}

// importLeads publishes the file of the real leads.
func (in *installation) importLeads(path string, flags ...string) {
	in.t.Helper()
	args := []string{"publish", path, "--map", filepath.Join(root, "examples/maps/x-education.yaml")}
	sent := in.leadrouter(append(args, flags...)...)
	require.Zero(in.t, sent.code, sent.err)
}

// published are the ids of all leads that came in: the keys of lead.created.
func (in *installation) published() map[string]bool {
	in.t.Helper()
	ids := map[string]bool{}
	for _, r := range in.read(in.topic(event.LeadCreated)) {
		ids[string(r.Key)] = true
	}
	return ids
}

// The leads of a real school, imported by two routers at once and read by
// subscribers that are not ours.
func TestRealLeads(t *testing.T) {
	t.Parallel()
	path, n := realLeads(t)
	in := install(t, example(t, "x-education"))
	in.router("a")
	in.router("b")

	begin := time.Now()
	in.importLeads(path, "--bulk")
	list := in.awaitAssigned(n, time.Minute)
	t.Logf("%d leads published and assigned in %s", n, time.Since(begin).Round(time.Millisecond))

	published := in.published()
	require.Len(t, published, n)
	requireOnce(t, published, list)
	requireSame(t, list, in.kcat())
	requireSpread(t, list)

	count := in.recountLog()
	require.Positive(t, count.Full, "caps that nobody reaches test nothing")
	require.Equal(t, []string{"abroad", "advisors", "leads"}, slices.Sorted(maps.Keys(count.Credit)))
	t.Logf("largest credits, in millionths of a lead: %v", count.Largest)
	in.requireFolded()
	count.requireLedger(in)

	t.Log("the same file once more changes nothing")
	in.importLeads(path, "--bulk")
	in.eventually(time.Minute, "repeats are logged", func() bool {
		return len(in.read(in.topic(event.LeadDecisions))) == 2*n
	})
	require.Len(t, in.assigned(), n)
	require.Equal(t, n, in.recountLog().Effects["repeat"])
}

// The same leads under the policy of forty reps, with a router killed among them: each
// is decided once, and every decision can be derived again.
func TestRealLeadsUnderALargePolicy(t *testing.T) {
	t.Parallel()
	path, n := realLeads(t)
	large := example(t, "tamarisk")
	in := install(t, large)
	in.importLeads(path)
	pair := []*process{in.router("a"), in.router("b")}
	in.eventually(time.Minute, "the routers have begun", func() bool { return committed(pair) > 0 })
	pair[0].kill()
	in.start("a")

	list := in.awaitAssigned(n, 2*time.Minute)
	published := in.published()
	require.Len(t, published, n)
	requireOnce(t, published, list)
	requireSame(t, list, in.kcat())
	in.requireFolded()
	verdict := in.requireProven(large)
	require.Equal(t, n, verdict.Proven)
}

// requireSame compares what two clients have read.
func requireSame(t *testing.T, ours, theirs []event.Assigned) {
	t.Helper()
	if theirs == nil {
		return // kcat is not there, and has said so
	}
	byID := func(list []event.Assigned) map[string]event.Assigned {
		m := map[string]event.Assigned{}
		for _, a := range list {
			m[a.AssignmentID] = a
		}
		return m
	}
	require.Len(t, theirs, len(ours))
	require.Empty(t, cmp.Diff(byID(ours), byID(theirs)))
}

// requireSpread checks that every end and every pool of the policy had its part.
func requireSpread(t *testing.T, list []event.Assigned) {
	t.Helper()
	outcomes, pools, unexplained := map[string]int{}, map[string]int{}, 0
	for _, a := range list {
		outcomes[string(a.Outcome)]++
		if a.RepID != "" {
			pools[a.Pool]++
		}
		if a.Reason == "" || a.ReasonCode == "" || a.Policy.Hash == "" {
			unexplained++
		}
	}
	t.Logf("outcomes %v, pools %v", outcomes, pools)
	require.Zero(t, unexplained)
	require.Equal(t, []string{"abroad", "advisors", "desk", "leads"}, slices.Sorted(maps.Keys(pools)))
	require.Equal(t, []string{"assigned", "disqualified", "nurture", "review", "waiting"}, slices.Sorted(maps.Keys(outcomes)))
}
