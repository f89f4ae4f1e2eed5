package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRunHandsTheServicesToTheCommand(t *testing.T) {
	var stdout, stderr bytes.Buffer
	script := `echo "$LEADROUTER_TEST_BROKERS $LEADROUTER_TEST_REDIS $LEADROUTER_TEST_REDIS_CLUSTER"; exit 7`

	code := run(t.Context(), []string{"--", "sh", "-c", script}, &stdout, &stderr)

	require.Equal(t, 7, code, stderr.String())
	for _, line := range []string{"Kafka", "Redis", "Redis Cluster"} {
		require.Contains(t, stderr.String(), "testservices: "+line)
	}
	// There is no embedded cluster to name in the third variable.
	require.GreaterOrEqual(t, len(strings.Fields(stdout.String())), 2)
}

func TestRunRefusesWrongUse(t *testing.T) {
	for _, args := range [][]string{nil, {"--"}, {"-h"}, {"--", "--"}} {
		var stderr bytes.Buffer
		require.Equal(t, exitUsage, run(t.Context(), args, nil, &stderr))
		require.Contains(t, stderr.String(), "usage: testservices")
	}
}

func TestRunPassesEmbeddedOn(t *testing.T) {
	chooseEmbedded(t)
	t.Setenv("CI", "")
	t.Setenv("LEADROUTER_REQUIRE_REAL", "")
	var stdout, stderr bytes.Buffer

	code := run(t.Context(), []string{"sh", "-c", "echo $LEADROUTER_TEST_BROKERS"}, &stdout, &stderr)

	require.Zero(t, code, stderr.String())
	require.Equal(t, "embedded\n", stdout.String())
	require.Contains(t, stderr.String(), "(embedded), because")
}

func TestRunFailsWithoutRequiredServices(t *testing.T) {
	chooseEmbedded(t)
	t.Setenv("CI", "true")
	var stdout, stderr bytes.Buffer

	code := run(t.Context(), []string{"echo", "never"}, &stdout, &stderr)

	require.Equal(t, exitUnreachable, code)
	require.Empty(t, stdout.String())
	require.Contains(t, stderr.String(), "not available on this machine")
}

func TestRunReportsACommandThatDoesNotExist(t *testing.T) {
	chooseEmbedded(t)
	t.Setenv("CI", "")
	t.Setenv("LEADROUTER_REQUIRE_REAL", "")
	var stderr bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []string{"no-such-command"}, nil, &stderr))
	require.Contains(t, stderr.String(), "run no-such-command")
}

func TestRunEndsTheCommandWhenCancelled(t *testing.T) {
	chooseEmbedded(t)
	t.Setenv("CI", "")
	t.Setenv("LEADROUTER_REQUIRE_REAL", "")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var stderr bytes.Buffer
	require.Equal(t, 1, run(ctx, []string{"sleep", "600"}, nil, &stderr))
}

// chooseEmbedded keeps a test from starting servers.
func chooseEmbedded(t *testing.T) {
	t.Helper()
	for _, env := range []string{services.EnvBrokers, services.EnvRedis, services.EnvRedisCluster} {
		t.Setenv(env, services.Embedded)
	}
}
