package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/rights"
)

// followed is a line of `audit --follow` as JSON: a seal, or a finding.
type followed struct {
	Seal    *event.Seal    `json:"seal,omitempty"`
	Finding *audit.Finding `json:"finding,omitempty"`
}

// auditFollow audits and seals until it is told to end, or taken over.
func (c *cli) auditFollow(ctx context.Context, flags auditFlags) error {
	switch {
	case flags.from != fromBeginning:
		return app.Usage(errors.New("--follow begins at the newest snapshot by itself; leave out --from"))
	case flags.every <= 0:
		return app.Usage(fmt.Errorf("--every %s: want more than 0", flags.every))
	case flags.snapshot < 0:
		return app.Usage(errors.New("--snapshot is below 0"))
	case flags.snapshot == 0:
		flags.snapshot = -1
	}
	if err := c.permitted(ctx, rights.Seal, rights.Options{Published: slices.Contains(flags.policies, app.Published)}); err != nil {
		return err
	}
	cfg, err := c.passConfig(ctx, flags)
	if err != nil {
		return err
	}
	if err := c.findTopics(ctx, event.LeadSeals.Topic(c.shared.instance), event.LedgerSnapshot.Topic(c.shared.instance)); err != nil {
		return err
	}
	cfg.Report = c.sayFinding
	auditor, err := app.NewAuditor(app.AuditorConfig{
		Metrics: c.shared.metrics, Version: version,
		Follow: audit.FollowConfig{
			PassConfig: cfg, Every: flags.every, Snapshot: flags.snapshot, Clock: clock.System(), Sealed: c.saySeal,
			Trouble: func(err error) { fmt.Fprintf(c.err, "audit: %v; beginning again\n", err) },
		},
	})
	if err != nil {
		return err
	}
	err = auditor.Run(ctx)
	verdict := auditor.Verdict()
	if !c.json() {
		c.printVerdict(verdict, false)
	}
	switch {
	case errors.Is(err, kstream.ErrOvertaken):
		return app.No(fmt.Errorf("another audit --follow has taken over: %w", err))
	case err == nil && verdict.Findings > 0:
		return app.No(errSaid)
	}
	return err
}

func (c *cli) sayFinding(f audit.Finding) {
	if c.json() {
		c.line(followed{Finding: &f})
		return
	}
	c.printFinding(f)
}

func (c *cli) saySeal(s event.Seal) {
	if c.json() {
		c.line(followed{Seal: &s})
		return
	}
	with := ""
	if s.Snapshot != "" {
		with = ", with a snapshot"
	}
	fmt.Fprintf(c.out, "seal %d: %s, up to sequence %d%s\n", s.Number, count(int(s.Count), "record"), s.Sequence, with)
}

// line prints one JSON value on one line, for output that goes on.
func (c *cli) line(v any) {
	// An output that is gone shows with the next line that matters: the exit code.
	_ = json.NewEncoder(c.out).Encode(v)
}
