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
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
	"leadrouter/pkg/routing"
)

// reloadEvery is how often the files are looked at. They are read once they have
// stood still for as long: half a file may well be a policy, and none that is meant.
const reloadEvery = 500 * time.Millisecond

// PolicyFile is the policy of a file or a folder, loaded again when it changes. A
// new one takes over only when it is free of errors and all its tests pass;
// otherwise the old one stays whole.
type PolicyFile struct {
	path    string
	current atomic.Pointer[routing.Planner]
	seen    string // stamp of the files last tried
	latest  string // stamp at the last look

	log     *zap.Logger
	clock   clock.Clock
	told    func(*policy.Policy, error)
	reloads *prometheus.CounterVec // result
	info    *prometheus.GaugeVec   // hash, name, version
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
	f := &PolicyFile{
		path: path, log: cfg.Logger, clock: cfg.Clock, told: cfg.Told,
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "leadrouter_policy_reloads_total",
			Help: "Changes of the policy files by result: accepted, refused.",
		}, []string{"result"}),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "leadrouter_policy_info",
			Help: "1 for the policy in force.",
		}, []string{"hash", "name", "version"}),
	}
	if f.told == nil {
		f.told = func(*policy.Policy, error) {}
	}
	cfg.Registerer.MustRegister(f.reloads, f.info)
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

// Planner plans with the policy in force. A batch asks once, so that a change
// takes effect between two batches.
func (f *PolicyFile) Planner() *routing.Planner { return f.current.Load() }

// Policy is the policy in force.
func (f *PolicyFile) Policy() *policy.Policy { return f.current.Load().Policy() }

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
		f.reloads.WithLabelValues("refused").Inc()
		f.log.Error("policy refused, the old one stays", zap.String("policy", f.path),
			zap.String("in_force", f.Policy().Hash), zap.Error(err))
		f.told(f.Policy(), err)
		return
	}
	if p.Hash == f.Policy().Hash {
		return
	}
	f.activate(p)
	f.reloads.WithLabelValues("accepted").Inc()
	f.log.Info("policy changed", zap.String("policy", p.Name), zap.String("version", p.Version),
		zap.String("hash", p.Hash), zap.Int("rules", len(p.Rules)), zap.Int("tests", len(p.Tests)))
	f.told(p, nil)
}

func (f *PolicyFile) load() (*policy.Policy, error) {
	p, _, err := policy.Load(f.path)
	if err != nil {
		return nil, err
	}
	if err := testsPass(p); err != nil {
		return nil, fmt.Errorf("policy %s: %w", f.path, err)
	}
	return p, nil
}

// testsPass runs the policy's own tests; the error lists those that fail.
func testsPass(p *policy.Policy) error {
	report := policytest.Run(p, policytest.Config{})
	if report.OK() {
		return nil
	}
	var failed []error
	for _, result := range report.Results {
		if result.Status == policytest.Failed {
			failed = append(failed, errors.New(result.String()))
		}
	}
	return fmt.Errorf("%d of its tests fail:\n%w", len(failed), errors.Join(failed...))
}

func (f *PolicyFile) activate(p *policy.Policy) {
	f.current.Store(routing.New(p))
	f.info.Reset()
	f.info.WithLabelValues(p.Hash, p.Name, p.Version).Set(1)
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
