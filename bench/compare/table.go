package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// figure is a number that was measured.
type figure struct {
	row    string
	format string
	value  float64 // NaN: there is none
}

// table puts side by side what was measured: a column for each contender, with the median of
// the repetitions, and one for each ratio, with the median of the ratios pair by pair and the
// least and the most of them.
type table struct {
	contenders []string
	ratios     [][2]string // of the first to the second
	rows       []string
	format     map[string]string
	values     map[string]map[string][]float64 // by row and contender, in order of the repetitions
}

func newTable(contenders []string, ratios ...[2]string) *table {
	return &table{
		contenders: contenders, ratios: ratios,
		format: map[string]string{}, values: map[string]map[string][]float64{},
	}
}

// add takes what one repetition has given for a contender.
func (t *table) add(contender string, figures ...figure) {
	for _, f := range figures {
		if t.values[f.row] == nil {
			t.rows = append(t.rows, f.row)
			t.format[f.row], t.values[f.row] = f.format, map[string][]float64{}
		}
		t.values[f.row][contender] = append(t.values[f.row][contender], f.value)
	}
}

// print writes the table.
func (t *table) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "measured\t")
	for _, name := range t.contenders {
		fmt.Fprint(w, name, "\t")
	}
	for _, pair := range t.ratios {
		fmt.Fprint(w, pair[0], " / ", pair[1], "\tleast\tmost\t")
	}
	fmt.Fprintln(w)
	for _, row := range t.rows {
		fmt.Fprint(w, row, "\t")
		for _, name := range t.contenders {
			fmt.Fprint(w, number(t.format[row], median(t.values[row][name])), "\t")
		}
		for _, pair := range t.ratios {
			ratios := quotients(t.values[row][pair[0]], t.values[row][pair[1]])
			for _, r := range []float64{median(ratios), least(ratios), most(ratios)} {
				fmt.Fprint(w, number("%.2f", r), "\t")
			}
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // to a terminal or a pipe that nobody can do anything about
}

// number formats a value, or says that there is none.
func number(format string, value float64) string {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return "–"
	}
	return fmt.Sprintf(format, value)
}

// quotients divides repetition by repetition.
func quotients(of, by []float64) []float64 {
	var all []float64
	for i := range min(len(of), len(by)) {
		all = append(all, of[i]/by[i])
	}
	return all
}

// median is NaN of nothing, and of two the larger.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func least(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return slices.Min(values)
}

func most(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return slices.Max(values)
}

// row prints the medians of two that were measured in turn, and their ratios pair by pair.
func row(w *tabwriter.Writer, name string, all []float64, format string) {
	var one, other []float64
	for i := 0; i+1 < len(all); i += 2 {
		one, other = append(one, all[i]), append(other, all[i+1])
	}
	ratios := quotients(other, one)
	fmt.Fprintf(w, "%s\t"+format+"\t"+format+"\t%.2f\t%.2f\t%.2f\t\n", name,
		median(one), median(other), median(ratios), least(ratios), most(ratios))
	_ = w.Flush()
}
