package bench_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/bench"
	"leadrouter/pkg/policy"
)

const tamarisk = "../examples/tamarisk"

// unlimited is the policy of 40 reps without its limits.
func unlimited(t testing.TB) (folder string) {
	t.Helper()
	folder, err := bench.Unlimited(tamarisk)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	return folder
}

func TestUnlimitedTakesTheLimitsAndLeavesTheRules(t *testing.T) {
	t.Parallel()
	before, _, err := policy.Load(tamarisk)
	require.NoError(t, err)
	after, _, err := policy.Load(unlimited(t))
	require.NoError(t, err)
	require.Len(t, after.Reps, 40)
	require.Len(t, after.Rules, len(before.Rules))
	require.Len(t, after.Rulesets, len(before.Rulesets))

	night := time.Date(2026, 12, 25, 3, 0, 0, 0, time.UTC)
	for rep := range int32(40) {
		require.True(t, after.OnShift(rep, night), after.Reps[rep].ID)
	}
	jonas, ok := before.Rep("jonas")
	require.True(t, ok)
	require.False(t, before.OnShift(jonas, night))
}

func TestUnlimitedDropsTheRulesThatLeadToATarget(t *testing.T) {
	t.Parallel()
	folder, err := bench.Unlimited(tamarisk, "last_owner", "company_owner")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(folder)) }()
	p, _, err := policy.Load(folder)
	require.NoError(t, err)
	var names []string
	for _, rule := range p.Rules {
		names = append(names, rule.Name)
	}
	require.Equal(t, []string{"junk", "strategic", "customer", "vip-referral", "intent-by-fit"}, names)
	require.Zero(t, p.Asks(), "who the person and the company are")
}

func TestUnlimitedTakesAFile(t *testing.T) {
	t.Parallel()
	folder, err := bench.Unlimited("policies/twenty.yaml")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(folder)) }()
	p, _, err := policy.Load(folder)
	require.NoError(t, err)
	require.Len(t, p.Reps, 20)
}

func TestUnlimitedLeavesNothingBehindWhenItFails(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	require.NoError(t, os.WriteFile(broken, []byte("- not\n- a mapping\n"), 0o600))
	for _, name := range []string{"no-such-policy", broken} {
		_, err := bench.Unlimited(name)
		require.ErrorContains(t, err, "lift the limits of policy "+name)
	}
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}
