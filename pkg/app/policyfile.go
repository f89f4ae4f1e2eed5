package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/policy"
)

// reloadEvery is how often the files are looked at. They are read once they have
// stood still for as long: half a file may well be a policy, and none that is meant.
const reloadEvery = 500 * time.Millisecond

// PolicyFile is the policy of a file or a folder, loaded again when it changes.
type PolicyFile struct {
	*InForce
	path   string
	seen   string // stamp of the files last tried
	latest string // stamp at the last look
	clock  clock.Clock
}

// PolicyFileConfig is what a [PolicyFile] needs besides its path.
type PolicyFileConfig struct {
	Logger     *zap.Logger
	Clock      clock.Clock
	Registerer prometheus.Registerer
	// Told, when set, hears of each change that is tried: the policy now in force, and
	// the error when that is still the old one.
	Told func(*policy.Policy, error)
}

// OpenPolicy loads the policy for the first time. A policy with errors or failing
// tests is an error here, so that a wrong policy never starts a router.
func OpenPolicy(path string, cfg PolicyFileConfig) (*PolicyFile, error) {
	f := &PolicyFile{InForce: newInForce(cfg.Logger, cfg.Registerer, cfg.Told), path: path, clock: cfg.Clock}
	// The stamp is taken first: a change while loading is seen as a change.
	stamp, err := stampOf(path)
	if err != nil {
		return nil, Usage(fmt.Errorf("policy %s: %w", path, err))
	}
	p, err := f.load()
	if err != nil {
		return nil, Usage(err)
	}
	f.seen, f.latest = stamp, stamp
	f.activate(p)
	return f, nil
}

// Wait returns at once: the first policy was loaded by [OpenPolicy].
func (f *PolicyFile) Wait(context.Context) error { return nil }

// Run looks for changes until ctx ends.
func (f *PolicyFile) Run(ctx context.Context) error {
	for f.clock.Sleep(ctx, reloadEvery) == nil {
		f.reload()
	}
	return nil
}

// reload tries the files if they differ from those tried last.
func (f *PolicyFile) reload() {
	stamp, err := stampOf(f.path)
	still := stamp == f.latest
	f.latest = stamp
	if err != nil || stamp == f.seen || !still {
		return // a file that is away for a moment is being replaced
	}
	f.seen = stamp
	p, err := f.load()
	if err != nil {
		f.refuse(f.path, err)
		return
	}
	if p.Hash == f.hash() {
		f.keep() // what was refused was taken back
		return
	}
	f.change(p)
}

func (f *PolicyFile) load() (*policy.Policy, error) {
	p, _, err := policy.Load(f.path)
	if err != nil {
		return nil, err
	}
	if err := TestsPass(p); err != nil {
		return nil, fmt.Errorf("policy %s: %w", f.path, err)
	}
	return p, nil
}

// stampOf changes whenever a file below path does: names, sizes and times. Links
// are followed and what they lead to counts, since that is how mounted configuration
// is swapped, and the times of an image's files may all be one.
func stampOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", pathless(err)
	}
	if !info.IsDir() {
		// Tables and reps of a single file lie beside it.
		path = filepath.Dir(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", pathless(err)
	}
	h := sha256.New()
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue // an editor's own
		}
		switch strings.ToLower(filepath.Ext(entry.Name())) {
		case ".yaml", ".yml", ".csv":
		default:
			continue
		}
		file, err := filepath.EvalSymlinks(filepath.Join(path, entry.Name()))
		if err != nil {
			return "", pathless(err)
		}
		info, err := os.Stat(file)
		if err != nil {
			return "", pathless(err)
		}
		fmt.Fprintln(h, entry.Name(), file, info.Size(), info.ModTime().UnixNano())
	}
	return string(h.Sum(nil)), nil
}

// pathless drops the path of a file error; the caller names it.
func pathless(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
