package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/console"
	"leadrouter/pkg/enrich"
	"leadrouter/pkg/intake"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/tryout"
)

// tryFlags are those of `policy try` alone.
type tryFlags struct {
	at           string
	lastOwner    string
	companyOwner string
}

func (c *cli) policyTryCommand() *cobra.Command {
	var flags tryFlags
	cmd := &cobra.Command{
		Use:   "try LEAD.json | - | NAME=VALUE...",
		Short: "Ask the policy who would get a lead, and why",
		Long: `try walks a policy with one lead and shows the rules it comes by, who would get it,
and who not and why. It needs no server: nobody has leads yet, everybody's turn is
equal, and everybody is at work unless --at names a time.`,
		Example: `  leadrouter policy try source=demo_request country=DE language=de deal_value=80000
  leadrouter policy try lead.json --at 2026-11-24T10:00:00Z`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("describe a lead: a JSON file, - or NAME=VALUE")
			}
			return nil
		},
		ValidArgsFunction: completeFacts,
		RunE:              func(_ *cobra.Command, args []string) error { return c.policyTry(flags, args) },
	}
	c.policyFlag(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.at, "at", "", "`time` when the lead comes, RFC 3339; the calendars then say who is at work")
	f.StringVar(&flags.lastOwner, "last-owner", "", "`rep` who had an earlier lead of this person")
	f.StringVar(&flags.companyOwner, "company-owner", "", "`rep` who has another lead of this company")
	return cmd
}

// completeFacts offers the names of a lead.
func completeFacts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, n := range lead.Names() {
		names = append(names, cobra.CompletionWithDesc(n.Name+"=", n.Doc))
	}
	return names, cobra.ShellCompDirectiveNoSpace
}

func (c *cli) policyTry(flags tryFlags, args []string) error {
	cfg := tryout.Config{At: clock.System().Now(), LastOwner: flags.lastOwner, CompanyOwner: flags.companyOwner}
	if flags.at != "" {
		at, err := time.Parse(time.RFC3339, flags.at)
		if err != nil {
			return app.Usage(fmt.Errorf("--at %q is not a time such as 2026-11-24T10:00:00Z", flags.at))
		}
		cfg.At, cfg.Calendars = at, true
	}
	p, err := c.loadPolicy(nil)
	if err != nil {
		return err
	}
	for _, id := range []string{flags.lastOwner, flags.companyOwner} {
		if _, ok := p.Rep(id); id != "" && !ok {
			return app.Usage(fmt.Errorf("no rep is called %q", id))
		}
	}
	l, err := c.describedLead(args)
	if err != nil {
		return app.Usage(err)
	}
	enrich.New(enrich.Config{}).Enrich(&l)
	trial, err := tryout.Run(p, l, cfg)
	if err != nil {
		return err
	}
	if c.json() {
		return c.printJSON(trial)
	}
	return c.printTrial(p, l, trial)
}

// describedLead reads the lead of a file, or of NAME=VALUE arguments.
func (c *cli) describedLead(args []string) (lead.Lead, error) {
	if !strings.Contains(args[0], "=") {
		if len(args) > 1 {
			return lead.Lead{}, errors.New("one lead at a time")
		}
		in, _, err := c.open(args[0])
		if err != nil {
			return lead.Lead{}, err
		}
		defer func() { _ = in.Close() }()
		return onlyLead(in, displayName(args[0]), intake.Config{})
	}
	fields := map[string]string{"id": "lead"}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return lead.Lead{}, fmt.Errorf("%q is not NAME=VALUE", arg)
		}
		if _, known := lead.Lookup(name); !known {
			return lead.Lead{}, fmt.Errorf("%q is not known of a lead; for anything else write attributes.NAME=VALUE", name)
		}
		fields[name] = value
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return lead.Lead{}, err
	}
	m, err := intake.ParseMap(nil) // values are read as those of a file
	if err != nil {
		return lead.Lead{}, err
	}
	return onlyLead(strings.NewReader(string(raw)), "lead", intake.Config{Map: m, Format: intake.JSON})
}

// onlyLead reads a file of one lead.
func onlyLead(in io.Reader, name string, cfg intake.Config) (lead.Lead, error) {
	r, err := intake.NewReader(in, name, cfg)
	if err != nil {
		return lead.Lead{}, err
	}
	rec, err := r.Next()
	if errors.Is(err, io.EOF) {
		return lead.Lead{}, fmt.Errorf("%s: there is no lead in it", name)
	}
	if err == nil {
		err = rec.Err
	}
	if err != nil {
		return lead.Lead{}, err
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		return lead.Lead{}, fmt.Errorf("%s: there is more than one lead in it", name)
	}
	return rec.Lead, nil
}

func (c *cli) printTrial(p *policy.Policy, l lead.Lead, trial tryout.Trial) error {
	a := trial.Assigned
	style := c.style(c.out)
	fmt.Fprintln(c.out, console.Headline(l))
	who := "Nobody would get it: " + string(a.Outcome) + "."
	if i, ok := p.Rep(a.RepID); ok {
		who = p.Reps[i].Name + " would get it."
	}
	fmt.Fprintf(c.out, "%s   policy %s\n", style.Strong(who), title(a.Policy.Name, a.Policy.Version, a.Policy.Hash))
	fmt.Fprintf(c.out, "  %q\n", a.Reason)
	if err := console.WriteKnown(c.out, l.Facts(), l.Evidence); err != nil {
		return err
	}
	if err := console.WriteLearned(c.out, a.Learned, l.Facts()); err != nil {
		return err
	}
	return console.WriteExplanation(c.out, trial.Explanation, console.Decided{Step: trial.Step, Rep: a.RepID})
}
