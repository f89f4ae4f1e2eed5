package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
)

// watch is a watcher like that of production, but for its clock, which is set by lines on
// the standard input: how far it is ahead, such as 5s or -1m.
func watch(ctx context.Context, clk clock.Clock, args []string) error {
	var cfg app.WatcherConfig
	f := flag.NewFlagSet(watchCommand, flag.ContinueOnError)
	f.StringVar(&cfg.Slot, "slot", "", "")
	f.StringVar(&cfg.Metrics, "metrics", "", "")
	f.StringVar(&cfg.Instance, "instance", "", "")
	if err := f.Parse(args); err != nil {
		return app.Usage(err)
	}
	var err error
	if cfg.Logger, err = app.NewLogger(os.Stderr, "info", false); err != nil {
		return err
	}
	set := &setClock{Clock: clk}
	go set.follow(os.Stdin) // until the process ends
	cfg.Clock = set
	cfg.Kafka = kstream.Client{Brokers: strings.Split(os.Getenv("LEADROUTER_BROKERS"), ",")}
	return app.NewWatcher(cfg).Run(ctx)
}

// setClock is a clock that somebody sets. How long it has run does not show that.
type setClock struct {
	clock.Clock
	ahead atomic.Int64 // nanoseconds
}

// Now is the instant that the clock shows.
func (c *setClock) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.ahead.Load())) }

// follow sets the clock by what is read.
func (c *setClock) follow(in io.Reader) {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		ahead, err := time.ParseDuration(strings.TrimSpace(lines.Text()))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			continue
		}
		c.ahead.Store(int64(ahead))
	}
}
