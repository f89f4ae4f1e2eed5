package cluster_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/bench/chaos/cluster"
	"leadrouter/pkg/clock"
)

// script is a role that a shell plays. It says that it is there with a line of its log.
func script(t *testing.T, text string) (role *cluster.Role, log func() string) {
	t.Helper()
	dir := t.TempDir()
	role = cluster.NewRole(t.Context(), clock.System(), "a", "127.0.0.1:1", dir, cluster.Command{
		Binary: "/bin/sh", Args: []string{"-c", text}, Env: []string{"PATH=" + os.Getenv("PATH")},
	})
	t.Cleanup(role.Close)
	return role, func() string {
		text, err := os.ReadFile(filepath.Join(dir, "a.log"))
		require.NoError(t, err)
		return string(text)
	}
}

// says waits until a role has said something so many times.
func says(t *testing.T, log func() string, what string, times int) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Count(log(), what) >= times }, time.Minute, 10*time.Millisecond)
}

const waits = `echo here >&2; while true; do sleep 0.1; done`

// A role that ends by itself comes back, and that is told; one that is ended stays away.
func TestARoleComesBack(t *testing.T) {
	t.Parallel()
	role, log := script(t, `echo here >&2; echo "panic: twice" >&2; exit 3`)
	require.NoError(t, role.Start(nil))
	says(t, log, "here", 2)
	role.Kill()
	require.NotEmpty(t, role.Ended())
	require.Contains(t, role.Ended()[0], "ended by itself (exit status 3): panic: twice")
	n, first := role.Panics()
	require.GreaterOrEqual(t, n, 2)
	require.Equal(t, "panic: twice", first)
}

func TestARoleIsEnded(t *testing.T) {
	t.Parallel()
	role, log := script(t, waits)
	require.NoError(t, role.Start(nil))
	says(t, log, "here", 1)
	require.NoError(t, role.Pause())
	require.NoError(t, role.Resume())
	require.NoError(t, role.Stop(t.Context(), time.Minute))
	require.NoError(t, role.Start(nil))
	says(t, log, "here", 2)
	role.Kill()
	role.Kill() // twice is once
	require.Empty(t, role.Ended(), "that was meant")
	_, ready := role.Ready(t.Context())
	require.False(t, ready)
}

// One that does not listen is killed, and that is an error.
func TestARoleThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	role, log := script(t, `trap "" TERM; `+waits)
	require.NoError(t, role.Start(nil))
	says(t, log, "here", 1)
	require.ErrorContains(t, role.Stop(t.Context(), 100*time.Millisecond), "it has not ended within")
	require.Empty(t, role.Ended())
}

func TestAnotherCommand(t *testing.T) {
	t.Parallel()
	role, log := script(t, waits)
	other := role.Command()
	other.Args = []string{"-c", `echo "there with $LEADROUTER_POLICY" >&2; read line; echo "clock $line" >&2; sleep 60`}
	other = cluster.WithPolicy(other, "v2")
	require.NoError(t, role.Start(&other))
	says(t, log, "there with v2", 1)
	require.NoError(t, role.SetClock(-time.Minute))
	says(t, log, "clock -1m0s", 1)
	role.Kill()
	full := role.Command()
	full.FullDisk = true
	full.Args = []string{"-c", `echo lost >&2 || exit 9`}
	require.NoError(t, role.Start(&full))
	require.Eventually(t, func() bool { return len(role.Ended()) > 0 }, time.Minute, 10*time.Millisecond)
	require.Contains(t, role.Ended()[0], "exit status 9", "there is no room for its log")
	require.NotContains(t, log(), "lost")
}
