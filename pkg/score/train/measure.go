package train

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/integrate"
	"gonum.org/v1/gonum/stat"
)

// Measure says how good probabilities were, of leads that nobody had learned from.
type Measure struct {
	Rows int     `json:"rows"`
	Rate float64 `json:"rate"` // share of rows with the outcome
	// AUC is how often a lead with the outcome is above one without; 0.5 is chance.
	AUC float64 `json:"auc"`
	// Brier is the mean squared error of the probability: the lower the better.
	Brier float64 `json:"brier"`
	// ECE is how far probabilities are from what came true, in ten groups of equal size.
	ECE         float64 `json:"ece"`
	Reliability []Group `json:"reliability,omitempty"`
}

// Group is leads with like probabilities.
type Group struct {
	Rows      int     `json:"rows"`
	Predicted float64 `json:"predicted"` // mean probability
	Observed  float64 `json:"observed"`  // share with the outcome
}

const groups = 10

// measure holds probabilities against what came true.
func measure(p []float64, won []bool) Measure {
	m := Measure{Rows: len(p)}
	if len(p) == 0 {
		return m
	}
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	sorted, classes := make([]float64, len(p)), make([]bool, len(p))
	wins := 0
	for at, i := range order {
		sorted[at], classes[at] = p[i], won[i]
		m.Brier += square(p[i]-outcome(won[i])) / float64(len(p))
		if won[i] {
			wins++
		}
	}
	m.Rate = float64(wins) / float64(len(p))
	m.AUC = auc(sorted, classes, wins)
	parts := min(groups, len(p))
	for k := range parts {
		g := groupOf(sorted, classes, k*len(p)/parts, (k+1)*len(p)/parts)
		m.Reliability = append(m.Reliability, g)
		m.ECE += math.Abs(g.Predicted-g.Observed) * float64(g.Rows) / float64(len(p))
	}
	return m
}

// auc of ascending scores. Where all rows have one outcome there is nothing to tell apart.
func auc(sorted []float64, classes []bool, wins int) float64 {
	if wins == 0 || wins == len(classes) {
		return 0.5
	}
	hits, alarms, _ := stat.ROC(nil, sorted, classes, nil)
	return integrate.Trapezoidal(alarms, hits)
}

func groupOf(sorted []float64, classes []bool, from, to int) Group {
	g := Group{Rows: to - from}
	for i := from; i < to; i++ {
		g.Predicted += sorted[i] / float64(g.Rows)
		g.Observed += outcome(classes[i]) / float64(g.Rows)
	}
	return g
}

// unsure is the standard error of an AUC near chance, which is the largest it can have.
func unsure(wins, lost float64) float64 {
	return math.Sqrt((wins + lost + 1) / (12 * max(wins*lost, 1)))
}

func (m Measure) unsure() float64 {
	n := float64(m.Rows)
	return unsure(m.Rate*n, (1-m.Rate)*n)
}

// loss is the mean surprise at what came true.
func loss(table logistic, odds []int64, won []bool) float64 {
	sum := 0.0
	for i, o := range odds {
		p := float64(table.of(o)) / one
		if !won[i] {
			p = 1 - p
		}
		sum -= math.Log(max(p, 1e-6))
	}
	return sum / float64(max(len(odds), 1))
}

func outcome(won bool) float64 {
	if won {
		return 1
	}
	return 0
}

func square(x float64) float64 { return x * x }

// probabilities of log-odds in micro.
func probabilities(table logistic, odds []int64) []float64 {
	out := make([]float64, len(odds))
	for i, o := range odds {
		out[i] = float64(table.of(o)) / one
	}
	return out
}
