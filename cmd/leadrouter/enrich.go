package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/providers"
)

func (c *cli) enrichCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "enrich LEAD.json | - | NAME=VALUE...",
		Short: "Find out about one lead what a router would, and say from where",
		Long: `enrich does with one lead what a router does before it plans: it asks the providers of
--providers what they know. It prints each fact that was found, its value, where it comes
from and how long that took, and what came of each provider. Nothing is kept: neither the
cache nor Kafka is touched, and no budget applies.

Exit code 1: a provider could not be asked, or its answer cannot be used.`,
		Example: `  leadrouter enrich lead.json --providers providers.yaml
  leadrouter enrich company.domain=weber-bank.example --providers providers.yaml --output json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("describe a lead: a JSON file, - or NAME=VALUE")
			}
			return nil
		},
		ValidArgsFunction: completeFacts,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.enrich(cmd.Context(), args) },
	}
	c.providersFlag(cmd)
	c.outputFlag(cmd)
	return cmd
}

// providersFlag binds the file of providers.
func (c *cli) providersFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.shared.providers, "providers", "", "YAML `file` of services that are asked what they know of leads (default none)")
	_ = cmd.MarkFlagFilename("providers", "yaml", "yml")
}

// loadProviders reads the file of --providers; nil without one.
func (c *cli) loadProviders() (*providers.File, error) {
	if c.shared.providers == "" {
		return nil, nil
	}
	f, err := providers.Load(c.shared.providers, c.lookup)
	if err != nil {
		return nil, app.Usage(err)
	}
	return &f, nil
}

// finding is a fact that was found out.
type finding struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
	From  string          `json:"from"`
	Took  float64         `json:"ms"`
}

// asked is what came of a provider.
type asked struct {
	Provider string  `json:"provider"`
	Result   string  `json:"result"`
	Took     float64 `json:"ms"`
	Refused  int     `json:"refused,omitempty"` // values of another type than their fact
	Error    string  `json:"error,omitempty"`
}

// enrichment is all that is printed.
type enrichment struct {
	Lead      string         `json:"lead"`
	Findings  []finding      `json:"findings"`
	Providers []asked        `json:"providers"`
	Evidence  *lead.Evidence `json:"evidence,omitempty"`
}

func (c *cli) enrich(ctx context.Context, args []string) error {
	file, err := c.loadProviders()
	if err != nil {
		return err
	}
	if file == nil {
		return app.Usage(errors.New("there is nobody to ask; name the file of providers with --providers"))
	}
	l, err := c.describedLead(args)
	if err != nil {
		return app.Usage(err)
	}
	out := enrichment{Lead: l.ID, Findings: []finding{}, Providers: []asked{}}
	good := out.ask(ctx, *file, &l)
	out.Evidence = l.Evidence
	if c.json() {
		err = c.printJSON(out)
	} else {
		err = c.printEnrichment(out)
	}
	if err == nil && !good {
		err = app.No(errSaid)
	}
	return err
}

// ask has every provider say what it knows, and reports whether all could.
func (e *enrichment) ask(ctx context.Context, file providers.File, l *lead.Lead) bool {
	tried := providers.Try(ctx, file, l, nil, clock.System())
	providers.Fill(l, file, tried)
	good := true
	for _, t := range tried {
		a := asked{Provider: t.Provider, Result: string(t.Result), Took: ms(t.Took), Refused: t.Refused}
		if t.Err != nil {
			a.Error = t.Err.Error()
			good = good && errors.Is(t.Err, providers.ErrNotAsked)
		}
		e.Providers = append(e.Providers, a)
		for _, v := range t.Fields {
			if l.Evidence != nil && l.Evidence.From[v.Name] == t.Provider {
				e.Findings = append(e.Findings, finding{Field: v.Name, Value: v.Value, From: t.Provider, Took: ms(t.Took)})
			}
		}
	}
	return good
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (c *cli) printEnrichment(e enrichment) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 3, ' ', 0)
	if len(e.Findings) > 0 {
		fmt.Fprintln(w, "field\tvalue\tfrom\tms")
	}
	for _, f := range e.Findings {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1f\n", f.Field, f.Value, f.From, f.Took)
	}
	fmt.Fprintln(w)
	for _, p := range e.Providers {
		line := p.Result
		if p.Error != "" {
			line = p.Error
		}
		if p.Refused > 0 {
			line += fmt.Sprintf("; %d values of another type than their fact", p.Refused)
		}
		fmt.Fprintf(w, "%s\t%s\t\t%.1f\n", p.Provider, line, p.Took)
	}
	return w.Flush()
}
