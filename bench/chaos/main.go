package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"leadrouter/bench/chaos/schedule"
	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/testkit/services"
)

// watchCommand, as the first argument, makes a watcher of this program.
const watchCommand = "watch"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if err != nil && !errors.Is(err, errViolated) {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	stop()
	os.Exit(exitCode(err)) //nolint:gocritic // stop has run
}

// errViolated ends a run that has told what it found.
var errViolated = errors.New("something was violated")

func exitCode(err error) int {
	if errors.Is(err, services.ErrUnavailable) {
		return app.ExitUnreachable
	}
	return app.ExitCode(err)
}

// options of a run.
type options struct {
	seed     uint64
	minutes  float64
	faults   int
	rate     float64
	binary   string
	previous string
	flags    []string        // of the routers of the release before
	only     []schedule.Kind // empty: all
	output   string
}

func run(ctx context.Context, args []string) error {
	clk := clock.System()
	if len(args) > 0 && args[0] == watchCommand {
		return watch(ctx, clk, args[1:])
	}
	o, err := parse(clk, args)
	if err != nil {
		return app.Usage(err)
	}
	r, err := newRun(clk, o)
	if err != nil {
		return err
	}
	result, err := r.do(ctx)
	if err != nil {
		return errors.Join(err, r.close(), r.giveUp(ctx))
	}
	if err := r.close(); err != nil {
		return err
	}
	if err := r.report(os.Stdout, result); err != nil {
		return err
	}
	if len(result.Violations) > 0 {
		return app.No(errViolated)
	}
	return nil
}

// parse reads the flags.
func parse(clk clock.Clock, args []string) (o options, err error) {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	f.Uint64Var(&o.seed, "seed", 0, "draws the faults and what comes in (default: a new one, which is printed)")
	f.Float64Var(&o.minutes, "minutes", 4, "length of the time in which faults begin and heal")
	f.IntVar(&o.faults, "faults", 30, "how many")
	f.Float64Var(&o.rate, "rate", 8, "leads a second")
	f.StringVar(&o.binary, "binary", "bin/leadrouter", "`program` to break")
	f.StringVar(&o.previous, "previous", "", "git `ref` of the release before, to run beside this one (default: the last tag, or a commit some way back)")
	f.Func("previous-flags", "more `flags` of its routers, such as \"--rebuild off\"", func(text string) error {
		o.flags = strings.Fields(text)
		return nil
	})
	f.Func("kinds", "draw only these `kinds` of faults, comma-separated", func(list string) error {
		for name := range strings.SplitSeq(list, ",") {
			kind := schedule.Kind(name)
			if !slices.Contains(schedule.Kinds(), kind) {
				return fmt.Errorf("there is no %q; there are %v", name, schedule.Kinds())
			}
			o.only = append(o.only, kind)
		}
		return nil
	})
	f.StringVar(&o.output, "output", "text", "text or json")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%q: there are flags only", f.Arg(0))
	case o.output != "text" && o.output != "json":
		return o, fmt.Errorf("--output %q: want text or json", o.output)
	case o.minutes <= 0 || o.faults < 0 || o.rate <= 0:
		return o, errors.New("--minutes, --faults and --rate: want more than 0")
	}
	if o.seed == 0 {
		o.seed = uint64(clk.Now().UnixNano()) % 1_000_000
	}
	return o, nil
}

// without are the kinds that are not drawn.
func (o options) without() []schedule.Kind {
	if len(o.only) == 0 {
		return nil
	}
	return slices.DeleteFunc(schedule.Kinds(), func(k schedule.Kind) bool { return slices.Contains(o.only, k) })
}

// length of the time in which faults happen.
func (o options) length() time.Duration { return time.Duration(o.minutes * float64(time.Minute)) }
