package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/doctor"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/rights"
)

func (c *cli) doctorCommand() *cobra.Command {
	var sample, role string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at all that a router needs, and say what to do next",
		Long: `doctor looks at the policy and the calendar feeds of its reps, Kafka and its topics,
Redis and its ledger, the rights of their users (--role), and the clocks. It changes nothing. With --providers it looks at
that file, and with --lead it asks each provider about that lead, once.

Exit code 0: fine, or warnings only. 1: something is wrong. 3: a service gives no
answer.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context(), sample, rights.Role(role)) },
	}
	c.kafkaFlags(cmd)
	c.redisFlags(cmd)
	c.livePolicyFlag(cmd)
	c.feedsFlag(cmd)
	c.providersFlag(cmd)
	cmd.Flags().StringVar(&sample, "lead", "", "JSON `file` of a lead to ask each provider about (default none is asked)")
	cmd.Flags().StringVar(&role, "role", string(rights.Router), "`role` whose rights are looked at, one of those of leadrouter rights")
	complete(cmd, "role", roleNames()...)
	c.outputFlag(cmd)
	return cmd
}

// longestLook is enough for one service: who asks a doctor wants an answer now.
const longestLook = 5 * time.Second

func (c *cli) doctor(ctx context.Context, sample string, role rights.Role) error {
	if err := checkRole(string(role)); err != nil {
		return err
	}
	var asked *lead.Lead
	if sample != "" {
		l, err := c.describedLead([]string{sample})
		if err != nil {
			return app.Usage(fmt.Errorf("--lead: %w", err))
		}
		asked = &l
	}
	path, err := c.policyPath(nil)
	if err != nil {
		path = "" // a finding, not an error
	}
	if c.shared.policy == app.Published {
		path = app.Published
	}
	b := thisBuild()
	findings := append([]doctor.Finding{{
		Check: "version", Status: doctor.OK, Text: fmt.Sprintf("leadrouter %s, %s, engine %d", b.Version, b.Go, b.Engine),
	}}, doctor.Run(ctx, doctor.Config{
		Kafka: c.shared.kafka, Redis: c.shared.redis, Instance: c.shared.instance, Policy: path,
		Feeds: c.shared.feeds, Role: role,
		Providers: c.shared.providers, Lead: asked,
		Timeout: min(c.shared.timeout, longestLook),
	})...)
	if c.json() {
		err = c.printJSON(findings)
	} else {
		err = c.printFindings(findings)
	}
	if err != nil {
		return err
	}
	return doctor.Err(findings)
}

func (c *cli) printFindings(findings []doctor.Finding) error {
	style := c.style(c.out)
	paint := map[doctor.Status]func(string) string{doctor.OK: style.Good, doctor.Warn: style.Warn, doctor.Fail: style.Bad}
	for _, f := range findings {
		line := paint[f.Status](fmt.Sprintf("%-4s", f.Status)) + fmt.Sprintf("  %-8s  %s", f.Check, f.Text)
		if f.Next != "" {
			line += "; " + f.Next
		}
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
	}
	return nil
}
