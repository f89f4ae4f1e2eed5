package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
)

// examples is the folder with a policy in each of its folders.
const examples = "../../examples"

func TestExamplesAreSound(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir(examples)
	require.NoError(t, err)
	for _, e := range entries {
		folder := filepath.Join(examples, e.Name())
		if _, err := os.Stat(filepath.Join(folder, "policy.yaml")); err != nil {
			continue
		}
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			p, issues, err := policy.Load(folder)
			require.NoError(t, err)
			require.Equal(t, e.Name(), p.Name)
			t.Log(issues)
		})
	}
}
