package score

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// File is what a model is called beside the policy that uses it.
const File = "model.json"

// Format is the version of the file that this package reads.
const Format = 1

// Unit is how many points are one unit of log-odds.
const Unit = 10_000

// Certain is probability 1, in basis points.
const Certain = 10_000

// Bounds of a model: what is larger is no scorecard that somebody has trained.
const (
	maxFeatures = 500
	maxBins     = 10_000
	maxPoints   = 100 * Unit
)

// Model is a learned scorecard. It is immutable and safe for concurrent use.
type Model struct {
	Format   int       `json:"leadrouter_score"`
	Outcome  string    `json:"outcome"` // that it tells the probability of: converted
	Trained  Trained   `json:"trained"`
	Base     int64     `json:"base"`     // points of an average lead
	Features []Feature `json:"features"` // by name
	// Knots turn a sum of points into a probability, on the line between two.
	Knots []Knot `json:"knots"`

	hash string
}

// Trained says what a model was made from.
type Trained struct {
	Rows  int    `json:"rows"`
	Won   int    `json:"won"`             // rows with the outcome
	From  string `json:"from,omitempty"`  // when the oldest came, RFC 3339; empty: not known
	Until string `json:"until,omitempty"` // when the newest came
	// How good a model of the older rows was on the newest ones: see pkg/score/train.
	AUC   float64 `json:"auc"`
	Brier float64 `json:"brier"`
}

// Feature is a fact, cut into bins.
type Feature struct {
	Name string `json:"name"` // of a lead: company.employees
	// Cuts of a number, ascending: its first bin ends with the first cut, and the last one is
	// what is above the last cut. Levels of a text, ascending: a bin each. One of both.
	Cuts   []float64 `json:"cuts,omitempty"`
	Levels []string  `json:"levels,omitempty"`
	// Points by bin: of what is not known, of what was never or rarely seen, then of the
	// cuts or levels. They are zero on average, and where the training had no row.
	Points []int64 `json:"points"`
	// Rows of the training in each bin, for telling later how leads have changed.
	Rows []int64 `json:"rows"`
}

// Knot is a point of the curve from points to probability.
type Knot struct {
	Points      int64 `json:"points"`
	Probability int64 `json:"probability"` // basis points
}

// The bins that every feature has; its own begin at Own.
const (
	Missing = iota // the fact is not known
	Other          // a rare or new level, or a text where a number is wanted
	Own
)

// Parse reads a model's file. An error says what is wrong with it.
func Parse(data []byte) (*Model, error) {
	m := &Model{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read the model: more stands behind it in the file")
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("read the model: %w", err)
	}
	m.hash = HashOf(data)
	return m, nil
}

// HashOf names a model's file: SHA-256, lower-case hexadecimal.
func HashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Hash names the file that the model was read from: see [HashOf].
func (m *Model) Hash() string { return m.hash }

// Encode writes the model's file, a line for each feature; equal models are equal bytes.
func (m *Model) Encode() ([]byte, error) {
	head := *m
	head.Features, head.Knots = []Feature{}, []Knot{}
	out, err := json.Marshal(head)
	if err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	features, err := lines(m.Features)
	if err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	knots, err := json.Marshal(m.Knots)
	if err != nil {
		return nil, fmt.Errorf("write the model: %w", err)
	}
	out = bytes.Replace(out, []byte(`"features":[],"knots":[]`), fmt.Appendf(nil, "\n\"features\":[%s\n],\n\"knots\":%s", features, knots), 1)
	return append(out, '\n'), nil
}

// lines is the inside of a JSON list, an element on each line.
func lines[T any](list []T) ([]byte, error) {
	var out []byte
	for i, item := range list {
		line, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, '\n'), line...)
	}
	return out, nil
}

func (m *Model) check() error {
	switch {
	case m.Format != Format:
		return fmt.Errorf("leadrouter_score is %d; this program reads version %d", m.Format, Format)
	case len(m.Features) > maxFeatures:
		return fmt.Errorf("%d features are more than %d", len(m.Features), maxFeatures)
	case outside(m.Base):
		return fmt.Errorf("base %d is out of bounds", m.Base)
	}
	for i := range m.Features {
		f := &m.Features[i]
		if i > 0 && f.Name <= m.Features[i-1].Name {
			return fmt.Errorf("feature %s: features ascend by name, each stands once", f.Name)
		}
		if err := f.check(); err != nil {
			return fmt.Errorf("feature %s: %w", f.Name, err)
		}
	}
	return checkKnots(m.Knots)
}

func (f *Feature) check() error {
	own := len(f.Levels)
	if len(f.Cuts) > 0 {
		own = len(f.Cuts) + 1
	}
	switch {
	case f.Name == "":
		return errors.New("it has no name")
	case len(f.Cuts) > 0 && len(f.Levels) > 0:
		return errors.New("it has cuts and levels: a number has the ones, a text the others")
	case own > maxBins:
		return fmt.Errorf("%d bins are more than %d", own, maxBins)
	case len(f.Points) != Own+own || len(f.Rows) != Own+own:
		return fmt.Errorf("it needs points and rows of %d bins", Own+own)
	case slices.ContainsFunc(f.Points, outside):
		return errors.New("its points are out of bounds")
	case !ascends(f.Cuts) || !ascends(f.Levels):
		return errors.New("its cuts or levels do not ascend")
	case slices.ContainsFunc(f.Cuts, math.IsNaN):
		return errors.New("a cut is not a number")
	}
	return nil
}

func checkKnots(knots []Knot) error {
	if len(knots) < 2 {
		return errors.New("it needs at least two knots")
	}
	for i, k := range knots {
		if outside(k.Points) || k.Probability < 0 || k.Probability > Certain {
			return fmt.Errorf("knot %d is out of bounds", i+1)
		}
		if i > 0 && (k.Points <= knots[i-1].Points || k.Probability < knots[i-1].Probability) {
			return fmt.Errorf("knot %d does not ascend", i+1)
		}
	}
	return nil
}

func outside(points int64) bool { return points < -maxPoints || points > maxPoints }

func ascends[T float64 | string](list []T) bool {
	for i := 1; i < len(list); i++ {
		if list[i] <= list[i-1] {
			return false
		}
	}
	return true
}
