package dev

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/console"
	"leadrouter/pkg/embedded"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// samplePolicy is what a new data folder starts with.
//
//go:embed sample/policy.yaml
var samplePolicy []byte

// partitions of the topics: enough to see them used, few enough to start at once.
const partitions = 4

// Config of a run.
type Config struct {
	Dir   string // data folder
	Fresh bool   // forget what is in it
	// KafkaPort and RedisPort are tried first; 0 takes any.
	KafkaPort, RedisPort int
	Policy               string // file or folder; empty: the sample, copied to the data folder
	Instance             string
	Metrics              string
	Rate                 float64 // sample leads a second; 0: none
	// Feed publishes leads instead of the samples; nil: the samples.
	Feed   func(ctx context.Context, kafka kstream.Client, topic string) error
	Chance func(n int) int // of the samples
	Clock  clock.Clock     // of leads and decisions

	Version  string
	Out      io.Writer
	Terminal bool
	Style    console.Style
}

// Run starts the servers, refills the ledger from the log, and routes leads until
// ctx ends. It leaves the data folder as it will find it next time.
func Run(ctx context.Context, cfg Config) error {
	d := &run{Config: cfg}
	if err := d.prepare(); err != nil {
		return err
	}
	servers, err := embedded.Start(embedded.Config{
		Dir: d.Dir, Fresh: d.Fresh, KafkaPort: d.KafkaPort, RedisPort: d.RedisPort,
	})
	if err != nil {
		return app.Usage(err)
	}
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
	redis := app.Redis{Address: servers.RedisAddr()}
	rebuilt, err := app.Rebuild(ctx, d.kafka, redis, d.Instance, d.Clock.Now())
	if errors.Is(err, audit.ErrRepeated) || errors.Is(err, ledger.ErrFold) {
		return app.No(fmt.Errorf("%w; a kill -9 can do that to the embedded Kafka: start anew with --fresh", err))
	}
	if err != nil {
		return err
	}
	d.board = NewBoard()
	d.screen = &Screen{Out: d.Out, Terminal: d.Terminal, Style: d.Style, Board: d.board, Reps: d.reps}
	router, err := app.NewRouter(app.RouterConfig{
		Kafka: d.kafka, Redis: redis, Instance: d.Instance, PolicyTold: d.screen.Policy,
		Policy: d.Policy, Metrics: d.Metrics, Slot: "dev", Logger: logger, Clock: d.Clock,
	})
	if err != nil {
		return err
	}
	d.router = router
	d.header(rebuilt)
	return d.run(ctx)
}

// run is one run of [Run].
type run struct {
	Config
	servers *embedded.Servers
	kafka   kstream.Client
	router  *app.Router
	board   *Board
	screen  *Screen
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
	if d.Feed == nil {
		say("  leads   %g a second (--rate, --leads FILE)", d.Rate)
	}
	at := ""
	if broker != "localhost:9092" && broker != "127.0.0.1:9092" {
		at = " --brokers " + broker
	}
	say("Try  leadrouter explain L-0001%s --policy %s | leadrouter publish%s me.json\n", at, d.Policy, at)
}

// run routes, shows and feeds until ctx ends.
func (d *run) run(ctx context.Context) error {
	publisher, err := kstream.NewPublisher(d.kafka)
	if err != nil {
		return err
	}
	defer publisher.Close()
	next, err := d.fillBoard(ctx)
	if err != nil {
		return err
	}
	ends, err := d.kafka.Ends(ctx, event.LeadAssigned.Topic(d.Instance))
	if err != nil {
		return err
	}
	published, err := d.published(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.router.Run(ctx) })
	group.Go(func() error { return d.kafka.Tail(ctx, next, d.onDecision) })
	group.Go(func() error { return d.kafka.Tail(ctx, ends, d.onAssigned) })
	group.Go(func() error { return d.paint(ctx) })
	group.Go(func() error {
		if d.Feed != nil {
			return d.Feed(ctx, d.kafka, event.LeadCreated.Topic(d.Instance))
		}
		samples := &Samples{
			Publisher: publisher, Board: d.board, Instance: d.Instance, Rate: d.Rate,
			Chance: d.Chance, Clock: d.Clock, Pace: clock.System(), Published: published,
		}
		return samples.Run(ctx)
	})
	return group.Wait()
}

// fillBoard folds what is in the log already, and tells where to read on.
func (d *run) fillBoard(ctx context.Context) (map[kstream.TopicPartition]int64, error) {
	from, err := d.kafka.Starts(ctx, event.LeadDecisions.Topic(d.Instance))
	if err != nil {
		return nil, err
	}
	return d.kafka.ReadToEnd(ctx, from, d.onDecision)
}

// published is how many leads were ever published here. Ids of samples are counted
// on from there: one that is used already would be a repeat.
func (d *run) published(ctx context.Context) (int, error) {
	ends, err := d.kafka.Ends(ctx, event.LeadCreated.Topic(d.Instance))
	leads := 0
	for _, end := range ends {
		leads += int(end)
	}
	return leads, err
}

func (d *run) onDecision(r *kstream.Record) error {
	decision, err := audit.Decode(r)
	if err != nil {
		return err
	}
	return d.board.Add(decision)
}

func (d *run) onAssigned(r *kstream.Record) error {
	var a event.Assigned
	if err := json.Unmarshal(r.Value, &a); err != nil {
		return fmt.Errorf("lead.assigned at offset %d: %w", r.Offset, err)
	}
	d.screen.Assigned(a, r.Timestamp.Sub(a.AssignedAt))
	return nil
}

// repaintEvery is often enough to look alive.
const repaintEvery = 250 * time.Millisecond

func (d *run) paint(ctx context.Context) error {
	for clock.System().Sleep(ctx, repaintEvery) == nil {
		d.screen.Paint()
	}
	return nil
}

// reps are the ids of the policy in force.
func (d *run) reps() []string {
	p := d.router.Policy().Policy()
	ids := make([]string, len(p.Reps))
	for i := range p.Reps {
		ids[i] = p.Reps[i].ID
	}
	return ids
}
