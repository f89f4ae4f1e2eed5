package tryout_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/tryout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const source = `
policy: try
calendars: {work: {zone: UTC, hours: Mon-Fri 09:00-18:00}}
teams: {south: {calendar: work}}
reps:
  ana: {country: [ES, PT], team: south}
  ben: {country: [US, GB], team: south}
pools: {local: {who: all, match: [country]}}
rules:
  - {name: again, when: duplicate, to: [last_owner, next]}
  - {name: colleague, to: [company_owner, next]}
  - {name: local, to: local}
`

func parse(t testing.TB) *policy.Policy {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(source)})
	require.NoError(t, issues.Err())
	return p
}

var sunday = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func TestEverybodyIsAtWorkUnlessCalendarsAreAsked(t *testing.T) {
	t.Parallel()
	p, l := parse(t), lead.Lead{ID: "L-1", Country: "PT"}
	trial, err := tryout.Run(p, l, tryout.Config{At: sunday})
	require.NoError(t, err)
	require.Equal(t, "ana", trial.Assigned.RepID)
	require.Equal(t, "local", trial.Assigned.Rule)
	require.Equal(t, l, *trial.Assigned.Lead)

	trial, err = tryout.Run(p, l, tryout.Config{At: sunday, Calendars: true})
	require.NoError(t, err)
	require.Equal(t, ledger.Waiting, trial.Assigned.Outcome)
	require.Equal(t, string(routing.NoneFree), trial.Assigned.ReasonCode)
}

func TestWhatTheLedgerWouldKnow(t *testing.T) {
	t.Parallel()
	p, l := parse(t), lead.Lead{ID: "L-1", Country: "PT"}
	trial, err := tryout.Run(p, l, tryout.Config{At: sunday, LastOwner: "ben"})
	require.NoError(t, err)
	require.Equal(t, ledger.Duplicate, trial.Assigned.Outcome)
	require.Equal(t, "ben", trial.Assigned.RepID)

	trial, err = tryout.Run(p, l, tryout.Config{At: sunday, CompanyOwner: "ben"})
	require.NoError(t, err)
	require.Equal(t, string(routing.CompanyOwner), trial.Assigned.ReasonCode)
}

// A policy is not used up by trying it.
func TestTrialsAreIndependent(t *testing.T) {
	t.Parallel()
	p, l := parse(t), lead.Lead{ID: "L-1", Country: "US"}
	first, err := tryout.Run(p, l, tryout.Config{At: sunday})
	require.NoError(t, err)
	for range 3 {
		again, err := tryout.Run(p, l, tryout.Config{At: sunday})
		require.NoError(t, err)
		require.Equal(t, first, again)
	}
}

func ExampleRun() {
	p, _ := policy.Parse(map[string][]byte{"policy.yaml": []byte(source)})
	trial, err := tryout.Run(p, lead.Lead{ID: "L-1", Country: "PT"}, tryout.Config{At: sunday})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(trial.Assigned.RepID, "-", trial.Assigned.Reason)
	for _, out := range trial.Tries[len(trial.Tries)-1].Out {
		fmt.Println(out.Rep, "-", out.Reasons[0])
	}
	// Output:
	// ana - You cover PT, and it was your turn.
	// ben - no PT
}
