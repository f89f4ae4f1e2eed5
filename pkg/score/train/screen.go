package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"leadrouter/pkg/score"
)

// Refusal is a column that the model does without, and why.
type Refusal struct {
	Name string `json:"name"`
	// Leaks: the column knows the outcome, or could. Else it says nothing of later leads.
	Leaks    bool   `json:"leaks"`
	Evidence string `json:"evidence"`
}

// Bounds of the screen.
const (
	tellsAlone  = 0.85 // AUC of a column alone: what is known beforehand is not that good
	tellsNamed  = 0.60 // where the name says that it is written later
	blankShare  = 0.05 // blanks, and as many that are not
	blankOdds   = 1.4  // odds of the outcome with and without a blank
	blankSure   = 4.0  // standard errors
	distinct    = 0.9  // share of rows with a value of their own
	quarters    = 4
	fillChange  = 0.5  // between the first and the last quarter
	counting    = 0.99 // share of rows that are above the one before
	soloRidge   = 2
	soloRounds  = 12
	placeholder = "select" // what forms begin their lists with
)

// screen judges each column by the rows at hand.
func screen(table logistic, t *Table, tick func()) []Refusal {
	var out []Refusal
	for _, c := range t.Columns {
		leaks, evidence := judge(table, t, c)
		if evidence != "" {
			out = append(out, Refusal{c.Name, leaks, evidence})
		}
		tick()
	}
	return out
}

// judge finds what is against a column; nothing: "".
func judge(table logistic, t *Table, c Column) (leaks bool, evidence string) {
	if evidence := idle(c); evidence != "" {
		return false, evidence
	}
	alone := solo(table, t, c)
	if alone >= tellsAlone {
		return true, fmt.Sprintf("alone it tells the outcome: AUC %.2f on later leads", alone)
	}
	if evidence := blanks(t, c); evidence != "" {
		return true, evidence
	}
	if word := written(c.Name); word != "" && alone >= tellsNamed {
		return true, fmt.Sprintf("%q in its name: it is written as a lead goes on; alone AUC %.2f", word, alone)
	}
	return false, ""
}

// idle tells why a column says nothing of leads to come: it has one value, a name for
// each lead, or counts.
func idle(c Column) string {
	seen := map[string]bool{}
	known, above, numbers, before := 0, 0, 0, math.Inf(-1)
	for _, v := range c.Values {
		level, ok := v.Level()
		if !ok {
			continue
		}
		known++
		seen[level] = true
		if number, ok := v.Float(); ok {
			numbers++
			if number > before {
				above++
			}
			before = number
		}
	}
	switch many := float64(len(seen)) >= distinct*float64(known); {
	case len(seen) == 0:
		return "it is empty"
	case len(seen) == 1 && known == len(c.Values):
		return "it is the same for every lead"
	case many && numbers < known:
		return "it names each lead: nothing to learn"
	case many && float64(above) >= counting*float64(known):
		return "it counts up from lead to lead: nothing to learn"
	}
	return ""
}

// solo is the AUC of a column alone on later leads, the mean of walking forward.
func solo(table logistic, t *Table, c Column) float64 {
	single := &Table{Won: t.Won, Columns: []Column{c}}
	sum := 0.0
	for _, begin := range walk {
		past, next := stepOf(single, begin)
		m := fit(table, past, soloRidge, soloRounds, nil)
		sum += measure(probabilities(table, m.odds(next)), next.Won).AUC / float64(len(walk))
	}
	return sum
}

// blanks finds out whether it tells the outcome that nothing was filled in, or that a
// list was left at its placeholder: then it is filled in after the fact.
func blanks(t *Table, c Column) string {
	first, last := countBlanks(t, c, 0, t.Rows()/quarters, empty), countBlanks(t, c, t.Rows()-t.Rows()/quarters, t.Rows(), empty)
	if was, is := first.share(), last.share(); math.Abs(was-is) > fillChange {
		return fmt.Sprintf("filled in for %.0f %% of the oldest leads and for %.0f %% of the newest: it is filled in later, or no longer", 100*(1-was), 100*(1-is))
	}
	if evidence := telling(t, c, empty, "empty"); evidence != "" {
		return evidence
	}
	return telling(t, c, unfilled, "not filled in")
}

// telling is the evidence that blanks tell the outcome. The sign has to be the same in each
// quarter of the time.
func telling(t *Table, c Column, isBlank func(score.Value) bool, word string) string {
	all := countBlanks(t, c, 0, t.Rows(), isBlank)
	if all.share() < blankShare || all.share() > 1-blankShare || all.sure() < blankSure || math.Abs(all.odds()) < math.Log(blankOdds) {
		return ""
	}
	for q := range quarters {
		part := countBlanks(t, c, t.Rows()*q/quarters, t.Rows()*(q+1)/quarters, isBlank)
		if part.odds()*all.odds() <= 0 {
			return ""
		}
	}
	return fmt.Sprintf("%s for %.0f %%, and that alone tells: %.0f %% of these have the outcome, %.0f %% of the others",
		word, 100*all.share(), 100*all.rate(), 100*all.rest())
}

// blank counts rows without and with a value, and the wins among them.
type blank struct{ blank, blankWon, filled, filledWon int }

func countBlanks(t *Table, c Column, from, to int, isBlank func(score.Value) bool) blank {
	var n blank
	for i := from; i < to; i++ {
		won := 0
		if t.Won[i] {
			won = 1
		}
		if isBlank(c.Values[i]) {
			n.blank++
			n.blankWon += won
		} else {
			n.filled++
			n.filledWon += won
		}
	}
	return n
}

func (n blank) share() float64 { return float64(n.blank) / float64(max(n.blank+n.filled, 1)) }
func (n blank) rate() float64  { return (float64(n.blankWon) + 0.5) / float64(n.blank+1) }
func (n blank) rest() float64  { return (float64(n.filledWon) + 0.5) / float64(n.filled+1) }

// odds is the logarithm of how the odds of blank and filled rows compare.
func (n blank) odds() float64 {
	return math.Log(n.rate()/(1-n.rate())) - math.Log(n.rest()/(1-n.rest()))
}

// sure is the difference of the rates in standard errors.
func (n blank) sure() float64 {
	all := float64(n.blankWon+n.filledWon) / float64(n.blank+n.filled)
	variance := all * (1 - all) * (1/float64(max(n.blank, 1)) + 1/float64(max(n.filled, 1)))
	return math.Abs(n.rate()-n.rest()) / math.Sqrt(max(variance, 1e-12))
}

func empty(v score.Value) bool { return !v.Known() }

func unfilled(v score.Value) bool {
	level, _ := v.Level()
	return empty(v) || strings.EqualFold(level, placeholder)
}

// written is the word in a name that says that it is written as a lead goes on.
func written(name string) string {
	later := []string{"last", "latest", "status", "stage", "outcome", "result", "disposition", "closed", "reason"}
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return !('a' <= c && c <= 'z') })
	if i := slices.IndexFunc(words, func(w string) bool { return slices.Contains(later, w) }); i >= 0 {
		return words[i]
	}
	return ""
}
