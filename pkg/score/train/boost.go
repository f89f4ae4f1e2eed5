package train

import (
	"math"

	"leadrouter/pkg/score"
)

const (
	rate   = 0.2 // of the way to the best step
	leaves = 3   // of a tree over a number's bins
)

// additive is a model while it is learned: points in micro.
type additive struct {
	base     int64
	features []score.Feature
}

// booster holds the rows of a training.
type booster struct {
	ridge float64 // in rows of information
	table logistic
	bins  [][]uint16 // by column, by row
	won   []bool
	odds  []int64 // of each row so far, in micro
	prob  []int64 // the same as a probability, in parts of one
	// slopes and weights by bin: what the rows of a bin lack, and how sure that is, in parts
	// of one. They are sums of whole numbers.
	slopes, weights []int64
}

// fit learns in rounds; watch, if any, sees the model after each.
func fit(table logistic, t *Table, ridge float64, rounds int, watch func(round int, m *additive)) *additive {
	m := &additive{base: logit(t.rate())}
	b := &booster{ridge: ridge, table: table, won: t.Won, odds: make([]int64, t.Rows()), prob: make([]int64, t.Rows())}
	for i := range b.odds {
		b.odds[i], b.prob[i] = m.base, table.of(m.base)
	}
	most := 0
	for _, c := range t.Columns {
		f := shapeOf(c)
		bins := binned(&f, c)
		for _, bin := range bins {
			f.Rows[bin]++
		}
		m.features, b.bins = append(m.features, f), append(b.bins, bins)
		most = max(most, len(f.Points))
	}
	b.slopes, b.weights = make([]int64, most), make([]int64, most)
	for round := 1; round <= rounds; round++ {
		for i := range m.features {
			b.round(&m.features[i], b.bins[i])
		}
		if watch != nil {
			watch(round, m)
		}
	}
	return m
}

// round moves the points of one feature a step.
func (b *booster) round(f *score.Feature, bins []uint16) {
	n := len(f.Points)
	slopes, weights := b.slopes[:n], b.weights[:n]
	clear(slopes)
	clear(weights)
	for i, bin := range bins {
		p := b.prob[i]
		if b.won[i] {
			slopes[bin] += one
		}
		slopes[bin] -= p
		weights[bin] += p * (one - p) / one
	}
	moves := make([]int64, n)
	levels := n
	if len(f.Cuts) > 0 {
		levels = score.Own
		b.tree(f.Points, moves)
	}
	for bin := range levels {
		moves[bin] = b.move(f.Points, bin, bin+1)
	}
	for bin, by := range moves {
		f.Points[bin] += by
	}
	for i, bin := range bins {
		if moves[bin] != 0 {
			b.odds[i] += moves[bin]
			b.prob[i] = b.table.of(b.odds[i])
		}
	}
}

// move is the step of the bins [from, to) that goes together, in micro.
func (b *booster) move(points []int64, from, to int) int64 {
	slope, weight := b.sum(from, to)
	if weight == 0 {
		return 0
	}
	var pull int64
	for _, p := range points[from:to] {
		pull += p
	}
	// The conversions keep a product from being fused with what it is added to.
	slope -= float64(b.ridge * float64(pull) / micro)
	weight += float64(b.ridge * float64(to-from))
	return int64(math.Round(rate * slope / weight * micro))
}

func (b *booster) sum(from, to int) (slope, weight float64) {
	var s, w int64
	for bin := from; bin < to; bin++ {
		s += b.slopes[bin]
		w += b.weights[bin]
	}
	return float64(s) / one, float64(w) / one
}

// tree cuts a number's bins into leaves, each time where it gains most, and moves them.
func (b *booster) tree(points, moves []int64) {
	ends := []int{score.Own, len(points)} // of the leaves, ascending
	for len(ends) <= leaves {
		best, at, place := 0.0, 0, 0
		for i := 1; i < len(ends); i++ {
			if gain, cut := b.cut(ends[i-1], ends[i]); gain > best {
				best, at, place = gain, cut, i
			}
		}
		if best == 0 {
			break
		}
		ends = append(ends, 0)
		copy(ends[place+1:], ends[place:])
		ends[place] = at
	}
	for i := 1; i < len(ends); i++ {
		by := b.move(points, ends[i-1], ends[i])
		for bin := ends[i-1]; bin < ends[i]; bin++ {
			moves[bin] = by
		}
	}
}

// cut finds where the bins [from, to) fall apart best.
func (b *booster) cut(from, to int) (gain float64, at int) {
	slope, weight := b.sum(from, to)
	whole := slope * slope / (weight + 1)
	var s, w int64
	for bin := from; bin < to-1; bin++ {
		s += b.slopes[bin]
		w += b.weights[bin]
		ls, lw := float64(s)/one, float64(w)/one
		rs, rw := slope-ls, weight-lw
		if g := float64(ls*ls/(lw+1)) + float64(rs*rs/(rw+1)) - whole; g > gain {
			gain, at = g, bin+1
		}
	}
	return gain, at
}

// odds of all rows of a table, in micro. It has the columns that the model was learned of.
func (m *additive) odds(t *Table) []int64 {
	out := make([]int64, t.Rows())
	for i := range out {
		out[i] = m.base
	}
	for i := range m.features {
		f := &m.features[i]
		for row, bin := range binned(f, t.Columns[i]) {
			out[row] += f.Points[bin]
		}
	}
	return out
}
