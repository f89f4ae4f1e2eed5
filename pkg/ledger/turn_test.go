package ledger_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/ledger"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		amount  int64
		weights []int64
		want    []int64
	}{
		"even":                {9, []int64{1, 1, 1}, []int64{3, 3, 3}},
		"ties to the earlier": {10, []int64{1, 1, 1}, []int64{4, 3, 3}},
		"largest remainder":   {10, []int64{1, 2}, []int64{3, 7}},
		"weights":             {100, []int64{1, 2, 5}, []int64{13, 25, 62}},
		"nothing":             {0, []int64{3, 4}, []int64{0, 0}},
		"negative":            {-10, []int64{1, 1, 1}, []int64{-4, -3, -3}},
		"as large as it gets": {ledger.MaxValue, []int64{ledger.MaxWeight, 1}, []int64{899_910_008_999, 89_991_001}},
		"one":                 {7, []int64{5}, []int64{7}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, ledger.Split(tc.amount, tc.weights))
		})
	}
}

func TestSplitAddsUpAndIsWithinOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(0, ledger.MaxValue).Draw(t, "amount")
		weights := rapid.SliceOfN(rapid.Int64Range(1, ledger.MaxWeight), 1, 50).Draw(t, "weights")
		var total, sum int64
		for _, w := range weights {
			total += w
		}
		for i, share := range ledger.Split(amount, weights) {
			floor := amount * weights[i] / total
			require.True(t, share == floor || share == floor+1)
			sum += share
		}
		require.Equal(t, amount, sum)
	})
}

func TestBitmap(t *testing.T) {
	t.Parallel()
	for want, positions := range map[ledger.Bitmap][]int32{
		"": nil, "1": {0}, "8": {3}, "01": {4}, "f": {0, 1, 2, 3}, "90f": {0, 3, 8, 9, 10, 11},
	} {
		require.Equal(t, want, ledger.NewBitmap(positions))
		require.Equal(t, positions, want.Positions())
	}
	require.Empty(t, ledger.Bitmap("xyz").Positions())
}

func TestBitmapRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		positions := rapid.SliceOfDistinct(rapid.Int32Range(0, 1000), rapid.ID).Draw(t, "positions")
		bitmap := ledger.NewBitmap(positions)
		slices.Sort(positions)
		require.True(t, slices.Equal(positions, bitmap.Positions()))
	})
}
