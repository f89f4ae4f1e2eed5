package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

// drill is an installation and the commands of docs/operations.md.
type drill struct {
	t   *testing.T
	env map[string]string
}

// run is a command of leadrouter that has to end well.
func (d *drill) run(args ...string) string {
	d.t.Helper()
	c := &command{env: d.env}
	require.Zero(d.t, c.run(d.t.Context(), args...), "%v: %s%s", args, c.out.String(), c.err.String())
	return c.out.String()
}

// while runs roles of an instance for as long as do takes.
func (d *drill) while(instance string, roles []string, do func()) {
	d.t.Helper()
	ctx, stop := context.WithCancel(d.t.Context())
	var running sync.WaitGroup
	for _, role := range roles {
		c := &command{env: d.env}
		running.Go(func() {
			if code := c.run(ctx, role, "--instance", instance, "--log-level", "warn"); code != 0 {
				d.t.Errorf("%s ends with %d: %s", role, code, c.err.String())
			}
		})
	}
	defer running.Wait()
	defer stop()
	do()
}

// shell runs the guide's copy.
func (d *drill) shell(script string) {
	d.t.Helper()
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	require.NoError(d.t, err)
	functions := regexp.MustCompile("(?s)```bash\n(.*?)```").FindSubmatch(guide)
	require.NotNil(d.t, functions, "the guide has no copy to run")
	bash := exec.CommandContext(d.t.Context(), "bash", "-eu", "-o", "pipefail", "-c", string(functions[1])+script)
	bash.Env = append(os.Environ(), "BROKERS="+d.env["LEADROUTER_BROKERS"])
	out, err := bash.CombinedOutput()
	require.NoError(d.t, err, string(out))
}

// events counts the records of a topic with a value.
func (d *drill) events(topic string) (n int) {
	d.t.Helper()
	kafka := kstream.Client{Brokers: services.Kafka(d.t)}
	from, err := kafka.Starts(d.t.Context(), topic)
	require.NoError(d.t, err)
	_, err = kafka.ReadToEnd(d.t.Context(), from, func(r *kstream.Record) error {
		if r.Value != nil {
			n++
		}
		return nil
	})
	require.NoError(d.t, err)
	return n
}

// lose deletes topics, as a lost disk does.
func (d *drill) lose(topics ...string) {
	d.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(services.Kafka(d.t)...))
	require.NoError(d.t, err)
	defer client.Close()
	deleted, err := kadm.NewClient(client).DeleteTopics(d.t.Context(), topics...)
	require.NoError(d.t, err)
	require.NoError(d.t, deleted.Error())
}

// TestRestore loses everything but a copy of the topics that last, and comes back by the
// commands of the guide, with another count of partitions.
func TestRestore(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "kcat", "sed", "sort"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the drill needs %s: %v", tool, err)
		}
	}
	dir, old, fresh := t.TempDir(), services.Instance(t), services.Instance(t)
	file := filepath.Join(dir, "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`policy: drill
reps: {ana: {}, ben: {}}
slas: {quick: {clock: 24x7, accepted: {1s: remind}}}
rules: [{name: x, to: all, sla: quick}]
`), 0o600))
	d := &drill{t: t, env: map[string]string{
		"LEADROUTER_BROKERS": strings.Join(services.Kafka(t), ","), "LEADROUTER_REDIS": services.Redis(t),
		"LEADROUTER_POLICY": file, "NO_COLOR": "1",
	}}
	const n = 40
	rows := &strings.Builder{}
	fmt.Fprintln(rows, "id,email")
	for i := range n {
		fmt.Fprintf(rows, "L-%d,p%d@x.example\n", i, i)
	}
	leads := filepath.Join(dir, "leads.csv")
	require.NoError(t, os.WriteFile(leads, []byte(rows.String()), 0o600))

	d.run("topics", "create", "--instance", old, "--partitions", "2", "--replication", "1")
	d.run("policy", "publish", file, "--instance", old, "--because", "first")
	d.run("publish", leads, "--instance", old)
	d.while(old, []string{"router"}, func() { // no watcher: all clocks are still to fire
		d.run("tail", "--instance", old, "--from", "beginning", "--limit", fmt.Sprint(n))
		d.run("activity", "L-0", "closed", "--instance", old)
		require.Eventually(t, func() bool { return d.events(event.LeadDecisions.Topic(old)) == n+1 }, time.Minute, 50*time.Millisecond)
	})
	require.Contains(t, d.run("audit", "--instance", old), fmt.Sprintf("%d decisions, %d derived again, byte for byte\nnothing found\n", n+1, n+1))

	d.run("topics", "create", "--instance", fresh, "--partitions", "3", "--replication", "1")
	d.shell(fmt.Sprintf("copy_topics %q %q\n", old, fresh))
	d.run("rebuild", "--instance", fresh)
	proven := fmt.Sprintf("%d decisions, %d derived again, byte for byte\nnothing found\n", n+2, n+2)
	require.Contains(t, d.run("audit", "--instance", fresh, "--ledger"), proven, "those that were, and the rebuild")

	d.lose(event.PolicyPublished.Topic(fresh), event.LedgerSnapshot.Topic(fresh))
	d.run("topics", "create", "--instance", fresh, "--partitions", "3", "--replication", "1")
	d.run("policy", "publish", file, "--instance", fresh, "--because", "its topic was lost")
	require.Contains(t, d.run("audit", "--instance", fresh, "--policy", "published"), proven)

	require.NoError(t, os.WriteFile(leads, []byte(rows.String()+"L-new,new@x.example\n"), 0o600))
	d.run("publish", leads, "--instance", fresh)
	d.while(fresh, []string{"router", "sla"}, func() {
		require.Contains(t, d.run("tail", "--instance", fresh, "--from", "beginning", "--limit", "1"), "L-new", "the others are known")
		require.Eventually(t, func() bool { return d.events(event.LeadSLA.Topic(fresh)) == n }, time.Minute, 50*time.Millisecond,
			"the clocks of all but the closed lead go on, and that of the new one")
	})
	require.Contains(t, d.run("audit", "--instance", fresh, "--ledger"), "nothing found\n")

	d.lose(event.LeadCreated.Topic(fresh), event.LeadAssigned.Topic(fresh))
	d.run("topics", "create", "--instance", fresh, "--partitions", "3", "--replication", "1")
	require.NoError(t, os.WriteFile(leads, []byte("id\nL-1\nL-newer\n"), 0o600))
	d.run("publish", leads, "--instance", fresh)
	d.while(fresh, []string{"router"}, func() {
		require.Contains(t, d.run("tail", "--instance", fresh, "--from", "beginning", "--limit", "1"), "L-newer")
	})
	require.Contains(t, d.run("audit", "--instance", fresh, "--ledger"), "nothing found\n")
}
