package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/event"
	"leadrouter/pkg/export"
	"leadrouter/pkg/kstream"
)

// exportFlags are those of `export`.
type exportFlags struct {
	format   string
	from, to string
	out      string
	personal bool
}

func (c *cli) exportCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "export",
		Short: "Write assignments or decisions as CSV, JSON lines or Parquet",
	}, c.exportAssignmentsCommand(), c.exportDecisionsCommand())
}

func (c *cli) exportAssignmentsCommand() *cobra.Command {
	var flags exportFlags
	cmd := &cobra.Command{
		Use:   "assignments",
		Short: "Write lead.assigned: a row per outcome or change of owner",
		Long: `assignments writes a row per event of lead.assigned: when, which lead, who has it, by
which rule and why. The lead itself (name, e-mail, phone, …) is left out; with --personal
it stands in the column lead, as JSON.

The topic forgets by the brokers' retention; leadrouter export decisions has all.`,
		Example: "  leadrouter export assignments --from 2026-11-01 --to 2026-12-01 --out november.parquet",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return exported(c, cmd.Context(), flags, event.LeadAssigned, func(r *kstream.Record) (export.Assignment, time.Time, error) {
				var a event.Assigned
				if err := json.Unmarshal(r.Value, &a); err != nil {
					return export.Assignment{}, time.Time{}, fmt.Errorf("%s offset %d is no assignment: %w", kstream.PartitionOf(r), r.Offset, err)
				}
				row, err := export.NewAssignment(a, flags.personal)
				return row, a.AssignedAt, err
			})
		},
	}
	c.exportFlags(cmd, &flags)
	cmd.Flags().BoolVar(&flags.personal, "personal", false, "with the lead itself, which is personal data")
	return cmd
}

func (c *cli) exportDecisionsCommand() *cobra.Command {
	var flags exportFlags
	cmd := &cobra.Command{
		Use:   "decisions",
		Short: "Write lead.decisions: a row per change of the ledger",
		Long: `decisions writes a row per record of the decision log: what changed in the ledger, by
which input and policy, turns and loads, and the plan as JSON. Nothing in it is personal.`,
		Example: "  leadrouter export decisions --format csv --out decisions.csv",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return exported(c, cmd.Context(), flags, event.LeadDecisions, func(r *kstream.Record) (export.Decision, time.Time, error) {
				d, err := audit.Decode(r)
				row := export.NewDecision(d, r.Partition, r.Offset)
				if err != nil {
					err = fmt.Errorf("%w; leadrouter audit says what else does not add up", err)
				}
				return row, row.At, err
			})
		},
	}
	c.exportFlags(cmd, &flags)
	return cmd
}

func (c *cli) exportFlags(cmd *cobra.Command, flags *exportFlags) {
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.format, "format", "", "csv, jsonl or parquet (default by the ending of --out, else jsonl)")
	f.StringVar(&flags.from, "from", "", "first `time`, like 2026-11-24 or 2026-11-24T09:00:00Z (default the beginning)")
	f.StringVar(&flags.to, "to", "", "`time` before which it ends (default now)")
	f.StringVar(&flags.out, "out", "-", "`file` to write; - is the standard output")
	complete(cmd, "format", export.Formats()...)
}

// span is the time that is exported, [from, to); zero: no bound.
type span struct{ from, to time.Time }

func (s span) has(at time.Time) bool {
	return !at.Before(s.from) && (s.to.IsZero() || at.Before(s.to))
}

// check reads the flags.
func (f exportFlags) check() (export.Format, span, error) {
	var s span
	for _, bound := range []struct {
		flag, text string
		at         *time.Time
	}{{"--from", f.from, &s.from}, {"--to", f.to, &s.to}} {
		if bound.text == "" {
			continue
		}
		at, err := instant(bound.text)
		if err != nil {
			return "", s, fmt.Errorf("%s %w", bound.flag, err)
		}
		*bound.at = at
	}
	if !s.to.IsZero() && !s.from.Before(s.to) {
		return "", s, fmt.Errorf("--to %s is not after --from %s", f.to, f.from)
	}
	format := cmp.Or(f.format, strings.TrimPrefix(filepath.Ext(f.out), "."))
	if f.format == "" && !slices.Contains(export.Formats(), format) {
		format = string(export.JSONL)
	}
	if !slices.Contains(export.Formats(), format) {
		return "", s, fmt.Errorf("--format %q: want %s", format, strings.Join(export.Formats(), ", "))
	}
	return export.Format(format), s, nil
}

// instant reads a time or a day (its beginning in UTC).
func instant(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: want a day like 2026-11-24, or a time like 2026-11-24T09:00:00Z", text)
}

// exportResult is what export prints as JSON.
type exportResult struct {
	Rows   int           `json:"rows"`
	Format export.Format `json:"format"`
	File   string        `json:"file"`
}

// exported writes the rows that read makes of the records of a topic.
func exported[T any](c *cli, ctx context.Context, flags exportFlags, of event.Type, read func(*kstream.Record) (T, time.Time, error)) error {
	format, when, err := flags.check()
	if err != nil {
		return app.Usage(err)
	}
	topic := of.Topic(c.shared.instance)
	if err := c.findTopics(ctx, topic); err != nil {
		return err
	}
	result := exportResult{Format: format, File: flags.out}
	err = c.writeFile(flags.out, func(out io.Writer) error {
		w, err := export.NewWriter[T](format, out)
		if err != nil {
			return err
		}
		err = c.each(ctx, topic, func(r *kstream.Record) error {
			row, at, err := read(r)
			if err != nil || !when.has(at) {
				return err
			}
			result.Rows++
			return w.Write(row)
		})
		return errors.Join(err, w.Close())
	})
	if err != nil || flags.out == "-" {
		return err
	}
	if c.json() {
		return c.printJSON(result)
	}
	_, err = fmt.Fprintf(c.out, "%s written to %s\n", count(result.Rows, "row"), flags.out)
	return err
}

// each reads a topic to its end, with a bar.
func (c *cli) each(ctx context.Context, topic string, use func(*kstream.Record) error) error {
	from, err := c.shared.kafka.Starts(ctx, topic)
	if err != nil {
		return err
	}
	total, err := c.records(ctx, topic)
	if err != nil {
		return err
	}
	bar := c.progress("export", total, progressbar.OptionShowCount())
	_, err = c.shared.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		_ = bar.Add(1)
		return use(r)
	})
	_ = bar.Finish()
	return err
}

// writeFile writes a file that is there as a whole or not at all; - is our output.
func (c *cli) writeFile(name string, write func(io.Writer) error) error {
	if name == "-" {
		out := bufio.NewWriter(c.out)
		return errors.Join(write(out), out.Flush())
	}
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return app.Usage(fmt.Errorf("--out %w", err))
	}
	defer func() { _ = os.Remove(file.Name()) }() // it is gone already where all went well
	out := bufio.NewWriter(file)
	if err := errors.Join(write(out), out.Flush(), file.Close()); err != nil {
		return err
	}
	if err := os.Chmod(file.Name(), 0o640); err != nil { //nolint:gosec // the group may read what it was exported for
		return err
	}
	return os.Rename(file.Name(), name)
}
