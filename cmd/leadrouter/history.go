package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/enrich"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/simulate"
)

// historyFlags say what is run: the decision log, lead files, or leads that are made up.
type historyFlags struct {
	sample     sampleFlags
	activities string
	generate   string
	seed       uint64
	from       string
	times      float64
	without    []string
}

func (f *historyFlags) add(c *cli, cmd *cobra.Command) {
	c.kafkaFlags(cmd)
	c.outputFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.sample.against, "leads", "", "`file` of leads (CSV, TSV, JSON, JSON lines) instead of the decision log; they come at created_at")
	flags.StringVar(&f.sample.mapFile, "map", "", "`file` that says what the columns of --leads mean")
	flags.StringVar(&f.activities, "activities", "", "`file` of what happened to these leads, as on lead.activity (JSON lines)")
	flags.StringVar(&f.generate, "generate", "", "`file` that says which leads to make up, instead of the decision log")
	flags.Uint64Var(&f.seed, "seed", 1, "`number` that draws, and leads that are made up, follow from")
	flags.StringVar(&f.from, "from", "", "`day` (2026-08-26): count leads from then on; what came before runs all the same")
	flags.Float64Var(&f.times, "times", 1, "what if so many `times` as many leads came: 2, 0.5")
	flags.StringSliceVar(&f.without, "without", nil, "what if these `reps` had left before the first lead")
	cmd.MarkFlagsMutuallyExclusive("leads", "generate")
}

// history reads what is to be run through some policies.
func (c *cli) history(ctx context.Context, f *historyFlags, policies ...*policy.Policy) (*simulate.History, error) {
	h, err := c.source(ctx, f, policies)
	if err != nil {
		return nil, err
	}
	if f.times <= 0 {
		return nil, app.Usage(fmt.Errorf("--times %v: want more than 0", f.times))
	}
	if f.times != 1 {
		h = h.Times(f.times, f.seed)
	}
	for _, rep := range f.without {
		known := slices.ContainsFunc(policies, func(p *policy.Policy) bool { _, ok := p.Rep(rep); return ok })
		if !known {
			return nil, app.Usage(fmt.Errorf("--without %s: is no rep of the policy", rep))
		}
	}
	return h.Without(f.without...), nil
}

func (c *cli) source(ctx context.Context, f *historyFlags, policies []*policy.Policy) (*simulate.History, error) {
	switch {
	case f.sample.against != "":
		return c.leadHistory(f)
	case f.activities != "":
		return nil, app.Usage(errors.New("--activities needs --leads"))
	case f.generate != "":
		raw, err := c.readAll(f.generate)
		if err != nil {
			return nil, app.Usage(err)
		}
		spec, err := simulate.ParseSpec(raw)
		if err != nil {
			return nil, app.Usage(fmt.Errorf("%s: %w", displayName(f.generate), err))
		}
		return spec.Generate(f.seed), nil
	}
	return c.loggedHistory(ctx, policies)
}

func (c *cli) readAll(file string) ([]byte, error) {
	in, _, err := c.open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	return io.ReadAll(in)
}

// fromDay is the instant of --from; zero: none.
func (f *historyFlags) fromDay() (time.Time, error) {
	if f.from == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, f.from)
	if err != nil {
		return day, app.Usage(fmt.Errorf("--from %q: want a day such as 2026-08-26", f.from))
	}
	return day, nil
}

// leadHistory reads leads and what happened to them from files.
func (c *cli) leadHistory(f *historyFlags) (*simulate.History, error) {
	leads, err := c.sample(f.sample)
	if err != nil {
		return nil, err
	}
	h := simulate.NewHistory()
	undated := 0
	for _, l := range leads {
		if l.CreatedAt.IsZero() {
			undated++
			continue
		}
		h.Arrive(l, l.CreatedAt)
	}
	if undated > 0 {
		fmt.Fprintf(c.err, "%s without created_at left out\n", count(undated, "lead"))
	}
	if f.activities != "" {
		if err := c.readActivities(f.activities, h); err != nil {
			return nil, err
		}
	}
	h.Sort()
	return h, nil
}

// readActivities reads events as they stand on lead.activity, one a line.
func (c *cli) readActivities(file string, h *simulate.History) error {
	in, _, err := c.open(file)
	if err != nil {
		return app.Usage(err)
	}
	defer func() { _ = in.Close() }()
	told := teller{out: c.err}
	defer told.rest("")
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, lead.MaxBytes)
	for n := 1; lines.Scan(); n++ {
		a, err := event.Envelope{Type: event.LeadActivity, Data: slices.Clone(lines.Bytes())}.Activity()
		switch {
		case err != nil:
			told.say("%s:%d: %v; left out", displayName(file), n, err)
		case a.At.IsZero():
			told.say("%s:%d: at is missing; left out", displayName(file), n)
		default:
			h.Happen(a)
		}
	}
	return app.Usage(lines.Err())
}

// loggedHistory reads the decision log. Facts that the policies of the day did not ask
// for are taken from lead.created, as far as it goes back.
func (c *cli) loggedHistory(ctx context.Context, policies []*policy.Policy) (*simulate.History, error) {
	topic := event.LeadDecisions.Topic(c.shared.instance)
	total := int64(0)
	if err := c.askTopic(ctx, topic, func(ctx context.Context) (err error) {
		total, err = c.records(ctx, topic)
		return err
	}); err != nil {
		return nil, err
	}
	reader, folder := simulate.NewReader(), audit.NewFolder()
	var failed error
	folder.Seen = func(d event.Decision, _ *ledger.State) { failed = cmp.Or(failed, reader.Add(d)) }
	bar := c.progress("read "+topic, total, progressbar.OptionShowCount())
	err := audit.NewLog(c.shared.kafka, c.shared.instance).Read(ctx, func(d event.Decision) error {
		_ = bar.Add(1)
		return cmp.Or(folder.Add(d), failed)
	})
	_ = bar.Finish()
	if err != nil {
		return nil, err
	}
	h := reader.History()
	return h, c.complete(ctx, h, policies)
}

// complete looks up in lead.created what no lead of the log has.
func (c *cli) complete(ctx context.Context, h *simulate.History, policies []*policy.Policy) error {
	var names []string
	for _, p := range policies {
		for name, n := range h.Lacking(p.Uses()) {
			if n == h.Leads && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	topic := event.LeadCreated.Topic(c.shared.instance)
	from, err := c.shared.kafka.Starts(ctx, topic)
	if err != nil {
		return err
	}
	enricher := enrich.New(enrich.Config{})
	_, err = c.shared.kafka.ReadToEnd(ctx, from, func(r *kstream.Record) error {
		e, err := kstream.Decode(r)
		if err != nil {
			return nil //nolint:nilerr // it is in the dead letters
		}
		if l, err := e.Lead(); err == nil {
			enricher.Enrich(&l)
			h.Complete(l.ID, l.Facts(), names)
		}
		return nil
	})
	return err
}
