package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/console"
	"leadrouter/pkg/ledger"
)

func TestTurn(t *testing.T) {
	t.Parallel()
	require.Equal(t, "+0.41", console.Turn(410_000, ledger.Unit))
	require.Equal(t, "-1.50", console.Turn(-1_500_000, ledger.Unit))
	require.Equal(t, "+0.00", console.Turn(0, ledger.Unit))
	require.Equal(t, "+0.00", console.Turn(-1, ledger.Unit), "rounding is no debt")
	require.Equal(t, "+0.50", console.Turn(2_500_00, 5_000_00), "by value: half of a lead like this one")
	require.Equal(t, "+0.10", console.Turn(100_000, 0))
}
