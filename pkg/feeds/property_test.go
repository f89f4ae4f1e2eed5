package feeds_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/calendar/ics"
	"leadrouter/pkg/clock"
	"leadrouter/pkg/feeds"
	"leadrouter/pkg/policy"
)

// drawCalendar is a feed of meetings, some of which recur, around Monday.
func drawCalendar(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\n")
	for i := range rapid.IntRange(0, 8).Draw(t, "meetings") {
		start := monday.Add(time.Duration(rapid.IntRange(-5*24*60, 30*24*60).Draw(t, "start")) * time.Minute)
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTART%s\r\nDURATION:PT%dM\r\n", i,
			rapid.SampledFrom([]string{start.Format(":20060102T150405Z"), start.Format(":20060102T150405"), start.Format(";TZID=America/New_York:20060102T150405")}).Draw(t, "form"),
			rapid.IntRange(1, 3*24*60).Draw(t, "length"))
		b.WriteString(rapid.SampledFrom([]string{"", "", "RRULE:FREQ=WEEKLY\r\n", "RRULE:FREQ=DAILY;COUNT=3\r\n", "TRANSP:TRANSPARENT\r\n"}).Draw(t, "rule"))
		b.WriteString("END:VEVENT\r\n")
	}
	return b.String() + "END:VCALENDAR\r\n"
}

// TestWhoIsAbsentIsWhatTheFeedsSay: at any instant, asked in any order, the answer is what
// each feed says of it, read anew and looked at one absence after the other.
func TestWhoIsAbsentIsWhatTheFeedsSay(t *testing.T) {
	t.Parallel()
	berlin, err := calendar.LoadZone("Europe/Berlin")
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp("", "feeds")
		require.NoError(t, err)
		defer func() { _ = os.RemoveAll(folder) }()
		names, model := map[string]string{}, map[string][]calendar.Absence{}
		for i := range rapid.IntRange(1, 4).Draw(t, "reps") {
			rep, text := fmt.Sprintf("r%d", i), drawCalendar(t)
			require.NoError(t, os.WriteFile(filepath.Join(folder, rep+".ics"), []byte(text), 0o600))
			names[rep] = rep + ".ics"
			read, err := ics.Read(strings.NewReader(text), ics.Config{Zone: berlin, From: monday.AddDate(0, 0, -2), To: monday.AddDate(0, 0, 62)})
			require.NoError(t, err)
			model[rep] = read.Absences
		}
		p := parse(t, names)
		f := feeds.New(feeds.Config{
			Policy: func() *policy.Policy { return p }, Folder: folder, Clock: clock.NewFake(monday),
			Logger: zap.NewNop(), Registerer: prometheus.NewRegistry(),
		})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- f.Run(ctx) }()
		defer func() { cancel(); require.NoError(t, <-done) }()
		f.Wait(ctx)
		for range 30 {
			at := monday.Add(time.Duration(rapid.IntRange(-2*24*60, 30*24*60).Draw(t, "at")) * time.Minute)
			want := map[string]time.Time{}
			for rep, absences := range model {
				for _, a := range absences {
					if !at.Before(a.From) && at.Before(a.To) {
						want[rep] = a.To.UTC()
					}
				}
			}
			got, last := map[string]time.Time{}, ""
			for _, a := range f.Absent(at) {
				require.Greater(t, a.Rep, last, "ascending")
				last = a.Rep
				got[a.Rep] = until(a).UTC()
			}
			require.Equal(t, want, got, at)
		}
	})
}

// The corpus is the reference data's: calendars from the test suite of another parser,
// many of them broken on purpose. It is not part of the repository.
func TestEveryCalendarOfTheCorpus(t *testing.T) {
	t.Parallel()
	root := os.Getenv("LEADROUTER_SHARED")
	if root == "" {
		root = "../../../shared"
	}
	archives, err := filepath.Glob(filepath.Join(root, "data", "ics", "*.tar.gz"))
	require.NoError(t, err)
	if len(archives) == 0 {
		t.Skip("no reference data (set LEADROUTER_SHARED)")
	}
	b := setup(t, nil)
	byRep := map[string]string{}
	for _, archive := range archives {
		for _, data := range members(t, archive) {
			rep := fmt.Sprintf("r%04d", len(byRep))
			b.write(rep+".ics", string(data))
			byRep[rep] = rep + ".ics"
		}
	}
	b.write("fine.ics", calendarOf("12:00-13:00"))
	byRep["fine"] = "fine.ics"
	b.run(byRep)
	require.Contains(t, b.absent("12:00"), "fine until 13:00", "one does not hurt the other")
	for rep := range byRep {
		read := b.metric("leadrouter_feed_failures_total", rep) == 0
		told := strings.Contains(b.logged(), `"rep":"`+rep+`"`)
		require.True(t, read || told, rep)
	}
	t.Logf("%d calendars, %d cannot be read", len(byRep), b.told(failed))
}

func members(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	found := map[string][]byte{}
	for entries := tar.NewReader(unzipped); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		var data bytes.Buffer
		if strings.HasSuffix(header.Name, ".ics") {
			_, err = data.ReadFrom(entries)
			require.NoError(t, err)
			found[header.Name] = data.Bytes()
		}
	}
}
