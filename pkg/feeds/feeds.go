package feeds

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

// Config of [Feeds]. All fields are required where no default is given.
type Config struct {
	// Policy is the one in force, whose feeds are kept; nil before the first.
	Policy func() *policy.Policy
	// Folder is where files are; empty: files cannot be read.
	Folder string
	// Lookup reads the environment, as os.LookupEnv.
	Lookup func(string) (string, bool)
	// Every is how often an address is asked, give or take a tenth. Default 5 min.
	Every      time.Duration
	Clock      clock.Clock // of refreshing
	Time       clock.Clock // what decisions call now. Default Clock
	Client     *http.Client
	Logger     *zap.Logger
	Registerer prometheus.Registerer
}

func (cfg Config) withDefaults() Config {
	cfg.Every = cmp.Or(cfg.Every, 5*time.Minute)
	if cfg.Time == nil {
		cfg.Time = cfg.Clock
	}
	if cfg.Client == nil {
		cfg.Client = newClient()
	}
	return cfg
}

const (
	// fileEvery is how often a file is looked at, which costs next to nothing.
	fileEvery = 2 * time.Second
	// firstRetry doubles from failure to failure, up to Config.Every.
	firstRetry = 5 * time.Second
	// followEvery is how soon a change of the policy is seen.
	followEvery = 500 * time.Millisecond
	// atOnce bounds how many feeds are read at a time.
	atOnce = 8
)

// Feeds keeps the feeds of the policy in force. It is safe for concurrent use.
type Feeds struct {
	cfg     Config
	sources sources
	slots   chan struct{} // one for each reading under way
	hash    string        // of the policy that is followed; the loop of Run's own

	mu     sync.Mutex
	feeds  []*feed // ascending by rep
	window window
	untold int           // feeds of the first policy that were not tried yet
	tried  chan struct{} // closed when all of these were
}

// window is who is absent in [from, until).
type window struct {
	from, until time.Time
	absent      []routing.Absence // ascending by rep
}

// New returns feeds that nothing is known of yet: [Feeds.Run] reads them.
func New(cfg Config) *Feeds {
	cfg = cfg.withDefaults()
	f := &Feeds{
		cfg: cfg, sources: sources{folder: cfg.Folder, lookup: cfg.Lookup, client: cfg.Client},
		slots: make(chan struct{}, atOnce), tried: make(chan struct{}),
	}
	cfg.Registerer.MustRegister(f)
	return f
}

// Absent are the reps who are absent at an instant, ascending by id. The list is shared:
// it is to be read only.
func (f *Feeds) Absent(at time.Time) []routing.Absence {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at.Before(f.window.from) || !at.Before(f.window.until) {
		f.look(at)
	}
	return f.window.absent
}

// look finds who is absent, and for how long that stays so. The caller holds mu.
func (f *Feeds) look(at time.Time) {
	f.window = window{from: at, until: forever}
	for _, feed := range f.feeds {
		absent, until := feed.last.at(at)
		if until.Before(f.window.until) {
			f.window.until = until
		}
		if absent {
			f.window.absent = append(f.window.absent, routing.Absence{Rep: feed.rep, Until: until.UnixMilli()})
		}
	}
}

// Wait returns once every feed of the first policy was tried, or ctx ends: whoever begins
// to decide then knows who is absent, as far as that can be known.
func (f *Feeds) Wait(ctx context.Context) {
	p := f.cfg.Policy()
	if p != nil && !slices.ContainsFunc(p.Reps, func(r policy.Rep) bool { return !r.Feed.IsZero() }) {
		return
	}
	select {
	case <-f.tried:
	case <-ctx.Done():
	}
}

// Run reads the feeds again and again until ctx ends.
func (f *Feeds) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	defer f.cfg.Client.CloseIdleConnections()
	defer loops.Wait()
	for {
		f.follow(ctx, &loops)
		if f.cfg.Clock.Sleep(ctx, followEvery) != nil {
			return nil
		}
	}
}

// follow starts the loops of feeds that the policy in force has and the last one had not,
// and stops those that it has no more. A feed that stays keeps what is known of it.
func (f *Feeds) follow(ctx context.Context, loops *sync.WaitGroup) {
	p := f.cfg.Policy()
	if p == nil || p.Hash == f.hash {
		return
	}
	first := f.hash == ""
	f.hash = p.Hash
	f.mu.Lock()
	defer f.mu.Unlock()
	old := f.feeds
	f.feeds = nil
	for i := range p.Reps {
		rep := &p.Reps[i]
		if rep.Feed.IsZero() {
			continue
		}
		at := slices.IndexFunc(old, func(o *feed) bool {
			return o.rep == rep.ID && o.source == rep.Feed && o.zone.String() == rep.Zone().String()
		})
		if at >= 0 {
			f.feeds = append(f.feeds, old[at])
			old = slices.Delete(old, at, at+1)
			continue
		}
		f.feeds = append(f.feeds, f.start(ctx, loops, rep, first))
	}
	for _, gone := range old {
		gone.stop()
	}
	f.window = window{}
	if first {
		f.untold = len(f.feeds)
		f.tell()
	}
}

// start begins the loop of a feed; awaited, if those who wait for the first feeds wait
// for it.
func (f *Feeds) start(ctx context.Context, loops *sync.WaitGroup, rep *policy.Rep, awaited bool) *feed {
	ctx, stop := context.WithCancel(ctx)
	feed := &feed{rep: rep.ID, source: rep.Feed, zone: rep.Zone(), awaited: awaited, stop: stop, good: f.cfg.Clock.Now()}
	loops.Go(func() {
		defer stop()
		f.keep(ctx, feed)
	})
	return feed
}

// tell lets those go on who wait for the first feeds. The caller holds mu.
func (f *Feeds) tell() {
	select {
	case <-f.tried:
	default:
		if f.untold <= 0 {
			close(f.tried)
		}
	}
}

// keep reads a feed until ctx ends.
func (f *Feeds) keep(ctx context.Context, feed *feed) {
	every := f.cfg.Every
	if feed.source.File != "" {
		every = fileEvery
	}
	retry := backoff.NewExponentialBackOff(backoff.WithInitialInterval(firstRetry), backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(0), backoff.WithMaxInterval(f.cfg.Every), backoff.WithMaxElapsedTime(0))
	for n := uint64(0); ; n++ {
		wait := every
		if f.refresh(ctx, feed) {
			retry.Reset()
		} else {
			wait = min(retry.NextBackOff(), every)
		}
		if n == 0 && feed.awaited {
			f.mu.Lock()
			f.untold--
			f.tell()
			f.mu.Unlock()
		}
		if f.cfg.Clock.Sleep(ctx, spread(wait, feed.rep, n)) != nil {
			return
		}
	}
}

// spread lengthens or shortens a wait by up to a tenth, each rep's and each time another
// way, so that a server is not asked for all of its calendars at once.
func spread(wait time.Duration, rep string, n uint64) time.Duration {
	const steps = 201
	part := int64((xxhash.Sum64String(rep)+n*0x9e3779b97f4a7c15)%steps) - steps/2
	return wait + wait/1000*time.Duration(part)
}

// refresh reads a feed once, and reports whether it is good.
func (f *Feeds) refresh(ctx context.Context, feed *feed) bool {
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	read, err := f.sources.read(ctx, feed.source, feed.zone, feed.seen, f.cfg.Time.Now())
	<-f.slots
	if ctx.Err() != nil {
		return false // called off: it says nothing of the feed
	}
	if err == nil {
		feed.seen, err = read, read.err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.say(feed, read, err)
	if err != nil {
		feed.failures++
		feed.failing = true
		return false
	}
	if feed.last != read {
		feed.last, f.window = read, window{}
	}
	feed.good, feed.failing = f.cfg.Clock.Now(), false
	return true
}

// say tells the log what is news about a feed.
func (f *Feeds) say(feed *feed, read *reading, err error) {
	who := []zap.Field{zap.String("rep", feed.rep), zap.Stringer("feed", feed.source)}
	switch {
	case err != nil && feed.failing:
	case err != nil && feed.last == nil:
		f.cfg.Logger.Warn("a calendar feed cannot be read; the rep is available by the hours of the policy", append(who, zap.Error(err))...)
	case err != nil:
		f.cfg.Logger.Warn("a calendar feed cannot be read; what was read last stays", append(who, zap.Error(err))...)
	case feed.failing:
		f.cfg.Logger.Info("a calendar feed is read again", who...)
	}
	if err == nil && feed.last != read && len(read.warnings) > 0 {
		f.cfg.Logger.Warn("parts of a calendar feed were not understood",
			append(who, zap.Int("parts", len(read.warnings)), zap.NamedError("first", read.warnings[0]))...)
	}
}
