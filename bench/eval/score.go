package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/outcome"
	"leadrouter/pkg/score/train"
)

// scored is a set of leads with outcomes, and what others reach on it.
type scored struct {
	name, file, outcome string
	// leaks begin the names of the columns that are known to tell the outcome.
	leaks      []string
	auc, brier float64 // of the better reference
}

// reference is whose figures these are.
const reference = "LightGBM"

// scores learns from the first 80 % of each set and measures on the last 20 %, in the order
// of time, with the columns that the screen leaves.
func scores(data fs.FS) ([]figure, error) {
	var out []figure
	for _, set := range []scored{
		{"x-education", "x-education/leads_oldest80.csv.gz", "Converted", []string{
			"tags", "lead_quality", "lead_profile", "asymmetrique", "last_activity", "last_notable_activity",
			"what_is_your_current_occupation", "what_matters_most", "specialization", "city", "country", "how_did_you_hear",
		}, 0.824, 0.162},
		{"bank-additional", "uci-bank/bank-additional_first80.csv.gz", "y", []string{"duration"}, 0.666, 0.113},
	} {
		figures, err := set.figures(data)
		if err != nil {
			return nil, err
		}
		out = append(out, figures...)
	}
	return out, nil
}

func (s scored) figures(data fs.FS) ([]figure, error) {
	file, err := data.Open(s.file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	table, read, err := outcome.File(file, s.file, outcome.FileConfig{Outcome: s.outcome})
	if err != nil {
		return nil, err
	}
	_, report, err := train.Train(table, train.Config{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	m := report.HeldBack
	note := fmt.Sprintf("%d leads, %d rows refused; ridge %g, %d rounds", report.Rows, read.Refused, report.Choice.Ridge, report.Choice.Rounds)
	missed, wrong := s.compare(table, report)
	return []figure{
		{Task: "score " + s.name, Measure: "AUC", Ours: m.AUC, Wanted: s.auc, Than: reference, Note: note},
		{Task: "score " + s.name, Measure: "Brier", Ours: m.Brier, Wanted: s.brier, Lower: true, Than: reference, Note: s.slices(report)},
		{Task: "score " + s.name, Measure: "ECE", Ours: m.ECE, Wanted: 0.05, Lower: true, Than: "bound"},
		{
			Task: "score " + s.name, Measure: "leaking columns missed", Ours: float64(len(missed)), Wanted: 1, Lower: true, Than: "bound",
			Note: strings.Join(missed, ", "),
		},
		{
			Task: "score " + s.name, Measure: "good columns refused", Ours: float64(len(wrong)), Lower: true, Than: "bound",
			Note: strings.Join(wrong, ", "),
		},
	}, nil
}

// slices tells AUC and Brier along the time of the part held back.
func (s scored) slices(r train.Report) string {
	var text []string
	for _, m := range r.Slices {
		text = append(text, fmt.Sprintf("%.3f/%.3f", m.AUC, m.Brier))
	}
	return "by time " + strings.Join(text, " ")
}

// compare holds the screen against what is known of the columns.
func (s scored) compare(t *train.Table, r train.Report) (missed, wrong []string) {
	for _, c := range t.Columns {
		name := strings.TrimPrefix(c.Name, lead.AttributePrefix)
		leaks := slices.ContainsFunc(s.leaks, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
		refused := slices.ContainsFunc(r.Refused, func(x train.Refusal) bool { return x.Name == c.Name && x.Leaks })
		switch {
		case leaks && !refused:
			missed = append(missed, c.Name)
		case refused && !leaks:
			wrong = append(wrong, c.Name)
		}
	}
	return missed, wrong
}
