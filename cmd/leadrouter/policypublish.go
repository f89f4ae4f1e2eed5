package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policydiff"
	"leadrouter/pkg/policylog"
)

// motive is who publishes a policy and why, and whether it is done.
type motive struct {
	by, because string
	dryRun      bool
}

func (m *motive) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&m.because, "because", "", "`reason`, for the history")
	f.StringVar(&m.by, "by", "", "`who` does it, for the history (default the user of this system)")
	f.BoolVar(&m.dryRun, "dry-run", false, "show what would change, and publish nothing")
}

func (c *cli) policyPublishCommand() *cobra.Command {
	var m motive
	cmd := &cobra.Command{
		Use:   "publish [PATH]",
		Short: "Make a policy the one that all routers decide by",
		Long: `publish checks a policy, runs its tests and writes it to policy.published, with all
its files. Routers with --policy published take it over between two batches, all by
themselves. What is active already is not published again.

Exit code 1: a test fails, or somebody else has published in between. 2: the policy
has errors.`,
		Example: `  leadrouter policy publish policy/ --because "Klara covers France"
  leadrouter policy publish policy/ --dry-run`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completePolicy,
		RunE:              func(cmd *cobra.Command, args []string) error { return c.policyPublish(cmd.Context(), m, args) },
	}
	c.kafkaFlags(cmd)
	c.policyFlag(cmd)
	c.outputFlag(cmd)
	m.add(cmd)
	return cmd
}

// publishing is the result of `policy publish` and `policy rollback`.
type publishing struct {
	Published bool `json:"published"` // false: it was active already, or --dry-run
	DryRun    bool `json:"dry_run,omitempty"`
	event.Publication
	Replaces *event.Publication  `json:"replaces,omitempty"`
	Changes  []policydiff.Change `json:"changes,omitempty"`
	// Unread is why the changes are not known: this version cannot read the active one.
	Unread string `json:"unread,omitempty"`
}

func (c *cli) policyPublish(ctx context.Context, m motive, args []string) error {
	p, err := c.loadPolicy(args)
	if err != nil {
		return err
	}
	archive, err := c.readPublished(ctx)
	if err != nil {
		return err
	}
	return c.activate(ctx, archive, p, m)
}

// activate publishes a checked policy, unless it is active, and says what that changes.
func (c *cli) activate(ctx context.Context, archive *policylog.Archive, p *policy.Policy, m motive) error {
	if err := app.TestsPass(p); err != nil {
		return app.No(fmt.Errorf("policy %s: %w", p.Name, err))
	}
	by, err := person(m.by)
	if err != nil {
		return err
	}
	draft := policylog.Draft{
		Hash: p.Hash, Name: p.Name, Version: p.Version, Engine: policy.Engine, Files: p.Files,
		By: by, Because: m.because, At: clock.System().Now(),
	}
	result := publishing{DryRun: m.dryRun, Publication: draft.Publication()}
	active, err := archive.Active()
	if err == nil && active.Hash == p.Hash {
		result.Publication = active
		return c.sayPublishing(result, p)
	}
	if err == nil {
		draft.After, result.Replaces = active.Number, &active
		if err := c.compare(ctx, &result, p); err != nil {
			return err
		}
	}
	if !m.dryRun {
		err := c.askTopic(ctx, event.PolicyPublished.Topic(c.shared.instance), func(ctx context.Context) error {
			result.Publication, err = c.published().Publish(ctx, draft)
			return err
		})
		if err != nil {
			return err
		}
		result.Published = true
	}
	return c.sayPublishing(result, p)
}

// compare fills in what differs from the policy that is replaced. One that this
// version cannot read any more is no reason to keep it.
func (c *cli) compare(ctx context.Context, result *publishing, p *policy.Policy) error {
	old, err := c.readPublication(ctx, *result.Replaces)
	switch {
	case err == nil:
		result.Changes = policydiff.Compare(old, p)
	case app.ExitCode(err) == app.ExitUnreachable:
		return err
	default:
		result.Unread = err.Error()
	}
	return nil
}

// mostChanges fit on a screen.
const mostChanges = 20

func (c *cli) sayPublishing(r publishing, p *policy.Policy) error {
	if c.json() {
		return c.printJSON(r)
	}
	head := "would be published: "
	switch {
	case r.Published:
		head = fmt.Sprintf("published as number %d: ", r.Number)
	case r.Active:
		head = fmt.Sprintf("nothing to publish, number %d is active already: ", r.Number)
	}
	fmt.Fprintln(c.out, head+summary(p))
	if n := feedFiles(p); n > 0 {
		fmt.Fprintf(c.out, "note: %s in files, which are not published; routers look for them in --feeds\n", count(n, "calendar feed"))
	}
	if r.Replaces != nil {
		fmt.Fprintf(c.out, "replaces number %d: policy %s\n", r.Replaces.Number, title(r.Replaces.Name, r.Replaces.Version, r.Replaces.Hash))
		for _, change := range r.Changes[:min(len(r.Changes), mostChanges)] {
			fmt.Fprintln(c.out, change)
		}
		text := count(len(r.Changes), "change") + " of rules, pools, reps, guards and SLAs"
		if len(r.Changes) > mostChanges {
			text += ", the first " + fmt.Sprint(mostChanges) + " shown"
		}
		if r.Unread != "" {
			text = "what changes is not known: " + r.Unread
		}
		fmt.Fprintln(c.out, text)
	}
	return nil
}

// feedFiles counts the reps whose calendar feed is a file.
func feedFiles(p *policy.Policy) (n int) {
	for i := range p.Reps {
		if p.Reps[i].Feed.File != "" {
			n++
		}
	}
	return n
}

// published is the topic of the installation.
func (c *cli) published() *policylog.Log { return policylog.New(c.shared.kafka, c.shared.instance) }

// readPublished reads what was published, and the files with these hashes.
func (c *cli) readPublished(ctx context.Context, hashes ...string) (archive *policylog.Archive, err error) {
	err = c.askTopic(ctx, event.PolicyPublished.Topic(c.shared.instance), func(ctx context.Context) error {
		archive, err = c.published().Read(ctx, hashes...)
		return err
	})
	return archive, err
}

// readPublication reads a policy that was published.
func (c *cli) readPublication(ctx context.Context, p event.Publication) (*policy.Policy, error) {
	archive, err := c.readPublished(ctx, policylog.Hashes(p)...)
	if err != nil {
		return nil, err
	}
	files, err := archive.Files(p)
	if err != nil {
		return nil, app.No(err)
	}
	read, err := app.ReadPublication(p, files)
	return read, app.No(err)
}

// errNothingPublished says what to do where there is no history yet.
var errNothingPublished = errors.New("nothing was ever published; run leadrouter policy publish")
