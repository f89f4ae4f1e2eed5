package systemtest_test

import (
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// requireFolded checks that Redis holds just what the decision log says.
func (in *installation) requireFolded() {
	in.t.Helper()
	folder := audit.NewFolder()
	require.NoError(in.t, audit.NewLog(in.kafka, in.name).Read(in.t.Context(), folder.Add))
	require.Empty(in.t, folder.Missing(), "holes in the log")
	require.Empty(in.t, folder.State().Logged().Diff(in.dump().Logged()), "the log and Redis differ")
}

// requireProven derives every decision again, by the policies that were in force.
func (in *installation) requireProven(policies ...map[string]string) audit.Verdict {
	in.t.Helper()
	var planners []*routing.Planner
	for _, files := range policies {
		raw := map[string][]byte{}
		for name, text := range files {
			raw[name] = []byte(text)
		}
		p, issues := policy.Parse(raw)
		require.NoError(in.t, issues.Err())
		planners = append(planners, routing.New(p))
	}
	auditor := audit.NewAuditor(planners, func(f audit.Finding) { in.t.Errorf("audit: %+v", f) })
	require.NoError(in.t, audit.NewLog(in.kafka, in.name).Read(in.t.Context(), func(d event.Decision) error {
		auditor.Add(d)
		return nil
	}))
	verdict := auditor.Close()
	for why := range verdict.Unproven {
		require.NotContains(in.t, why, "not at hand", "%+v", verdict)
	}
	in.t.Logf("audit: %+v", verdict)
	return verdict
}

// oneFile is a policy of a single file.
func oneFile(text string) map[string]string { return map[string]string{"policy.yaml": text} }
