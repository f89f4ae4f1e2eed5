package systemtest_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"leadrouter/pkg/app"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

// What a watcher that a test has started is told, in its environment.
const (
	slotEnv     = "SLA_TEST_SLOT" // present: this process is a watcher
	brokersEnv  = "SLA_TEST_BROKERS"
	instanceEnv = "SLA_TEST_INSTANCE"
)

// TestMain runs the tests or, in a process that a test has started, a watcher.
func TestMain(m *testing.M) {
	if os.Getenv(slotEnv) != "" {
		if err := runWatcher(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(services.Main(m))
}

// runWatcher is the whole life of one watcher.
func runWatcher() error {
	log, err := app.NewLogger(os.Stderr, "info", false)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return app.NewWatcher(app.WatcherConfig{
		Kafka:    kstream.Client{Brokers: strings.Split(os.Getenv(brokersEnv), ",")},
		Instance: os.Getenv(instanceEnv), Slot: os.Getenv(slotEnv), Logger: log,
	}).Run(ctx)
}
