package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/event"
)

func (c *cli) policyHistoryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List what was published: when, by whom, why",
		Long: `history lists every publication, the newest first; * marks the active one. A policy
that was published stays readable: leadrouter explain finds it by the hash that each
decision names, leadrouter policy rollback also by its number.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.policyHistory(cmd.Context()) },
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	return cmd
}

func (c *cli) policyHistory(ctx context.Context) error {
	archive, err := c.readPublished(ctx)
	if err != nil {
		return err
	}
	history := archive.History()
	if c.json() {
		return c.printJSON(append([]event.Publication{}, history...)) // [], not null
	}
	if len(history) == 0 {
		_, err := fmt.Fprintln(c.out, errNothingPublished)
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tNUMBER\tWHEN\tPOLICY\tHASH\tBY\tBECAUSE")
	for _, p := range history {
		mark := ""
		if p.Active {
			mark = "*"
		}
		name := strings.TrimSpace(p.Name + " " + p.Version)
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%.7s\t%s\t%s\n", mark, p.Number, p.At.Local().Format(time.DateTime), name, p.Hash, p.By, p.Because)
	}
	return w.Flush()
}

func (c *cli) policyRollbackCommand() *cobra.Command {
	var m motive
	cmd := &cobra.Command{
		Use:   "rollback [HASH|NUMBER]",
		Short: "Make an earlier policy the active one again",
		Long: `rollback publishes a policy of the history once more, by default the one before the
active one: run twice, it comes back to where it began. A hash may be cut short.

Its tests run again, as routers will run them. A policy that means something else to
this version of leadrouter is refused: publish its files anew.`,
		Example: `  leadrouter policy rollback --because "Spain got nothing"
  leadrouter policy rollback 9f31c2a`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.policyRollback(cmd.Context(), m, args) },
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	m.add(cmd)
	return cmd
}

func (c *cli) policyRollback(ctx context.Context, m motive, args []string) error {
	archive, err := c.readPublished(ctx)
	if err != nil {
		return err
	}
	target, err := pick(archive.History(), args)
	if err != nil {
		return err
	}
	p, err := c.readPublication(ctx, target)
	if err != nil {
		return err
	}
	if m.because == "" {
		m.because = fmt.Sprintf("rollback to number %d", target.Number)
	}
	return c.activate(ctx, archive, p, m)
}

// pick finds the publication that a person means: a number, a hash or its beginning,
// or, when nothing is said, the one before the active one.
func pick(history []event.Publication, args []string) (event.Publication, error) {
	var none event.Publication
	if len(history) == 0 {
		return none, app.No(errNothingPublished)
	}
	if len(args) == 0 {
		active := slices.IndexFunc(history, func(p event.Publication) bool { return p.Active })
		if active < 0 {
			return none, app.Usage(errors.New("no publication is active; name one of leadrouter policy history"))
		}
		if active+1 == len(history) {
			return none, app.No(fmt.Errorf("number %d is the first; there is nothing before it", history[active].Number))
		}
		return history[active+1], nil
	}
	if number, err := strconv.Atoi(args[0]); err == nil {
		if i := slices.IndexFunc(history, func(p event.Publication) bool { return p.Number == number }); i >= 0 {
			return history[i], nil
		}
	}
	return pickHash(history, args[0])
}

// shortestHash is how much of a hash has to be said.
const shortestHash = 4

func pickHash(history []event.Publication, hash string) (event.Publication, error) {
	var found event.Publication
	for _, p := range history { // the newest of several of one hash
		if len(hash) < shortestHash || !strings.HasPrefix(p.Hash, strings.ToLower(hash)) || p.Hash == found.Hash {
			continue
		}
		if found.Hash != "" {
			return found, app.Usage(fmt.Errorf("%s begins more than one hash; say more of it", hash))
		}
		found = p
	}
	if found.Hash == "" {
		return found, app.Usage(fmt.Errorf("there is no publication %s; see leadrouter policy history", hash))
	}
	return found, nil
}
