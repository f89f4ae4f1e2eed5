package dev

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/console"
	"leadrouter/pkg/embedded"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
	"leadrouter/pkg/providers"
)

// samplePolicy is what a new data folder starts with.
//
//go:embed sample/policy.yaml
var samplePolicy []byte

// partitions of the topics: enough to see them used, few enough to start at once.
const partitions = 4

// Speeds of a run: dev's time does not fall behind the world's, and clocks of minutes
// leave Kafka the time that it takes.
const (
	MinSpeed = 1.0
	MaxSpeed = 3600.0
)

// Config of a run.
type Config struct {
	Dir   string // data folder
	Fresh bool   // forget what is in it
	// KafkaPort and RedisPort are tried first; 0 takes any.
	KafkaPort, RedisPort int
	Policy               string          // file or folder; empty: the sample, copied to the data folder
	Providers            *providers.File // are asked what they know of leads; nil: nobody is
	GeoIP                string          // MaxMind file; empty: none
	Instance             string
	Metrics              string
	Rate                 float64 // sample leads a second; 0: none
	// Feed publishes leads instead of the samples; nil: the samples.
	Feed   func(ctx context.Context, kafka kstream.Client, topic string) error
	Idle   bool        // the reps do nothing of their own accord
	Chance Chance      // of the samples and of what reps do
	Clock  clock.Clock // the world's
	Speed  float64     // seconds of dev's time in a second, from MinSpeed to MaxSpeed

	Version  string
	Out      io.Writer
	Terminal bool
	Style    console.Style
	Zone     *time.Location // of the times shown; nil: UTC
}

// Run starts the servers, refills the ledger from the log, and routes leads until
// ctx ends. It leaves the data folder as it will find it next time.
func Run(ctx context.Context, cfg Config) error {
	d := &run{Config: cfg, board: NewBoard()}
	if err := d.prepare(); err != nil {
		return err
	}
	servers, err := embedded.Start(embedded.Config{
		Dir: d.Dir, Fresh: d.Fresh, KafkaPort: d.KafkaPort, RedisPort: d.RedisPort,
	})
	if err != nil {
		return app.Usage(err)
	}
	// Last of all: what is in the topics by then goes on with the next start.
	defer servers.Close()
	d.servers = servers
	d.kafka = kstream.Client{Brokers: servers.Brokers()}
	logger, closeLog, err := d.logger()
	if err != nil {
		return err
	}
	defer closeLog()
	if err := d.kafka.CreateTopics(ctx, app.Topics(d.Instance, partitions, 1)...); err != nil {
		return err
	}
	rebuilt, err := d.rebuild(ctx)
	if errors.Is(err, audit.ErrRepeated) || errors.Is(err, ledger.ErrFold) {
		return app.No(fmt.Errorf("%w; a kill -9 can do that to the embedded Kafka: start anew with --fresh", err))
	}
	if err != nil {
		return err
	}
	if err := d.build(logger); err != nil {
		return err
	}
	d.header(rebuilt)
	return d.run(ctx)
}

// run is one run of [Run].
type run struct {
	Config
	clock   clock.Clock // dev's
	servers *embedded.Servers
	kafka   kstream.Client
	router  *app.Router
	watcher *app.Watcher
	board   *Board
	next    map[kstream.TopicPartition]int64 // where the board reads on
	screen  *Screen
}

// rebuild folds the log into the board, starts the clock where that ends, and refills
// the ledger. Time goes on from the last decision if a fast run has left that in the
// future, else from the present: it never goes back, and what fell due while nothing ran
// fires at the start.
func (d *run) rebuild(ctx context.Context) (audit.Rebuilt, error) {
	from, err := d.kafka.Starts(ctx, event.LeadDecisions.Topic(d.Instance))
	if err != nil {
		return audit.Rebuilt{}, err
	}
	if d.next, err = d.kafka.ReadToEnd(ctx, from, d.onDecision); err != nil {
		return audit.Rebuilt{}, err
	}
	start := d.Clock.Now()
	if last := d.board.At(); last.After(start) {
		start = last
	}
	if d.clock, err = clock.Scaled(d.Clock, start, d.Speed); err != nil {
		return audit.Rebuilt{}, app.Usage(err)
	}
	return app.Rebuild(ctx, app.RebuildConfig{Kafka: d.kafka, Redis: d.redis(), Instance: d.Instance, Now: start})
}

func (d *run) redis() app.Redis { return app.Redis{Address: d.servers.RedisAddr()} }

// build makes the router, the watcher and the screen. Kafka's own time is the world's:
// only what is decided, and when it is due, is told by dev's clock.
func (d *run) build(logger *zap.Logger) (err error) {
	d.screen = &Screen{
		Out: d.Out, Terminal: d.Terminal, Style: d.Style, Zone: d.Zone, Clock: d.clock, Board: d.board, Reps: d.reps,
	}
	d.router, err = app.NewRouter(app.RouterConfig{
		Kafka: d.kafka, Redis: d.redis(), Instance: d.Instance, PolicyTold: d.screen.Policy,
		Policy: d.Policy, GeoIP: d.GeoIP, Providers: d.Providers, Metrics: d.Metrics, Slot: "dev", Logger: logger.Named("router"), Clock: d.clock,
	})
	d.watcher = app.NewWatcher(app.WatcherConfig{
		Kafka: d.kafka, Instance: d.Instance, Slot: "dev", Logger: logger.Named("sla"), Clock: newUnset(d.clock),
	})
	return err
}

// prepare makes the data folder and the policy in it.
func (d *run) prepare() error {
	if err := os.MkdirAll(d.Dir, 0o750); err != nil {
		return app.Usage(fmt.Errorf("data folder: %w", err))
	}
	if d.Policy != "" {
		return nil
	}
	d.Policy = filepath.Join(d.Dir, "policy.yaml")
	if _, err := os.Stat(d.Policy); !errors.Is(err, fs.ErrNotExist) {
		return nil // edited, perhaps: it is the user's
	}
	if err := os.WriteFile(d.Policy, samplePolicy, 0o600); err != nil {
		return app.Usage(fmt.Errorf("data folder: %w", err))
	}
	return nil
}

// logger writes to a file: the screen is for people.
func (d *run) logger() (*zap.Logger, func(), error) {
	file, err := os.OpenFile(filepath.Join(d.Dir, "dev.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, app.Usage(fmt.Errorf("data folder: %w", err))
	}
	logger, err := app.NewLogger(file, "info", true)
	return logger, func() { _ = file.Close() }, err
}

// header says where everything is and what to try.
func (d *run) header(rebuilt audit.Rebuilt) {
	p := d.router.Policy().Policy()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(d.Out, format+"\n", args...) }
	broker := d.kafka.Brokers[0]
	say("leadrouter dev %s   data in %s, kept on Ctrl-C (--fresh starts anew)", d.Version, d.Dir)
	say("  kafka   %-15s embedded       kcat -C -b %s -t %s", broker, broker, event.LeadAssigned.Topic(d.Instance))
	say("  redis   %-15s embedded, rebuilt from %d decisions", d.servers.RedisAddr(), rebuilt.Decisions)
	say("  policy  %s  %d rules, %d tests pass; edit, save, it reloads", d.Policy, len(p.Rules), len(p.Tests))
	say("  leads   %s", d.pace())
	at := ""
	if broker != "localhost:9092" && broker != "127.0.0.1:9092" {
		at = " --brokers " + broker
	}
	say("Try  leadrouter explain L-0001%s --policy %s | leadrouter publish%s me.json\n", at, d.Policy, at)
}

// pace says how fast leads come and time goes.
func (d *run) pace() string {
	leads := fmt.Sprintf("%g a second", d.Rate)
	switch {
	case d.Feed != nil:
		leads = "from a file"
	case d.Rate == 0:
		leads = "none"
	}
	switch d.Speed {
	case 1:
		return leads + ", in real time (--speed 60, --leads FILE)"
	case 60:
		return leads + ", a minute passes in a second (--speed 1, --leads FILE)"
	}
	return fmt.Sprintf("%s, %s pass in a second (--speed 1, --leads FILE)", leads, console.Span(time.Duration(d.Speed*float64(time.Second))))
}
