package feeds

import (
	"context"

	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/policy"
)

// Checked is a feed that was read once, to see whether it can be.
type Checked struct {
	Rep      string
	Feed     policy.Feed
	Absences int     // in the two months to come
	Warnings []error // parts that were not understood
	Err      error   // it cannot be read
}

// Check reads every feed of a policy once. Of cfg it needs Folder, Lookup and Clock.
func Check(ctx context.Context, p *policy.Policy, cfg Config) []Checked {
	cfg = cfg.withDefaults()
	defer cfg.Client.CloseIdleConnections()
	from := sources{folder: cfg.Folder, lookup: cfg.Lookup, client: cfg.Client}
	var out []Checked
	for i := range p.Reps {
		if rep := &p.Reps[i]; !rep.Feed.IsZero() {
			out = append(out, Checked{Rep: rep.ID, Feed: rep.Feed})
		}
	}
	var readers errgroup.Group
	readers.SetLimit(atOnce)
	for i := range out {
		readers.Go(func() error {
			c := &out[i]
			rep, _ := p.Rep(c.Rep)
			read, err := from.read(ctx, c.Feed, p.Reps[rep].Zone(), nil, cfg.Clock.Now())
			if err == nil {
				c.Absences, c.Warnings, err = len(read.absences), read.warnings, read.err
			}
			c.Err = err
			return nil
		})
	}
	_ = readers.Wait() // each says for itself
	return out
}
