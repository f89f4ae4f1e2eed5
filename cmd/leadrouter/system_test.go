package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/starter"
	"leadrouter/pkg/testkit/services"
)

// command is one run of leadrouter inside the test.
type command struct {
	env      map[string]string
	in       io.Reader // nil: empty
	out, err bytes.Buffer
}

func (c *command) run(ctx context.Context, args ...string) int {
	lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
	if c.in == nil {
		c.in = strings.NewReader("")
	}
	return (&cli{in: c.in, out: &c.out, err: &c.err, lookup: lookup}).run(ctx, args)
}

// TestPublishRouteTail is a first day on a real Kafka and a real Redis, by the
// command line alone: topics, policy, doctor, leads in, assignments out.
func TestPublishRouteTail(t *testing.T) {
	t.Parallel()
	dir, instance := t.TempDir(), services.Instance(t)
	env := map[string]string{
		"LEADROUTER_BROKERS":  strings.Join(services.Kafka(t), ","),
		"LEADROUTER_REDIS":    services.Redis(t),
		"LEADROUTER_INSTANCE": instance,
		"LEADROUTER_POLICY":   filepath.Join(dir, starter.PolicyFile),
		"NO_COLOR":            "1",
	}
	ok := func(args ...string) string {
		c := &command{env: env}
		require.Zero(t, c.run(t.Context(), args...), "%v: %s%s", args, c.out.String(), c.err.String())
		return c.out.String()
	}
	ok("policy", "init", "--dir", dir)
	ok("topics", "create", "--partitions", "2", "--replication", "1")
	ok("topics", "create", "--partitions", "2", "--replication", "1") // idempotent
	require.Contains(t, ok("doctor"), "ok    kafka")

	const n = 60
	rows := "id,country,email\n"
	for i := range n {
		rows += fmt.Sprintf("L-%d,%s,p%d@x.example\n", i, []string{"Spain", "US", "Germany"}[i%3], i)
	}
	file := filepath.Join(dir, "leads.csv")
	require.NoError(t, os.WriteFile(file, []byte(rows), 0o600))
	require.Contains(t, ok("publish", file), "60 leads published to "+instance+".lead.created")

	router := &command{env: env}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		code := router.run(ctx, "router", "--log-level", "warn")
		if code != app.ExitOK {
			t.Errorf("router: exit code %d: %s", code, router.err.String())
		}
	})
	defer running.Wait()
	defer stop()

	got := map[string]event.Assigned{}
	for line := range strings.Lines(ok("tail", "--from", "beginning", "--limit", fmt.Sprint(n), "--output", "json")) {
		var a event.Assigned
		require.NoError(t, json.Unmarshal([]byte(line), &a))
		got[a.LeadID] = a
	}
	require.Len(t, got, n, "each lead once")
	for i := range n {
		require.Equal(t, []string{"ana", "ben", "carl"}[i%3], got[fmt.Sprintf("L-%d", i)].RepID)
	}
	lines := ok("tail", "--from", "beginning", "--limit", "5", "--rep", "ana")
	require.Equal(t, 5, strings.Count(lines, " ->  ana "))
	require.NotContains(t, lines, "@", "nothing personal")
	require.Contains(t, ok("doctor"), "ok    ledger    epoch ")
}
