package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
)

// What people decide about a lead, over the rules.

func (c *cli) assignCommand() *cobra.Command {
	cmd := c.decisionCommand(event.CommandAssign, "Give a lead to a rep, whatever the rules say")
	cmd.Use = "assign LEAD REP"
	cmd.Args = cobra.ExactArgs(2)
	cmd.Example = `  leadrouter assign L-20418 jonas --because "he knows the customer"`
	c.policyFlag(cmd)
	return cmd
}

func (c *cli) releaseCommand() *cobra.Command {
	return c.decisionCommand(event.CommandRelease, "Take a lead from its rep, into review")
}

func (c *cli) rerouteCommand() *cobra.Command {
	return c.decisionCommand(event.CommandReroute, "Have the rules decide again who gets a lead")
}

func (c *cli) disqualifyCommand() *cobra.Command {
	return c.decisionCommand(event.CommandDisqualify, "Say that a lead is none")
}

// decisionCommand is VERB LEAD, or with a rep behind it.
func (c *cli) decisionCommand(verb, short string) *cobra.Command {
	d := event.Command{Command: verb}
	cmd := &cobra.Command{
		Use:   verb + " LEAD",
		Short: short,
		Long: short + `.

The decision is written to lead.command, with who made it and why; rotation never
undoes it. --attempt names the assignment that is meant: if the lead has moved on by
then, nothing happens.`,
		Example: "  leadrouter " + verb + ` L-20418 --because "asked by the customer"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d.LeadID = args[0]
			if len(args) > 1 {
				d.RepID = args[1]
			}
			return c.decide(cmd.Context(), d)
		},
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&d.Because, "because", "", "`reason`, for the record and the reps")
	f.StringVar(&d.By, "by", "", "`who` decides (default the user of this system)")
	f.IntVar(&d.Attempt, "attempt", 0, "`number` of the assignment that is meant (default whichever is current)")
	return cmd
}

func (c *cli) decide(ctx context.Context, d event.Command) error {
	var err error
	if d.By, err = person(d.By); err != nil {
		return err
	}
	if err := c.knownRep(d.RepID); err != nil {
		return err
	}
	d.At = clock.System().Now().UTC()
	return c.tell(ctx, word{
		topic: event.LeadCommand, about: d.LeadID, at: d.At, data: d,
		check: func(e event.Envelope) error { _, err := e.Command(); return err },
		said:  decisionSaid(d),
	})
}

func decisionSaid(d event.Command) string {
	what := map[string]string{
		event.CommandAssign:     "go to " + d.RepID,
		event.CommandRelease:    "go from its rep into review",
		event.CommandReroute:    "be routed again",
		event.CommandDisqualify: "be disqualified",
	}[d.Command]
	return fmt.Sprintf("%s is to %s; see leadrouter explain %s", d.LeadID, what, d.LeadID)
}
