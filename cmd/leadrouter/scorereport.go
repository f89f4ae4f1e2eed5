package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"leadrouter/pkg/console"
	"leadrouter/pkg/score"
	"leadrouter/pkg/score/train"
)

// shortHash is how much of a model's hash is shown.
const shortHash = 12

// printTraining tells what was learned, from how much, and how good it is.
func (c *cli) printTraining(t training, m *score.Model) error {
	style := c.style(c.out)
	fmt.Fprintf(c.out, "%s, %s won", style.Strong(count(t.Rows, "lead")), grouped(t.Won))
	for _, part := range []struct {
		n    int
		what string
	}{{t.Read.Open, "still open"}, {t.Read.Refused, "refused by intake"}, {t.Read.Tests, "tests"}} {
		if part.n > 0 {
			fmt.Fprintf(c.out, ", %s %s", grouped(part.n), part.what)
		}
	}
	fmt.Fprintln(c.out)
	if t.Read.Example != "" {
		fmt.Fprintf(c.out, "  intake   %s\n", t.Read.Example)
	}
	c.printScreened(t.Report)
	fmt.Fprintf(c.out, "  held     %s on the latest %s\n", measured(t.HeldBack), count(t.HeldBack.Rows, "lead"))
	for i, s := range t.Slices {
		fmt.Fprintf(c.out, "    slice %d  %s   %.0f %% won\n", i+1, measured(s), 100*s.Rate)
	}
	for _, other := range []struct {
		name string
		is   *train.Measure
	}{{"constant", &t.Constant}, {"points", t.Points}, {"in place", t.InPlace}} {
		if other.is != nil {
			fmt.Fprintf(c.out, "  %-8s %s\n", other.name, measured(*other.is))
		}
	}
	if t.Points == nil {
		fmt.Fprintln(c.out, "  points   none to compare with: no policy lies here that gives any")
	}
	for i, g := range t.HeldBack.Reliability {
		fmt.Fprintf(c.out, "  %-8s told %5.1f %%   came true %5.1f %%   of %s\n", labelled(i, "reliable"), 100*g.Predicted, 100*g.Observed, grouped(g.Rows))
	}
	for i, line := range strongest(m) {
		fmt.Fprintf(c.out, "  %-8s %s\n", labelled(i, "counts"), line)
	}
	switch {
	case t.Worse != "":
		fmt.Fprintf(c.out, "%s; %s stays as it is\n", style.Bad("Refused: "+t.Worse), t.File)
	case !t.Written:
		fmt.Fprintf(c.out, "%s says the same already (%s)\n", t.File, t.Model[:shortHash])
	default:
		fmt.Fprintf(c.out, "%s written, %s. Next: score: {model: shadow} in the policy, leadrouter policy test, leadrouter policy publish\n",
			style.Good(t.File), t.Model[:shortHash])
	}
	return nil
}

// printScreened tells which columns are left out, and why.
func (c *cli) printScreened(r train.Report) {
	style := c.style(c.out)
	idle, leaks := []string{}, false
	for _, refusal := range r.Refused {
		if refusal.Leaks {
			fmt.Fprintf(c.out, "  %s  %s: %s\n", style.Warn("refused"), refusal.Name, refusal.Evidence)
			leaks = true
		} else {
			idle = append(idle, refusal.Name)
		}
	}
	if leaks {
		fmt.Fprintln(c.out, "           They give the outcome away; --allow NAME learns from one all the same.")
	}
	for _, refusal := range r.Allowed {
		fmt.Fprintf(c.out, "  %s  %s: %s\n", style.Bad("allowed"), refusal.Name, refusal.Evidence)
	}
	if len(idle) > 0 {
		fmt.Fprintf(c.out, "  idle     %s\n", strings.Join(idle, ", "))
	}
}

// measured is a measure on one line.
func measured(m train.Measure) string {
	return fmt.Sprintf("AUC %.3f   Brier %.3f   ECE %.3f", m.AUC, m.Brier, m.ECE)
}

// labelled shows a label on the first line alone.
func labelled(line int, label string) string {
	if line > 0 {
		return ""
	}
	return label
}

// strongest are the features by how far their points reach on average.
func strongest(m *score.Model) []string {
	const most = 8
	reach := func(f score.Feature) int64 {
		sum, rows := int64(0), int64(0)
		for bin, n := range f.Rows {
			sum += max(f.Points[bin], -f.Points[bin]) * n
			rows += n
		}
		return sum / max(rows, 1)
	}
	features := slices.SortedStableFunc(slices.Values(m.Features), func(a, b score.Feature) int { return cmp.Compare(reach(b), reach(a)) })
	var out []string
	for _, f := range features[:min(most, len(features))] {
		out = append(out, fmt.Sprintf("±%-5.2f %s", float64(reach(f))/score.Unit, console.FactName(f.Name)))
	}
	return out
}
