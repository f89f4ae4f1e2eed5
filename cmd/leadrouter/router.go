package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
)

func (c *cli) routerCommand() *cobra.Command {
	var cfg app.RouterConfig
	var rebuild string
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
		RunE: func(cmd *cobra.Command, _ []string) error { return c.route(cmd.Context(), cfg, rebuild) },
	}
	c.roleFlags(cmd)
	c.feedsFlag(cmd)
	c.providersFlag(cmd)
	c.geoIPFlag(cmd)
	f := cmd.Flags()
	f.DurationVar(&cfg.FeedsEvery, "feeds-every", 5*time.Minute, "how often a calendar feed with an address is read again")
	f.StringVar(&cfg.Slot, "slot", "", "`name` of this process among the routers, the same after a restart (default one is taken on this host)")
	f.BoolVar(&cfg.Plain, "plain", false, "conclude nothing from what a lead says: no country from its phone, no rank from its job title")
	secretFlag(cmd, &cfg.MatchKey, "match-key", "`secret` under which persons and companies are recognised in the log, the same for all routers and for good (default the name of the Kafka cluster)")
	rebuildFlag(cmd, &rebuild)
	return cmd
}

// route runs a router with what its own flags have set, and those of all roles.
func (c *cli) route(ctx context.Context, cfg app.RouterConfig, rebuild string) error {
	err := c.checkRouter(cfg.FeedsEvery, rebuild)
	if err != nil {
		return err
	}
	if cfg.Providers, err = c.loadProviders(); err != nil {
		return err
	}
	if cfg.Logger, err = app.NewLogger(c.err, c.shared.logLevel, isTerminal(c.err)); err != nil {
		return err
	}
	cfg.Kafka, cfg.Redis, cfg.Instance = c.shared.kafka, c.shared.redis, c.shared.instance
	cfg.Policy, cfg.Feeds, cfg.GeoIP = c.shared.policy, c.shared.feeds, c.shared.geoIP
	cfg.Version = version
	cfg.Metrics, cfg.StartTimeout, cfg.NoRebuild = c.shared.metrics, c.shared.timeout, rebuild == rebuildOff
	router, err := app.NewRouter(cfg)
	if err != nil {
		return err
	}
	return router.Run(ctx)
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
