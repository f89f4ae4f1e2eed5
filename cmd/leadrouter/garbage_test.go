package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Four times what lives, 256 MB, or what lives: as garbage that is, not as a share.
func TestGarbageIsBounded(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 64 << 20: 400, 128 << 20: 200, 256 << 20: 100, 10 << 30: 100} {
		require.Equal(t, want, percent(live), live)
	}
	rapid.Check(t, func(t *rapid.T) {
		live := rapid.Uint64Range(1, 1<<40).Draw(t, "live")
		garbage := live / 100 * uint64(percent(live))
		require.LessOrEqual(t, garbage, max(live, mostGarbage))
	})
}

func TestGarbageIsBoundedUntilStopped(t *testing.T) { //nolint:paralleltest // the bound is that of the process
	stop := boundGarbage()
	stop()
}
