package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/outcome"
	"leadrouter/pkg/score"
	"leadrouter/pkg/score/train"
)

// checkFlags are those of `score check`.
type checkFlags struct {
	outcomeFlags
	model  string
	maxAge time.Duration
	since  string
}

func (c *cli) scoreCheckCommand() *cobra.Command {
	var flags checkFlags
	cmd := &cobra.Command{
		Use:   "check FILE | --from-log",
		Short: "See whether a model is old, its leads have changed, or it tells less than it did",
		Long: `check holds a model against leads whose outcome is known: how old the newest lead is that
it learned from, how far today's leads are from those it was trained on, fact by fact
(population stability index), and how good it is on the leads that came since.

Exit code 1: it is due to be trained again.`,
		Example: "  leadrouter score check --from-log --model policy/model.json --max-age 720h",
		Args:    flags.wantSource,
		RunE:    func(cmd *cobra.Command, args []string) error { return c.scoreCheck(cmd.Context(), flags, args) },
	}
	flags.add(c, cmd)
	f := cmd.Flags()
	f.StringVar(&flags.model, "model", "", "`file` of the model (default "+score.File+" beside the policy)")
	f.DurationVar(&flags.maxAge, "max-age", 90*24*time.Hour, "`time` since its newest lead after which a model is old")
	f.StringVar(&flags.since, "since", "", "`day` (2026-11-01): the leads from then on are today's (default all that the model has not seen)")
	return cmd
}

func (c *cli) scoreCheck(ctx context.Context, flags checkFlags, args []string) error {
	name, err := c.modelFile(flags.model)
	if err != nil {
		return err
	}
	_, model, err := readModel(name)
	if err == nil && model == nil {
		err = fmt.Errorf("there is no %s; leadrouter score train makes one", name)
	}
	if err != nil {
		return app.Usage(err)
	}
	var since time.Time
	if flags.since != "" {
		if since, err = instant(flags.since); err != nil {
			return app.Usage(fmt.Errorf("--since %w", err))
		}
	}
	table, summary, err := c.examples(ctx, flags.outcomeFlags, args)
	if err != nil {
		return err
	}
	health := train.Check(model, table, train.CheckConfig{Now: clock.System().Now(), MaxAge: flags.maxAge, Since: since})
	if c.json() {
		err = c.printJSON(struct {
			File  string          `json:"file"`
			Model string          `json:"model"`
			Read  outcome.Summary `json:"read"`
			train.Health
		}{name, model.Hash(), summary, health})
	} else {
		c.printHealth(name, model, health)
	}
	if err == nil && len(health.Due) > 0 {
		return app.No(errors.New("the model is due: leadrouter score train"))
	}
	return err
}

func (c *cli) printHealth(name string, m *score.Model, h train.Health) {
	style := c.style(c.out)
	fmt.Fprintf(c.out, "%s   %s   %s learned from %s\n", style.Strong(name), m.Hash()[:shortHash], m.Outcome, count(m.Trained.Rows, "lead"))
	fmt.Fprintf(c.out, "  now      %s that it has not seen\n", count(h.Leads, "lead"))
	if h.Now != nil {
		fmt.Fprintf(c.out, "  tells    %s (when it was trained AUC %.3f, Brier %.3f)\n", measured(*h.Now), m.Trained.AUC, m.Trained.Brier)
	}
	for i, s := range h.Shifts {
		if i == 5 || s.PSI < 0.1 && i > 0 {
			break
		}
		fmt.Fprintf(c.out, "  shift    PSI %.2f  %s\n", s.PSI, s.Name)
	}
	for _, why := range h.Due {
		fmt.Fprintf(c.out, "  %s      %s\n", style.Warn("due"), why)
	}
	if len(h.Due) == 0 {
		fmt.Fprintf(c.out, "  %s\n", style.Good("It holds."))
	}
}
