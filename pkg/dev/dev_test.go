package dev_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/dev"
	"leadrouter/pkg/embedded"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/policytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// paper is what a run prints.
type paper struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *paper) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.Write(text)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

func config(dir string, out *paper) dev.Config {
	return dev.Config{
		Dir: dir, Rate: 200, Chance: rand.New(rand.NewPCG(1, 0)).IntN, Clock: clock.System(), Version: "test", Out: out,
	}
}

// runUntil runs until so many leads are shown, and returns what was printed.
func runUntil(t *testing.T, cfg dev.Config, leads int) string {
	t.Helper()
	out := &paper{}
	cfg.Out = out
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- dev.Run(ctx, cfg) }()
	for deadline := time.After(90 * time.Second); strings.Count(out.String(), "  L-") < leads; {
		select {
		case err := <-done:
			require.NoError(t, err)
			t.Fatal("it has ended")
		case <-deadline:
			t.Fatal("too few leads:\n" + out.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	require.NoError(t, <-done)
	return out.String()
}

// open reads a data folder that nobody runs on.
func open(t *testing.T, dir string) kstream.Client {
	t.Helper()
	servers, err := embedded.Start(embedded.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(servers.Close)
	return kstream.Client{Brokers: servers.Brokers()}
}

// Stopped and started again it goes on exactly: no lead is decided twice, and the
// ledger folds from the log without a hole.
func TestStopAndStartGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := runUntil(t, config(dir, nil), 10)
	require.Contains(t, first, "rebuilt from 0 decisions")
	require.NotContains(t, first, "\x1b", "no terminal, no escapes")
	second := runUntil(t, config(dir, nil), 10)
	require.NotContains(t, second, "rebuilt from 0 decisions")

	kafka := open(t, dir)
	folder, decided := audit.NewFolder(), map[string]int{}
	require.NoError(t, audit.NewLog(kafka, "").Read(t.Context(), func(d event.Decision) error {
		if d.Grant.Effect == "owned" || d.Grant.Effect == "ended" || d.Grant.Effect == "repeat" {
			decided[d.Grant.Lead]++
		}
		return folder.Add(d)
	}))
	require.Empty(t, folder.Missing())
	require.GreaterOrEqual(t, len(decided), 20)
	for id, times := range decided {
		require.Equal(t, 1, times, "%s was decided more than once, or its id was used twice", id)
	}
	from, err := kafka.Starts(t.Context(), event.LeadAssigned.Topic(""))
	require.NoError(t, err)
	sent := 0
	_, err = kafka.ReadToEnd(t.Context(), from, func(r *kstream.Record) error {
		var a event.Assigned
		require.NoError(t, json.Unmarshal(r.Value, &a))
		require.Equal(t, folder.State().Leads[a.LeadID].Rep, a.RepID)
		sent++
		return nil
	})
	require.NoError(t, err)
	require.Len(t, decided, sent)
}

// Leads of a file come instead of the samples.
func TestAFeedComesInsteadOfTheSamples(t *testing.T) {
	t.Parallel()
	cfg := config(t.TempDir(), nil)
	cfg.Feed = func(ctx context.Context, kafka kstream.Client, topic string) error {
		to, err := kstream.NewPublisher(kafka)
		if err != nil {
			return err
		}
		defer to.Close()
		for i := range 3 {
			lead := fmt.Sprintf(`{"id":"L-FED-%d","language":"fr","product":"risk"}`, i)
			if err := to.Publish(ctx, &kstream.Record{Topic: topic, Value: []byte(lead)}); err != nil {
				return err
			}
		}
		return nil
	}
	shown := runUntil(t, cfg, 3)
	require.Equal(t, 3, strings.Count(shown, "L-FED-"))
	require.NotContains(t, shown, "L-0001  ")
}

func TestTheFolderIsTakenOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	servers, err := embedded.Start(embedded.Config{Dir: dir})
	require.NoError(t, err)
	defer servers.Close()
	kept := filepath.Join(dir, "kafka")
	require.DirExists(t, kept)

	cfg := config(dir, &paper{})
	cfg.Fresh = true
	err = dev.Run(t.Context(), cfg)
	require.ErrorIs(t, err, embedded.ErrInUse)
	require.Equal(t, app.ExitUsage, app.ExitCode(err))
	require.DirExists(t, kept, "--fresh forgets nothing of somebody else's run")
}

func TestWhatIsWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file.yaml")
	require.NoError(t, os.WriteFile(file, []byte("policy: x\nrules: ["), 0o600))
	for name, change := range map[string]func(*dev.Config){
		"no such file":   func(c *dev.Config) { c.Policy = file + ".missing" },
		"not valid YAML": func(c *dev.Config) { c.Policy = file },
		"data folder":    func(c *dev.Config) { c.Dir = file },
	} {
		cfg := config(t.TempDir(), &paper{})
		change(&cfg)
		err := dev.Run(t.Context(), cfg)
		require.ErrorContains(t, err, name)
		require.Equal(t, app.ExitUsage, app.ExitCode(err))
	}
}

// An edited policy stays; --fresh forgets the leads and nothing else.
func TestFreshKeepsThePolicy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	runUntil(t, config(dir, nil), 3)
	path := filepath.Join(dir, "policy.yaml")
	sample, err := os.ReadFile(path)
	require.NoError(t, err)
	edited := strings.Replace(string(sample), "policy: sample", "policy: mine", 1)
	require.NoError(t, os.WriteFile(path, []byte(edited), 0o600))

	cfg := config(dir, nil)
	cfg.Fresh = true
	require.Contains(t, runUntil(t, cfg, 1), "rebuilt from 0 decisions")
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, edited, string(kept))
}

func TestTheSamplePolicyIsRight(t *testing.T) {
	t.Parallel()
	p, issues, err := policy.Load(filepath.Join("sample", "policy.yaml"))
	require.NoError(t, err)
	require.Empty(t, issues, "not even a warning")
	require.True(t, policytest.Run(p, policytest.Config{}).OK())
}
