package main

import (
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
)

func (c *cli) slaCommand() *cobra.Command {
	var slot string
	cmd := &cobra.Command{
		Use:   "sla",
		Short: "Watch the clocks of assigned leads: the other process of production",
		Long: `sla reads lead.timers and does what is due: it writes lead.reassign where a lead has
to move and lead.sla for people and reports, each exactly once. Any number of watchers
share the partitions; one is enough to work, two go on when a host is lost. What falls
due while none runs is made up for at the next start, in order.

It needs neither the policy nor Redis: the router freezes the clocks of a lead when it
assigns it.

A host whose clock is set while it runs fires nothing until the brokers' clocks agree
with it; /readyz on --metrics says so.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := app.NewLogger(c.err, c.shared.logLevel, isTerminal(c.err))
			if err != nil {
				return err
			}
			return app.NewWatcher(app.WatcherConfig{
				Kafka: c.shared.kafka, Instance: c.shared.instance, Metrics: c.shared.metrics, Slot: slot,
				StartTimeout: c.shared.timeout, Logger: logger, Version: version,
			}).Run(cmd.Context())
		},
	}
	c.kafkaFlags(cmd)
	c.processFlags(cmd)
	cmd.Flags().StringVar(&slot, "slot", "", "`name` of this process among the watchers, the same after a restart (default one is taken on this host)")
	return cmd
}
