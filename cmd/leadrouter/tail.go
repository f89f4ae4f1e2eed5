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
	sla                bool
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

From the second owner of a lead on its attempt stands at the end: #2. With --sla what
the clocks of leads say has lines, too:

   ! reminded    !! target missed, or escalated    ok in time

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
	f.BoolVar(&flags.sla, "sla", false, "show reminders, targets and escalations, too (of --rep, whatever the rule or outcome)")
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
	topics := []string{event.LeadAssigned.Topic(c.shared.instance)}
	if flags.sla {
		topics = append(topics, event.LeadSLA.Topic(c.shared.instance))
	}
	from, err := c.tailStart(ctx, flags.from, topics...)
	if err != nil {
		return err
	}
	lines := &console.Lines{Style: c.style(c.out), Zone: time.Local}
	n := 0
	err = c.shared.kafka.Tail(ctx, from, func(r *kstream.Record) error {
		line, err := c.tailLine(r, lines, flags)
		if err != nil { // one bad record is no reason to see nothing more
			fmt.Fprintf(c.err, "tail: %s/%d/%d cannot be read: %v\n", r.Topic, r.Partition, r.Offset, err)
			return nil
		}
		if line == "" {
			return nil
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

// tailLine is what is shown of a record of lead.assigned, or else of lead.sla; "" where
// the filters leave it out. An assignment that is left out is remembered all the same:
// later lines of its lead are told by it.
func (c *cli) tailLine(r *kstream.Record, lines *console.Lines, flags tailFlags) (string, error) {
	e, err := kstream.Decode(r)
	if err != nil {
		return "", err
	}
	var line string
	if r.Topic == event.LeadAssigned.Topic(c.shared.instance) {
		var a event.Assigned
		if err := json.Unmarshal(e.Data, &a); err != nil {
			return "", err
		}
		if !flags.takes(a) {
			lines.Remember(a)
			return "", nil
		}
		line = lines.Line(a, r.Timestamp.Sub(a.AssignedAt))
	} else {
		var m event.Milestone
		if err := json.Unmarshal(e.Data, &m); err != nil {
			return "", err
		}
		if flags.rep != "" && m.RepID != flags.rep {
			return "", nil
		}
		line = lines.Milestone(m)
	}
	if c.json() {
		return string(e.Data), nil
	}
	return line, nil
}

// tailStart asks for the partitions of topics, and where to begin in them.
func (c *cli) tailStart(ctx context.Context, from string, topics ...string) (map[kstream.TopicPartition]int64, error) {
	ask := c.shared.kafka.Ends
	if from == fromBeginning {
		ask = c.shared.kafka.Starts
	}
	var offsets map[kstream.TopicPartition]int64
	err := c.askTopic(ctx, strings.Join(topics, " or "), func(ctx context.Context) (err error) {
		offsets, err = ask(ctx, topics...)
		return err
	})
	return offsets, err
}
