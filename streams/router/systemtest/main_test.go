package systemtest_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"leadrouter/pkg/testkit/services"
)

// root of the repository.
const root = "../../.."

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{services.Main(m)}) }

// suite removes the program after the tests.
type suite struct{ tests *services.M }

// atOnce is how many tests run at the same time, whatever the machine: most of the
// time they wait for sessions to end.
const atOnce = "4"

// Run runs the tests and returns the exit code.
func (s suite) Run() int {
	flag.Parse()
	byHand := false
	flag.Visit(func(f *flag.Flag) { byHand = byHand || f.Name == "test.parallel" })
	if !byHand {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			panic(err)
		}
	}
	code := s.tests.Run()
	if err := program.remove(); err != nil && code == 0 {
		code = 1
	}
	return code
}

// program is what is tested: built once for all tests, and only if one of them runs
// it. It is the one package variable.
var program binary

type binary struct {
	once sync.Once
	dir  string
	path string
	err  error
}

func (b *binary) get() (string, error) {
	b.once.Do(func() {
		if b.path = os.Getenv("LEADROUTER_BINARY"); b.path == "" {
			b.err = b.build()
		}
	})
	return b.path, b.err
}

func (b *binary) build() (err error) {
	if b.dir, err = os.MkdirTemp("", "leadrouter-systemtest-*"); err != nil {
		return err
	}
	b.path = filepath.Join(b.dir, "leadrouter")
	cmd := exec.Command("go", "build", "-trimpath", "-o", b.path, root+"/cmd/leadrouter")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as "make build" does, whose cache it shares
	if out, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("build leadrouter: %w: %s", err, out), b.remove())
	}
	return nil
}

func (b *binary) remove() error {
	if b.dir == "" {
		return nil
	}
	return os.RemoveAll(b.dir)
}
