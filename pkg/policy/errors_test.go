package policy_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden file holds the files of a policy, each under a line "-- name --", and
// behind a line of dashes what the tool says about them.
const says = "\n----------\n"

// TestMessages shows one mistake per file, named after what it breaks.
func TestMessages(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/errors/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			input, want, _ := strings.Cut(string(data), says)
			p, issues := policy.Parse(unpack(input))
			got := issues.Error() + "\n"
			require.NotEmpty(t, issues)
			require.Equal(t, issues.Err() == nil, p != nil, "a policy with errors is never handed out")
			if *update {
				require.NoError(t, os.WriteFile(name, []byte(input+says+got), 0o644))
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("run with -update if this is better (-want +got):\n%s", diff)
			}
		})
	}
}

// unpack splits "-- name --" sections; what stands before the first is policy.yaml.
func unpack(text string) map[string][]byte {
	files := map[string][]byte{}
	name := "policy.yaml"
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok && strings.HasSuffix(rest, " --\n") {
			name = strings.TrimSuffix(rest, " --\n")
			files[name] = nil
			continue
		}
		files[name] = append(files[name], line...)
	}
	return files
}
