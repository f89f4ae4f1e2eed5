package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/bench/chaos/checker"
	"leadrouter/bench/chaos/schedule"
	"leadrouter/bench/chaos/world"
	"leadrouter/pkg/app"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/testkit/services"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse(clock.System(), []string{"--seed", "7", "--minutes", "0.5", "--faults", "3"})
	require.NoError(t, err)
	require.Equal(t, uint64(7), o.seed)
	require.Equal(t, 30*time.Second, o.length())
	o, err = parse(clock.System(), nil)
	require.NoError(t, err)
	require.NotZero(t, o.seed, "a new one")
	require.Empty(t, o.without())
	o, err = parse(clock.System(), []string{"--kinds", "cut,reset"})
	require.NoError(t, err)
	require.Len(t, o.without(), len(schedule.Kinds())-2)
	for _, wrong := range [][]string{
		{"--kinds", "cut,nothing"},
		{"--minutes", "0"},
		{"--faults", "-1"},
		{"--rate", "0"},
		{"--output", "yaml"},
		{"more"},
		{"--seeds", "1"},
	} {
		_, err := parse(clock.System(), wrong)
		require.Error(t, err, wrong)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	require.Equal(t, app.ExitNo, exitCode(app.No(errViolated)))
	require.Equal(t, app.ExitUnreachable, exitCode(fmt.Errorf("start: %w", services.ErrUnavailable)))
	require.Equal(t, app.ExitUsage, exitCode(app.Usage(errors.New("wrong"))))
	require.Zero(t, exitCode(nil))
}

// The clock of the watcher is set by lines; one that is none leaves it as it is.
func TestAClockIsSet(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	set := &setClock{Clock: fake}
	require.Equal(t, fake.Now(), set.Now())
	set.follow(strings.NewReader("5s\n"))
	require.Equal(t, fake.Now().Add(5*time.Second), set.Now())
	set.follow(strings.NewReader("-1m0s\nnever\n"))
	require.Equal(t, fake.Now().Add(-time.Minute), set.Now())
	require.Equal(t, fake.Elapsed(), set.Elapsed(), "a step does not show")
}

// Live and read again must be the same, but for what compaction takes away.
func TestCompare(t *testing.T) {
	t.Parallel()
	at := func(topic string, offset int64, value string) checker.Record {
		return checker.Record{Topic: topic, Offset: offset, Key: "L1", Value: []byte(value)}
	}
	live := []checker.Record{at("lead.assigned", 0, "a"), at("lead.timers", 0, "t"), at("lead.sla", 2, "s")}
	require.Empty(t, compare(live, live))
	require.Empty(t, compare(live, []checker.Record{live[0], live[2]}), "compaction")
	require.Empty(t, compare(live, append(slices.Clone(live), at("lead.sla", 3, "new"))), "not read yet")
	for name, again := range map[string][]checker.Record{
		"is not there":    live[1:],
		"has not read it": {live[0], live[1], at("lead.sla", 1, "b"), live[2]},
		"another content": {at("lead.assigned", 0, "b"), live[1], live[2]},
	} {
		found := compare(live, again)
		require.Len(t, found, 1, name)
		require.Equal(t, phantomKind, found[0].Kind)
		require.Equal(t, "L1", found[0].Lead)
	}
}

// A fault waits for the one before it that strikes the same thing, and for no other.
func TestHold(t *testing.T) {
	t.Parallel()
	s := newStriker(clock.System(), "chaos", t.TempDir())
	release := s.hold(schedule.Fault{Kind: schedule.NewPolicy, Target: "a"})
	for _, free := range []schedule.Fault{
		{Kind: schedule.Cut, Target: "a", To: "1"},
		{Kind: schedule.Reset, Target: "b"},
		{Kind: schedule.BrokerKill, Target: "1"},
		{Kind: schedule.RedisFlush, Target: schedule.Redis},
		{Kind: schedule.WatcherKill, Target: "x"},
	} {
		s.hold(free)()
	}
	held := make(chan struct{})
	go func() {
		s.hold(schedule.Fault{Kind: schedule.RouterKill, Target: "b"})()
		close(held)
	}()
	select {
	case <-held:
		t.Fatal("router b is struck while its policy is changed")
	case <-time.After(50 * time.Millisecond):
	}
	release()
	<-held
}

func TestPoliciesAreNumbered(t *testing.T) {
	t.Parallel()
	s := newStriker(clock.System(), "chaos", t.TempDir())
	for version := 1; version <= 2; version++ {
		folder, err := s.nextPolicy()
		require.NoError(t, err)
		text, err := os.ReadFile(folder + "/policy.yaml")
		require.NoError(t, err)
		require.Contains(t, string(text), fmt.Sprintf("version: %q", fmt.Sprint(version)))
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := &oneRun{options: options{output: "text"}, dir: t.TempDir()}
	result := Result{
		Seed: 7, Faults: 3, Kinds: map[schedule.Kind]int{schedule.BrokerKill: 1, schedule.Cut: 2},
		Counts: map[string]int{"leads": 12}, Audit: verdict{Decisions: 20, Proven: 20},
	}
	var out bytes.Buffer
	require.NoError(t, r.report(&out, result))
	for _, part := range []string{"broker-kill", "2 kinds", "leads", "20 of 20", "seed 7: nothing was violated"} {
		require.Contains(t, out.String(), part)
	}
	_, err := os.Stat(r.dir)
	require.ErrorIs(t, err, os.ErrNotExist, "nothing is left behind")

	r.dir = t.TempDir()
	v := checker.Violation{Kind: checker.Lost, Lead: "L1", What: "nothing has come of it"}
	result.Violations, result.Stories = []checker.Violation{v}, []story{{v, []string{"09:00 lead.created"}}}
	result.Trouble = []string{"a ended by itself"}
	out.Reset()
	require.NoError(t, r.report(&out, result))
	for _, part := range []string{"1 VIOLATIONS", "lost: L1 nothing has come of it", "the story of lead L1", "09:00 lead.created", "a ended by itself"} {
		require.Contains(t, out.String(), part)
	}
	require.DirExists(t, r.dir, "the logs are kept")
	r.output = "json"
	out.Reset()
	require.NoError(t, r.report(&out, result))
	require.Contains(t, out.String(), `"lead": "L1"`)
}

// No more leads come in while many wait to be decided, or stand in line.
func TestCrowded(t *testing.T) {
	t.Parallel()
	p := &producer{world: world.New(1), waits: map[string]bool{}}
	require.False(t, p.crowded())
	p.world.Next(crowd + 1)
	require.True(t, p.crowded(), "they wait to be decided")
	lead := func(i int) string { return fmt.Sprintf("L-%06d", i) }
	for i := range crowd + 1 {
		p.decided(world.Assignment{Lead: lead(i), Outcome: "waiting"})
	}
	require.True(t, p.crowded(), "they stand in line")
	p.decided(world.Assignment{Lead: lead(0), Outcome: "waiting"})
	p.decided(world.Assignment{Lead: lead(1), Outcome: "assigned", Rep: "ana"})
	require.False(t, p.crowded())
	p.decided(world.Assignment{Lead: lead(1), Outcome: "waiting"})
	require.True(t, p.crowded())
}

// A server whose port is taken for a while is started all the same.
func TestInsist(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	s := newStriker(fake, "chaos", t.TempDir())
	tries := make(chan int, 10)
	n := 0
	done := make(chan error, 1)
	go func() {
		done <- s.insist(t.Context(), func(context.Context) error {
			n++
			tries <- n
			if n < 3 {
				return errors.New("address in use")
			}
			return nil
		})
	}()
	for want := 1; want <= 3; want++ {
		require.Equal(t, want, <-tries)
		if want < 3 {
			require.NoError(t, fake.BlockUntil(t.Context(), 1))
			fake.Advance(2 * time.Second)
		}
	}
	require.NoError(t, <-done)
	called, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, s.insist(called, func(context.Context) error { return errors.New("address in use") }), "address in use")
}
