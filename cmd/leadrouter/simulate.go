package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
	"leadrouter/pkg/simulate"
)

func (c *cli) simulateCommand() *cobra.Command {
	var flags historyFlags
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run what has happened through a policy, without touching anything",
		Long: `simulate runs real history through a policy: leads, activities, the status of reps and
what people decided, in their order and at their time. Clocks run out, places come free and
leads move on as the policy says. Nothing is written to Kafka or Redis.

History is the decision log, or a file of leads (--leads), or leads that are made up
(--generate). Under the policy that has decided, the result is what really happened, without
a difference. Under another one, some leads go to reps who did not have them; what these
would have done is drawn from how soon they answered in the past, and called an estimate.`,
		Example: `  leadrouter simulate --policy draft/
  leadrouter simulate --policy draft/ --leads leads.csv --without ana,ben
  leadrouter simulate --policy draft/ --generate season.yaml --times 2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.simulate(cmd.Context(), &flags) },
	}
	flags.add(c, cmd)
	c.policyFlag(cmd)
	return cmd
}

// simulated is what simulate prints as JSON.
type simulated struct {
	*simulate.Result
	// Lacking counts for each fact that the policy asks for the leads that do not have it,
	// where none does.
	Lacking map[string]int `json:"lacking,omitempty"`
}

func (c *cli) simulate(ctx context.Context, flags *historyFlags) error {
	p, err := c.loadPolicy(nil)
	if err != nil {
		return err
	}
	h, err := c.history(ctx, flags, p)
	if err != nil {
		return err
	}
	cfg := simulate.Config{Seed: flags.seed}
	if cfg.From, err = flags.fromDay(); err != nil {
		return err
	}
	bar := c.progress("simulate", int64(len(h.Records)), progressbar.OptionShowCount())
	cfg.Progress = func(n int) { _ = bar.Set(n) }
	result, err := simulate.Run(ctx, h, routing.New(p), cfg)
	_ = bar.Finish()
	if err != nil {
		return app.Usage(err)
	}
	out := simulated{result, unasked(h, p)}
	if c.json() {
		return c.printJSON(out)
	}
	c.printSimulated(out)
	return nil
}

// unasked are the facts that a policy asks for and no lead has.
func unasked(h *simulate.History, policies ...*policy.Policy) map[string]int {
	out := map[string]int{}
	for _, p := range policies {
		for name, n := range h.Lacking(p.Asked()) {
			if n == h.Leads {
				out[name] = n
			}
		}
	}
	return out
}

func (c *cli) printSimulated(r simulated) {
	fmt.Fprintf(c.out, "%s   %s, %s\n", policyName(r.Policy), count(r.Leads, "lead"), days(r.From, r.Until))
	var outcomes []string
	for _, o := range slices.Sorted(maps.Keys(r.Outcomes)) {
		outcomes = append(outcomes, fmt.Sprintf("%s %s", o, grouped(r.Outcomes[o])))
	}
	fmt.Fprintf(c.out, "in the end   %s\n", strings.Join(outcomes, "   "))
	if r.Waits.Leads+r.Waits.Still > 0 {
		fmt.Fprintf(c.out, "waited       %s, half of them less than %s, 95 %% less than %s; %s wait still\n",
			count(r.Waits.Leads, "lead"), console.Span(r.Waits.P50), console.Span(r.Waits.P95), grouped(r.Waits.Still))
	}
	for _, s := range r.SLAs {
		fmt.Fprintf(c.out, "SLA %-8s %.0f %% of %s met%s\n", s.Name, 100*s.Share(), count(s.Met+s.Missed, "target"), estimated(s))
	}
	fmt.Fprintf(c.out, "past a cap   %s\n", grouped(r.Over))
	for _, t := range r.Turns {
		fmt.Fprintf(c.out, "turns %-7s %.1f at most, bound %.1f\n", t.Book, t.Largest, t.Bound)
	}
	fmt.Fprintf(c.out, "%-14s%8s%8s%8s%8s%10s%14s\n", "rep", "leads", "given", "open", "peak", "full", "value")
	for _, rep := range r.Reps {
		fmt.Fprintf(c.out, "%-14s%8s%8s%8s%8s%10s%14s\n", rep.ID, grouped(rep.Leads), grouped(rep.Given),
			grouped(int(rep.Open)), grouped(int(rep.Peak)), grouped(rep.Full), grouped(int(rep.Value/100)))
	}
	c.printPast(r)
}

func estimated(s simulate.SLA) string {
	if s.Drawn == 0 {
		return ""
	}
	return fmt.Sprintf(", an estimate: %s of them drawn", grouped(s.Drawn))
}

// printPast tells how the simulation differs from what has happened, and what it lacks.
func (c *cli) printPast(r simulated) {
	if past := r.Past; past.Decisions > 0 {
		fmt.Fprintf(c.out, "as it was    %s of %s; %s about %s\n", grouped(past.Same), count(past.Decisions, "decision"),
			count(past.Differences, "difference"), count(past.Leads, "lead"))
		for _, d := range past.First[:min(3, len(past.First))] {
			fmt.Fprintf(c.out, "  %s  %s attempt %d: %s -> %s\n", d.At.Format(time.DateTime), d.Lead, d.Attempt, orDash(d.Was), orDash(d.Is))
		}
	}
	if note := lacking(r.Lacking); note != "" {
		fmt.Fprintln(c.out, c.style(c.out).Faint(note))
	}
	for _, why := range slices.Sorted(maps.Keys(r.Skipped)) {
		fmt.Fprintf(c.out, "left out     %s %s\n", grouped(r.Skipped[why]), why)
	}
}

// policyName is how people call a policy: "tamarisk 2026-11 9f31c2a".
func policyName(p event.Policy) string {
	return strings.Join(slices.DeleteFunc([]string{p.Name, p.Version, p.Hash[:7]}, func(s string) bool { return s == "" }), " ")
}

// days is a time as people say it.
func days(from, until time.Time) string {
	return from.Format("2 Jan 2006") + " to " + until.Format("2 Jan 2006")
}

// lacking tells what rules ask for and no lead has: the log holds what the policy of the day
// asked for, and lead.created goes back as far as its retention.
func lacking(names map[string]int) string {
	if len(names) == 0 {
		return ""
	}
	return "no lead has " + strings.Join(slices.Sorted(maps.Keys(names)), ", ") + ": rules that ask for these are not seen at work"
}
