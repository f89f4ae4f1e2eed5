package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
)

func (c *cli) routerCommand() *cobra.Command {
	var slot, rebuild, matchKey string
	var plain bool
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

Services of --providers are asked what they know of a new lead, within a time budget:
what has not come by then is left out, the decision says so, and a late answer goes to
lead.updated.

SIGTERM finishes the batch in hand and leaves the group. A service that goes away
is waited for: /readyz on --metrics says so, and nothing is lost. A Redis that was
emptied, replaced or rolled back is refilled from the decision log by one of the
routers, while all wait; --rebuild off leaves that to leadrouter rebuild.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.checkRouter(feedsEvery, rebuild); err != nil {
				return err
			}
			asked, err := c.loadProviders()
			if err != nil {
				return err
			}
			logger, err := app.NewLogger(c.err, c.shared.logLevel, isTerminal(c.err))
			if err != nil {
				return err
			}
			router, err := app.NewRouter(app.RouterConfig{
				Kafka: c.shared.kafka, Redis: c.shared.redis, Instance: c.shared.instance,
				Policy: c.shared.policy, Metrics: c.shared.metrics, Slot: slot,
				Feeds: c.shared.feeds, FeedsEvery: feedsEvery, GeoIP: c.shared.geoIP, Plain: plain, MatchKey: matchKey, Providers: asked,
				StartTimeout: c.shared.timeout, NoRebuild: rebuild == rebuildOff, Logger: logger,
			})
			if err != nil {
				return err
			}
			return router.Run(cmd.Context())
		},
	}
	c.roleFlags(cmd)
	c.feedsFlag(cmd)
	c.providersFlag(cmd)
	c.geoIPFlag(cmd)
	cmd.Flags().DurationVar(&feedsEvery, "feeds-every", 5*time.Minute, "how often a calendar feed with an address is read again")
	cmd.Flags().StringVar(&slot, "slot", "", "`name` of this process among the routers, the same after a restart (default one is taken on this host)")
	cmd.Flags().BoolVar(&plain, "plain", false, "conclude nothing from what a lead says: no country from its phone, no rank from its job title")
	cmd.Flags().StringVar(&matchKey, "match-key", "", "`secret` under which persons and companies are recognised in the log, the same for all routers and for good; better in LEADROUTER_MATCH_KEY (default the name of the Kafka cluster)")
	rebuildFlag(cmd, &rebuild)
	return cmd
}

// checkRouter looks at what can be wrong before anything is read.
func (c *cli) checkRouter(feedsEvery time.Duration, rebuild string) error {
	if feedsEvery < minFeedsEvery {
		return app.Usage(fmt.Errorf("--feeds-every %s: want %s or more", feedsEvery, minFeedsEvery))
	}
	if c.shared.policy == "" {
		return app.Usage(errors.New("name the policy with --policy, a file or a folder, or say --policy " + app.Published))
	}
	return checkRebuild(rebuild)
}

// minFeedsEvery spares the servers of others.
const minFeedsEvery = time.Second
