package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// What people report: what happened to a lead, and who is there.

func (c *cli) activityCommand() *cobra.Command {
	var a event.Activity
	var value float64
	cmd := &cobra.Command{
		Use:   "activity LEAD ACTIVITY",
		Short: "Report what happened to a lead: accepted, contacted, lost and so on",
		Long: `activity writes an event to lead.activity, as a CRM does. A lead that is converted,
lost or closed counts no longer against its rep's caps; reopened, it counts again.

--attempt names the assignment that is meant, so that a report that comes late
says nothing about the rep who has the lead by now.`,
		Example:   "  leadrouter activity L-20418 converted --rep jonas --value 42000",
		Args:      cobra.ExactArgs(2),
		ValidArgs: event.Activities(),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.LeadID, a.Activity = args[0], args[1]
			if math.IsNaN(value) || math.IsInf(value, 0) { // JSON has no such number
				return app.Usage(fmt.Errorf("--value %v is no amount", value))
			}
			if cmd.Flags().Changed("value") {
				a.Value = &value
			}
			return c.reportActivity(cmd.Context(), a)
		},
	}
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&a.RepID, "rep", "", "`rep` it is about; of claimed and owner_changed the new owner")
	f.IntVar(&a.Attempt, "attempt", 0, "`number` of the assignment it is about (default the current one)")
	f.StringVar(&a.Reason, "reason", "", "why, for the record")
	f.Float64Var(&value, "value", 0, "`amount` of the deal, in the lead's currency")
	f.StringVar(&a.Intent, "intent", "", "of a signal: high, medium or low")
	f.StringVar(&a.By, "by", "", "`who` says so (default the user of this system)")
	complete(cmd, "intent", "high", "medium", "low")
	return cmd
}

func (c *cli) reportActivity(ctx context.Context, a event.Activity) error {
	var err error
	if a.By, err = person(a.By); err != nil {
		return err
	}
	a.At = clock.System().Now().UTC()
	return c.tell(ctx, word{
		topic: event.LeadActivity, about: a.LeadID, at: a.At, data: a,
		check: func(e event.Envelope) error { _, err := e.Activity(); return err },
		said:  fmt.Sprintf("%s is reported %s; see leadrouter explain %s", a.LeadID, a.Activity, a.LeadID),
	})
}

func (c *cli) repCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "rep",
		Short: "Report that a rep is away, back, or has left",
	},
		c.presenceCommand("away", ledger.Away, "Report that a rep is away: no new leads until they are back"),
		c.presenceCommand("back", ledger.Available, "Report that a rep is back: new leads come again"),
		c.presenceCommand("left", ledger.Left, "Report that a rep has left for good: their turns are shared out"),
	)
}

// presenceCommand is rep VERB REP.
func (c *cli) presenceCommand(verb, status, short string) *cobra.Command {
	var by, until string
	cmd := &cobra.Command{
		Use:   verb + " REP",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			now := clock.System().Now()
			end, err := endOfAbsence(until, now)
			if err != nil {
				return app.Usage(err)
			}
			return c.reportPresence(cmd.Context(), event.Status{RepID: args[0], Status: status, Until: end, By: by, At: now.UTC()})
		},
	}
	c.kafkaFlags(cmd)
	c.policyFlag(cmd)
	c.outputFlag(cmd)
	cmd.Flags().StringVar(&by, "by", "", "`who` says so (default the user of this system)")
	if status == ledger.Away {
		cmd.Example = "  leadrouter rep away jonas --until 2026-12-07\n  leadrouter rep away jonas --until 3h"
		cmd.Flags().StringVar(&until, "until", "", "`when` they are back: a day, a time (RFC 3339) or a while, such as 3h (default until rep back)")
	}
	return cmd
}

func (c *cli) reportPresence(ctx context.Context, s event.Status) error {
	var err error
	if s.By, err = person(s.By); err != nil {
		return err
	}
	if err := c.knownRep(s.RepID); err != nil {
		return err
	}
	return c.tell(ctx, word{
		topic: event.RepStatus, about: s.RepID, at: s.At, data: s,
		check: func(e event.Envelope) error { _, err := e.Status(); return err },
		said:  presenceSaid(s),
	})
}

func presenceSaid(s event.Status) string {
	switch {
	case s.Status == ledger.Available:
		return s.RepID + " is reported back"
	case s.Status == ledger.Left:
		return s.RepID + " is reported to have left"
	case s.Until.IsZero():
		return fmt.Sprintf("%s is reported away until leadrouter rep back %s", s.RepID, s.RepID)
	}
	return fmt.Sprintf("%s is reported away until %s", s.RepID, s.Until.Local().Format("Mon 2 Jan 2006 15:04 MST"))
}

// knownRep asks the policy, if there is one here: a name that it does not know would
// only be told in the dead letters. No name is not its business.
func (c *cli) knownRep(id string) error {
	if id == "" {
		return nil
	}
	planner, err := c.planner()
	if err != nil || planner == nil {
		return err
	}
	p := planner.Policy()
	if _, known := p.Rep(id); known {
		return nil
	}
	var similar []string
	for _, r := range p.Reps {
		if strings.Contains(strings.ToLower(r.ID+" "+r.Name), strings.ToLower(id)) {
			similar = append(similar, r.ID)
		}
	}
	hint := ""
	if len(similar) > 0 {
		hint = "; did you mean " + strings.Join(similar, " or ") + "?"
	}
	return app.Usage(fmt.Errorf("%s is no rep of policy %s%s", id, p.Name, hint))
}

var errUntil = errors.New("--until wants a day such as 2026-12-07, a time such as 2026-12-07T09:00:00+01:00, or a while such as 3h")

// endOfAbsence reads --until. A day begins where this machine is.
func endOfAbsence(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	end, err := time.Parse(time.RFC3339, text)
	if err != nil {
		end, err = time.ParseInLocation(time.DateOnly, text, time.Local)
	}
	if err != nil {
		var d time.Duration
		d, err = time.ParseDuration(text)
		end = now.Add(d)
	}
	if err != nil {
		return time.Time{}, errUntil
	}
	if !end.After(now) {
		return time.Time{}, fmt.Errorf("--until %s is over already", text)
	}
	return end.UTC().Truncate(time.Second), nil
}

// word is what a person says to the router.
type word struct {
	topic event.Type
	about string // id of the lead or the rep, which is the key
	at    time.Time
	data  any
	check func(event.Envelope) error // what the router will ask of it
	said  string                     // to the person, once it is written
}

// tell checks a word as the router will, writes it to its topic and prints it. The same
// word at another time is another event.
func (c *cli) tell(ctx context.Context, w word) error {
	raw, err := json.Marshal(w.data)
	if err != nil {
		return fmt.Errorf("encode %s: %w", w.topic, err)
	}
	e, err := event.New(w.topic, string(raw), 0, w.about, w.at, json.RawMessage(raw))
	if err != nil {
		return err
	}
	if err := w.check(e); err != nil {
		return app.Usage(err)
	}
	topic := w.topic.Topic(c.shared.instance)
	to, err := c.publisher(ctx, topic)
	if err != nil {
		return err
	}
	defer to.Close()
	err = c.askKafka(ctx, func(ctx context.Context) error {
		return to.Publish(ctx, kstream.Encode(topic, w.about, e))
	})
	if err != nil {
		return err
	}
	if c.json() {
		return c.printJSON(w.data)
	}
	_, err = fmt.Fprintln(c.out, w.said)
	return err
}
