package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// commands reads lead.command as the router will.
func commands(t *testing.T, kafka kstream.Client) (list []event.Command) {
	t.Helper()
	from, err := kafka.Starts(t.Context(), "lead.command")
	require.NoError(t, err)
	_, err = kafka.ReadToEnd(t.Context(), from, func(r *kstream.Record) error {
		e, err := kstream.Decode(r)
		require.NoError(t, err)
		require.Equal(t, event.LeadCommand, e.Type)
		command, err := e.Command()
		require.NoError(t, err)
		require.Equal(t, command.LeadID, string(r.Key), "commands of a lead stay in order")
		require.Equal(t, e.Time, command.At)
		list = append(list, command)
		return nil
	})
	require.NoError(t, err)
	return list
}

// TestDecisions: what a person decides on the command line stands in lead.command, and
// what cannot be meant does not.
func TestDecisions(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte("policy: p\nreps: {ana: {}, ben: {}}\nrules: [{name: rest, to: all}]\n"), 0o600))
	brokers := kafkaWith(t, "lead.command").ListenAddrs()
	env := map[string]string{"LEADROUTER_BROKERS": brokers[0], "LEADROUTER_POLICY": file}
	run := func(code int, args ...string) string {
		t.Helper()
		c := &command{env: env}
		require.Equal(t, code, c.run(t.Context(), args...), "%v: %s%s", args, c.out.String(), c.err.String())
		return c.out.String() + c.err.String()
	}
	for _, tt := range []struct {
		says string
		args []string
	}{
		{"assign: an is no rep of policy p; did you mean ana?", []string{"assign", "L-1", "an", "--because", "b"}},
		{"assign: rep_id: is missing", []string{"assign", "L-1", "", "--because", "b"}},
		{"assign: because: is missing", []string{"assign", "L-1", "ana"}},
		{"assign: lead_id: is missing", []string{"assign", "", "ana", "--because", "b"}},
		{"assign: attempt: is not between", []string{"assign", "L-1", "ana", "--because", "b", "--attempt", "-1"}},
		{"assign: accepts 2 arg(s), received 1", []string{"assign", "L-1", "--because", "b"}},
		{"release: because: is missing", []string{"release", "L-1", "--because", " "}},
		{"reroute: lead_id: is longer than", []string{"reroute", "L 1", "--because", "b"}},
		{"disqualify: accepts 1 arg(s), received 2", []string{"disqualify", "L-1", "ana", "--because", "b"}},
	} {
		require.Contains(t, run(app.ExitUsage, tt.args...), tt.says)
	}
	kafka := kstream.Client{Brokers: brokers}
	require.Empty(t, commands(t, kafka))

	require.Equal(t, "L-1 is to go to ana; see leadrouter explain L-1\n",
		run(app.ExitOK, "assign", "L-1", "ana", "--because", "knows them", "--by", "dana", "--attempt", "2"))
	require.Contains(t, run(app.ExitOK, "release", "L-2", "--because", "asked", "--by", "dana"), "L-2 is to go from its rep into review; ")
	require.Contains(t, run(app.ExitOK, "reroute", "L-3", "--because", "moved", "--by", "dana"), "L-3 is to be routed again; ")
	var said event.Command
	require.NoError(t, json.Unmarshal([]byte(run(app.ExitOK, "disqualify", "L-4", "--because", "spam", "--output", "json")), &said))
	require.NotEmpty(t, said.By, "whoever is at the keyboard")

	want := []event.Command{
		{LeadID: "L-1", Command: "assign", RepID: "ana", By: "dana", Because: "knows them", Attempt: 2},
		{LeadID: "L-2", Command: "release", By: "dana", Because: "asked"},
		{LeadID: "L-3", Command: "reroute", By: "dana", Because: "moved"},
		said,
	}
	require.Empty(t, cmp.Diff(want, commands(t, kafka), cmpopts.IgnoreFields(event.Command{}, "At")))
}
