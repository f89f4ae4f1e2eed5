// Command leadrouter assigns incoming leads to sales reps: every role of the
// system and every tool around it is a subcommand of this one binary.
//
// Each subcommand has a file of its own, which binds flags and prints; the work
// is in the packages.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // business hours need zones where the machine has none

	"github.com/redis/go-redis/v9/logging"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

// run is main with an exit code, so that deferred calls are made.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the default is back: a second Ctrl-C ends at once.
	context.AfterFunc(ctx, stop)
	if _, set := os.LookupEnv("GOGC"); !set {
		defer boundGarbage()()
	}
	// Its lines would stand between ours; what fails comes back as an error anyway.
	logging.Disable()
	c := &cli{in: os.Stdin, out: os.Stdout, err: os.Stderr, lookup: os.LookupEnv}
	return c.run(ctx, args)
}
