package app

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/feeds"
)

// FeedFolder is where the files of calendar feeds are: in the given folder, else beside
// the policy. A published policy has nothing beside it.
func FeedFolder(given, policy string) string {
	if given != "" || policy == Published {
		return given
	}
	if info, err := os.Stat(policy); err == nil && info.IsDir() {
		return policy
	}
	return filepath.Dir(policy)
}

// newFeeds keeps the feeds of the policy that the router decides by. Their servers go by
// the world's time, and what is ahead by that of decisions.
func (r *Router) newFeeds() *feeds.Feeds {
	return feeds.New(feeds.Config{
		Policy: r.policy.Policy, Folder: FeedFolder(r.cfg.Feeds, r.cfg.Policy),
		Lookup: os.LookupEnv, Every: r.cfg.FeedsEvery, Clock: clock.System(), Time: r.cfg.Clock,
		Logger: r.log, Registerer: r.reg,
	})
}

// feedPatience is how long a start waits for feeds: what is not there by then does not
// keep leads from being routed.
const feedPatience = 10 * time.Second

// awaitFeeds lets the first batch know who is absent, as far as that can be known.
func (r *Router) awaitFeeds(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, feedPatience)
	defer cancel()
	r.feeds.Wait(ctx)
}
