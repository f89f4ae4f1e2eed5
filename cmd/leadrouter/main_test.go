package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{services.Main(m)}, map[string]func(){"leadrouter": main})
}

// leakless fails tests that leave goroutines behind. Commands that scripts run are processes
// of their own.
type leakless struct{ tests *services.M }

// Run runs the tests and returns the exit code.
func (l leakless) Run() int {
	code := l.tests.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// update rewrites the expected output in the scripts.
var update = flag.Bool("update", false, "rewrite the expected output of scripts")

// TestScripts runs testdata/script/*.txtar against the command, with a Kafka and a
// Redis of their own for each: $BROKERS, $REDIS.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
			if err != nil {
				return err
			}
			env.Defer(cluster.Close)
			redis := miniredis.NewMiniRedis()
			if err := redis.Start(); err != nil {
				return err
			}
			env.Defer(redis.Close)
			env.Setenv("BROKERS", strings.Join(cluster.ListenAddrs(), ","))
			env.Setenv("REDIS", "redis://"+redis.Addr())
			env.Setenv("TZ", "UTC")
			for _, name := range []string{"LEADROUTER_SHARED", "HOME", "GOCOVERDIR"} {
				env.Setenv(name, os.Getenv(name))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "emit": emit, "setaside": setaside, "droptopic": droptopic, "history": history},
	})
}
