package main

import (
	"context"
	"fmt"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
)

// Who refills a Redis that was lost: values of router --rebuild.
const (
	rebuildAuto = "auto"
	rebuildOff  = "off"
)

// rebuildFlag binds --rebuild of routers.
func rebuildFlag(cmd *cobra.Command, who *string) {
	cmd.Flags().StringVar(who, "rebuild", rebuildAuto, "refill a Redis that was lost from the log: auto, or off")
	complete(cmd, "rebuild", rebuildAuto, rebuildOff)
}

func checkRebuild(who string) error {
	if who != rebuildAuto && who != rebuildOff {
		return app.Usage(fmt.Errorf("--rebuild %s: want %s or %s", who, rebuildAuto, rebuildOff))
	}
	return nil
}

func (c *cli) rebuildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Refill Redis from the decision log",
		Long: `rebuild folds lead.decisions into the ledger in Redis: after Redis was emptied,
replaced or rolled back. Routers do that by themselves; by hand it is for those that
run with --rebuild off, and for a Redis that is to be filled before they start.

Routers may run: none of them can grant or commit until the new ledger is in force, and
then they go on by themselves. What was granted and not committed is given up, and the
log says so. Of several rebuilds at once the last to begin comes through.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.rebuild(cmd) },
	}
	c.kafkaFlags(cmd)
	c.redisFlags(cmd)
	c.outputFlag(cmd)
	return cmd
}

func (c *cli) rebuild(cmd *cobra.Command) error {
	ctx := cmd.Context()
	topic := event.LeadDecisions.Topic(c.shared.instance)
	total := int64(0)
	if err := c.askTopic(ctx, topic, func(ctx context.Context) (err error) {
		total, err = c.records(ctx, topic)
		return err
	}); err != nil {
		return err
	}
	bar := c.progress("rebuild", total, progressbar.OptionShowCount())
	result, err := app.Rebuild(ctx, app.RebuildConfig{
		Kafka: c.shared.kafka, Redis: c.shared.redis, Instance: c.shared.instance,
		Now: clock.System().Now(), Progress: func() { _ = bar.Add(1) },
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if c.json() {
		return c.printJSON(result)
	}
	cmd.Printf("epoch %d begins, from %s: %s, last sequence %d, %s given up that were never committed\n",
		result.Epoch, count(result.Decisions, "decision"), count(result.Leads, "lead"), result.Sequence, count(len(result.Lost), "grant"))
	return nil
}
