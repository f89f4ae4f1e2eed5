package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	// Commands stand in code, between backquotes or on a line of a block.
	spanPattern = regexp.MustCompile("`(leadrouter [^`]+)`|(?m)^(leadrouter .+)$")
	flagPattern = regexp.MustCompile(`--([a-z-]+)`)
)

// What somebody types at night must be there.
func TestTheGuideNamesCommandsThatExist(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	require.NoError(t, err)
	// A long span may go over the end of its line.
	found := spanPattern.FindAllStringSubmatch(string(guide), -1)
	require.Greater(t, len(found), 50)
	for _, span := range found {
		line, _, _ := strings.Cut(strings.Join(strings.Fields(span[1]+span[2]), " "), " #")
		root := (&cli{}).root()
		for alternative := range strings.SplitSeq(line, " | ") { // "release | disqualify LEAD"
			words := strings.Fields(strings.TrimPrefix(alternative, "leadrouter "))
			cmd, _, err := root.Find(words)
			require.NoError(t, err, line)
			if !strings.HasPrefix(words[0], "-") {
				require.NotEqual(t, root, cmd, line)
			}
			for _, flag := range flagPattern.FindAllStringSubmatch(alternative, -1) {
				require.NotNil(t, cmd.Flags().Lookup(flag[1]), "%s has no --%s", cmd.CommandPath(), flag[1])
			}
		}
	}
}
