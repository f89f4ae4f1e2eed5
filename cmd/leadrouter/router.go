package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
)

func (c *cli) routerCommand() *cobra.Command {
	var slot string
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
is waited for: /readyz on --metrics says so, and nothing is lost.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if feedsEvery < minFeedsEvery {
				return app.Usage(fmt.Errorf("--feeds-every %s: want %s or more", feedsEvery, minFeedsEvery))
			}
			if c.shared.policy == "" {
				return app.Usage(errors.New("name the policy with --policy, a file or a folder, or say --policy " + app.Published))
			}
			logger, err := app.NewLogger(c.err, c.shared.logLevel, isTerminal(c.err))
			if err != nil {
				return err
			}
			router, err := app.NewRouter(app.RouterConfig{
				Kafka: c.shared.kafka, Redis: c.shared.redis, Instance: c.shared.instance,
				Policy: c.shared.policy, Metrics: c.shared.metrics, Slot: slot,
				Feeds: c.shared.feeds, FeedsEvery: feedsEvery,
				StartTimeout: c.shared.timeout, Logger: logger,
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
	return cmd
}

// minFeedsEvery spares the servers of others.
const minFeedsEvery = time.Second

func (c *cli) rebuildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Refill Redis from the decision log",
		Long: `rebuild folds lead.decisions into the ledger in Redis: after Redis was lost,
replaced or rolled back, when routers refuse to grant. The routers must be stopped.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.rebuild(cmd) },
	}
	c.kafkaFlags(cmd)
	c.redisFlags(cmd)
	c.outputFlag(cmd)
	return cmd
}

func (c *cli) rebuild(cmd *cobra.Command) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), c.shared.timeout)
	defer cancel()
	result, err := app.Rebuild(ctx, c.shared.kafka, c.shared.redis, c.shared.instance, clock.System().Now())
	if err != nil {
		return err
	}
	if c.json() {
		return c.printJSON(result)
	}
	cmd.Printf("rebuilt from %d decisions: %d leads, last sequence %d, %d grants that were never committed given up\n",
		result.Decisions, result.Leads, result.Sequence, len(result.Lost))
	return nil
}
