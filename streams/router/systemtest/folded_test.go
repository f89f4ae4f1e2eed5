package systemtest_test

import (
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/audit"
)

// requireFolded checks that Redis holds just what the decision log says.
func (in *installation) requireFolded() {
	in.t.Helper()
	folder := audit.NewFolder()
	require.NoError(in.t, audit.NewLog(in.kafka, in.name).Read(in.t.Context(), folder.Add))
	require.Empty(in.t, folder.Missing(), "holes in the log")
	folded := folder.State().Logged()
	// A rebuild begins an epoch that the log hears of with the next decision.
	dumped := in.dump().Logged()
	require.GreaterOrEqual(in.t, dumped.Epoch, folded.Epoch)
	folded.Epoch = dumped.Epoch
	require.Empty(in.t, folded.Diff(dumped), "the log and Redis differ")
}
