package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/intake"
	"leadrouter/pkg/outcome"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/score"
	"leadrouter/pkg/score/train"
)

func (c *cli) scoreCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "score",
		Short: "Learn a score from outcomes, and see whether it still holds",
	}, c.scoreTrainCommand(), c.scoreCheckCommand())
}

// outcomeFlags say which leads with outcomes are read.
type outcomeFlags struct {
	fromLog bool
	outcome string
	won     []string
	mapFile string
	format  string
}

func (f *outcomeFlags) add(c *cli, cmd *cobra.Command) {
	c.kafkaFlags(cmd)
	c.policyFlag(cmd)
	c.outputFlag(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.fromLog, "from-log", false, "read the decision log instead of a file: facts of decisions, outcomes converted and lost")
	flags.StringVar(&f.outcome, "outcome", "", "`column` of the file that says what became of a lead: 1, yes, won, converted or 0, no, lost")
	flags.StringSliceVar(&f.won, "won", nil, "`values` of it that mean yes, where it has others; all the rest means no")
	flags.StringVar(&f.mapFile, "map", "", "YAML `file` that says which column is which field")
	flags.StringVar(&f.format, "format", "", "csv, jsonl or json (default by the file's name and content)")
	complete(cmd, "format", string(intake.CSV), string(intake.JSONL), string(intake.JSON))
}

// wantSource asks for a file or the log.
func (f *outcomeFlags) wantSource(_ *cobra.Command, args []string) error {
	switch {
	case f.fromLog && len(args) > 0:
		return errors.New("name a FILE or --from-log, not both")
	case !f.fromLog && len(args) != 1:
		return errors.New("name one FILE of leads whose outcome is known, or --from-log")
	case !f.fromLog && f.outcome == "":
		return errors.New("--outcome names the column of the file that says what became of a lead")
	}
	return nil
}

// trainFlags are those of `score train`.
type trainFlags struct {
	outcomeFlags
	out   string
	allow []string
}

func (c *cli) scoreTrainCommand() *cobra.Command {
	var flags trainFlags
	cmd := &cobra.Command{
		Use:   "train FILE | --from-log",
		Short: "Learn a score from leads whose outcome is known",
		Long: `train learns how likely leads are to convert from those whose outcome is known, and
writes a model beside the policy. The policy uses it with score: {model: shadow} or on.

Rows count as ordered by time: by created_at if all have it, else as the file has them.
The latest fifth is held back and tells how good the model is, beside the policy's points
and the model in place. Columns that give the outcome away are refused by name; --allow
overrules that.

The same leads give the same model, byte for byte. Exit code 1: there is too little to
learn from, or the model is worse than what is there; then the old file stays.`,
		Example: `  leadrouter score train leads.csv --outcome Converted --out policy/model.json
  leadrouter score train --from-log --out policy/model.json`,
		Args: flags.wantSource,
		RunE: func(cmd *cobra.Command, args []string) error { return c.scoreTrain(cmd.Context(), flags, args) },
	}
	flags.add(c, cmd)
	f := cmd.Flags()
	f.StringVar(&flags.out, "out", "", "`file` of the model (default "+score.File+" beside the policy)")
	f.StringSliceVar(&flags.allow, "allow", nil, "`columns` to learn from whatever speaks against them")
	return cmd
}

// training is the result of `score train`.
type training struct {
	File    string          `json:"file"`
	Model   string          `json:"model"`   // hash
	Written bool            `json:"written"` // false: refused, or the file says the same already
	Read    outcome.Summary `json:"read"`
	train.Report
}

func (c *cli) scoreTrain(ctx context.Context, flags trainFlags, args []string) error {
	out, err := c.modelFile(flags.out)
	if err != nil {
		return err
	}
	old, inPlace, err := readModel(out)
	if err != nil {
		return app.Usage(fmt.Errorf("%w; it is not replaced: remove it, or name another --out", err))
	}
	table, summary, err := c.examples(ctx, flags.outcomeFlags, args)
	if err != nil {
		return err
	}
	var bar *progressbar.ProgressBar
	model, report, err := train.Train(table, train.Config{Allow: flags.allow, InPlace: inPlace, Progress: func(done, all int) {
		if bar == nil {
			bar = c.progress("learn", int64(all), progressbar.OptionShowCount())
		}
		_ = bar.Set(done)
	}})
	if bar != nil {
		_ = bar.Finish()
	}
	if _, scarce := errors.AsType[*train.Scarce](err); scarce {
		return app.No(err)
	}
	if err != nil {
		return err
	}
	data, err := model.Encode()
	if err != nil {
		return err
	}
	result := training{File: out, Model: score.HashOf(data), Read: summary, Report: report}
	result.Written = report.Worse == "" && !bytes.Equal(old, data)
	if result.Written {
		err = c.writeFile(out, func(w io.Writer) error { _, err := w.Write(data); return err })
	}
	if err != nil {
		return err
	}
	if c.json() {
		err = c.printJSON(result)
	} else {
		err = c.printTraining(result, model)
	}
	if err == nil && report.Worse != "" {
		return app.No(fmt.Errorf("the model is refused: %s", report.Worse))
	}
	return err
}

// modelFile is where the model is written: what is named, else beside the policy.
func (c *cli) modelFile(named string) (string, error) {
	if named != "" {
		return named, nil
	}
	path, err := c.policyPath(nil)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	}
	return filepath.Join(path, score.File), nil
}

// readModel reads a model's file; nil when there is none.
func readModel(name string) ([]byte, *score.Model, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the user names the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := score.Parse(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return data, m, nil
}

// outcomes reads the leads of a file or of the log.
func (c *cli) examples(ctx context.Context, flags outcomeFlags, args []string) (*train.Table, outcome.Summary, error) {
	planner, err := c.planner() // nil without a policy: then there are no points to compare with
	if err != nil {
		return nil, outcome.Summary{}, err
	}
	if flags.fromLog {
		return c.examplesOfLog(ctx, planner)
	}
	cfg := outcome.FileConfig{
		Intake: intake.Config{Format: intake.Format(flags.format)}, Outcome: flags.outcome, Won: flags.won, Planner: planner,
	}
	if flags.mapFile != "" {
		if cfg.Intake.Map, err = intake.ReadMap(flags.mapFile); err != nil {
			return nil, outcome.Summary{}, app.Usage(err)
		}
	}
	in, size, err := c.open(args[0])
	if err != nil {
		return nil, outcome.Summary{}, app.Usage(err)
	}
	defer func() { _ = in.Close() }()
	bar := c.progress("read", size, progressbar.OptionShowBytes(true))
	table, summary, err := outcome.File(io.TeeReader(in, bar), displayName(args[0]), cfg)
	_ = bar.Finish()
	return table, summary, app.Usage(err)
}

func (c *cli) examplesOfLog(ctx context.Context, planner *routing.Planner) (*train.Table, outcome.Summary, error) {
	topic := event.LeadDecisions.Topic(c.shared.instance)
	if err := c.findTopics(ctx, topic); err != nil {
		return nil, outcome.Summary{}, err
	}
	total, err := c.records(ctx, topic)
	if err != nil {
		return nil, outcome.Summary{}, err
	}
	bar := c.progress("read "+topic, total, progressbar.OptionShowCount())
	log := outcome.NewLog(planner)
	err = audit.NewLog(c.shared.kafka, c.shared.instance).Read(ctx, func(d event.Decision) error {
		_ = bar.Add(1)
		return log.Add(d)
	})
	_ = bar.Finish()
	if err != nil {
		return nil, outcome.Summary{}, err
	}
	table, summary := log.Table()
	return table, summary, nil
}
