package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/policylog"
	"leadrouter/pkg/routing"
)

func (c *cli) auditCommand() *cobra.Command {
	var policies []string
	var limit int
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove every decision: derive it again from the log and compare",
		Long: `audit reads the whole decision log. Each lead is planned again from the facts on its
record, each grant done again on the ledger before it, in the order of the sequence, and
compared with what the log says, byte for byte. Gaps and repeats of the sequence, caps
passed and owners doubled are found without any policy.

Name every policy that decisions were made by: --policy as often as it takes, or
--policy published for all that ever were. The hash on the record says which is whose.
Exit code 1: something does not add up.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return c.audit(cmd.Context(), policies, limit)
		},
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	cmd.Flags().StringSliceVar(&policies, "policy", nil, "policy `file` or folder, once for each version; or "+app.Published+": all that were")
	cmd.Flags().IntVar(&limit, "limit", 20, "show at most so many findings; count all")
	_ = cmd.RegisterFlagCompletionFunc("policy", completePolicy)
	return cmd
}

// audited is what audit prints as JSON.
type audited struct {
	audit.Verdict
	Shown []audit.Finding `json:"shown"`
}

func (c *cli) audit(ctx context.Context, policies []string, limit int) error {
	planners, err := c.planners(ctx, policies)
	if err != nil {
		return err
	}
	topic := event.LeadDecisions.Topic(c.shared.instance)
	total := int64(0)
	if err := c.askTopic(ctx, topic, func(ctx context.Context) error {
		total, err = c.records(ctx, topic)
		return err
	}); err != nil {
		return err
	}
	result := audited{Shown: []audit.Finding{}}
	auditor := audit.NewAuditor(planners, func(f audit.Finding) {
		if len(result.Shown) < limit {
			result.Shown = append(result.Shown, f)
		}
	})
	bar := c.progress("audit", total, progressbar.OptionShowCount())
	err = audit.NewLog(c.shared.kafka, c.shared.instance).Examine(ctx, func(d event.Decision) {
		_ = bar.Add(1)
		auditor.Add(d)
	}, auditor.Unreadable)
	_ = bar.Finish()
	if err != nil {
		return err
	}
	result.Verdict = auditor.Close()
	if c.json() {
		err = c.printJSON(result)
	} else {
		c.printAudit(result)
	}
	if err == nil && result.Findings > 0 {
		return app.No(errSaid)
	}
	return err
}

// records counts those of a topic, markers of transactions among them.
func (c *cli) records(ctx context.Context, topic string) (n int64, err error) {
	starts, err := c.shared.kafka.Starts(ctx, topic)
	if err != nil {
		return 0, err
	}
	ends, err := c.shared.kafka.Ends(ctx, topic)
	for at, end := range ends {
		n += end - starts[at]
	}
	return n, err
}

// planners are those of the policies named, or of the one that lies here.
func (c *cli) planners(ctx context.Context, paths []string) ([]*routing.Planner, error) {
	if len(paths) == 0 {
		if p, err := c.planner(); err != nil || p != nil {
			return []*routing.Planner{p}, err
		}
		return nil, nil
	}
	var list []*routing.Planner
	for _, path := range paths {
		if path == app.Published {
			published, err := c.publishedPlanners(ctx)
			if err != nil {
				return nil, err
			}
			list = append(list, published...)
			continue
		}
		p, err := c.loadPolicy([]string{path})
		if err != nil {
			return nil, err
		}
		list = append(list, routing.New(p))
	}
	return list, nil
}

// publishedPlanners are those of all policies that were ever published and mean here
// what they meant then.
func (c *cli) publishedPlanners(ctx context.Context) ([]*routing.Planner, error) {
	archive, err := c.readPublished(ctx)
	if err != nil {
		return nil, err
	}
	var hashes []string
	for _, p := range archive.History() {
		hashes = append(hashes, policylog.Hashes(p)...)
	}
	if archive, err = c.readPublished(ctx, hashes...); err != nil {
		return nil, err
	}
	var list []*routing.Planner
	for _, p := range archive.History() {
		files, err := archive.Files(p)
		if err != nil {
			return nil, app.No(err)
		}
		if read, err := app.ReadPublication(p, files); err == nil {
			list = append(list, routing.New(read))
		}
	}
	return list, nil
}

func (c *cli) printAudit(r audited) {
	for _, f := range r.Shown {
		if f.Sequence > 0 {
			fmt.Fprintf(c.out, "sequence %d: ", f.Sequence)
		}
		fmt.Fprint(c.out, f.Kind)
		if f.Lead != "" {
			fmt.Fprintf(c.out, ", lead %s", console.Printable(f.Lead))
		}
		fmt.Fprintf(c.out, "\n  %s\n", console.Printable(f.What))
		for _, d := range f.Differences {
			fmt.Fprintf(c.out, "  %-16s logged %s, derived %s\n", d.Path, orDash(d.Logged), orDash(d.Derived))
		}
	}
	if more := r.Findings - len(r.Shown); more > 0 {
		fmt.Fprintf(c.out, "and %s more; see --limit\n", grouped(more))
	}
	fmt.Fprintf(c.out, "%s, %s derived again, byte for byte\n", count(r.Decisions, "decision"), grouped(r.Proven))
	for _, why := range slices.Sorted(maps.Keys(r.Unproven)) {
		fmt.Fprintf(c.out, "%s taken at their word: %s\n", grouped(r.Unproven[why]), why)
	}
	if r.Lost > 0 {
		fmt.Fprintf(c.out, "%s given up by a rebuild\n", count(r.Lost, "sequence"))
	}
	switch {
	case r.Findings == 0 && r.Proven == 0 && r.Decisions > 0:
		fmt.Fprintln(c.out, c.style(c.out).Warn("nothing was proven: name the policies that decided, with --policy"))
		return
	case r.Findings == 0:
		fmt.Fprintln(c.out, c.style(c.out).Good("nothing found"))
		return
	}
	fmt.Fprintln(c.out, c.style(c.out).Bad(count(r.Findings, "finding")))
}

// orDash is a value, or a dash where there is none.
func orDash(v string) string {
	if v == "" {
		return "-"
	}
	return console.Printable(v)
}
