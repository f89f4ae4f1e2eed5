package train

import (
	"maps"
	"slices"

	"leadrouter/pkg/score"
)

// How a column is cut into bins.
const (
	maxBins     = 32 // of a number
	minDistinct = 8  // numbers make a column one of numbers: fewer are names of kinds
	minShare    = 200
	minRows     = 10
)

// smallest is how many rows a bin needs: half a percent of all. What is rarer is pooled.
func smallest(rows int) int { return max(minRows, rows/minShare) }

// shapeOf cuts a column into bins by the rows at hand.
func shapeOf(c Column) score.Feature {
	f := score.Feature{Name: c.Name}
	counts := map[string]int{}
	var all []float64
	for _, v := range c.Values {
		level, ok := v.Level()
		if !ok {
			continue
		}
		counts[level]++
		if number, ok := v.Float(); ok {
			all = append(all, number)
		}
	}
	known := 0
	for _, n := range counts { // a sum of whole numbers: the order does not matter
		known += n
	}
	least := smallest(len(c.Values))
	if len(all) == known && len(counts) >= minDistinct {
		f.Cuts = quantiles(all, least)
	}
	own := len(f.Cuts) + 1
	if len(f.Cuts) == 0 {
		f.Levels = slices.DeleteFunc(slices.Sorted(maps.Keys(counts)), func(level string) bool { return counts[level] < least })
		own = len(f.Levels)
	}
	f.Points, f.Rows = make([]int64, score.Own+own), make([]int64, score.Own+own)
	return f
}

// quantiles are cuts between values, about as many rows in each bin.
func quantiles(all []float64, least int) []float64 {
	slices.Sort(all)
	share := max(len(all)/maxBins, least)
	var cuts []float64
	begin := 0
	for i := 1; i < len(all); i++ {
		if all[i] != all[i-1] && i-begin >= share && len(all)-i >= least {
			cuts = append(cuts, all[i-1]+(all[i]-all[i-1])/2)
			begin = i
		}
	}
	return cuts
}

// binned is a column as the numbers of bins.
func binned(f *score.Feature, c Column) []uint16 {
	out := make([]uint16, len(c.Values))
	for i, v := range c.Values {
		out[i] = uint16(f.Bin(v)) // maxBins, or levels of which each has half a percent
	}
	return out
}
