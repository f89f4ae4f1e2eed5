package kstream_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"leadrouter/pkg/testkit/services"
)

// TestMain runs the tests, or, in a process that a test has started, one child of the chaos test.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := runChild(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(services.Main(m))
}
