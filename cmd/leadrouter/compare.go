package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/comparison"
	"leadrouter/pkg/console"
	"leadrouter/pkg/simulate"
)

// compareFlags are those of compare beside what is run.
type compareFlags struct {
	historyFlags
	repeat int
	html   string
	limit  int
}

func (c *cli) compareCommand() *cobra.Command {
	var flags compareFlags
	cmd := &cobra.Command{
		Use:   "compare NOW DRAFT",
		Short: "Set two policies side by side on what has happened",
		Long: `compare runs one history through two policies and shows which leads end with another
owner and why, what each rep loses and gains, how long leads wait, how targets are kept,
caps and turns.

What owners would have done with leads that they did not have is drawn from how soon they
answered in the past. These figures are estimates: the range behind them is where 95 % of
--repeat repetitions lie. What becomes of a lead in the end is taken as it was, whoever has
it; nothing here says that other reps would sell more.

History is as for leadrouter simulate.`,
		Example: `  leadrouter compare policy/ draft/
  leadrouter compare policy/ draft/ --from 2026-08-26 --html report.html
  leadrouter compare policy/ draft/ --leads leads.csv --activities activities.jsonl`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLimit(flags.limit); err != nil {
				return err
			}
			return c.comparePolicies(cmd.Context(), &flags, args[0], args[1])
		},
	}
	flags.add(c, cmd)
	cmd.Flags().IntVar(&flags.repeat, "repeat", comparison.Repeat, "draw answers so many `times`, where anything is drawn")
	cmd.Flags().StringVar(&flags.html, "html", "", "write a report to this `file`, one page that needs nothing else")
	cmd.Flags().IntVar(&flags.limit, "limit", 200, "show at most so many leads in JSON and in the report; count all")
	return cmd
}

// compared is what compare prints as JSON.
type compared struct {
	*comparison.Comparison
	Moved   int            `json:"moved"`
	Lacking map[string]int `json:"lacking,omitempty"`
}

func (c *cli) comparePolicies(ctx context.Context, flags *compareFlags, before, after string) error {
	if flags.repeat < 1 {
		return app.Usage(fmt.Errorf("--repeat %d: want 1 or more", flags.repeat))
	}
	now, err := c.loadPolicy([]string{before})
	if err != nil {
		return err
	}
	draft, err := c.loadPolicy([]string{after})
	if err != nil {
		return err
	}
	h, err := c.history(ctx, &flags.historyFlags, now, draft)
	if err != nil {
		return err
	}
	from, err := flags.fromDay()
	if err != nil {
		return err
	}
	bar := c.progress("compare", int64(flags.repeat), progressbar.OptionShowCount())
	result, err := comparison.Run(ctx, h, now, draft, comparison.Config{
		Simulate: simulate.Config{Seed: flags.seed, From: from}, Repeat: flags.repeat,
		Progress: func(done int) { _ = bar.Set(done) },
	})
	_ = bar.Finish()
	if err != nil {
		return app.Usage(err)
	}
	out := compared{result, len(result.Leads), unasked(h, now, draft)}
	result.Leads = result.Leads[:min(flags.limit, len(result.Leads))]
	if flags.html != "" {
		if err := writeReport(flags.html, out); err != nil {
			return err
		}
	}
	if c.json() {
		return c.printJSON(out)
	}
	c.printCompared(out)
	return nil
}

// writeReport writes the page; a file that is not whole is removed.
func writeReport(file string, r compared) (err error) {
	f, err := os.Create(file) //nolint:gosec // the user names the file
	if err != nil {
		return app.Usage(err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", file, err), os.Remove(file))
		}
	}()
	return comparison.Page(io.Writer(f), r.Comparison, r.Moved)
}

func (c *cli) printCompared(r compared) {
	fmt.Fprintf(c.out, "%s -> %s   %s, %s%s\n", policyName(r.Now.Policy), policyName(r.Draft.Policy),
		count(r.Now.Leads, "lead"), days(r.Now.From, r.Now.Until), drawnTimes(r.Repeats))
	fmt.Fprintf(c.out, "%-30s%10s%10s   %s\n", "", "now", "draft", "change")
	for _, f := range r.Figures {
		now, draft := figure(f, f.Now), figure(f, f.Draft)
		if f.Name == comparison.Elsewhere {
			now = "-"
		}
		fmt.Fprintf(c.out, "%-30s%10s%10s   %s\n", f.Name, now, draft, change(f, r.Now.Leads))
	}
	why := "why"
	for _, w := range r.Why {
		place := ""
		if w.Place != "" {
			place = "  " + w.Place
		}
		fmt.Fprintf(c.out, "%-5s%8s  %s%s\n", why, grouped(w.Leads), w.Reason, place)
		why = ""
	}
	c.printShares(r, "gain", func(rep comparison.Rep) bool { return rep.Leads() > 0 })
	c.printShares(r, "lose", func(rep comparison.Rep) bool { return rep.Leads() < 0 })
	for _, note := range notes(r) {
		fmt.Fprintln(c.out, c.style(c.out).Faint(note))
	}
}

// notes are what a reader has to know of the figures.
func notes(r compared) []string {
	var out []string
	if r.Repeats > 0 {
		out = append(out, fmt.Sprintf("[low, high]: 95 %% of %d repetitions. Estimated from how soon reps answered before; what leads come to is taken as it was.", r.Repeats))
	}
	if past := r.Now.Past; past.Decisions > 0 {
		out = append(out, fmt.Sprintf("the first policy makes %s of %s as they really were made", grouped(past.Same), count(past.Decisions, "decision")))
	}
	if note := lacking(r.Lacking); note != "" {
		out = append(out, note)
	}
	return out
}

func drawnTimes(repeats int) string {
	if repeats == 0 {
		return ""
	}
	return fmt.Sprintf("; answers drawn %d times", repeats)
}

// figure is a value in the unit of its figure.
func figure(f comparison.Figure, v float64) string {
	switch f.Unit {
	case comparison.Seconds:
		return console.Span(time.Duration(v * float64(time.Second)))
	case comparison.Percent:
		return fmt.Sprintf("%.0f %%", v)
	case comparison.Turns:
		return fmt.Sprintf("%.1f", v)
	default:
		return grouped(int(v))
	}
}

// change is how a figure changes, and the range of it.
func change(f comparison.Figure, leads int) string {
	text, unit := "", func(v float64) string { return rounded(v) }
	switch {
	case f.Name == comparison.Elsewhere:
		unit = func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v/float64(max(leads, 1))) }
		text = unit(f.Draft)
	case f.Change() == 0 && f.Low == f.High:
		return "0"
	case f.Unit == comparison.Turns:
		return fmt.Sprintf("%+.1f, bound %.1f", f.Change(), f.Bound)
	case f.Unit == comparison.Seconds && f.Now > 0:
		unit = func(v float64) string { return rounded(100*v/f.Now) + " %" }
		text = unit(f.Change())
	case f.Unit == comparison.Seconds:
		unit = func(v float64) string { return console.Span(time.Duration(v * float64(time.Second))) }
		text = "+" + unit(f.Change())
	default:
		text = unit(f.Change())
	}
	if f.Low != f.High {
		text += fmt.Sprintf(" [%s, %s]", strings.TrimSuffix(unit(f.Low), " %"), strings.TrimSuffix(unit(f.High), " %"))
	}
	return text
}

// rounded is a change in whole numbers; nothing is "0", not "-0".
func rounded(v float64) string {
	if math.Abs(v) < 0.5 {
		return "0"
	}
	return fmt.Sprintf("%+.0f", v)
}

// shownReps are how many of those who gain or lose are listed.
const shownReps = 6

func (c *cli) printShares(r compared, what string, who func(comparison.Rep) bool) {
	var parts []string
	more := 0
	for _, rep := range r.Reps {
		switch {
		case !who(rep):
		case len(parts) == shownReps:
			more++
		default:
			parts = append(parts, fmt.Sprintf("%s %+d leads, %s", rep.ID, rep.Leads(), thousands(rep.Value())))
		}
	}
	if len(parts) == 0 {
		return
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	fmt.Fprintf(c.out, "%s  %s\n", what, strings.Join(parts, "; "))
}

// thousands of the base currency: "+61k".
func thousands(minor int64) string { return fmt.Sprintf("%+dk", minor/100_000) }
