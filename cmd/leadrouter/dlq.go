package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/console"
	"leadrouter/pkg/deadletter"
	"leadrouter/pkg/event"
)

func (c *cli) dlqCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "dlq",
		Short: "See the records that were set aside, send them again or drop them",
	}, c.dlqListCommand(), c.dlqSettleCommand("retry", "Send dead letters again, as they came in", (*deadletter.Office).Retry),
		c.dlqSettleCommand("drop", "Drop dead letters for good", (*deadletter.Office).Drop))
}

// letterFlags say which dead letters are meant.
type letterFlags struct {
	codes []string
	at    []string
	all   bool
}

// chosen reads the flags. Without any all letters are meant.
func (f letterFlags) chosen() (func(deadletter.Letter) bool, error) {
	var ids []deadletter.ID
	for _, text := range f.at {
		id, err := deadletter.ParseID(text)
		if err != nil {
			return nil, app.Usage(fmt.Errorf("--at %w", err))
		}
		ids = append(ids, id)
	}
	return func(l deadletter.Letter) bool {
		return (len(f.codes) == 0 || slices.Contains(f.codes, l.Code)) && (len(ids) == 0 || slices.Contains(ids, l.ID))
	}, nil
}

// dlqFlags binds what all dlq commands take: which topics, which letters.
func (c *cli) dlqFlags(cmd *cobra.Command, f *letterFlags) {
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	cmd.Args = func(_ *cobra.Command, args []string) error { _, err := inputTypes(args); return err }
	cmd.ValidArgs = inputNames()
	cmd.Flags().StringSliceVar(&f.codes, "code", nil, "only those with this error `code`")
	cmd.Flags().StringSliceVar(&f.at, "at", nil, "only the one at this `place`, as list calls it")
}

func (c *cli) dlqListCommand() *cobra.Command {
	var f letterFlags
	var values bool
	var limit int
	cmd := &cobra.Command{
		Use:   "list [TYPE...]",
		Short: "List dead letters: where, since when and why",
		Long: `list shows what the routers set aside, oldest first in each partition, and counts all
of it by error code. The letters themselves may hold personal data: --values shows
them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return c.dlqList(cmd.Context(), args, f, limit, values)
		},
	}
	c.dlqFlags(cmd, &f)
	cmd.Flags().BoolVar(&values, "values", false, "show the values, too")
	cmd.Flags().IntVar(&limit, "limit", 50, "show at most so many; count all")
	return cmd
}

// listedLetter is a dead letter as list prints it.
type listedLetter struct {
	deadletter.Letter
	Value string `json:"value,omitempty"`
}

// listed is what list prints.
type listed struct {
	Letters []listedLetter `json:"letters"`
	Codes   map[string]int `json:"codes"` // of all letters, shown or not
}

func (c *cli) dlqList(ctx context.Context, args []string, f letterFlags, limit int, values bool) error {
	office, chosen, err := c.office(ctx, args, f)
	if err != nil {
		return err
	}
	result := listed{Letters: []listedLetter{}, Codes: map[string]int{}}
	err = office.Each(ctx, func(l deadletter.Letter) error {
		if !chosen(l) {
			return nil
		}
		result.Codes[l.Code]++
		if len(result.Letters) < limit {
			shown := listedLetter{Letter: l}
			if values {
				shown.Value = strings.ToValidUTF8(string(l.Value()), "\ufffd")
			}
			result.Letters = append(result.Letters, shown)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if c.json() {
		return c.printJSON(result)
	}
	return c.printLetters(result)
}

func (c *cli) printLetters(result listed) error {
	total := 0
	for _, n := range result.Codes {
		total += n
	}
	if total == 0 {
		fmt.Fprintln(c.out, "no dead letters")
		return nil
	}
	now := clock.System().Now()
	w := tabwriter.NewWriter(c.out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "PLACE\tAGE\tCODE\tREASON")
	for _, l := range result.Letters {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.ID, now.Sub(l.At).Round(time.Second), l.Code, console.Printable(l.Reason))
		if l.Value != "" {
			fmt.Fprintf(w, "\t\t\t%s\n", console.Printable(l.Value))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more := total - len(result.Letters); more > 0 {
		fmt.Fprintf(c.out, "and %s more; see --limit\n", grouped(more))
	}
	var codes []string
	byCount := slices.SortedFunc(maps.Keys(result.Codes), func(a, b string) int {
		return cmp.Or(cmp.Compare(result.Codes[b], result.Codes[a]), cmp.Compare(a, b))
	})
	for _, code := range byCount {
		codes = append(codes, fmt.Sprintf("%s %s", grouped(result.Codes[code]), code))
	}
	fmt.Fprintf(c.out, "\n%s: %s\n", count(total, "dead letter"), strings.Join(codes, ", "))
	return nil
}

// settling is [deadletter.Office.Retry] or [deadletter.Office.Drop].
type settling func(*deadletter.Office, context.Context, func(deadletter.Letter) bool) (deadletter.Settled, error)

// dlqSettleCommand is dlq retry or dlq drop.
func (c *cli) dlqSettleCommand(verb, short string, settle settling) *cobra.Command {
	var f letterFlags
	cmd := &cobra.Command{
		Use:   verb + " [TYPE...]",
		Short: short,
		Long: short + `. Say which: --code, --at, or --all.

Mend the cause first: a letter that is still wrong comes back. Ended in the middle, run
it again: a lead that was sent twice is a repeat of itself and changes nothing.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !f.all && len(f.codes)+len(f.at) == 0 {
				return app.Usage(errors.New("say which dead letters: --code, --at, or --all"))
			}
			return c.dlqSettle(cmd.Context(), args, f, settle)
		},
	}
	c.dlqFlags(cmd, &f)
	cmd.Flags().BoolVar(&f.all, "all", false, "all of them")
	return cmd
}

func (c *cli) dlqSettle(ctx context.Context, args []string, f letterFlags, settle settling) error {
	office, chosen, err := c.office(ctx, args, f)
	if err != nil {
		return err
	}
	settled, err := settle(office, ctx, chosen)
	if err != nil {
		return err
	}
	if len(f.at) > 0 && settled == (deadletter.Settled{}) {
		return app.No(fmt.Errorf("there is no dead letter at %s; see leadrouter dlq list", strings.Join(f.at, ", ")))
	}
	if c.json() {
		return c.printJSON(settled)
	}
	fmt.Fprintf(c.out, "%s sent again, %s dropped\n", count(settled.Sent, "dead letter"), grouped(settled.Dropped))
	if settled.Kept > 0 {
		fmt.Fprintf(c.out, "%s kept: cut to fit when they were set aside; the whole record is at its source, or drop them\n", grouped(settled.Kept))
	}
	return nil
}

// office is that of the types named, or of all that have dead letters, with the choice
// of letters that are meant.
func (c *cli) office(ctx context.Context, args []string, f letterFlags) (*deadletter.Office, func(deadletter.Letter) bool, error) {
	chosen, err := f.chosen()
	if err != nil {
		return nil, nil, err
	}
	types, err := inputTypes(args)
	if err != nil {
		return nil, nil, err
	}
	var inputs []string
	for _, t := range types {
		inputs = append(inputs, t.Topic(c.shared.instance))
	}
	return deadletter.New(c.shared.kafka, inputs...), chosen, c.findTopics(ctx, inputs...)
}

// inputTypes reads the names of types that have dead letters; none means all.
func inputTypes(names []string) ([]event.Type, error) {
	var types []event.Type
	for _, name := range inputNames() {
		if len(names) == 0 || slices.Contains(names, name) {
			types = append(types, event.Type(name))
		}
	}
	for _, name := range names {
		if !slices.Contains(inputNames(), name) {
			return nil, fmt.Errorf("%s has no dead letters; those of %s are kept", name, strings.Join(inputNames(), ", "))
		}
	}
	return types, nil
}

func inputNames() (names []string) {
	for _, t := range event.Topics("") {
		if t.DeadLetters {
			names = append(names, t.Name)
		}
	}
	return names
}
