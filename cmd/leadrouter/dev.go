package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/spf13/cobra"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/dev"
	"leadrouter/pkg/intake"
	"leadrouter/pkg/kstream"
)

// devFlags are those of `dev` alone.
type devFlags struct {
	dir                  string
	fresh                bool
	kafkaPort, redisPort int
	rate, speed          float64
	noReps               bool
	seed                 uint64
	leads                string
	mapFile              string
}

func (c *cli) devCommand() *cobra.Command {
	var flags devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Try it: everything in one process, with sample leads and a live table",
		Long: `dev runs a router and an SLA watcher on a Kafka and a Redis inside this process and
shows who gets which lead and why, which clock has run out, and where the lead goes
then. It needs nothing but this binary.

A minute passes in a second (--speed): the clocks of leads, the decisions and the
sample reps go by dev's own time, Kafka and Redis by the world's. Most sample reps
accept their leads and make contact in good time, some do not, some refuse; --no-reps
leaves that to you: leadrouter activity L-0001 accepted.

The topics are kept in the data folder, and the ledger is folded from them at every
start: stop it with Ctrl-C and start it again, and it goes on where it was, at the time
of the last decision if that is later than now. The embedded Kafka is a stand-in: after a kill -9 of this process the last leads may
have been decided twice. Production runs leadrouter router on a real Kafka.

Ports that are taken are replaced by free ones; the first lines say which. Any
Kafka or Redis client can join.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.dev(cmd.Context(), flags) },
	}
	c.policyFlag(cmd)
	c.providersFlag(cmd)
	c.geoIPFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&c.shared.instance, "instance", "", "`name` of the installation: prefix of topics, groups and keys")
	f.StringVar(&c.shared.metrics, "metrics", "", "listen `address` of /metrics, /healthz and /readyz (default none)")
	f.StringVar(&flags.dir, "data", "leadrouter-data", "data `folder`")
	f.BoolVar(&flags.fresh, "fresh", false, "forget the leads and decisions of the data folder (the policy stays)")
	f.IntVar(&flags.kafkaPort, "kafka-port", 9092, "port of the embedded Kafka; another one if it is taken")
	f.IntVar(&flags.redisPort, "redis-port", 6379, "port of the embedded Redis; another one if it is taken")
	f.Float64Var(&flags.rate, "rate", 2, "sample leads a second; 0: none")
	f.Float64Var(&flags.speed, "speed", 60, "how many seconds of the leads' time pass in one")
	f.BoolVar(&flags.noReps, "no-reps", false, "the reps do nothing of their own accord")
	f.Uint64Var(&flags.seed, "seed", 1, "of the sample leads, and of what their reps do")
	f.StringVar(&flags.leads, "leads", "", "publish the leads of this `file` instead (CSV or JSONL)")
	f.StringVar(&flags.mapFile, "map", "", "YAML `file` that says which column of --leads is which field")
	return cmd
}

func (c *cli) dev(ctx context.Context, flags devFlags) error {
	if flags.rate < 0 || flags.rate > 1000 {
		return app.Usage(errors.New("--rate is not between 0 and 1000"))
	}
	if !(flags.speed >= dev.MinSpeed && flags.speed <= dev.MaxSpeed) {
		return app.Usage(fmt.Errorf("--speed is not between %g and %g", dev.MinSpeed, dev.MaxSpeed))
	}
	if c.shared.policy == app.Published {
		return app.Usage(errors.New("--policy published is for routers; here the policy is a file, to be edited"))
	}
	feed, err := c.feed(flags)
	if err != nil {
		return err
	}
	asked, err := c.loadProviders()
	if err != nil {
		return err
	}
	return dev.Run(ctx, dev.Config{
		Dir: flags.dir, Fresh: flags.fresh, KafkaPort: flags.kafkaPort, RedisPort: flags.redisPort,
		Policy: c.shared.policy, GeoIP: c.shared.geoIP, Providers: asked, Instance: c.shared.instance, Metrics: c.shared.metrics,
		Rate: flags.rate, Feed: feed, Idle: flags.noReps, Chance: chance(flags.seed),
		Clock: clock.System(), Speed: flags.speed, Version: version,
		Out: c.out, Terminal: isTerminal(c.out), Style: c.style(c.out), Zone: time.Local,
	})
}

// chance is that of a seed.
func chance(seed uint64) dev.Chance {
	return func(subject string) func(int) int {
		return rand.New(rand.NewPCG(seed, xxhash.Sum64String(subject))).IntN //nolint:gosec // sample data
	}
}

// feed publishes the file of --leads at --rate; nil without one.
func (c *cli) feed(flags devFlags) (func(context.Context, kstream.Client, string) error, error) {
	if flags.leads == "" {
		return nil, nil
	}
	var cfg intake.Config
	if flags.mapFile != "" {
		var err error
		if cfg.Map, err = intake.ReadMap(flags.mapFile); err != nil {
			return nil, app.Usage(err)
		}
	}
	if _, err := os.Stat(flags.leads); err != nil {
		return nil, app.Usage(err)
	}
	return func(ctx context.Context, kafka kstream.Client, topic string) error {
		to, err := kstream.NewPublisher(kafka)
		if err != nil {
			return err
		}
		defer to.Close()
		_, err = c.publishFile(ctx, flags.leads, cfg, to, intake.Publishing{Topic: topic, Rate: flags.rate})
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("--leads: %w", err)
		}
		return nil
	}, nil
}
