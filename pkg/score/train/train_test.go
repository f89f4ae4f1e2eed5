package train_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/score"
	"leadrouter/pkg/score/train"
)

func TestLearnsWhatOutcomesHangOn(t *testing.T) {
	t.Parallel()
	w := newWorld(3000, 1)
	m, report, err := train.Train(w.table, train.Config{})
	require.NoError(t, err)
	require.Empty(t, report.Worse)
	require.Empty(t, report.Refused)
	require.Equal(t, "converted", m.Outcome)
	require.Subset(t, report.Used, []string{"source", "attributes.visits"})
	require.Greater(t, report.HeldBack.AUC, 0.7)
	require.Less(t, report.HeldBack.Brier, report.Constant.Brier)
	require.Less(t, report.HeldBack.ECE, 0.08)
	require.Len(t, report.Slices, 4)

	told := func(source string, visits int64) int64 {
		facts := map[string]any{"source": source, "attributes.visits": visits}
		return m.Score(func(i int) score.Value { return score.Of(facts[m.Features[i].Name]) })
	}
	require.Greater(t, told("demo_request", 19), int64(6000), "83 % are won")
	require.Less(t, told("event", 0), int64(2000), "5 % are won")
	require.Greater(t, told("event", 15), told("event", 1))
	require.Greater(t, told("demo_request", 1), told("newsletter", 1))
}

// One table gives one model, byte for byte, on any machine: the hash is of the file that
// it gave when this was written.
func TestTheSameBytes(t *testing.T) {
	t.Parallel()
	var first []byte
	for range 2 {
		m, _, err := train.Train(newWorld(1500, 7).dated().table, train.Config{})
		require.NoError(t, err)
		data, err := m.Encode()
		require.NoError(t, err)
		if first == nil {
			first = data
		}
		require.Empty(t, cmp.Diff(string(first), string(data)))
	}
	require.Equal(t, "4c51bd5b90864ec7f3f3230e74b51f3b1566976bd17cb9bb1d684775d16758aa", score.HashOf(first))
}

func TestTooLittle(t *testing.T) {
	t.Parallel()
	_, report, err := train.Train(newWorld(499, 1).table, train.Config{})
	var scarce *train.Scarce
	require.ErrorAs(t, err, &scarce)
	require.Equal(t, 499, scarce.Rows)
	require.Equal(t, report.Won, scarce.Won)
	require.ErrorContains(t, err, "are too few: a model needs 500, and 50 of either; points stay")

	w := newWorld(600, 1)
	for i := range w.table.Won {
		w.table.Won[i] = i < 49
	}
	_, _, err = train.Train(w.table, train.Config{})
	require.ErrorAs(t, err, &scarce, "49 wins")
}

func TestWhatIsNoBetterThanChanceIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(1000, 3)
	for i := range w.table.Won {
		w.table.Won[i] = w.dice.chance(30)
	}
	_, report, err := train.Train(w.table, train.Config{})
	require.NoError(t, err)
	require.Contains(t, report.Worse, "no better than chance")
}

func TestWorseThanThePointsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(2000, 4)
	for _, won := range w.table.Won { // the points know more than any column
		points := int64(w.dice.below(40))
		if won {
			points += 30
		}
		w.table.Points = append(w.table.Points, points)
	}
	_, report, err := train.Train(w.table, train.Config{})
	require.NoError(t, err)
	require.NotNil(t, report.Points)
	require.Greater(t, report.Points.AUC, report.HeldBack.AUC)
	require.Contains(t, report.Worse, "the policy's points are better")

	for i := range w.table.Points {
		w.table.Points[i] = int64(w.dice.below(10))
	}
	_, report, err = train.Train(w.table, train.Config{})
	require.NoError(t, err)
	require.Empty(t, report.Worse, "points that know nothing")
}

// A model in place is compared on leads that it has not seen: by time, or by their number
// in a file that grows. Where it has seen all, by what it reached itself.
func TestWorseThanTheModelInPlaceIsRefused(t *testing.T) {
	t.Parallel()
	good, _, err := train.Train(newWorld(2000, 5).dated().table, train.Config{})
	require.NoError(t, err)

	for name, c := range map[string]struct {
		rows   int
		dated  bool
		unseen bool
	}{
		"dated, it grew":     {4000, true, true},
		"not dated, it grew": {4000, false, true},
		"seen already":       {2000, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(c.rows, 5)
			if c.dated {
				w.dated()
			}
			_, same, err := train.Train(w.table, train.Config{InPlace: good})
			require.NoError(t, err)
			require.Empty(t, same.Worse)
			require.Equal(t, c.unseen, same.InPlace != nil)

			// The new one has not seen what matters, and the one in place still sees it.
			past := w.table.Rows() * 4 / 5
			for k, c := range w.table.Columns[:2] {
				w.table.Columns[k].Values = slices.Concat(make([]score.Value, past), c.Values[past:])
			}
			w.column("attributes.hint", func(i int) any { return fmt.Sprint(w.visits[i] > 9 != w.dice.chance(5)) })
			_, worse, err := train.Train(w.table, train.Config{InPlace: good})
			require.NoError(t, err)
			require.Contains(t, worse.Worse, "the model in place")
		})
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var done []int
	all := 0
	_, _, err := train.Train(newWorld(600, 2).table, train.Config{Progress: func(n, of int) {
		done, all = append(done, n), of
	}})
	require.NoError(t, err)
	require.True(t, slices.IsSorted(done))
	require.Equal(t, all, done[len(done)-1])
	require.Len(t, done, all)
}

func BenchmarkTrain(b *testing.B) {
	w := newWorld(30_000, 1)
	for b.Loop() {
		_, _, err := train.Train(w.table, train.Config{})
		require.NoError(b, err)
	}
}

func ExampleTrain() {
	_, _, err := train.Train(newWorld(100, 1).table, train.Config{})
	fmt.Println(err)
	// Output:
	// 100 leads whose outcome is known, 34 won and 66 lost, are too few: a model needs 500, and 50 of either; points stay
}
