package app_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/policy"
)

const minimal = `
policy: minimal
reps:
  ana: {country: [ES]}
  ben: {country: [US]}
rules:
  - {name: local, to: [{to: all, match: [country]}, next]}
  - {name: anyone, to: all}
tests:
  - {name: Spain is Ana's, lead: {country: ES}, expect: {rep: ana}}
`

// watched is a policy file that is looked at, on a clock that runs fast.
type watched struct {
	t     *testing.T
	file  *app.PolicyFile
	clock *clock.Fake
	reg   *prometheus.Registry
	told  chan error
}

func watch(t *testing.T, path string) *watched {
	t.Helper()
	w := &watched{t: t, clock: clock.NewFake(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)), reg: prometheus.NewRegistry(), told: make(chan error, 9)}
	var err error
	w.file, err = app.OpenPolicy(path, app.PolicyFileConfig{Logger: zaptest.NewLogger(t), Clock: w.clock, Registerer: w.reg, Told: func(_ *policy.Policy, err error) { w.told <- err }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.file.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return w
}

// eventually lets time pass until something holds.
func (w *watched) eventually(holds func() bool) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		w.clock.Advance(time.Second)
		return holds()
	}, 10*time.Second, 2*time.Millisecond)
}

// reloads counts the changes by result.
func (w *watched) reloads(result string) float64 {
	found, err := w.reg.Gather()
	require.NoError(w.t, err)
	for _, family := range found {
		if family.GetName() != "leadrouter_policy_reloads_total" {
			continue
		}
		for _, m := range family.GetMetric() {
			if m.GetLabel()[0].GetValue() == result {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestASavedPolicyTakesOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, minimal)
	w := watch(t, path)
	before := w.file.Planner()
	write(t, path, strings.Replace(minimal, "policy: minimal", "policy: second", 1))
	w.eventually(func() bool { return w.file.Policy().Name == "second" })
	require.Equal(t, "minimal", before.Policy().Name, "a batch under way keeps its policy")
	require.NoError(t, <-w.told)
	require.InDelta(t, 1, w.reloads("accepted"), 0)
	require.Equal(t, 1, testutil.CollectAndCount(w.reg, "leadrouter_policy_info"), "one policy is in force")
}

func TestABadPolicyLeavesTheOldOne(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]string{
		"broken":       strings.Replace(minimal, "to: all}", "to: nobody}", 1),
		"failing test": strings.Replace(minimal, "expect: {rep: ana}", "expect: {rep: ben}", 1),
		"half written": minimal[:60],
		"empty":        "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "policy.yaml")
			write(t, path, minimal)
			w := watch(t, path)
			hash := w.file.Policy().Hash
			write(t, path, bad)
			w.eventually(func() bool { return w.reloads("refused") == 1 })
			require.Error(t, <-w.told)
			w.clock.Advance(time.Minute)
			require.Equal(t, hash, w.file.Policy().Hash)
			require.InDelta(t, 1, refused(t, w.reg), 0, "for as long as it lies there")

			write(t, path, minimal+"# mended\n")
			w.eventually(func() bool { return w.file.Policy().Hash != hash })
			require.InDelta(t, 1, w.reloads("refused"), 0, "each change is tried once")
			require.Zero(t, refused(t, w.reg))
		})
	}
}

// refused is 1 while the newest policy is not the one in force.
func refused(t *testing.T, reg prometheus.Gatherer) float64 {
	t.Helper()
	families, err := reg.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "leadrouter_policy_refused" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("no such metric")
	return 0
}

// Who takes a bad policy back has mended it, although nothing changes.
func TestARefusedPolicyThatIsTakenBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, minimal)
	w := watch(t, path)
	write(t, path, "")
	w.eventually(func() bool { return refused(t, w.reg) == 1 })
	write(t, path, minimal)
	w.eventually(func() bool { return refused(t, w.reg) == 0 })
	require.InDelta(t, 1, w.reloads("refused"), 0)
	require.Zero(t, w.reloads("accepted"))
}

func TestATableBesideThePolicyIsPartOfIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "policy.yaml")
	write(t, path, "policy: tables\nreps: reps.csv\nrules: [{name: all, to: all}]\n")
	write(t, filepath.Join(dir, "reps.csv"), "id,name\nana,Ana\n")
	w := watch(t, path)
	write(t, filepath.Join(dir, "reps.csv"), "id,name\nana,Ana\nben,Ben\n")
	w.eventually(func() bool { return len(w.file.Policy().Reps) == 2 })
}

// Mounted configuration is swapped by a link to another folder.
func TestASwappedFolderIsAChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o750))
		write(t, filepath.Join(dir, name, "policy.yaml"), strings.Replace(minimal, "minimal", name, 1))
	}
	link := filepath.Join(dir, "current")
	require.NoError(t, os.Symlink("one", link))
	w := watch(t, link)
	require.Equal(t, "one", w.file.Policy().Name)
	require.NoError(t, os.Symlink("two", link+".new"))
	require.NoError(t, os.Rename(link+".new", link))
	w.eventually(func() bool { return w.file.Policy().Name == "two" })
}

// What an editor leaves beside the policy is not the policy.
func TestAnEditorsFilesAreNotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "policy.yaml"), minimal)
	require.NoError(t, os.Symlink("user@host.1234", filepath.Join(dir, ".#policy.yaml")))
	w := watch(t, dir)
	write(t, filepath.Join(dir, "policy.yaml"), strings.Replace(minimal, "policy: minimal", "policy: second", 1))
	w.eventually(func() bool { return w.file.Policy().Name == "second" })
}

func TestAFileThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, minimal)
	w := watch(t, path)
	require.NoError(t, os.Remove(path))
	w.clock.Advance(time.Minute)
	write(t, path, strings.Replace(minimal, "policy: minimal", "policy: second", 1))
	w.eventually(func() bool { return w.file.Policy().Name == "second" })
}

func TestAWrongPolicyStartsNoRouter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "broken.yaml"), "policy: x\nrules: [")
	write(t, filepath.Join(dir, "failing.yaml"), strings.Replace(minimal, "expect: {rep: ana}", "expect: {rep: ben}", 1))
	for name, says := range map[string]string{
		"missing.yaml": "no such file",
		"broken.yaml":  "broken.yaml:3",
		"failing.yaml": "Spain is Ana's",
	} {
		_, err := app.NewRouter(app.RouterConfig{Policy: filepath.Join(dir, name), Logger: zaptest.NewLogger(t)})
		require.ErrorContains(t, err, says)
		require.Equal(t, app.ExitUsage, app.ExitCode(err), name)
	}
}
