package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// tailFlags are those of `tail` alone.
type tailFlags struct {
	rep, rule, outcome string
	from               string
	limit              int
}

// Where tail begins.
const (
	fromBeginning = "beginning"
	fromNow       = "now"
)

// outcomes are what can become of a lead.
func outcomes() []string {
	return []string{
		string(ledger.Assigned), string(ledger.Waiting), string(ledger.Review),
		string(ledger.Nurture), string(ledger.Duplicate), string(ledger.Disqualified),
	}
}

func (c *cli) tailCommand() *cobra.Command {
	var flags tailFlags
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Show assignments as they happen",
		Long: `tail shows one line per assignment:

  time, lead, company and country, what became of it, who has it, by which rule, why

  -> assigned    => moved to another rep    .. waiting    ?? in review
  ~~ nurture     == a duplicate             xx disqualified

The lines hold no e-mail address, phone number or person's name; --output json
prints the whole events, one per line.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.check(); err != nil {
				return app.Usage(err)
			}
			return c.tail(cmd.Context(), flags)
		},
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&flags.rep, "rep", "", "only assignments to this rep (`id`)")
	f.StringVar(&flags.rule, "rule", "", "only those by this rule; a ruleset's `name` takes all of its rules")
	f.StringVar(&flags.outcome, "outcome", "", "only this outcome: "+strings.Join(outcomes(), ", "))
	f.StringVar(&flags.from, "from", fromNow, "where to begin: now or beginning")
	f.IntVar(&flags.limit, "limit", 0, "end after this many lines (default never)")
	complete(cmd, "outcome", outcomes()...)
	complete(cmd, "from", fromNow, fromBeginning)
	return cmd
}

func (f tailFlags) check() error {
	switch {
	case f.outcome != "" && !slices.Contains(outcomes(), f.outcome):
		return fmt.Errorf("--outcome %q is none of %s", f.outcome, strings.Join(outcomes(), ", "))
	case f.from != fromNow && f.from != fromBeginning:
		return fmt.Errorf("--from %q: want now or beginning", f.from)
	}
	return checkLimit(f.limit)
}

// takes reports whether an assignment passes the filters.
func (f tailFlags) takes(a event.Assigned) bool {
	return (f.rep == "" || a.RepID == f.rep) &&
		(f.rule == "" || a.Rule == f.rule || strings.HasPrefix(a.Rule, f.rule+"/")) &&
		(f.outcome == "" || string(a.Outcome) == f.outcome)
}

// errEnough ends reading at --limit.
var errEnough = errors.New("enough")

func (c *cli) tail(ctx context.Context, flags tailFlags) error {
	topic := event.LeadAssigned.Topic(c.shared.instance)
	from, err := c.tailStart(ctx, topic, flags.from)
	if err != nil {
		return err
	}
	lines := &console.Lines{Style: c.style(c.out), Zone: time.Local}
	n := 0
	err = c.shared.kafka.Tail(ctx, from, func(r *kstream.Record) error {
		a, data, err := assignment(r)
		if err != nil { // one bad record is no reason to see nothing more
			fmt.Fprintf(c.err, "tail: %s/%d/%d cannot be read: %v\n", r.Topic, r.Partition, r.Offset, err)
			return nil
		}
		if !flags.takes(a) {
			return nil
		}
		line := string(data)
		if !c.json() {
			line = lines.Line(a, r.Timestamp.Sub(a.AssignedAt))
		}
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return err
		}
		if n++; n == flags.limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	if _, offline := errors.AsType[net.Error](err); offline {
		return app.Unreachable(err)
	}
	return err
}

// assignment reads a record of lead.assigned, and gives its data as it is.
func assignment(r *kstream.Record) (event.Assigned, []byte, error) {
	e, err := kstream.Decode(r)
	if err != nil {
		return event.Assigned{}, nil, err
	}
	var a event.Assigned
	if err := json.Unmarshal(e.Data, &a); err != nil {
		return event.Assigned{}, nil, err
	}
	return a, e.Data, nil
}

// tailStart asks for the partitions of a topic, and where to begin in them.
func (c *cli) tailStart(ctx context.Context, topic, from string) (map[kstream.TopicPartition]int64, error) {
	ask := c.shared.kafka.Ends
	if from == fromBeginning {
		ask = c.shared.kafka.Starts
	}
	var offsets map[kstream.TopicPartition]int64
	err := c.askTopic(ctx, topic, func(ctx context.Context) (err error) {
		offsets, err = ask(ctx, topic)
		return err
	})
	return offsets, err
}
