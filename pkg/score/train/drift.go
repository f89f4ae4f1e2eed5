package train

import (
	"cmp"
	"math"
	"slices"

	"leadrouter/pkg/score"
)

// Shift is how far the leads of a table are from those that a model was trained on, in one
// feature.
type Shift struct {
	Name string `json:"name"`
	// PSI is the population stability index over the feature's bins: below 0.1 hardly
	// anything, above [MuchPSI] much.
	PSI float64 `json:"psi"`
}

// MuchPSI is a shift with which a model ought to be trained again.
const MuchPSI = 0.25

// Drift measures the shift of each feature, the largest first.
func Drift(m *score.Model, t *Table) []Shift {
	var out []Shift
	for i := range m.Features {
		f := &m.Features[i]
		now := make([]int64, len(f.Points))
		at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == f.Name })
		for row := range t.Rows() {
			if at < 0 {
				now[score.Missing]++
			} else {
				now[f.Bin(t.Columns[at].Values[row])]++
			}
		}
		out = append(out, Shift{f.Name, psi(f.Rows, now)})
	}
	slices.SortStableFunc(out, func(a, b Shift) int { return cmp.Compare(b.PSI, a.PSI) })
	return out
}

// psi compares shares; half a row in each bin keeps those that are empty finite.
func psi(then, now []int64) float64 {
	share := func(counts []int64, bin int) float64 {
		sum := int64(0)
		for _, n := range counts {
			sum += n
		}
		return (float64(counts[bin]) + 0.5) / (float64(sum) + 0.5*float64(len(counts)))
	}
	total := 0.0
	for bin := range then {
		a, b := share(then, bin), share(now, bin)
		total += (b - a) * math.Log(b/a)
	}
	return total
}
