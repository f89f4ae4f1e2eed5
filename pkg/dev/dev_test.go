package dev_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/app"
	"leadrouter/pkg/audit"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/dev"
	"leadrouter/pkg/embedded"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
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
		Dir: dir, Rate: 200, Chance: chance(1), Clock: clock.System(), Speed: 60, Version: "test", Out: out,
	}
}

func chance(seed uint64) dev.Chance {
	return func(subject string) func(int) int {
		return rand.New(rand.NewPCG(seed, xxhash.Sum64String(subject))).IntN
	}
}

// runUntil runs until so many leads are shown, and returns what was printed.
func runUntil(t *testing.T, cfg dev.Config, leads int) string {
	t.Helper()
	return runWhile(t, cfg, func(shown string) bool { return strings.Count(shown, "  L-") < leads })
}

// runWhile runs for as long as what is printed is not enough, and returns it.
func runWhile(t *testing.T, cfg dev.Config, tooLittle func(shown string) bool) string {
	t.Helper()
	out := &paper{}
	cfg.Out = out
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- dev.Run(ctx, cfg) }()
	for deadline := time.After(90 * time.Second); tooLittle(out.String()); {
		select {
		case err := <-done:
			require.NoError(t, err)
			t.Fatal("it has ended")
		case <-deadline:
			t.Fatal("too little:\n" + out.String())
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

// A calendar in the data folder counts, by dev's own time.
func TestACalendarBesideThePolicy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	save := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	save("policy.yaml", "policy: p\nreps: {ana: {feed: ana.ics}, ben: {}}\nrules: [{name: rest, to: [ana, ben]}]\n")
	save("ana.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20200101\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n")
	shown := runUntil(t, config(dir, nil), 10)
	require.Contains(t, shown, "->  ben")
	require.NotContains(t, shown, "->  ana", "every day is an absence")
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
	folder, decided, decisions := audit.NewFolder(), map[string]int{}, 0
	require.NoError(t, audit.NewLog(kafka, "").Read(t.Context(), func(d event.Decision) error {
		if d.Grant.Effect == "owned" || d.Grant.Effect == "ended" || d.Grant.Effect == "repeat" {
			decided[fmt.Sprint(d.Grant.Lead, "/", d.Grant.Attempt)]++
			decisions++
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
		require.Equal(t, 1, decided[fmt.Sprint(a.LeadID, "/", a.Attempt)])
		if l := folder.State().Leads[a.LeadID]; l.Attempt == a.Attempt {
			require.Equal(t, l.Rep, a.RepID)
		}
		sent++
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, decisions, sent)
}

// In a fast run a newcomer sees what clocks do: a reminder, an escalation, and a lead
// that goes to somebody else, each with its company although that is said only once.
func TestLeadsThatNobodyTouchesMoveOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := config(dir, nil)
	cfg.Rate, cfg.Speed = 20, 600
	named := `  L-\d+ +\S.*  %s  +\S+ +`
	want := []*regexp.Regexp{
		regexp.MustCompile(fmt.Sprintf(named, " !") + `sla \w+ +reminded: not accepted in 1[05]m`),
		regexp.MustCompile(fmt.Sprintf(named, "!!") + `sla demo +not accepted in 20m: to the backup`),
		regexp.MustCompile(fmt.Sprintf(named, "!!") + `sla demo +not contacted in 30m: mia told, by the rules again`),
		regexp.MustCompile(fmt.Sprintf(named, "=>") + `sla demo +\w+: not accepted in \d+m.* #\d`),
		regexp.MustCompile(fmt.Sprintf(named, "=>") + `rejected +\w+: turned it down.* #\d`),
	}
	runWhile(t, cfg, func(shown string) bool {
		return slices.ContainsFunc(want, func(line *regexp.Regexp) bool { return !line.MatchString(shown) })
	})

	// The ledger agrees: what moved was owned before, and time has not gone back.
	kafka := open(t, dir)
	folder, moved, last := audit.NewFolder(), 0, int64(0)
	folder.Seen = func(d event.Decision, _ *ledger.State) {
		require.GreaterOrEqual(t, d.Grant.At, last)
		last = d.Grant.At
		if d.Grant.From != "" {
			moved++
		}
	}
	require.NoError(t, audit.NewLog(kafka, "").Read(t.Context(), folder.Add))
	require.Empty(t, folder.Missing())
	require.GreaterOrEqual(t, moved, 2)
}

// A fast run leaves its time in the future. The next one goes on there, however slow it
// is, and what was due in between fires.
func TestTimeGoesOnFromTheLastDecision(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fast := config(dir, nil)
	fast.Rate, fast.Speed, fast.Idle = 20, dev.MaxSpeed, true
	runWhile(t, fast, func(shown string) bool { return !strings.Contains(shown, "  =>  ") })

	slow := config(dir, nil)
	slow.Speed, slow.Idle = 1, true
	runUntil(t, slow, 20)

	kafka := open(t, dir)
	var at []int64
	folder := audit.NewFolder()
	folder.Seen = func(d event.Decision, _ *ledger.State) { at = append(at, d.Grant.At) }
	require.NoError(t, audit.NewLog(kafka, "").Read(t.Context(), folder.Add))
	require.True(t, slices.IsSorted(at))
	last := time.UnixMilli(at[len(at)-1])
	require.True(t, last.After(time.Now().Add(10*time.Minute)), "a clock of 20 minutes has run out in seconds")
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
		"scale clock":    func(c *dev.Config) { c.Speed = -1 },
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
