package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
)

func (c *cli) topicsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "topics",
		Short: "Create and list the Kafka topics of an installation",
	}, c.topicsCreateCommand(), c.topicsListCommand())
}

func (c *cli) topicsCreateCommand() *cobra.Command {
	var partitions int32
	var replication int16
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create the topics that are missing; change none",
		Long: `create makes the topics that are missing, with the cleanup that each needs, and
checks those that are there. It changes none and can be run again.

The count of partitions bounds how many routers work at once. It is the same for
all topics about leads, and fixed for good.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if partitions < 1 {
				return app.Usage(errors.New("--partitions is below 1"))
			}
			return c.topicsCreate(cmd.Context(), partitions, replication)
		},
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	cmd.Flags().Int32Var(&partitions, "partitions", app.DefaultPartitions, "partitions of the topics about leads")
	cmd.Flags().Int16Var(&replication, "replication", 0, "copies of each partition (default the brokers' own)")
	return cmd
}

func (c *cli) topicsCreate(ctx context.Context, partitions int32, replication int16) error {
	before, err := c.inspectTopics(ctx)
	if err != nil {
		return err
	}
	wanted := app.Topics(c.shared.instance, partitions, replication)
	missing := map[string]bool{}
	for i, s := range before {
		missing[s.Name] = s.Missing
		// Asked before anything is made: half an installation with another count
		// would be worse than none.
		if !s.Missing && s.Partitions != wanted[i].Partitions {
			return app.No(fmt.Errorf("%s has %d partitions, not %d, and the count is fixed for good; say --partitions %d, or take another --instance",
				s.Name, s.Partitions, wanted[i].Partitions, s.Partitions))
		}
	}
	limited, cancel := context.WithTimeout(ctx, c.shared.timeout)
	defer cancel()
	if err := c.shared.kafka.CreateTopics(limited, wanted...); err != nil {
		return app.No(err)
	}
	after, err := c.inspectTopics(ctx)
	if err != nil {
		return err
	}
	return c.printTopics(after, func(s app.TopicState) string {
		if missing[s.Name] {
			return "created"
		}
		return "there"
	})
}

func (c *cli) topicsListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the topics and how they differ from what they should be",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			states, err := c.inspectTopics(cmd.Context())
			if err != nil {
				return err
			}
			return c.printTopics(states, func(app.TopicState) string { return "ok" })
		},
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	return cmd
}

func (c *cli) inspectTopics(ctx context.Context) (states []app.TopicState, err error) {
	err = c.askKafka(ctx, func(ctx context.Context) error {
		states, err = app.InspectTopics(ctx, c.shared.kafka, c.shared.instance)
		return err
	})
	return states, err
}

// topicLine is a topic as `topics` prints it.
type topicLine struct {
	app.TopicState
	State string `json:"state"` // ok, created, there, missing, or what is wrong
}

// printTopics prints the topics; fine says what to call one without problems.
func (c *cli) printTopics(states []app.TopicState, fine func(app.TopicState) string) error {
	lines := make([]topicLine, len(states))
	for i, s := range states {
		lines[i] = topicLine{TopicState: s, State: fine(s)}
		switch {
		case s.Missing:
			lines[i].State = "missing"
		case s.Hidden:
			lines[i].State += ", as far as this user may see: not its settings"
		case len(s.Problems) > 0:
			lines[i].State = errors.Join(s.Problems...).Error()
		}
	}
	if c.json() {
		return c.printJSON(lines)
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "TOPIC\tPARTITIONS\tCOPIES\tCLEANUP\tSTATE")
	for _, l := range lines {
		if l.Missing {
			fmt.Fprintf(w, "%s\t-\t-\t-\t%s\n", l.Name, l.State)
			continue
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\n", l.Name, l.Partitions, l.Replication, l.Cleanup, l.State)
	}
	return w.Flush()
}
