package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
	"leadrouter/pkg/intake"
	"leadrouter/pkg/policy"
)

func (c *cli) accountsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "accounts",
		Short: "Publish the accounts of the CRM, and see which one a lead is of",
	}, c.accountsImportCommand(), c.accountsFindCommand())
}

func (c *cli) accountsImportCommand() *cobra.Command {
	var flags publishFlags
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Publish the accounts of CSV, JSONL or JSON files to account.changed",
		Long: `import writes one account.changed event per row, keyed by the account's id, for
routers to match leads with. They hear of it at once.

The columns id, name, domains, parent, owner, status, strategic and country are
understood; --map names others as account.name, account.parent, ... An account
without an id goes by its name. A row that cannot be read without guessing is set
aside in FILE.refused.csv, with the reason beside it.

Exit code 1 says that rows were set aside.`,
		Example: `  leadrouter accounts import accounts.csv --dry-run
  leadrouter accounts import accounts.csv --map map.yaml`,
		Args: wantFiles,
		RunE: func(cmd *cobra.Command, args []string) error { return c.accountsImport(cmd.Context(), flags, args) },
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.mapFile, "map", "", "YAML `file` that says which column is which field")
	f.StringVar(&flags.format, "format", "", "csv, jsonl or json (default by the file's name and content)")
	f.BoolVar(&flags.dryRun, "dry-run", false, "show what would be published, and publish nothing")
	complete(cmd, "format", string(intake.CSV), string(intake.JSONL), string(intake.JSON))
	return cmd
}

func (c *cli) accountsImport(ctx context.Context, flags publishFlags, files []string) error {
	cfg := intake.Config{Format: intake.Format(flags.format), Accounts: true}
	if flags.mapFile != "" {
		var err error
		if cfg.Map, err = intake.ReadMap(flags.mapFile); err != nil {
			return app.Usage(err)
		}
	}
	return c.publishFiles(ctx, flags, cfg, event.AccountChanged, files)
}

// accountsQuery is what `accounts find` looks for.
type accountsQuery struct {
	accounts.Query
	most int
}

func (c *cli) accountsFindCommand() *cobra.Command {
	q := accountsQuery{}
	cmd := &cobra.Command{
		Use:   "find [NAME]",
		Short: "Say which account a lead of this company would be of, and why",
		Long: `find reads account.changed to its end and looks for a company as a router does for
a lead: by domain, then by name within the country. It lists what comes nearest, the
best first; the scores are held against the defaults of a policy's accounts section.

Exit code 0: there is one account. 1: there is none, or which one is in doubt.`,
		Example: `  leadrouter accounts find "Acme GmbH" --country DE
  leadrouter accounts find --domain acme.com --output json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				q.Name = args[0]
			}
			return c.accountsFind(cmd.Context(), q)
		},
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&q.Country, "country", "", "ISO 3166-1 `code` of the lead's country")
	f.StringVar(&q.Domain, "domain", "", "web or e-mail `domain` of the company")
	f.IntVar(&q.most, "most", 5, "list at most so `many`")
	return cmd
}

func (c *cli) accountsFind(ctx context.Context, q accountsQuery) error {
	if q.Name == "" && q.Domain == "" {
		return app.Usage(errors.New("say what to look for: a NAME, or --domain"))
	}
	q.Country = strings.ToUpper(q.Country)
	if err := c.findTopics(ctx, event.AccountChanged.Topic(c.shared.instance)); err != nil {
		return err
	}
	index, err := accounts.Read(ctx, c.shared.kafka, c.shared.instance)
	if err != nil {
		return app.Unreachable(err)
	}
	limits := accounts.Limits{Same: policy.DefaultSame, Review: policy.DefaultReview}
	found := index.Find(q.Query, limits)
	found.Candidates = found.Candidates[:min(len(found.Candidates), max(q.most, 1))]
	if err := c.sayFound(found, index.Len()); err != nil {
		return err
	}
	if found.Account == nil {
		return app.No(errSaid)
	}
	return nil
}

func (c *cli) sayFound(found accounts.Found, of int) error {
	if c.json() {
		return c.printJSON(found)
	}
	switch {
	case found.Account != nil:
		fmt.Fprintf(c.out, "%s, of %s\n", found.Account.ID, count(of, "account"))
	case found.Doubtful:
		fmt.Fprintf(c.out, "in doubt: a person decides, of %s\n", count(of, "account"))
	default:
		fmt.Fprintf(c.out, "none, of %s\n", count(of, "account"))
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, f := range found.Candidates {
		fmt.Fprintf(w, "  %d.%02d%%\t%s\t%s\t%s\t%s\towner %s\n", f.Score/100, f.Score%100, f.By, f.Account.ID, f.Account.Name,
			cmp.Or(f.Account.Country, "-"), cmp.Or(f.Account.Owner, f.Account.ParentOwner, "nobody"))
	}
	return w.Flush()
}
