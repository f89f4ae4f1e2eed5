package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/console"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/policylog"
	"leadrouter/pkg/routing"
)

// auditFlags are those of `audit` alone.
type auditFlags struct {
	policies []string
	limit    int
	from     string
	anchor   string
	follow   bool
	every    time.Duration
	snapshot int64
	ledger   bool
}

func (c *cli) auditCommand() *cobra.Command {
	var flags auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove every decision: derive it again from the log and compare",
		Long: `audit reads the decision log. Each lead is planned again from the facts on its record,
each grant done again on the ledger before it, in the order of the sequence, and compared
with what the log says, byte for byte. Gaps and repeats of the sequence, caps passed,
owners doubled and turns beyond their bound are found without any policy, and so is
what was changed, dropped or added behind a seal.

Name every policy that decisions were made by: --policy as often as it takes, or
--policy published for all that ever were. The hash on the record says which is whose.
Exit code 1: something does not add up.

--ledger compares what Redis holds with what the log comes to: every counter, turn and
owner. Nothing may be coming in meanwhile.

--follow goes on as the log grows: it seals what is there (lead.seals) and keeps
snapshots of the ledger (ledger.snapshot), each record once, wherever it ends and
begins again. Another one that is started takes over. --from snapshot proves what came
since, and rests on what was proven before.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkLimit(flags.limit); err != nil {
				return err
			}
			fits, err := begins(flags.from)
			if err != nil {
				return app.Usage(err)
			}
			if flags.follow && flags.ledger {
				return app.Usage(errors.New("--ledger looks once, and --follow goes on: use one of them"))
			}
			if flags.follow {
				return c.auditFollow(cmd.Context(), flags)
			}
			return c.audit(cmd.Context(), flags, fits)
		},
	}
	c.kafkaFlags(cmd)
	c.redisFlags(cmd)
	c.outputFlag(cmd)
	c.metricsFlag(cmd)
	f := cmd.Flags()
	f.Lookup("metrics").Usage = "with --follow: listen `address` of /metrics, /healthz and /readyz (default none)"
	f.BoolVar(&flags.ledger, "ledger", false, "compare Redis with the log, too")
	f.StringSliceVar(&flags.policies, "policy", nil, "policy `file` or folder, once for each version; or "+app.Published+": all that were")
	f.IntVar(&flags.limit, "limit", 20, "show at most so many findings; count all")
	f.StringVar(&flags.from, "from", fromBeginning, "`where` to begin: beginning; or at the newest snapshot (snapshot), of no later than a time, or than offsets (partition:offset,…)")
	f.StringVar(&flags.anchor, "anchor", "", "`digest` of a seal that was noted elsewhere, which must be in the chain")
	f.BoolVar(&flags.follow, "follow", false, "go on as the log grows, seal it and take snapshots")
	f.DurationVar(&flags.every, "every", 5*time.Minute, "with --follow: how often the log is looked at")
	f.Int64Var(&flags.snapshot, "snapshot", 100_000, "with --follow: decisions between two snapshots; 0: take none")
	_ = cmd.RegisterFlagCompletionFunc("policy", completePolicy)
	return cmd
}

// fromSnapshot begins at the newest one.
const fromSnapshot = "snapshot"

// begins reads --from: which snapshots may be begun at. nil: none.
func begins(from string) (func(event.Snapshot) bool, error) {
	switch from {
	case "", fromBeginning:
		return nil, nil
	case fromSnapshot:
		return func(event.Snapshot) bool { return true }, nil
	}
	if at, err := instant(from); err == nil {
		return func(s event.Snapshot) bool { return s.At <= at.UnixMilli() }, nil
	}
	offsets := map[int32]int64{}
	for pair := range strings.SplitSeq(from, ",") {
		partition, offset, ok := strings.Cut(pair, ":")
		p, badPartition := strconv.ParseInt(partition, 10, 32)
		o, badOffset := strconv.ParseInt(offset, 10, 64)
		if !ok || badPartition != nil || badOffset != nil || p < 0 || o < 0 {
			return nil, fmt.Errorf("--from %q: want beginning, snapshot, a time like 2026-11-24T09:00:00Z or 2026-11-24, or offsets like 0:1200,1:1180", from)
		}
		offsets[int32(p)] = o
	}
	return func(s event.Snapshot) bool {
		for partition, offset := range offsets {
			if s.Offsets[partition] > offset {
				return false
			}
		}
		return true
	}, nil
}

// audited is what audit prints as JSON.
type audited struct {
	audit.Verdict
	Shown []audit.Finding `json:"shown"`
}

func (c *cli) audit(ctx context.Context, flags auditFlags, fits func(event.Snapshot) bool) error {
	cfg, err := c.passConfig(ctx, flags)
	if err != nil {
		return err
	}
	result := audited{Shown: []audit.Finding{}}
	cfg.From = fits
	cfg.Report = func(f audit.Finding) {
		if len(result.Shown) < flags.limit {
			result.Shown = append(result.Shown, f)
		}
	}
	var bar *progressbar.ProgressBar
	cfg.Each = func(context.Context, *kstream.Record) error { return bar.Add(1) }
	pass, err := audit.OpenPass(ctx, cfg)
	if err != nil {
		return err
	}
	total, err := pass.Records(ctx)
	if err != nil {
		return err
	}
	bar = c.progress("audit", total, progressbar.OptionShowCount())
	err = pass.Read(ctx)
	_ = bar.Finish()
	if err != nil {
		return err
	}
	if flags.ledger {
		held, err := app.Ledger(ctx, c.shared.kafka, c.shared.redis, c.shared.instance)
		if err != nil {
			return err
		}
		if err := pass.Hold(held); err != nil {
			return app.No(err)
		}
	}
	if result.Verdict, err = pass.Close(ctx); err != nil {
		return err
	}
	if c.json() {
		err = c.printJSON(result)
	} else {
		c.printAudit(result, fits != nil)
	}
	if err == nil && result.Findings > 0 {
		return app.No(errSaid)
	}
	return err
}

// passConfig is what every audit needs; Kafka and the log are there then.
func (c *cli) passConfig(ctx context.Context, flags auditFlags) (audit.PassConfig, error) {
	planners, err := c.planners(ctx, flags.policies)
	if err != nil {
		return audit.PassConfig{}, err
	}
	if err := c.findTopics(ctx, event.LeadDecisions.Topic(c.shared.instance)); err != nil {
		return audit.PassConfig{}, err
	}
	cfg := audit.PassConfig{
		Kafka: c.shared.kafka, Instance: c.shared.instance, Planners: planners, Anchor: flags.anchor,
		Group: app.RouterGroup(c.shared.instance),
	}
	if slices.Contains(flags.policies, app.Published) {
		cfg.Find = func(hash string) *routing.Planner { return c.findPublished(ctx, hash) }
	}
	return cfg, nil
}

// findPublished is the planner of a policy that was published since; nil when there is
// none, or it cannot be read now.
func (c *cli) findPublished(ctx context.Context, hash string) *routing.Planner {
	planners, err := c.publishedPlanners(ctx)
	if err != nil {
		return nil
	}
	for _, p := range planners {
		if p.Policy().Hash == hash {
			return p
		}
	}
	return nil
}

// planners are those of the policies named, or of the one that lies here.
func (c *cli) planners(ctx context.Context, paths []string) ([]*routing.Planner, error) {
	if len(paths) == 0 {
		if p, err := c.planner(); err != nil || p != nil {
			return []*routing.Planner{p}, err
		}
		return nil, nil
	}
	var list []*routing.Planner
	for _, path := range paths {
		if path == app.Published {
			published, err := c.publishedPlanners(ctx)
			if err != nil {
				return nil, err
			}
			list = append(list, published...)
			continue
		}
		p, err := c.loadPolicy([]string{path})
		if err != nil {
			return nil, err
		}
		list = append(list, routing.New(p))
	}
	return list, nil
}

// publishedPlanners are those of all policies that were ever published and mean here
// what they meant then.
func (c *cli) publishedPlanners(ctx context.Context) ([]*routing.Planner, error) {
	archive, err := c.readPublished(ctx)
	if err != nil {
		return nil, err
	}
	var hashes []string
	for _, p := range archive.History() {
		hashes = append(hashes, policylog.Hashes(p)...)
	}
	if archive, err = c.readPublished(ctx, hashes...); err != nil {
		return nil, err
	}
	var list []*routing.Planner
	for _, p := range archive.History() {
		files, err := archive.Files(p)
		if err != nil {
			return nil, app.No(err)
		}
		if read, err := app.ReadPublication(p, files); err == nil {
			list = append(list, routing.New(read))
		}
	}
	return list, nil
}

// printFinding says where and what; below it both sides of what differs.
func (c *cli) printFinding(f audit.Finding) {
	if f.Sequence > 0 {
		fmt.Fprintf(c.out, "sequence %d: ", f.Sequence)
	}
	fmt.Fprint(c.out, f.Kind)
	if f.Lead != "" {
		fmt.Fprintf(c.out, ", lead %s", console.Printable(f.Lead))
	}
	fmt.Fprintf(c.out, "\n  %s\n", console.Printable(f.What))
	other := "derived"
	if f.Kind == audit.Held {
		other = "redis has"
	}
	for _, d := range f.Differences {
		fmt.Fprintf(c.out, "  %-16s logged %s, %s %s\n", d.Path, orDash(d.Logged), other, orDash(d.Derived))
	}
}

func (c *cli) printAudit(r audited, mayBegin bool) {
	for _, f := range r.Shown {
		c.printFinding(f)
	}
	if more := r.Findings - len(r.Shown); more > 0 {
		fmt.Fprintf(c.out, "and %s more; see --limit\n", grouped(more))
	}
	c.printVerdict(r.Verdict, mayBegin)
}

// printVerdict prints what an audit has come to; mayBegin says that a snapshot was asked
// for.
func (c *cli) printVerdict(r audit.Verdict, mayBegin bool) {
	switch {
	case r.From > 0:
		fmt.Fprintf(c.out, "begun at the snapshot behind sequence %d\n", r.From)
	case mayBegin:
		fmt.Fprintln(c.out, "begun at the beginning: no snapshot to begin at")
	}
	fmt.Fprintf(c.out, "%s, %s derived again, byte for byte\n", count(r.Decisions, "decision"), grouped(r.Proven))
	for _, why := range slices.Sorted(maps.Keys(r.Unproven)) {
		fmt.Fprintf(c.out, "%s taken at their word: %s\n", grouped(r.Unproven[why]), why)
	}
	if r.Lost > 0 {
		fmt.Fprintf(c.out, "%s given up by a rebuild\n", count(r.Lost, "sequence"))
	}
	if r.Waiting > 0 {
		fmt.Fprintf(c.out, "%s not looked at yet: one before was in flight\n", count(r.Waiting, "decision"))
	}
	if r.Seals > 0 {
		fmt.Fprintf(c.out, "%s; the last digest is %s\n", count(int(r.Seals), "seal"), r.Digest)
	}
	switch {
	case r.Findings == 0 && r.Proven == 0 && r.Decisions > 0:
		fmt.Fprintln(c.out, c.style(c.out).Warn("nothing was proven: name the policies that decided, with --policy"))
	case r.Findings == 0:
		fmt.Fprintln(c.out, c.style(c.out).Good("nothing found"))
	default:
		fmt.Fprintln(c.out, c.style(c.out).Bad(count(r.Findings, "finding")))
	}
}

// orDash is a value, or a dash where there is none.
func orDash(v string) string {
	if v == "" {
		return "-"
	}
	return console.Printable(v)
}
