package policytest_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
)

// TestExamples runs the tests of every policy under examples/: all pass, and they
// reach every rule and row.
func TestExamples(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../../examples/*/policy.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, file := range folders {
		folder := filepath.Dir(file)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			p, issues, err := policy.Load(folder)
			require.NoError(t, err)
			require.LessOrEqual(t, len(issues), 1, "%v", issues) // weights: performance
			report := policytest.Run(p, policytest.Config{})
			require.NotEmpty(t, report.Results)
			for _, r := range report.Results {
				require.Equal(t, policytest.Passed, r.Status, r.String())
			}
			require.Empty(t, report.Unreached, "rules and rows that no test reaches")
		})
	}
}
