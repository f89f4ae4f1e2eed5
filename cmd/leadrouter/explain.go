package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/routing"
)

func (c *cli) explainCommand() *cobra.Command {
	var whyNot string
	cmd := &cobra.Command{
		Use:   "explain LEAD",
		Short: "Tell a lead's story: why this rep, why not each other",
		Long: `explain reads the decision log and tells the life of a lead in order: by which rules
it came to whom, who was in and who was out and why, turns and loads around each
decision; between two attempts what was reported, what its clocks said (from lead.sla)
and what came too late; and how it stands now.

Everybody's reason takes the policy of the decision: name it with --policy. The
decision's hash says whether it is the one. With --policy published it is looked up
by the hash of the lead's last decision.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.explain(cmd.Context(), args[0], whyNot) },
	}
	c.kafkaFlags(cmd)
	c.livePolicyFlag(cmd)
	c.outputFlag(cmd)
	cmd.Flags().StringVar(&whyNot, "why-not", "", "say of this `rep` what was in the way, and the smallest change that would have given them the lead")
	return cmd
}

func (c *cli) explain(ctx context.Context, id, whyNot string) error {
	if strings.TrimSpace(id) == "" {
		return app.Usage(errors.New("name a LEAD"))
	}
	plan := c.planner
	if c.shared.policy == app.Published {
		plan = func() (*routing.Planner, error) { return c.publishedPlanner(ctx, id) }
	}
	planner, err := plan()
	if err != nil {
		return err
	}
	if whyNot != "" && planner == nil {
		return app.Usage(errors.New("--why-not needs the policy of the decision; name it with --policy"))
	}
	if whyNot != "" {
		if _, known := planner.Policy().Rep(whyNot); !known {
			return app.Usage(fmt.Errorf("--why-not %s is no rep of the policy", whyNot))
		}
	}
	teller := audit.NewTeller(id, planner)
	teller.WhyNot = whyNot
	topic := event.LeadDecisions.Topic(c.shared.instance)
	if err := c.findTopics(ctx, topic); err != nil {
		return err
	}
	if err := audit.NewLog(c.shared.kafka, c.shared.instance).Read(ctx, teller.Add); err != nil {
		return err
	}
	story := teller.Story()
	if len(story.Chapters) == 0 {
		return app.No(fmt.Errorf("no decision about %s in %s; check the id and --instance, or see its dead letters in %s%s",
			id, topic, event.LeadCreated.Topic(c.shared.instance), kstream.DLQSuffix))
	}
	if story.Milestones, err = c.milestones(ctx, id); err != nil {
		return err
	}
	if c.json() {
		return c.printJSON(story)
	}
	l, err := c.lastSent(ctx, id)
	if err != nil {
		return err
	}
	return console.Teller{Style: c.style(c.out), Zone: time.Local, Name: nameOf(planner), WhyNot: whyNot}.Write(c.out, l, story)
}

// planner plans with the policy of --policy, or the one that lies here; nil when
// there is none.
func (c *cli) planner() (*routing.Planner, error) {
	path, err := c.policyPath(nil)
	if err != nil {
		return nil, nil //nolint:nilerr // without a policy the log's own words have to do
	}
	p, err := c.loadPolicy([]string{path})
	if err != nil {
		return nil, err
	}
	return routing.New(p), nil
}

// publishedPlanner plans with the policy of the lead's last decision; nil when that
// was not published, or has become something else to this version.
func (c *cli) publishedPlanner(ctx context.Context, id string) (*routing.Planner, error) {
	archive, err := c.readPublished(ctx)
	if err != nil {
		return nil, err
	}
	teller := audit.NewTeller(id, nil)
	if err := audit.NewLog(c.shared.kafka, c.shared.instance).Read(ctx, teller.Add); err != nil {
		return nil, err
	}
	hash := ""
	for _, chapter := range teller.Story().Chapters {
		if chapter.Draft != nil {
			hash = chapter.Draft.Policy.Hash
		}
	}
	publication, err := pickHash(archive.History(), hash)
	if err != nil {
		return nil, nil //nolint:nilerr // the log's own words have to do
	}
	p, err := c.readPublication(ctx, publication)
	if errors.Is(err, app.ErrOtherMeaning) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return routing.New(p), nil
}

// lastSent is the lead as subscribers got it last; its id alone when that is gone.
func (c *cli) lastSent(ctx context.Context, id string) (lead.Lead, error) {
	found := lead.Lead{ID: id}
	from, err := c.shared.kafka.Starts(ctx, event.LeadAssigned.Topic(c.shared.instance))
	if err != nil {
		return found, err
	}
	_, err = c.shared.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		if string(r.Key) != id {
			return nil
		}
		var a event.Assigned
		if err := json.Unmarshal(r.Value, &a); err == nil && a.Lead != nil {
			found = *a.Lead
		}
		return nil
	})
	return found, err
}

// milestones are what lead.sla says of a lead, in the order in which it was due; none
// where there is no such topic.
func (c *cli) milestones(ctx context.Context, id string) ([]event.Milestone, error) {
	topic := event.LeadSLA.Topic(c.shared.instance)
	if there, err := c.shared.kafka.HasTopic(ctx, topic); err != nil || !there {
		return nil, err
	}
	from, err := c.shared.kafka.Starts(ctx, topic)
	if err != nil {
		return nil, err
	}
	var said []event.Milestone
	_, err = c.shared.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		var m event.Milestone
		if string(r.Key) == id && json.Unmarshal(r.Value, &m) == nil {
			said = append(said, m)
		}
		return nil
	})
	slices.SortStableFunc(said, func(a, b event.Milestone) int { return a.At.Compare(b.At) })
	return said, err
}

// nameOf gives reps their names.
func nameOf(planner *routing.Planner) func(string) string {
	return func(id string) string {
		if planner == nil {
			return id
		}
		if i, known := planner.Policy().Rep(id); known {
			return planner.Policy().Reps[i].Name
		}
		return id
	}
}
