package train

import (
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Choice is what learning was told: found by walking forward through time.
type Choice struct {
	Ridge  float64 `json:"ridge"`  // rows of information that pull each bin towards nothing
	Rounds int     `json:"rounds"` // of boosting
	Slope  float64 `json:"slope"`  // that points are stretched by, so that probabilities are right
	Window float64 `json:"window"` // share of the rows, the latest, that set the level
	Loss   float64 `json:"loss"`   // mean over the slices walked through
}

// Candidates. They span two orders of magnitude: what lasts needs no pull, what passes
// needs much.
var (
	ridges  = [...]float64{0.5, 1, 3, 10, 30, 100}
	rounds  = [...]int{6, 12, 25, 50}
	windows = [...]float64{1, 0.5, 0.25, 0.1}
)

// walk gives the share of the rows at which each step of walking forward begins; a step
// is a tenth of the rows.
var walk = [...]float64{0.5, 0.6, 0.7, 0.8, 0.9}

// stepOf is one step of walking forward: learn from the rows before, measure on the next.
func stepOf(t *Table, begin float64) (past, next *Table) {
	n := float64(t.Rows())
	from, to := int(n*begin), int(n*(begin+0.1)+0.5)
	return t.Slice(0, from), t.Slice(from, min(to, t.Rows()))
}

// choose finds ridge and rounds. Equal losses go to the stronger pull and fewer rounds:
// the simpler model.
func choose(table logistic, t *Table, tick func()) Choice {
	losses := make([][len(rounds)]float64, len(ridges)*len(walk))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range losses { // each has a place of its own, so that their order changes nothing
		g.Go(func() error {
			past, next := stepOf(t, walk[i%len(walk)])
			fit(table, past, ridges[i/len(walk)], slices.Max(rounds[:]), func(round int, m *additive) {
				if at := slices.Index(rounds[:], round); at >= 0 {
					losses[i][at] = loss(table, m.odds(next), next.Won)
				}
			})
			tick()
			return nil
		})
	}
	_ = g.Wait() // none of them fails
	best := Choice{Loss: 100}
	for r := len(ridges) - 1; r >= 0; r-- {
		for at, n := range rounds {
			sum := 0.0
			for k := range walk {
				sum += losses[r*len(walk)+k][at] / float64(len(walk))
			}
			if sum < best.Loss {
				best = Choice{Ridge: ridges[r], Rounds: n, Loss: sum}
			}
		}
	}
	return best
}
