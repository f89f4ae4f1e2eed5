package policytest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
)

func TestPoliciesPass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"minimal", "startup", "cascade"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, issues, err := policy.Load("testdata/" + name + ".yaml")
			require.NoError(t, err)
			require.Empty(t, issues)
			report := policytest.Run(p, policytest.Config{})
			for _, r := range report.Results {
				require.Equal(t, policytest.Passed, r.Status, r.String())
			}
			require.Empty(t, report.Unreached)
			require.Len(t, report.Results, len(p.Tests))
		})
	}
}
