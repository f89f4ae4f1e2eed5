package train

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"leadrouter/pkg/score"
)

// What learning needs at least. A column takes some ten rows of the rarer outcome before
// its points are more than chance.
const (
	NeedRows  = 500
	NeedEach  = 50 // rows of either outcome
	heldBack  = 5  // one part of so many, the latest, is held back
	timeParts = 4  // of the part held back that are reported one by one
)

// Config says what is learned. The zero value will do.
type Config struct {
	Outcome string // what the model tells the probability of; default "converted"
	// Allow names columns to learn from whatever the screen holds against them.
	Allow []string
	// InPlace is the model to be replaced; nil: none.
	InPlace *score.Model
	// Progress hears how many of the steps are done, from one goroutine at a time; nil:
	// nobody does.
	Progress func(done, all int)
}

// Scarce says that there is too little to learn from.
type Scarce struct {
	Rows, Won, Lost int
}

// Error says how many are needed.
func (s *Scarce) Error() string {
	return fmt.Sprintf("%d leads whose outcome is known, %d won and %d lost, are too few: a model needs %d, and %d of either; points stay",
		s.Rows, s.Won, s.Lost, NeedRows, NeedEach)
}

// Report says what was learned, and how good it is.
type Report struct {
	Rows    int       `json:"rows"`
	Won     int       `json:"won"`
	Choice  Choice    `json:"choice"`
	Refused []Refusal `json:"refused,omitempty"`
	Allowed []Refusal `json:"allowed,omitempty"` // would have been refused
	Used    []string  `json:"used"`              // columns of the model
	// HeldBack is measured on the latest fifth of the rows, told by a model of the others;
	// Slices are quarters of that, in the order of time.
	HeldBack Measure   `json:"held_back"`
	Slices   []Measure `json:"slices"`
	// Constant is what always telling the latest rate comes to.
	Constant Measure  `json:"constant"`
	Points   *Measure `json:"points,omitempty"`   // the policy's points, made probabilities
	InPlace  *Measure `json:"in_place,omitempty"` // the model to be replaced, on leads since then
	Same     *Measure `json:"same,omitempty"`     // the new one on the same leads
	// Worse says why the model is refused; empty: it is not.
	Worse string `json:"worse,omitempty"`
}

// Train learns a model of a table. It is [*Scarce] when there is too little of it. A model
// that is worse than what is there is returned, and Report.Worse says so.
func Train(t *Table, cfg Config) (*score.Model, Report, error) {
	cfg.Outcome = cmp.Or(cfg.Outcome, "converted")
	report := Report{Rows: t.Rows(), Won: t.wins()}
	if lost := t.Rows() - t.wins(); t.Rows() < NeedRows || min(t.wins(), lost) < NeedEach {
		return nil, report, &Scarce{t.Rows(), t.wins(), lost}
	}
	table := newLogistic()
	tick := ticker(cfg.Progress, len(t.Columns)+len(ridges)*len(walk)+2)

	split := t.Rows() - t.Rows()/heldBack
	past, next := t.Slice(0, split), t.Slice(split, t.Rows())
	report.screen(table, past, cfg.Allow, tick)
	keep := func(name string) bool {
		return !slices.ContainsFunc(report.Refused, func(r Refusal) bool { return r.Name == name })
	}
	past, t = past.only(keep), t.only(keep)

	report.Choice = choose(table, past, tick)
	early, err := learn(table, past, &report.Choice, cfg.Outcome)
	if err != nil {
		return nil, report, err
	}
	tick()
	report.measure(table, early, past, next, cfg.InPlace)
	final, err := learn(table, t, &report.Choice, cfg.Outcome)
	if err != nil {
		return nil, report, err
	}
	tick()
	final.Trained.AUC, final.Trained.Brier = short(report.HeldBack.AUC), short(report.HeldBack.Brier)
	for _, f := range final.Features {
		report.Used = append(report.Used, f.Name)
	}
	return final, report, nil
}

// learn makes a model of all rows of a table.
func learn(table logistic, t *Table, c *Choice, outcome string) (*score.Model, error) {
	if err := calibrate(table, t, c); err != nil {
		return nil, err
	}
	return finish(table, fit(table, t, c.Ridge, c.Rounds, nil), t, *c, outcome), nil
}

// short keeps four digits.
func short(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// screen refuses columns, but for those that are allowed.
func (r *Report) screen(table logistic, t *Table, allow []string, tick func()) {
	for _, refusal := range screen(table, t, tick) {
		if slices.Contains(allow, refusal.Name) {
			r.Allowed = append(r.Allowed, refusal)
		} else {
			r.Refused = append(r.Refused, refusal)
		}
	}
}

// measure holds a model of the past, and what it competes with, against what came next: all
// columns of it, since the model in place may ask for others.
func (r *Report) measure(table logistic, m *score.Model, past, next *Table, inPlace *score.Model) {
	p := Apply(m, next)
	r.HeldBack = measure(p, next.Won)
	for k := range timeParts {
		from, to := k*len(p)/timeParts, (k+1)*len(p)/timeParts
		part := measure(p[from:to], next.Won[from:to])
		part.Reliability = nil
		r.Slices = append(r.Slices, part)
	}
	always := latest(past, r.Choice.Window).rate()
	r.Constant = measure(slices.Repeat([]float64{always}, len(p)), next.Won)
	if past.Points != nil {
		told := measure(byPoints(table, past, next), next.Won)
		r.Points = &told
	}
	if inPlace != nil {
		if from := unseen(next, past.Rows(), inPlace.Trained); next.Rows()-from >= minCompared {
			rest := next.Slice(from, next.Rows())
			old, same := measure(Apply(inPlace, rest), rest.Won), measure(p[from:], rest.Won)
			r.InPlace, r.Same = &old, &same
		}
	}
	r.Worse = r.worse(inPlace)
}

// minCompared leads that the model in place has not seen make a comparison.
const minCompared = 100

// What is worse by less is taken for the same.
const (
	sameAUC   = 0.005
	sameBrier = 0.001
	// otherAUC is more, since what was measured on other leads compares badly.
	otherAUC = 0.02
)

// worse says why the model is refused.
func (r *Report) worse(inPlace *score.Model) string {
	chance := 0.5 + 2*r.HeldBack.unsure()
	switch old, same := r.InPlace, r.Same; {
	case r.HeldBack.AUC < chance:
		return fmt.Sprintf("on the latest leads it is no better than chance: AUC %.3f, wanted above %.3f", r.HeldBack.AUC, chance)
	case r.Points != nil && r.HeldBack.AUC < r.Points.AUC-sameAUC:
		return fmt.Sprintf("the policy's points are better: AUC %.3f, the model's %.3f", r.Points.AUC, r.HeldBack.AUC)
	case old != nil && (same.AUC < old.AUC-sameAUC || same.Brier > old.Brier+sameBrier):
		return fmt.Sprintf("the model in place is better on the %d leads since it was trained: AUC %.3f and Brier %.3f, the new one's %.3f and %.3f",
			old.Rows, old.AUC, old.Brier, same.AUC, same.Brier)
	case inPlace != nil && old == nil && r.HeldBack.AUC < inPlace.Trained.AUC-otherAUC:
		return fmt.Sprintf("the model in place knows these leads already, and was better on its own latest ones: AUC %.3f, the new one's %.3f",
			inPlace.Trained.AUC, r.HeldBack.AUC)
	}
	return ""
}

// byPoints tells probabilities from points alone.
func byPoints(table logistic, past, next *Table) []float64 {
	m := fit(table, past.points(), soloRidge, slices.Max(rounds[:]), nil)
	return probabilities(table, m.odds(next.points()))
}

// points is a table of the points alone.
func (t *Table) points() *Table {
	values := make([]score.Value, len(t.Points))
	for i, p := range t.Points {
		values[i] = score.Number(float64(p))
	}
	return &Table{Won: t.Won, Columns: []Column{{"points", values}}}
}

// unseen is the first row that a model has not learned from: by the time of its newest one,
// else by their number, as of a file that grows. before is how many rows precede the table.
func unseen(t *Table, before int, m score.Trained) int {
	at, err := time.Parse(time.RFC3339, m.Until)
	if err != nil || t.Times == nil {
		return min(max(0, m.Rows-before), t.Rows())
	}
	i := slices.IndexFunc(t.Times, func(came time.Time) bool { return came.After(at) })
	if i < 0 {
		return t.Rows()
	}
	return i
}

// trained is what a model says of its table.
func trained(t *Table) score.Trained {
	out := score.Trained{Rows: t.Rows(), Won: t.wins()}
	if len(t.Times) > 0 {
		out.From = t.Times[0].UTC().Format(time.RFC3339)
		out.Until = t.Times[len(t.Times)-1].UTC().Format(time.RFC3339)
	}
	return out
}

// Apply tells the probability of each row.
func Apply(m *score.Model, t *Table) []float64 {
	columns := make([][]score.Value, len(m.Features))
	for i, f := range m.Features {
		for _, c := range t.Columns {
			if c.Name == f.Name {
				columns[i] = c.Values
			}
		}
	}
	out := make([]float64, t.Rows())
	for row := range out {
		out[row] = float64(m.Score(func(i int) score.Value {
			if columns[i] == nil {
				return score.Value{}
			}
			return columns[i][row]
		})) / score.Certain
	}
	return out
}

// ticker counts steps from any goroutine, one at a time.
func ticker(progress func(done, all int), all int) func() {
	if progress == nil {
		return func() {}
	}
	turn := make(chan int, 1)
	turn <- 0
	return func() {
		done := <-turn + 1
		progress(done, all)
		turn <- done
	}
}
