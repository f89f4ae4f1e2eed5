package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/optimize"

	"leadrouter/pkg/score"
)

// folds of the rows that the slope is found by: each is told by a model of the others.
const folds = 5

// calibrate finds slope and level for a choice. The slope comes from rows between those
// that were learned from, since it mends what the ridge has flattened; the level from the
// latest rows, as many as told the next slice best in the past.
func calibrate(table logistic, t *Table, c *Choice) error {
	odds := make([]int64, t.Rows())
	for k := range folds {
		in, out := apart(t, k)
		told := fit(table, in, c.Ridge, c.Rounds, nil).odds(out)
		for i, o := range told {
			odds[k+i*folds] = o
		}
	}
	slope, err := stretch(table, odds, t.Won)
	if err != nil {
		return fmt.Errorf("calibrate: %w", err)
	}
	c.Slope, c.Window = slope, window(t)
	return nil
}

// apart takes every fold-th row out.
func apart(t *Table, k int) (in, out *Table) {
	in, out = &Table{}, &Table{}
	for _, c := range t.Columns {
		in.Columns, out.Columns = append(in.Columns, Column{Name: c.Name}), append(out.Columns, Column{Name: c.Name})
	}
	for row := range t.Rows() {
		to := in
		if row%folds == k {
			to = out
		}
		to.Won = append(to.Won, t.Won[row])
		for j := range t.Columns {
			to.Columns[j].Values = append(to.Columns[j].Values, t.Columns[j].Values[row])
		}
	}
	return in, out
}

// stretch is the factor of log-odds under which the outcomes were least surprising, in
// thousandths: what is finer would be noise, and not the same on every machine.
func stretch(table logistic, odds []int64, won []bool) (float64, error) {
	surprise := func(x []float64) float64 {
		moved := make([]int64, len(odds))
		for i, o := range odds {
			moved[i] = int64(x[0]*micro) + int64(x[1]*float64(o))
		}
		return loss(table, moved, won)
	}
	found, err := optimize.Minimize(optimize.Problem{Func: surprise}, []float64{0, 1}, nil, &optimize.NelderMead{})
	if err != nil {
		return 0, fmt.Errorf("find the slope: %w", err)
	}
	return math.Round(min(max(found.X[1], 0.5), 2)*1000) / 1000, nil
}

// window is the share of the latest rows whose rate told the rate of the next slice best.
// Equal ones go to the longest.
func window(t *Table) float64 {
	best, least := windows[0], math.Inf(1)
	for _, w := range windows {
		sum := 0.0
		for _, begin := range walk {
			past, next := stepOf(t, begin)
			p := latest(past, w).rate()
			p = min(max(p, 1e-3), 1-1e-3)
			sum -= next.rate()*math.Log(p) + (1-next.rate())*math.Log(1-p)
		}
		if sum < least-1e-9 {
			best, least = w, sum
		}
	}
	return best
}

// latest is a share of the rows, the newest.
func latest(t *Table, share float64) *Table {
	n := int(float64(t.Rows()) * share)
	return t.Slice(t.Rows()-max(n, 1), t.Rows())
}

// level is the shift of log-odds, in micro, with which as many rows are told to win as did.
func level(table logistic, odds []int64, wins int) int64 {
	low, high := int64(-limit), int64(limit)
	for high-low > 1 {
		middle := (low + high) / 2
		sum := int64(0)
		for _, o := range odds {
			sum += table.of(o + middle)
		}
		if sum < int64(wins)*one {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// finish makes the scorecard of what was learned: stretched, set to the level of the latest
// rows, and each feature about zero, so that the base is an average lead.
// Features that move nobody are left out.
func finish(table logistic, m *additive, t *Table, c Choice, outcome string) *score.Model {
	scaled := &additive{base: times(m.base, c.Slope)}
	for _, f := range m.features {
		f.Points = slices.Clone(f.Points)
		var sum, rows int64
		for bin := range f.Points {
			f.Points[bin] = times(f.Points[bin], c.Slope)
			sum += f.Points[bin] * f.Rows[bin]
			rows += f.Rows[bin]
		}
		mean := sum / max(rows, 1)
		for bin := range f.Points {
			if f.Points[bin] -= mean; f.Rows[bin] == 0 {
				f.Points[bin] = 0 // nobody knows: as an average lead
			}
		}
		scaled.base += mean
		scaled.features = append(scaled.features, f)
	}
	recent := latest(t, c.Window)
	scaled.base += level(table, scaled.odds(recent), recent.wins())

	const fine = micro / score.Unit
	out := &score.Model{
		Format: score.Format, Outcome: outcome, Trained: trained(t), Base: rounded(scaled.base, fine), Knots: knots(),
	}
	for _, f := range scaled.features {
		for bin := range f.Points {
			f.Points[bin] = rounded(f.Points[bin], fine)
		}
		if slices.Max(f.Points)-slices.Min(f.Points) >= least {
			out.Features = append(out.Features, f)
		}
	}
	slices.SortFunc(out.Features, func(a, b score.Feature) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// least is the range of points below which a feature is not worth asking for: a hundredth
// of log-odds, at most a quarter of a percent of probability.
const least = score.Unit / 100

// times is a product without a fraction.
func times(n int64, by float64) int64 { return int64(math.Round(float64(n) * by)) }

// rounded is the nearest whole number of parts.
func rounded(n, part int64) int64 {
	if n < 0 {
		return -((-n + part/2) / part)
	}
	return (n + part/2) / part
}

// knots are the logistic curve, in basis points: fine where leads are, then its ends.
func knots() []score.Knot {
	const fine, end = score.Unit / 10, 6 * score.Unit
	var out []score.Knot
	add := func(points int64) {
		p := 1 / (1 + math.Exp(-float64(points)/score.Unit))
		out = append(out, score.Knot{Points: points, Probability: int64(math.Round(p * score.Certain))})
	}
	add(-12 * score.Unit)
	for points := int64(-end); points <= end; points += fine {
		add(points)
	}
	add(12 * score.Unit)
	return out
}
