package systemtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
)

// Who changes a counter in Redis by hand is found out, and told which.
func TestACounterIsTamperedWith(t *testing.T) {
	t.Parallel()
	in := install(t, oneFile(smallPolicy))
	router := in.router("a")
	in.publish(event.LeadCreated, leads("L", 40)...)
	in.awaitAssigned(40, time.Minute)
	code, _ := router.stop()
	require.Zero(t, code, router.log)

	clean := in.leadrouter("audit", "--ledger")
	require.Zero(t, clean.code, "%s%s", clean.out, clean.err)
	require.Contains(t, clean.out, "nothing found")

	state := in.dump()
	state.Reps["carl"].Open += 2
	require.NoError(t, in.store().Load(t.Context(), state))
	found := in.leadrouter("audit", "--ledger")
	require.Equal(t, app.ExitNo, found.code, found.err)
	require.Contains(t, found.out, "of reps carl the log and redis tell differently")
	require.Regexp(t, `open +logged 40, redis has 42`, found.out)
}
