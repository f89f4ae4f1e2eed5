package train

import "math"

// Learning counts in whole numbers, so that sums do not depend on the order in which they
// are made, and a machine that fuses a multiplication with an addition learns the same
// model as one that does not.
const (
	// micro is one unit of log-odds.
	micro = 1_000_000
	// one is probability 1.
	one = 1 << 20
	// step is the distance, in micro, of two entries of the logistic table, and limit is
	// where it ends: odds of 160,000 to 1.
	step  = 100
	limit = 12 * micro
)

// logistic turns log-odds into probabilities by a table.
type logistic []int32

func newLogistic() logistic {
	t := make(logistic, 2*limit/step+1)
	for i := range t {
		x := float64(i*step-limit) / micro
		t[i] = int32(math.Round(one / (1 + math.Exp(-x))))
	}
	return t
}

// of is the probability, in parts of one, at log-odds in micro.
func (t logistic) of(odds int64) int64 {
	return int64(t[(min(max(odds, -limit), limit)+limit)/step])
}

// logit is the log-odds of a probability, in micro.
func logit(p float64) int64 {
	p = min(max(p, 1e-5), 1-1e-5)
	return int64(math.Round(math.Log(p/(1-p)) * micro))
}
