package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"leadrouter/pkg/app"
	"leadrouter/pkg/starter"
)

// hush is in every secret of these tests, and may be in nothing that anybody sees.
const hush = "hunter2"

// lines gives each command arguments with which it gets as far as it can.
func lines(dir string) map[string]string {
	at := func(name string) string { return filepath.Join(dir, name) }
	return map[string]string{
		"dev": "--speed 0", "router": "--slot 7 --log-level debug --metrics 127.0.0.1:0", "sla": "--slot 7 --log-level debug", "rebuild": "",
		"topics create": "", "topics list": "", "publish": at("leads.csv"), "accounts import": at("accounts.csv"), "accounts find": "weber",
		"tail": "--limit 1", "explain": "L-1", "enrich": "country=ES", "audit": "", "simulate": "", "compare": at("policy.yaml") + " " + at("policy.yaml"),
		"export assignments": "", "export decisions": "--format csv",
		"assign": "L-1 ana --because x", "release": "L-1 --because x", "reroute": "L-1 --because x", "disqualify": "L-1 --because x",
		"activity": "L-1 accepted", "rep away": "ana", "rep back": "ana", "rep left": "ana",
		"score train": "--from-log", "score check": "--from-log",
		"dlq list": "", "dlq retry": "--all", "dlq drop": "--all", "doctor": "--output json", "rights": "", "version": "",
		"policy init": "--dir " + at("new"), "policy check": "", "policy test": "", "policy try": "country=ES", "policy diff": at("policy.yaml") + " " + at("policy.yaml"),
		"policy schema": "", "policy publish": "--because x", "policy history": "", "policy rollback": "--because x",
	}
}

// leaves are the commands that do something, by what is typed.
func leaves(cmd *cobra.Command) []string {
	if !cmd.HasSubCommands() {
		return []string{strings.TrimPrefix(cmd.CommandPath(), "leadrouter ")}
	}
	var all []string
	for _, sub := range cmd.Commands() {
		all = append(all, leaves(sub)...)
	}
	return all
}

// hazards are environments in which something goes wrong, near a secret.
func hazards(t *testing.T) map[string]map[string]string {
	login := []kfake.Opt{kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "another")}
	kafka, err := kfake.NewCluster(login...)
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	open, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(open.Close)
	locked := miniredis.RunT(t)
	locked.RequireAuth("another")
	return map[string]map[string]string{
		"nobody there": {"LEADROUTER_BROKERS": "127.0.0.1:1", "LEADROUTER_REDIS": "redis://ada:" + hush + "@127.0.0.1:1"},
		"login refused": {
			"LEADROUTER_BROKERS": kafka.ListenAddrs()[0], "LEADROUTER_KAFKA_SASL": "PLAIN",
			"LEADROUTER_REDIS": "redis://ada:" + hush + "@" + locked.Addr(),
		},
		"Redis refuses": {"LEADROUTER_BROKERS": open.ListenAddrs()[0], "LEADROUTER_KAFKA_USER": "", "LEADROUTER_REDIS": "redis://" + locked.Addr()},
		"bad broker":    {"LEADROUTER_BROKERS": "SASL_SSL://ada:" + hush + "@127.0.0.1:9092"},
		"bad Redis":     {"LEADROUTER_BROKERS": open.ListenAddrs()[0], "LEADROUTER_KAFKA_USER": "", "LEADROUTER_REDIS": "http://ada:" + hush + "@nowhere:port"},
		"bad values":    {"LEADROUTER_TIMEOUT": hush, "LEADROUTER_KAFKA_TLS": hush, "LEADROUTER_KAFKA_SASL": "PLAIN"},
		"two passwords": {"LEADROUTER_KAFKA_PASSWORD_FILE": "/dev/null", "LEADROUTER_REDIS_PASSWORD_FILE": "/dev/null"},
		"TLS expected": {
			"LEADROUTER_BROKERS": open.ListenAddrs()[0], "LEADROUTER_KAFKA_TLS": "true", "LEADROUTER_KAFKA_SASL": "PLAIN",
			"LEADROUTER_REDIS": "rediss://ada:" + hush + "@" + locked.Addr(),
		},
	}
}

// TestSecretsAreNeverPrinted runs every command with secrets around it, where something
// fails, and looks for them in all that is said.
func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "leads.csv"), []byte("id\nL-1\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "accounts.csv"), []byte("id,name\nA-1,Weber\n"), 0o600))
	c := &command{}
	require.Zero(t, c.run(t.Context(), "policy", "init", "--dir", dir), c.err.String())

	args := lines(dir)
	commands := slices.DeleteFunc(leaves((&cli{}).root()), func(name string) bool { return strings.HasPrefix(name, "completion") })
	for _, name := range commands {
		require.Contains(t, args, name, "say how to run it")
	}
	for hazard, env := range hazards(t) {
		for name, value := range map[string]string{
			"LEADROUTER_KAFKA_USER": "ada", "LEADROUTER_KAFKA_PASSWORD": "kafka-" + hush,
			"LEADROUTER_REDIS_PASSWORD": "redis-" + hush, "LEADROUTER_MATCH_KEY": "match-" + hush,
			"LEADROUTER_POLICY": filepath.Join(dir, starter.PolicyFile), "LEADROUTER_TIMEOUT": "1s", "LEADROUTER_INSTANCE": "x",
		} {
			if _, set := env[name]; !set {
				env[name] = value
			}
		}
		for _, name := range commands {
			t.Run(hazard+"/"+name, func(t *testing.T) {
				t.Parallel()
				for _, more := range []string{args[name], "--help", "--no-such-flag"} {
					ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
					c := &command{env: env}
					c.run(ctx, strings.Fields(name+" "+more)...)
					stop()
					require.NotContains(t, c.out.String()+c.err.String(), hush)
					require.NotContains(t, c.err.String(), "panic")
				}
			})
		}
	}
}

// What is on the command line is seen by everybody on the host.
func TestSecretsOnTheCommandLineAreRefused(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"tail --kafka-password " + hush, "rebuild --redis-password " + hush, "router --match-key " + hush,
		"doctor --redis redis://ada:" + hush + "@127.0.0.1:1",
	} {
		c := &command{}
		require.Equal(t, app.ExitUsage, c.run(t.Context(), strings.Fields(line)...), line)
		require.Contains(t, c.err.String(), "everybody on this host can read")
		require.NotContains(t, c.out.String()+c.err.String(), hush)
	}
}

// A secret may lie in a file of its own, as containers get them.
func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	kafka, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "ada", hush))
	require.NoError(t, err)
	t.Cleanup(kafka.Close)
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(hush+"\n"), 0o600))
	env := map[string]string{
		"LEADROUTER_BROKERS": kafka.ListenAddrs()[0], "LEADROUTER_KAFKA_SASL": "SCRAM-SHA-256", "LEADROUTER_KAFKA_USER": "ada",
		"LEADROUTER_KAFKA_PASSWORD_FILE": file,
	}
	list := func() (int, string) {
		c := &command{env: env}
		return c.run(t.Context(), "topics", "list"), c.err.String()
	}
	code, said := list()
	require.Zero(t, code, said)
	for content, complaint := range map[string]string{"\n": "is empty", "wrong": "--kafka-sasl"} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		_, said = list()
		require.Contains(t, said, complaint)
	}
	env["LEADROUTER_KAFKA_PASSWORD_FILE"] = filepath.Join(t.TempDir(), "none")
	code, said = list()
	require.Equal(t, app.ExitUsage, code)
	require.Contains(t, said, "--kafka-password-file: open ")
}

// A settings file that is no list of settings may consist of a password.
func TestASettingsFileIsNotEchoed(t *testing.T) {
	t.Parallel()
	for i, content := range []string{hush, "kafka-password:" + hush, "- " + hush, "a: [" + hush, "kafka-password: {x: " + hush + "}\ntimeout: " + hush} {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.yaml", i))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		c := &command{}
		require.Equal(t, app.ExitUsage, c.run(t.Context(), "topics", "list", "--config", file), content)
		require.NotContains(t, c.err.String(), hush, content)
	}
}
