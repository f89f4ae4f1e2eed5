package main

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"leadrouter/pkg/app"
	"leadrouter/pkg/starter"
)

// kafkaWith is a stand-in for Kafka with one topic.
func kafkaWith(t *testing.T, topic string) *kfake.Cluster {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	return cluster
}

// Ctrl-C ends a tail, which is no error.
func TestTailEndsWithItsContext(t *testing.T) {
	t.Parallel()
	cluster := kafkaWith(t, "lead.assigned")
	ctx, cancel := context.WithCancel(t.Context())
	cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) { // the first fetch: it reads
		cancel()
		return nil, nil, false
	})
	c := &command{env: map[string]string{"LEADROUTER_BROKERS": cluster.ListenAddrs()[0]}}
	require.Equal(t, app.ExitOK, c.run(ctx, "tail"), c.err.String())
	require.Empty(t, c.err.String())
}

// Ctrl-C ends a publish, also while it waits for input, with the advice to run it again.
func TestPublishSaysThatItCanBeRepeated(t *testing.T) {
	t.Parallel()
	cluster := kafkaWith(t, "lead.created")
	ctx, cancel := context.WithCancel(t.Context())
	in, feed := io.Pipe()
	go func() {
		_, _ = io.WriteString(feed, "id\n1\n")
		cancel()
	}()
	t.Cleanup(func() { _ = feed.Close() }) // lets the reader of our input end
	c := &command{env: map[string]string{"LEADROUTER_BROKERS": cluster.ListenAddrs()[0]}, in: in}
	require.Equal(t, app.ExitNo, c.run(ctx, "publish", "-"))
	require.Regexp(t, `^publish: stopped; \d leads? are written, run it again: their ids repeat, nothing doubles\n$`, c.err.String())
}

// A Kafka that is not there is told at once, with its address and what to do, by every
// command that asks for it.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	leads := filepath.Join(dir, "leads.csv")
	require.NoError(t, os.WriteFile(leads, []byte("id\nL-1\n"), 0o600))
	c := &command{}
	require.Zero(t, c.run(t.Context(), "policy", "init", "--dir", dir), c.err.String())
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := nobody.Addr().String()
	require.NoError(t, nobody.Close())
	env := map[string]string{
		"LEADROUTER_BROKERS": address, "LEADROUTER_REDIS": "redis://" + address, "LEADROUTER_TIMEOUT": "2s",
		"LEADROUTER_POLICY": filepath.Join(dir, starter.PolicyFile),
	}
	for _, line := range []string{
		"router", "sla", "rebuild", "topics create", "topics list", "publish " + leads, "tail", "explain L-1",
		"explain L-1 --policy published", "audit", "audit --policy published", "audit --follow", "export assignments", "export decisions --format csv", "activity L-1 accepted", "rep away ana",
		"assign L-1 ana --because b", "release L-1 --because b",
		"dlq list", "dlq retry --all", "dlq drop --all", "doctor", "policy publish", "policy history", "policy rollback",
	} {
		t.Run(strings.ReplaceAll(line, leads, "FILE"), func(t *testing.T) {
			t.Parallel()
			c := &command{env: env}
			require.Equal(t, app.ExitUnreachable, c.run(t.Context(), strings.Fields(line)...))
			said := c.out.String() + c.err.String()
			require.Contains(t, said, address)
			require.Contains(t, said, "check --brokers")
			require.NotContains(t, said, "goroutine")
		})
	}
}

// Colour needs a terminal, and NO_COLOR forbids it.
func TestNoColourWithoutATerminal(t *testing.T) {
	t.Parallel()
	c := &cli{out: io.Discard, lookup: func(string) (string, bool) { return "", false }}
	require.False(t, c.style(c.out).Color)
	require.Equal(t, "x", c.style(c.out).Good("x"))
}

// Every command says what it is for, and every flag what it does.
func TestHelpIsComplete(t *testing.T) {
	t.Parallel()
	seen := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		seen++
		require.NotEmpty(t, cmd.Short, cmd.CommandPath())
		require.False(t, strings.HasSuffix(cmd.Short, "."), cmd.CommandPath())
		cmd.Flags().VisitAll(func(f *pflag.Flag) { require.NotEmpty(t, f.Usage, "%s --%s", cmd.CommandPath(), f.Name) })
		for _, below := range cmd.Commands() {
			walk(below)
		}
	}
	walk((&cli{in: strings.NewReader(""), out: io.Discard, err: io.Discard}).root())
	require.Greater(t, seen, 12)
}
