package ics_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar/ics"
)

// The corpus is the reference data's: calendars from the test suite of another parser,
// many of them broken on purpose. It is not part of the repository.
func TestReadCorpus(t *testing.T) {
	t.Parallel()
	root := os.Getenv("LEADROUTER_SHARED")
	if root == "" {
		root = "../../../../shared"
	}
	archives, err := filepath.Glob(filepath.Join(root, "data", "ics", "*.tar.gz"))
	require.NoError(t, err)
	if len(archives) == 0 {
		t.Skip("no reference data (set LEADROUTER_SHARED)")
	}
	cfg := march(t)
	cfg.From, cfg.To = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	files, refused, absences := 0, 0, 0
	for _, archive := range archives {
		for name, data := range members(t, archive) {
			feed, err := ics.Read(bytes.NewReader(data), cfg)
			files++
			absences += len(feed.Absences)
			if err != nil {
				refused++
				require.NotContains(t, string(data), "BEGIN:VCALENDAR", "%s: %v", name, err)
			}
			for _, w := range feed.Warnings {
				t.Logf("%s: %v", name, w)
			}
		}
	}
	require.NotZero(t, absences)
	t.Logf("%d files, %d without a calendar, %d absences", files, refused, absences)
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
		if !strings.HasSuffix(header.Name, ".ics") {
			continue
		}
		found[header.Name], err = io.ReadAll(entries)
		require.NoError(t, err)
	}
}

// FuzzRead: no input crashes or hangs, and what is read is within the horizon and in order.
func FuzzRead(f *testing.F) {
	f.Add(event("DTSTART;TZID=Europe/Berlin:20260302T090000", "DTEND:20260302T100000Z", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1", "EXDATE:20260327"))
	f.Add(event("DTSTART:20260302", "DURATION:P1DT2H", "RDATE;VALUE=PERIOD:20260303T090000/PT1H", "RECURRENCE-ID:20260302"))
	f.Add(feed(strings.ReplaceAll(ruled, "%s", "Office"), zoned("Office")))
	f.Add(feed("BEGIN:VFREEBUSY", "FREEBUSY:20260302T080000Z/PT1H", "END:VFREEBUSY"))
	cfg := march(f)
	cfg.MaxBytes = 1 << 16
	f.Fuzz(func(t *testing.T, text string) {
		feed, err := ics.Read(strings.NewReader(text), cfg)
		if err != nil {
			require.Empty(t, feed.Absences)
			return
		}
		last := time.Time{}
		for _, a := range feed.Absences {
			require.True(t, a.From.Before(a.To))
			require.True(t, a.From.Before(cfg.To) && a.To.After(cfg.From))
			require.True(t, last.IsZero() || a.From.After(last))
			last = a.To
		}
	})
}
