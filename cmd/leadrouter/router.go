package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
)

func (c *cli) routerCommand() *cobra.Command {
	var slot, rebuild string
	var feedsEvery time.Duration
	cmd := &cobra.Command{
		Use:   "router",
		Short: "Route leads: the process of production, any number of them",
		Long: `router reads lead.created, lead.activity and rep.status, decides by the policy
and writes lead.decisions, lead.assigned and lead.timers, exactly once. Start as
many as there are partitions to share.

The policy is read again when its files change; a new one takes over between two
batches, and only if it is free of errors and its tests pass. With --policy published
it is the one that leadrouter policy publish made active, for all routers at once;
then nothing has to lie on this host.

Calendars that reps publish (feed: in the policy) are read now and then; one that
cannot be read leaves what was read last, and never stops the router.

SIGTERM finishes the batch in hand and leaves the group. A service that goes away
is waited for: /readyz on --metrics says so, and nothing is lost. A Redis that was
emptied, replaced or rolled back is refilled from the decision log by one of the
routers, while all wait; --rebuild off leaves that to leadrouter rebuild.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if feedsEvery < minFeedsEvery {
				return app.Usage(fmt.Errorf("--feeds-every %s: want %s or more", feedsEvery, minFeedsEvery))
			}
			if c.shared.policy == "" {
				return app.Usage(errors.New("name the policy with --policy, a file or a folder, or say --policy " + app.Published))
			}
			if rebuild != "auto" && rebuild != "off" {
				return app.Usage(fmt.Errorf("--rebuild %s: want auto or off", rebuild))
			}
			logger, err := app.NewLogger(c.err, c.shared.logLevel, isTerminal(c.err))
			if err != nil {
				return err
			}
			router, err := app.NewRouter(app.RouterConfig{
				Kafka: c.shared.kafka, Redis: c.shared.redis, Instance: c.shared.instance,
				Policy: c.shared.policy, Metrics: c.shared.metrics, Slot: slot,
				Feeds: c.shared.feeds, FeedsEvery: feedsEvery,
				StartTimeout: c.shared.timeout, NoRebuild: rebuild == "off", Logger: logger,
			})
			if err != nil {
				return err
			}
			return router.Run(cmd.Context())
		},
	}
	c.roleFlags(cmd)
	c.feedsFlag(cmd)
	cmd.Flags().DurationVar(&feedsEvery, "feeds-every", 5*time.Minute, "how often a calendar feed with an address is read again")
	cmd.Flags().StringVar(&slot, "slot", "", "`name` of this process among the routers, the same after a restart (default one is taken on this host)")
	cmd.Flags().StringVar(&rebuild, "rebuild", "auto", "refill a Redis that was lost from the log: auto, or off")
	complete(cmd, "rebuild", "auto", "off")
	return cmd
}

// minFeedsEvery spares the servers of others.
const minFeedsEvery = time.Second

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
