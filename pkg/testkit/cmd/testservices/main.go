// Testservices runs a command with Kafka, Redis and a Redis Cluster for its tests,
// started once and given to the command through its environment:
//
//	testservices -- go test -race ./...
//
// It ends with the command's exit code, or with 3 when a service that is required
// (CI=true) cannot be started.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"leadrouter/pkg/testkit/services"
)

// Exit codes, next to those of the command itself.
const (
	exitUsage       = 2
	exitUnreachable = 3
)

// startLimit bounds the start of all services, the first download included.
const startLimit = 8 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run starts the services, runs the command in args (after an optional "--"), ends
// the services and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		fmt.Fprintln(stderr, "usage: testservices -- COMMAND [ARGUMENT...]")
		return exitUsage
	}
	var pool services.Pool
	env, err := start(ctx, &pool, stderr)
	code := exitUnreachable
	if err == nil {
		code, err = command(ctx, args, env, stdout, stderr)
	}
	if err := errors.Join(err, pool.Close()); err != nil {
		fmt.Fprintln(stderr, "testservices:", err)
		code = max(code, 1)
	}
	return code
}

// start starts all services side by side, reports each, and returns the variables
// that name them.
func start(ctx context.Context, pool *services.Pool, stderr io.Writer) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	wanted := []struct {
		env string
		get func(context.Context) (*services.Service, error)
	}{
		{services.EnvBrokers, pool.Kafka},
		{services.EnvRedis, pool.Redis},
		{services.EnvRedisCluster, pool.RedisCluster},
	}
	found := make([]*services.Service, len(wanted))
	failed := make([]error, len(wanted))
	var group errgroup.Group
	for i, w := range wanted {
		group.Go(func() error {
			found[i], failed[i] = w.get(ctx)
			return nil
		})
	}
	_ = group.Wait() // the errors are in failed, all of them
	var env []string
	for i, w := range wanted {
		switch {
		case failed[i] != nil:
			fmt.Fprintln(stderr, "testservices:", failed[i])
		case !found[i].Real:
			fmt.Fprintln(stderr, "testservices:", found[i])
			// Each test process makes its own, which costs nothing.
			env = append(env, w.env+"="+services.Embedded)
		default:
			fmt.Fprintln(stderr, "testservices:", found[i])
			env = append(env, w.env+"="+strings.Join(found[i].Addrs, ","))
		}
	}
	if services.RealRequired() {
		return env, errors.Join(failed...)
	}
	return env, nil
}

// command runs the command and returns its exit code. When ctx is cancelled the
// command is asked to end, and killed ten seconds later.
func command(ctx context.Context, args, env []string, stdout, stderr io.Writer) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, fmt.Errorf("run %s: %w", args[0], err)
	}
	return 0, nil
}
