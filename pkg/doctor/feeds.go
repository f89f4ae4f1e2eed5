package doctor

import (
	"context"
	"os"

	"leadrouter/pkg/app"
	"leadrouter/pkg/feeds"
	"leadrouter/pkg/policy"
)

// feeds reads the calendar feeds of a policy's reps, each once. None of them keeps a
// router from working: what is wrong is a warning.
func (e *examination) feeds(ctx context.Context, p *policy.Policy) {
	const check = "feeds"
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	good, absences := 0, 0
	for _, c := range feeds.Check(ctx, p, feeds.Config{
		Folder: app.FeedFolder(e.Feeds, e.Policy), Lookup: os.LookupEnv, Clock: e.Clock,
	}) {
		switch {
		case c.Err != nil:
			e.add(check, Warn, "mend the feed, or take it out of the policy: until then the rep is available by hours alone",
				"%s, %s: %v", c.Rep, c.Feed, c.Err)
			continue
		case len(c.Warnings) > 0:
			e.add(check, Warn, "look at the calendar there: these parts count for nothing",
				"%s, %s: %v (not understood: %d in all)", c.Rep, c.Feed, c.Warnings[0], len(c.Warnings))
		}
		good++
		absences += c.Absences
	}
	if good > 0 {
		e.add(check, OK, "", "%d can be read, %d absences in the two months to come", good, absences)
	}
}
