package score_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/score"
)

// values of the scorecard's features, in their order.
func values(list ...any) func(int) score.Value {
	return func(i int) score.Value { return score.Of(list[i]) }
}

func parsed(t testing.TB) *score.Model {
	t.Helper()
	m, err := score.Parse([]byte(scorecard))
	require.NoError(t, err)
	return m
}

func TestPredict(t *testing.T) {
	t.Parallel()
	m := parsed(t)
	for name, c := range map[string]struct {
		values func(int) score.Value
		want   score.Prediction
	}{
		"all is known": {values(int64(500), false, "demo_request"), score.Prediction{
			Score: 8712, Base: 3476,
			Factors: []score.Factor{{Name: "source", Points: 2856}, {Name: "company.employees", Points: 2285}, {Name: "email_free", Points: 95}},
		}},
		"nothing is known": {values(nil, nil, nil), score.Prediction{
			Score: 3038, Base: 3476, Factors: []score.Factor{{Name: "company.employees", Points: -380}, {Name: "source", Points: -58}},
		}},
		"levels that nobody has seen": {values("many", "maybe", "fax"), score.Prediction{
			Score: 3457, Base: 3476, Factors: []score.Factor{{Name: "source", Points: -19}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := m.Predict(c.values)
			require.Equal(t, m.Hash(), got.Model)
			require.Equal(t, m.Score(c.values), got.Score)
			c.want.Model = m.Hash()
			require.Empty(t, cmp.Diff(c.want, got))
		})
	}
}

func TestBin(t *testing.T) {
	t.Parallel()
	m := parsed(t)
	number, flag, text := &m.Features[0], &m.Features[1], &m.Features[2]
	for _, c := range []struct {
		feature *score.Feature
		fact    any
		want    int
	}{
		{number, nil, score.Missing},
		{number, "", score.Missing},
		{number, "ten", score.Other},
		{number, true, score.Other},
		{number, int64(9), score.Own},
		{number, int64(10), score.Own},
		{number, 10.5, score.Own + 1},
		{number, "10.5", score.Own + 1},
		{number, 100.5, score.Own + 1},
		{number, int64(101), score.Own + 2},
		{number, "NaN", score.Other},
		{number, "Inf", score.Other},
		{flag, false, score.Own},
		{flag, true, score.Own + 1},
		{flag, "true", score.Own + 1},
		{flag, int64(1), score.Other},
		{text, "demo_request", score.Own},
		{text, "Demo_request", score.Other},
		{text, []string{"event"}, score.Own + 1},
		{text, []string{"event", "fair"}, score.Other},
		{text, []string{}, score.Missing},
		{text, struct{}{}, score.Other},
	} {
		require.Equal(t, c.want, c.feature.Bin(score.Of(c.fact)), "%s of %#v", c.feature.Name, c.fact)
	}
}

// The factors of any model and lead add up to the score, the strongest come first in
// points, and the score is a probability.
func TestFactorsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &score.Model{
			Format: score.Format, Base: rapid.Int64Range(-60_000, 60_000).Draw(t, "base"),
			Knots: []score.Knot{{-120_000, 0}, {-20_000, 1192}, {0, 5000}, {20_000, 8808}, {120_000, 10_000}},
		}
		n := rapid.IntRange(0, 80).Draw(t, "features")
		point := rapid.Int64Range(-30_000, 30_000)
		for i := range n {
			m.Features = append(m.Features, score.Feature{
				Name: fmt.Sprintf("f%03d", i), Levels: []string{"a", "b"},
				Points: rapid.SliceOfN(point, 4, 4).Draw(t, "points"), Rows: make([]int64, 4),
			})
		}
		level := rapid.SampledFrom([]string{"", "a", "b", "c"})
		texts := rapid.SliceOfN(level, n, n).Draw(t, "values")
		value := func(i int) score.Value { return score.Text(texts[i]) }
		p := m.Predict(value)
		sum := p.Base + p.Rest
		for _, f := range p.Factors {
			require.NotZero(t, f.Points)
			sum += f.Points
		}
		require.Equal(t, p.Score, sum)
		require.Equal(t, m.Score(value), p.Score)
		require.LessOrEqual(t, len(p.Factors), 5)
		require.GreaterOrEqual(t, p.Score, int64(0))
		require.LessOrEqual(t, p.Score, int64(score.Certain))
	})
}

// BenchmarkScore is what a lead pays where nobody asks why.
func BenchmarkScore(b *testing.B) {
	benchmark(b, func(m *score.Model, v func(int) score.Value) { m.Score(v) })
}

// BenchmarkPredict is what each decision of a policy with a model pays.
func BenchmarkPredict(b *testing.B) {
	benchmark(b, func(m *score.Model, v func(int) score.Value) { m.Predict(v) })
}

func benchmark(b *testing.B, tell func(*score.Model, func(int) score.Value)) {
	m := parsed(b)
	one := m.Features
	m.Features = nil
	for range 5 { // 15 features
		m.Features = append(m.Features, one...)
	}
	facts := []any{int64(500), true, "event"}
	value := func(i int) score.Value { return score.Of(facts[i%3]) }
	b.ReportAllocs()
	for b.Loop() {
		tell(m, value)
	}
}

func ExampleModel_Predict() {
	m, err := score.Parse([]byte(scorecard))
	if err != nil {
		panic(err)
	}
	p := m.Predict(func(i int) score.Value {
		return score.Of(map[string]any{"source": "demo_request", "company.employees": int64(40)}[m.Features[i].Name])
	})
	fmt.Printf("%d of %d\n", p.Score, score.Certain)
	for _, f := range p.Factors {
		fmt.Printf("%+5d  %s\n", f.Points, f.Name)
	}
	// Output:
	// 6523 of 10000
	// +2856  source
	//  +191  company.employees
}
