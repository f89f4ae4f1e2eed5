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
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
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

	require.Equal(t, "60 decisions, 60 derived again, byte for byte\nnothing found\n", ok("audit"))
	other := filepath.Join(dir, "other.yaml")
	require.NoError(t, os.WriteFile(other, []byte("policy: other\nreps: {ana: {}}\nrules: [{name: x, to: all}]\n"), 0o600))
	require.Contains(t, ok("audit", "--policy", other), "60 taken at their word: policy not at hand: ")

	to, err := kstream.NewPublisher(kstream.Client{Brokers: services.Kafka(t)})
	require.NoError(t, err)
	defer to.Close()
	forged := []byte(`{"engine":1,"op":{"topic":"x","partition":0,"offset":0},"kind":"assign","grant":{"sequence":7,"floor":1,"epoch":1,"at":1,"effect":"owned","lead":"L-0","rep":"carl"}}`)
	require.NoError(t, to.Publish(t.Context(), &kstream.Record{Topic: event.LeadDecisions.Topic(instance), Value: forged}))
	require.NoError(t, to.Publish(t.Context(), &kstream.Record{Topic: event.LeadDecisions.Topic(instance), Value: []byte("garbage")}))
	c := &command{env: env}
	require.Equal(t, app.ExitNo, c.run(t.Context(), "audit"))
	require.Contains(t, c.out.String(), "sequence 7: repeated, lead L-0\n")
	require.Regexp(t, `(?m)^unreadable\n  decision at `+instance+`\.lead\.decisions/\d offset \d+: invalid character`, c.out.String())
	require.Contains(t, c.out.String(), "61 decisions, 60 derived again, byte for byte\n")
	require.Contains(t, c.out.String(), "2 findings\n")
	c = &command{env: env}
	require.Equal(t, app.ExitNo, c.run(t.Context(), "audit", "--output", "json"))
	require.Contains(t, c.out.String(), `"findings": 2`)
}

// TestAuditFollow seals a log while a router writes it, and begins at the snapshot later.
func TestAuditFollow(t *testing.T) {
	t.Parallel()
	dir, instance := t.TempDir(), services.Instance(t)
	file := filepath.Join(dir, "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte("policy: follow\nreps: {ana: {}, ben: {}}\nrules: [{name: x, to: all}]\n"), 0o600))
	env := map[string]string{
		"LEADROUTER_BROKERS": strings.Join(services.Kafka(t), ","), "LEADROUTER_REDIS": services.Redis(t),
		"LEADROUTER_INSTANCE": instance, "LEADROUTER_POLICY": file, "NO_COLOR": "1",
	}
	run := func(code int, args ...string) string {
		c := &command{env: env}
		require.Equal(t, code, c.run(t.Context(), args...), "%v: %s%s", args, c.out.String(), c.err.String())
		return c.out.String() + c.err.String()
	}
	run(0, "topics", "create", "--partitions", "2", "--replication", "1")
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	router, follower := &command{env: env}, &command{env: env}
	running.Go(func() { router.run(ctx, "router", "--log-level", "warn") })
	code := -1
	running.Go(func() { code = follower.run(ctx, "audit", "--follow", "--every", "100ms", "--snapshot", "10") })
	defer running.Wait()
	defer stop()

	leads := &strings.Builder{}
	fmt.Fprintln(leads, "id")
	for i := range 30 {
		fmt.Fprintf(leads, "L-%d\n", i)
	}
	c := &command{env: env, in: strings.NewReader(leads.String())}
	require.Zero(t, c.run(t.Context(), "publish", "-", "--format", "csv"), c.err.String())
	snapshots := audit.NewSnapshots(kstream.Client{Brokers: services.Kafka(t)}, instance)
	require.Eventually(t, func() bool {
		latest, err := snapshots.Latest(t.Context(), nil)
		return err == nil && latest != nil && latest.Sequence >= 20
	}, 60*time.Second, 50*time.Millisecond)
	require.Contains(t, run(0, "audit"), "30 decisions, 30 derived again, byte for byte\n")
	stop()
	running.Wait()
	require.Zero(t, code, follower.out.String()+follower.err.String())
	require.Regexp(t, `(?m)^seal 1: \d+ records?, up to sequence \d+`, follower.out.String())
	require.Contains(t, follower.out.String(), ", with a snapshot\n")
	require.Regexp(t, `(?m)^\d seals?; the last digest is [0-9a-f]{64}\nnothing found\n`, follower.out.String())

	said := run(0, "audit", "--from", "snapshot")
	require.Regexp(t, `(?m)^begun at the snapshot behind sequence [23]\d$`, said)
	digest := said[strings.Index(said, "digest is ")+len("digest is "):][:64]
	require.Contains(t, run(0, "audit", "--anchor", digest, "--from", "2020-01-01"), "begun at the beginning: no snapshot to begin at\n30 decisions")
	require.Contains(t, run(0, "audit", "--from", "0:1000000,1:1000000"), "begun at the snapshot")
	require.Contains(t, run(app.ExitNo, "audit", "--anchor", strings.Repeat("a", 64)), "no seal has the digest aaaa")
	require.Contains(t, run(app.ExitUsage, "audit", "--from", "yesterday"), `--from "yesterday": want beginning`)
	require.Contains(t, run(app.ExitUsage, "audit", "--follow", "--from", "snapshot"), "begins at the newest snapshot by itself")
	require.Contains(t, run(app.ExitUsage, "audit", "--follow", "--every", "0s"), "want more than 0")
	require.Contains(t, run(app.ExitUsage, "audit", "--follow", "--snapshot", "-1"), "--snapshot is below 0")
}

// TestReports: what people report on the command line is what the router acts on.
func TestReports(t *testing.T) {
	t.Parallel()
	dir, instance := t.TempDir(), services.Instance(t)
	file := filepath.Join(dir, "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`policy: reports
caps: {all: {open: 1}}
reps: {ana: {name: Ana Ruiz}, ben: {name: Ben Cole}}
rules: [{name: anyone, to: [all, review]}]
`), 0o600))
	env := map[string]string{
		"LEADROUTER_BROKERS": strings.Join(services.Kafka(t), ","), "LEADROUTER_REDIS": services.Redis(t),
		"LEADROUTER_INSTANCE": instance, "LEADROUTER_POLICY": file, "NO_COLOR": "1",
	}
	run := func(code int, args ...string) string {
		c := &command{env: env}
		require.Equal(t, code, c.run(t.Context(), args...), "%v: %s%s", args, c.out.String(), c.err.String())
		return c.out.String() + c.err.String()
	}
	run(0, "topics", "create", "--partitions", "2", "--replication", "1")
	router := &command{env: env}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { router.run(ctx, "router", "--log-level", "warn") })
	defer running.Wait()
	defer stop()

	log := audit.NewLog(kstream.Client{Brokers: services.Kafka(t)}, instance)
	logged := func(effect ledger.Effect, n int) {
		t.Helper()
		require.Eventually(t, func() bool {
			seen := 0
			err := log.Read(t.Context(), func(d event.Decision) error {
				if d.Grant.Effect == effect {
					seen++
				}
				return nil
			})
			return err == nil && seen == n
		}, 20*time.Second, 50*time.Millisecond, "%s %d times", effect, n)
	}

	require.Contains(t, run(app.ExitUsage, "rep", "away", "An"), "An is no rep of policy reports; did you mean ana?")
	require.Contains(t, run(app.ExitUsage, "rep", "away", "ben", "--until", "yesterday"), "--until wants a day")
	require.Contains(t, run(app.ExitUsage, "rep", "away", "ben", "--until", "2020-01-01"), "is over already")
	require.Contains(t, run(app.ExitUsage, "rep", "away", ""), "rep_id: is missing")
	require.Contains(t, run(app.ExitUsage, "activity", "L-1", "won"), "activity")

	require.Contains(t, run(0, "rep", "away", "ben", "--until", "3h"), "ben is reported away until ")
	logged(ledger.Present, 1)
	publish := func(ids ...string) {
		c := &command{env: env, in: strings.NewReader("id\n" + strings.Join(ids, "\n") + "\n")}
		require.Zero(t, c.run(t.Context(), "publish", "-", "--format", "csv"), c.err.String())
	}
	publish("L-1", "L-2") // ana's cap is one, and ben is away
	logged(ledger.Owned, 1)
	logged(ledger.Ended, 1)
	require.Equal(t, "ben is reported back\n", run(0, "rep", "back", "ben"))
	logged(ledger.Present, 2)
	publish("L-3")
	logged(ledger.Owned, 2)

	require.Contains(t, run(0, "activity", "L-3", "lost", "--rep", "ben", "--reason", "no budget"), "L-3 is reported lost")
	logged(ledger.Freed, 1)
	require.Contains(t, run(0, "rep", "left", "ben", "--output", "json"), `"status": "left"`)
	logged(ledger.Settled, 1)
}
