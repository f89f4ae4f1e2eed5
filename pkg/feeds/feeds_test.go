package feeds_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/feeds"
	"leadrouter/pkg/policy"
)

const failed = "a calendar feed cannot be read"

func TestWhoIsAbsent(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.write("ana.ics", calendarOf("12:00-13:00", "13:00-14:00", "16:00-17:00"))
	b.write("ben.ics", calendarOf("12:30-15:00"))
	b.write("carl.ics", calendarOf())
	b.run(map[string]string{"ben": "ben.ics", "carl": "carl.ics", "ana": "ana.ics"})
	for at, want := range map[string][]string{
		"11:59": nil, "12:00": {"ana until 14:00"}, "12:30": {"ana until 14:00", "ben until 15:00"},
		"14:00": {"ben until 15:00"}, "15:00": nil, "16:59": {"ana until 17:00"}, "17:00": nil,
	} {
		require.Equal(t, want, b.absent(at), at)
	}
	require.NotContains(t, b.logged(), "secret", "what a meeting is about is nobody's business")
	require.Zero(t, b.logs.Len())
}

// In between two meetings the answer is one list, which costs nothing to give again.
func TestAskingCostsNothingWhileNothingChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.write("ana.ics", calendarOf("12:00-13:00"))
	b.run(map[string]string{"ana": "ana.ics"})
	noon := monday.Add(2 * time.Hour)
	first := b.feeds.Absent(noon)
	again := b.feeds.Absent(noon.Add(59 * time.Minute))
	require.Same(t, unsafe.SliceData(first), unsafe.SliceData(again))
	require.Empty(t, b.feeds.Absent(noon.Add(time.Hour)))
	require.Len(t, b.feeds.Absent(noon), 1, "time may go back a little")
}

func TestAFileThatChanges(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.write("ana.ics", calendarOf("12:00-13:00"))
	b.run(map[string]string{"ana": "ana.ics"})
	require.Equal(t, []string{"ana until 13:00"}, b.absent("12:00"))

	b.write("ana.ics", calendarOf("12:00-13:30", "15:00-16:00"))
	b.eventually(time.Second, func() bool { return len(b.absent("15:30")) == 1 })
	require.Equal(t, []string{"ana until 13:30"}, b.absent("12:00"))
	require.Zero(t, b.told(failed))

	b.write("ana.ics", "<html>please sign in</html>")
	b.eventually(time.Second, func() bool { return b.metric("leadrouter_feed_failures_total", "ana") >= 3 })
	require.Equal(t, []string{"ana until 13:30"}, b.absent("12:00"), "the last good one stays")
	require.Equal(t, 1, b.told(failed), "it is said once")
	require.Contains(t, b.logged(), "what was read last stays")
	require.Contains(t, b.logged(), "no VCALENDAR")
	require.Positive(t, b.metric("leadrouter_feed_age_seconds", "ana"))

	require.NoError(t, os.Remove(filepath.Join(b.folder, "ana.ics")))
	seen := b.metric("leadrouter_feed_failures_total", "ana")
	b.eventually(time.Second, func() bool { return b.metric("leadrouter_feed_failures_total", "ana") > seen })
	require.Equal(t, []string{"ana until 13:30"}, b.absent("12:00"))

	b.write("ana.ics", calendarOf())
	b.eventually(time.Second, func() bool { return b.told("a calendar feed is read again") == 1 })
	require.Empty(t, b.absent("12:00"))
}

func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside.ics")
	require.NoError(t, os.WriteFile(outside, []byte(calendarOf("12:00-13:00")), 0o600))
	for name, make := range map[string]func(t *testing.T, path string){
		"missing":          func(*testing.T, string) {},
		"a folder":         func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path, 0o750)) },
		"a link that ends": func(t *testing.T, path string) { require.NoError(t, os.Symlink("nowhere", path)) },
		"a link outside":   func(t *testing.T, path string) { require.NoError(t, os.Symlink(outside, path)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			make(t, filepath.Join(b.folder, "ana.ics"))
			b.write("ben.ics", calendarOf("12:00-13:00"))
			b.run(map[string]string{"ana": "ana.ics", "ben": "ben.ics"})
			require.Equal(t, []string{"ben until 13:00"}, b.absent("12:00"), "the others are not held up")
			require.Contains(t, b.logged(), "available by the hours of the policy")
			require.NotContains(t, b.logged(), b.folder)
		})
	}
}

func TestFilesWithoutAFolder(t *testing.T) {
	t.Parallel()
	b := setup(t, func(cfg *feeds.Config) { cfg.Folder = "" })
	b.run(map[string]string{"ana": "ana.ics"})
	require.Contains(t, b.logged(), "--feeds")
}

func TestFeedsFollowThePolicy(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.write("ana.ics", calendarOf("12:00-13:00"))
	b.write("ben.ics", calendarOf("12:00-14:00"))
	b.run(map[string]string{"ana": "ana.ics"})
	require.Equal(t, []string{"ana until 13:00"}, b.absent("12:00"))

	b.policy.Store(parse(t, map[string]string{"ana": "ana.ics", "ben": "ben.ics"}))
	b.eventually(100*time.Millisecond, func() bool { return len(b.absent("12:00")) == 2 })
	b.policy.Store(parse(t, map[string]string{"ana": "ben.ics"}))
	b.eventually(100*time.Millisecond, func() bool {
		now := b.absent("12:00")
		return len(now) == 1 && now[0] == "ana until 14:00"
	})
	require.InDelta(t, -1, b.metric("leadrouter_feed_age_seconds", "ben"), 0, "who is gone is not measured")
	b.policy.Store(parse(t, nil))
	b.eventually(100*time.Millisecond, func() bool { return len(b.absent("12:00")) == 0 })
	require.Zero(t, b.told(failed))
}

// A policy that comes later is waited for, and then its feeds; without feeds there is
// nothing to wait for.
func TestWaiting(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	b.feeds.Wait(ended) // there is no policy yet
	b.policy.Store(parse(t, nil))
	b.feeds.Wait(t.Context()) // nothing runs, and nothing has to

	b.policy.Store(nil)
	b.write("ana.ics", calendarOf("12:00-13:00"))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.feeds.Run(ctx) }()
	defer func() { stop(); require.NoError(t, <-done) }()
	require.NoError(t, b.clock.BlockUntil(t.Context(), 1))
	b.policy.Store(parse(t, map[string]string{"ana": "ana.ics"}))
	b.clock.Advance(time.Second)
	b.feeds.Wait(t.Context())
	require.Len(t, b.absent("12:00"), 1)
}

// Decisions may be ahead of the world's time: what counts is theirs.
func TestTheHorizonIsThatOfDecisions(t *testing.T) {
	t.Parallel()
	later := clock.NewFake(monday.AddDate(1, 0, 0))
	b := setup(t, func(cfg *feeds.Config) { cfg.Time = later })
	b.write("ana.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260504T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n")
	b.run(map[string]string{"ana": "ana.ics"})
	require.Empty(t, b.absent("12:00"), "a year ago")
	require.Len(t, b.feeds.Absent(later.Now().Add(2*time.Hour)), 1)

	later.Advance(90 * 24 * time.Hour)
	require.Empty(t, b.feeds.Absent(later.Now().Add(2*time.Hour)), "not read yet")
	b.eventually(time.Second, func() bool { return len(b.feeds.Absent(later.Now().Add(2*time.Hour))) == 1 })
}

func TestCheck(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.write("ana.ics", calendarOf("12:00-13:00", "15:00-16:00"))
	b.write("ben.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:yesterday\nEND:VEVENT\nEND:VCALENDAR\n")
	p := parse(t, map[string]string{"ana": "ana.ics", "ben": "ben.ics", "carl": "env:CARL", "dora": "dora.ics"})
	got := feeds.Check(t.Context(), p, feeds.Config{
		Folder: b.folder, Clock: b.clock, Lookup: func(string) (string, bool) { return "", false },
	})
	require.Len(t, got, 4)
	require.Equal(t, feeds.Checked{Rep: "ana", Feed: policy.Feed{File: "ana.ics"}, Absences: 2}, got[0])
	require.Len(t, got[1].Warnings, 1)
	require.EqualError(t, got[2].Err, "the environment variable CARL is not set")
	require.ErrorIs(t, got[3].Err, os.ErrNotExist)
}
