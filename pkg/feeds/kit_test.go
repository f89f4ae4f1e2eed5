package feeds_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/feeds"
	"leadrouter/pkg/policy"
	"leadrouter/pkg/routing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// monday is 4 May 2026, 10:00 in Berlin.
var monday = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)

// failer is what *testing.T and *rapid.T share.
type failer interface {
	require.TestingT
	Helper()
}

// parse makes a policy of reps with feeds, by id.
func parse(t failer, byRep map[string]string) *policy.Policy {
	t.Helper()
	text := "policy: p\ncalendars: {berlin: {zone: Europe/Berlin, hours: Mon-Fri 09:00-18:00}}\nrules: [{name: rest, to: all}]\nreps:\n  zoe: {calendar: berlin}\n"
	for rep, feed := range byRep {
		text += fmt.Sprintf("  %s: {calendar: berlin, feed: '%s'}\n", rep, feed)
	}
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
	require.NoError(t, issues.Err())
	return p
}

// calendarOf is a feed of meetings on 4 May, written as "12:00-13:00" in the rep's zone.
func calendarOf(meetings ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\n")
	for i, m := range meetings {
		from, to, _ := strings.Cut(strings.ReplaceAll(m, ":", ""), "-")
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d\r\nSUMMARY:secret plans\r\nDTSTART:20260504T%s00\r\nDTEND:20260504T%s00\r\nEND:VEVENT\r\n", i, from, to)
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

// bundle is running feeds and the world around them.
type bundle struct {
	t      *testing.T
	feeds  *feeds.Feeds
	folder string
	policy atomic.Pointer[policy.Policy]
	env    map[string]string
	clock  *clock.Fake
	reg    *prometheus.Registry
	logs   *observer.ObservedLogs
}

// setup is a bundle that does not run yet; change may alter the configuration.
func setup(t *testing.T, change func(*feeds.Config)) *bundle {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	b := &bundle{t: t, folder: t.TempDir(), env: map[string]string{}, clock: clock.NewFake(monday), reg: prometheus.NewRegistry(), logs: logs}
	cfg := feeds.Config{
		Policy: b.policy.Load, Folder: b.folder, Clock: b.clock, Logger: zap.New(core), Registerer: b.reg,
		Lookup: func(name string) (string, bool) { v, ok := b.env[name]; return v, ok },
	}
	if change != nil {
		change(&cfg)
	}
	b.feeds = feeds.New(cfg)
	return b
}

// run keeps the feeds of reps until the test ends, and waits until each was tried.
func (b *bundle) run(byRep map[string]string) {
	b.t.Helper()
	b.policy.Store(parse(b.t, byRep))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.feeds.Run(ctx) }()
	b.t.Cleanup(func() { cancel(); require.NoError(b.t, <-done) })
	b.feeds.Wait(b.t.Context())
}

func (b *bundle) write(name, text string) {
	b.t.Helper()
	draft := filepath.Join(b.t.TempDir(), name)
	require.NoError(b.t, os.WriteFile(draft, []byte(text), 0o600))
	require.NoError(b.t, os.Rename(draft, filepath.Join(b.folder, name)))
}

// eventually lets time pass, in small steps, until something holds.
func (b *bundle) eventually(step time.Duration, holds func() bool) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		if holds() {
			return true
		}
		b.clock.Advance(step)
		return false
	}, 30*time.Second, 2*time.Millisecond)
}

// absent writes who is absent as Berlin's clocks show it: "ana until 13:00".
func (b *bundle) absent(at string) []string {
	b.t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(b.t, err)
	now, err := time.ParseInLocation("2006-01-02 15:04", "2026-05-04 "+at, zone)
	require.NoError(b.t, err)
	var out []string
	for _, a := range b.feeds.Absent(now) {
		out = append(out, a.Rep+" until "+until(a).In(zone).Format("15:04"))
	}
	return out
}

func until(a routing.Absence) time.Time { return time.UnixMilli(a.Until) }

// told are the messages of the log that begin so.
func (b *bundle) told(prefix string) int {
	return b.logs.Filter(func(e observer.LoggedEntry) bool { return strings.HasPrefix(e.Message, prefix) }).Len()
}

// logged is everything in the log.
func (b *bundle) logged() string {
	var out strings.Builder
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	for _, e := range b.logs.All() {
		line, err := encoder.EncodeEntry(e.Entry, e.Context)
		require.NoError(b.t, err)
		out.Write(line.Bytes())
	}
	return out.String()
}

// metric is the value of a metric of a rep; -1 when there is none.
func (b *bundle) metric(name, rep string) float64 {
	b.t.Helper()
	families, err := b.reg.Gather()
	require.NoError(b.t, err)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && m.GetLabel()[0].GetValue() == rep {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return -1
}
