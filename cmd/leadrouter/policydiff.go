package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/enrich"
	"leadrouter/pkg/intake"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/policydiff"
	"leadrouter/pkg/tryout"
)

// sampleFlags name a file of leads to look at a policy with.
type sampleFlags struct{ against, mapFile string }

func (s *sampleFlags) add(cmd *cobra.Command, usage string) {
	cmd.Flags().StringVar(&s.against, "against", "", "`file` of leads (CSV, TSV, JSON, JSON lines): "+usage)
	cmd.Flags().StringVar(&s.mapFile, "map", "", "`file` that says what the columns of --against mean")
}

func (c *cli) policyDiffCommand() *cobra.Command {
	var sample sampleFlags
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show what a change of a policy does",
		Long: `diff lists the rules, rows, pools, reps, guards and SLAs that differ between two
policies. With --against it tries every lead of a file with both, on an empty ledger
with everybody at work, and lists those that somebody else would get.`,
		Example: `  leadrouter policy diff policy.yaml draft.yaml
  leadrouter policy diff policy/ draft/ --against leads.csv`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error { return c.policyDiff(args[0], args[1], sample) },
	}
	c.outputFlag(cmd)
	sample.add(cmd, "which of them change their owner")
	return cmd
}

// difference is the result of `policy diff`.
type difference struct {
	Changes []policydiff.Change `json:"changes"`
	Leads   int                 `json:"leads,omitempty"` // of --against
	Moved   []policydiff.Moved  `json:"moved,omitempty"`
}

func (c *cli) policyDiff(before, after string, sample sampleFlags) error {
	old, err := c.loadPolicy([]string{before})
	if err != nil {
		return err
	}
	fresh, err := c.loadPolicy([]string{after})
	if err != nil {
		return err
	}
	leads, err := c.sample(sample)
	if err != nil {
		return err
	}
	result := difference{Changes: policydiff.Compare(old, fresh), Leads: len(leads)}
	result.Moved, err = policydiff.Owners(old, fresh, leads, tryout.Config{At: clock.System().Now()})
	if err != nil {
		return err
	}
	if c.json() {
		return c.printJSON(result)
	}
	for _, change := range result.Changes {
		fmt.Fprintln(c.out, change)
	}
	for _, m := range result.Moved {
		fmt.Fprintf(c.out, "> lead %s  %s -> %s\n", m.Lead, m.Old, m.New)
	}
	text := count(len(result.Changes), "change")
	if sample.against != "" {
		text += fmt.Sprintf("; %d of %s with another owner", len(result.Moved), count(len(leads), "lead"))
	}
	_, err = fmt.Fprintln(c.out, text)
	return err
}

// sample reads the leads of --against. Lines that are no lead are told and passed
// over.
func (c *cli) sample(flags sampleFlags) ([]lead.Lead, error) {
	if flags.against == "" {
		return nil, nil
	}
	var cfg intake.Config
	if flags.mapFile != "" {
		raw, err := os.ReadFile(flags.mapFile)
		if err == nil {
			cfg.Map, err = intake.ParseMap(raw)
		}
		if err != nil {
			return nil, app.Usage(fmt.Errorf("map %s: %w", flags.mapFile, err))
		}
	}
	in, _, err := c.open(flags.against)
	if err != nil {
		return nil, app.Usage(err)
	}
	defer func() { _ = in.Close() }()
	r, err := intake.NewReader(in, displayName(flags.against), cfg)
	if err != nil {
		return nil, app.Usage(err)
	}
	told := teller{out: c.err}
	defer told.rest("")
	var leads []lead.Lead
	enricher := enrich.New(enrich.Config{}) // they are as their senders sent them
	for {
		rec, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return leads, nil
		case err != nil:
			return nil, app.Usage(err)
		case rec.Err != nil:
			told.say("%v; left out", rec.Err)
		default:
			enricher.Enrich(&rec.Lead)
			leads = append(leads, rec.Lead)
		}
	}
}

// printSample tells what a sample of leads shows of a policy.
func (c *cli) printSample(found *policydiff.Findings) {
	if found == nil {
		return
	}
	tell := func(what string, items []string) {
		if len(items) > 0 {
			more := ""
			if len(items) > 5 {
				more, items = fmt.Sprintf(" and %d more", len(items)-5), items[:5]
			}
			fmt.Fprintf(c.out, "%s: %s%s\n", what, strings.Join(items, ", "), more)
		}
	}
	fmt.Fprintf(c.out, "against %s:\n", count(found.Leads, "lead"))
	tell("  the policy asks for what no lead has", found.NeverSeen)
	tell("  no lead comes to", found.Idle)
	tell(fmt.Sprintf("  only the last rule takes %s", count(len(found.LastOnly), "lead")), found.LastOnly)
	tell(fmt.Sprintf("  no rule takes %s", count(len(found.NoRule), "lead")), found.NoRule)
}
