package train

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	m := measure([]float64{0.1, 0.4, 0.35, 0.8}, []bool{false, false, true, true})
	require.InDelta(t, 0.75, m.AUC, 1e-12, "three of four pairs are in order")
	require.InDelta(t, (0.01+0.16+0.4225+0.04)/4, m.Brier, 1e-12)
	require.InDelta(t, 0.5, m.Rate, 1e-12)
	require.Len(t, m.Reliability, 4)
	require.InDelta(t, (0.1+0.65+0.4+0.2)/4, m.ECE, 1e-12)
	require.InDelta(t, 0.5, measure([]float64{0.3, 0.3}, []bool{true, false}).AUC, 1e-12, "a tie is a toss")
	require.InDelta(t, 0.5, measure([]float64{0.3, 0.4}, []bool{true, true}).AUC, 1e-12, "nothing to tell apart")
	require.Zero(t, measure(nil, nil).Rows)
}

// The AUC is the share of pairs that are in order.
func TestAUCCountsPairs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "n")
		p, won := make([]float64, n), make([]bool, n)
		for i := range n {
			p[i] = float64(rapid.IntRange(0, 5).Draw(t, "p")) / 5
			won[i] = rapid.Bool().Draw(t, "won")
		}
		won[0], won[1] = true, false
		pairs, ordered := 0.0, 0.0
		for i := range n {
			for j := range n {
				if won[i] && !won[j] {
					pairs++
					switch {
					case p[i] > p[j]:
						ordered++
					case p[i] == p[j]:
						ordered += 0.5
					}
				}
			}
		}
		require.InDelta(t, ordered/pairs, measure(p, won).AUC, 1e-9)
	})
}

func TestLogistic(t *testing.T) {
	t.Parallel()
	table := newLogistic()
	require.EqualValues(t, one/2, table.of(0))
	require.Equal(t, table.of(limit), table.of(1000*micro), "it ends")
	require.Equal(t, table.of(-limit), table.of(-1000*micro))
	rapid.Check(t, func(t *rapid.T) {
		odds := rapid.Int64Range(-limit, limit-1).Draw(t, "odds")
		require.LessOrEqual(t, table.of(odds), table.of(odds+1))
		require.InDelta(t, one, table.of(odds)+table.of(-odds), 40, "both sides are alike")
	})
	require.InDelta(t, -1.0986*micro, logit(0.25), 200)
}

func TestWindowFollowsTheTrend(t *testing.T) {
	t.Parallel()
	flat, rising := &Table{}, &Table{}
	for i := range 4000 {
		flat.Won = append(flat.Won, i%4 == 0)
		rising.Won = append(rising.Won, i%20 < 1+18*i/4000)
	}
	require.InDelta(t, 1.0, window(flat), 0, "all rows tell")
	require.InDelta(t, 0.1, window(rising), 0, "the newest tell best")
}
