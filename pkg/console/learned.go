package console

import (
	"fmt"
	"io"
	"strings"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/score"
)

// WriteLearned prints what a policy's model tells of a lead, and why; nothing where there
// is no model:
//
//	model  61.4 % likely; 38.1 % of an average lead   5b1f0c93a2de
//	       +18.2  web visits 12
//	        -4.1  company employees is not known
func WriteLearned(w io.Writer, p *score.Prediction, facts lead.Facts) error {
	if p == nil {
		return nil
	}
	var b strings.Builder
	section(&b, "model", learnedLines(p, facts))
	_, err := io.WriteString(w, b.String())
	return err
}

// learnedLines are the score and its factors in words. They add up.
func learnedLines(p *score.Prediction, facts lead.Facts) []string {
	const shown = 12 // of the model's hash
	lines := []string{fmt.Sprintf("%s %% likely; %s %% of an average lead   %s",
		points(p.Score), points(p.Base), p.Model[:min(shown, len(p.Model))])}
	for _, f := range p.Factors {
		lines = append(lines, fmt.Sprintf("%6s  %s", signed(f.Points), factor(f.Name, facts)))
	}
	if p.Rest != 0 {
		lines = append(lines, fmt.Sprintf("%6s  all else", signed(p.Rest)))
	}
	return lines
}

// factor says what about a lead did it.
func factor(name string, facts lead.Facts) string {
	switch v := facts[name].(type) {
	case nil:
		return FactName(name) + " is not known"
	case bool:
		if v {
			return FactName(name)
		}
		return "not " + FactName(name)
	case float64:
		return FactName(name) + " " + Amount(v)
	default:
		return FactName(name) + " " + Printable(fmt.Sprint(v))
	}
}

// FactName is a fact's name in words: web visits of attributes.web_visits.
func FactName(name string) string {
	return strings.NewReplacer("_", " ", ".", " ").Replace(strings.TrimPrefix(Printable(name), lead.AttributePrefix))
}

// points of a hundred, from basis points.
func points(basis int64) string { return fmt.Sprintf("%d.%d", basis/100, basis%100/10) }

func signed(basis int64) string {
	if basis < 0 {
		return "-" + points(-basis)
	}
	return "+" + points(basis)
}
