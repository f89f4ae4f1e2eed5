package score

import (
	"slices"
	"strconv"
	"strings"

	"leadrouter/pkg/canonical"
)

// maxFactors are told of a score; what the others did is its rest.
const maxFactors = 5

// Prediction is the learned score of a lead, and why. All of it is whole numbers.
type Prediction struct {
	Model string `json:"model"` // its hash
	Score int64  `json:"score"` // probability of the outcome, basis points
	Base  int64  `json:"base"`  // that of an average lead
	// Factors moved it from Base, the strongest first. Those that did nothing are not here.
	Factors []Factor `json:"factors,omitempty"`
	Rest    int64    `json:"rest,omitempty"` // what all others did
}

// Factor is what one fact did to a score.
type Factor struct {
	Name   string `json:"name"`
	Points int64  `json:"points"` // basis points of probability, up or down
}

// Value is a fact as a model sees it: a text, a number, or neither when it is not known.
type Value struct {
	text   string
	number float64
	kind   kind
}

type kind uint8

const (
	none kind = iota
	texts
	numbers
	strange // known, and nothing that a model can use
)

// Text is a value; an empty one is not known.
func Text(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{text: s, kind: texts}
}

// Number is a value.
func Number(f float64) Value { return Value{number: f, kind: numbers} }

// Of a fact: string, int64, float64, bool, or a list of strings, which counts as one text;
// nil is not known.
func Of(fact any) Value {
	switch f := fact.(type) {
	case nil:
		return Value{}
	case string:
		return Text(f)
	case int64:
		return Number(float64(f))
	case float64:
		return Number(f)
	case bool:
		return Text(strconv.FormatBool(f))
	case []string:
		return Text(strings.Join(f, ", "))
	default:
		return Value{kind: strange}
	}
}

// Known reports whether there is a value.
func (v Value) Known() bool { return v.kind != none }

// Level is the value as a text, as levels have it; false when there is none that a model
// can use.
func (v Value) Level() (string, bool) {
	var buf [32]byte
	switch v.kind {
	case texts:
		return v.text, true
	case numbers:
		return string(strconv.AppendFloat(buf[:0], v.number, 'g', -1, 64)), true
	default:
		return "", false
	}
}

// Float is the value as a number; a text may be one.
func (v Value) Float() (float64, bool) {
	switch v.kind {
	case numbers:
		return v.number, v.number == v.number
	case texts:
		f, err := strconv.ParseFloat(v.text, 64)
		return f, err == nil && f-f == 0
	default:
		return 0, false
	}
}

// Bin is where a value falls.
func (f *Feature) Bin(v Value) int {
	if !v.Known() {
		return Missing
	}
	if len(f.Cuts) > 0 {
		number, ok := v.Float()
		if !ok {
			return Other
		}
		i, _ := slices.BinarySearch(f.Cuts, number)
		return Own + i
	}
	if level, ok := v.Level(); ok {
		if i, ok := slices.BinarySearch(f.Levels, level); ok {
			return Own + i
		}
	}
	return Other
}

// Score is the probability of the outcome, in basis points, without the reasons. The
// values are those of Features, in their order.
func (m *Model) Score(value func(feature int) Value) int64 {
	sum := m.Base
	for i := range m.Features {
		f := &m.Features[i]
		sum += f.Points[f.Bin(value(i))]
	}
	return m.probability(sum)
}

// Predict is [Model.Score] with the reasons.
func (m *Model) Predict(value func(feature int) Value) Prediction {
	var room [64]effect
	effects, sum := room[:0], m.Base
	for i := range m.Features {
		f := &m.Features[i]
		if points := f.Points[f.Bin(value(i))]; points != 0 {
			effects = append(effects, effect{i, points})
			sum += points
		}
	}
	p := Prediction{Model: m.hash, Base: m.probability(m.Base), Score: m.probability(sum)}
	p.Factors = make([]Factor, 0, maxFactors)
	sum, before := m.Base, p.Base
	for range min(len(effects), maxFactors) {
		e := strongest(effects)
		sum += effects[e].points
		after := m.probability(sum)
		if after != before {
			p.Factors = append(p.Factors, Factor{m.Features[effects[e].feature].Name, after - before})
		}
		before, effects[e].points = after, 0
	}
	p.Rest = p.Score - before
	return p
}

// effect is what a feature adds to the sum.
type effect struct {
	feature int
	points  int64
}

// strongest effect; of equal ones the first.
func strongest(effects []effect) int {
	best := 0
	for i, e := range effects {
		if max(e.points, -e.points) > max(effects[best].points, -effects[best].points) {
			best = i
		}
	}
	return best
}

// probability of a sum of points, on the line between two knots.
func (m *Model) probability(points int64) int64 {
	k := m.Knots
	i, exact := slices.BinarySearchFunc(k, points, func(k Knot, points int64) int { return int(k.Points - points) })
	switch {
	case exact:
		return k[i].Probability
	case i == 0:
		return k[0].Probability
	case i == len(k):
		return k[i-1].Probability
	}
	a, b := k[i-1], k[i]
	return a.Probability + (points-a.Points)*(b.Probability-a.Probability)/(b.Points-a.Points)
}

// OptPrediction writes the prediction as the member "learned", if there is one.
func OptPrediction(w *canonical.Writer, p *Prediction) {
	if p == nil {
		return
	}
	w.Key("learned")
	w.Open()
	w.Text("model", p.Model)
	w.Integer("score", p.Score)
	w.Integer("base", p.Base)
	canonical.OptObjects(w, "factors", p.Factors, func(f *Factor) {
		w.Text("name", f.Name)
		w.Integer("points", f.Points)
	})
	w.OptInteger("rest", p.Rest)
	w.Close()
}
