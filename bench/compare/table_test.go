package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"
)

func TestATableShowsMediansAndRatiosPairByPair(t *testing.T) {
	t.Parallel()
	table := newTable([]string{"bare", "router"}, [2]string{"router", "bare"})
	for i, bare := range []float64{100, 200, 400} {
		table.add("bare", figure{"leads/s", "%.0f", bare}, figure{"bytes", "%.1f", math.NaN()})
		table.add("router", figure{"leads/s", "%.0f", []float64{50, 50, 300}[i]}, figure{"bytes", "%.1f", 7})
	}
	var out bytes.Buffer
	table.print(&out)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, strings.Fields("measured bare router router / bare least most"), strings.Fields(lines[0]))
	// Ratios are 0.5, 0.25 and 0.75: not those of the medians.
	require.Equal(t, strings.Fields("leads/s 200 50 0.50 0.25 0.75"), strings.Fields(lines[1]))
	require.Equal(t, strings.Fields("bytes – 7.0 – – –"), strings.Fields(lines[2]))
}

func TestATableOfNothingHasNoNumbers(t *testing.T) {
	t.Parallel()
	table := newTable([]string{"one", "other"}, [2]string{"one", "other"})
	table.add("one", figure{"leads/s", "%.0f", 5})
	var out bytes.Buffer
	table.print(&out)
	require.Contains(t, strings.Join(strings.Fields(out.String()), " "), "leads/s 5 – – – –")
}

func TestARowComparesInTurn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 1, ' ', 0)
	row(w, "leads/s", []float64{10, 20, 10, 5, 10, 10}, "%.0f")
	require.Equal(t, strings.Fields("leads/s 10 10 1.00 0.50 2.00"), strings.Fields(out.String()))
}

func TestNumbersAreWholeAndAboveZero(t *testing.T) {
	t.Parallel()
	counts, err := numbers("1,2,40")
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 40}, counts)
	for _, wrong := range []string{"", "1,", "0", "-3", "1.5", "many"} {
		_, err := numbers(wrong)
		require.ErrorContains(t, err, "want whole numbers above 0", wrong)
	}
}

func TestColumnsAreComparedToTheFirst(t *testing.T) {
	t.Parallel()
	names := columns([]int{1, 2, 4}, "routers: %d")
	require.Equal(t, []string{"routers: 1", "routers: 2", "routers: 4"}, names)
	require.Equal(t, [][2]string{{"routers: 2", "routers: 1"}, {"routers: 4", "routers: 1"}}, toFirst(names))
}

func TestAPeerThatIsNotBuiltIsLeftOut(t *testing.T) {
	t.Parallel()
	// The tests of a package run in its folder, where there is no such project.
	require.Equal(t, []string{bare, router}, parties("bare,router,peer"))
	require.Equal(t, []string{router}, parties("router"))
}

func TestEachComparisonHasItsPolicy(t *testing.T) {
	t.Parallel()
	require.Equal(t, "examples/tamarisk", choice{}.policy())
	require.Equal(t, "bench/policies/twenty.yaml", choice{knowledge: true}.policy())
	require.Equal(t, "bench/policies/twenty.yaml", choice{beside: "examples/minimal"}.policy())
}
