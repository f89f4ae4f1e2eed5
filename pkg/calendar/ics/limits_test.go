package ics_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar/ics"
)

// Feeds that would cost too much are refused, quickly: these tests take as long as the
// worst of them.
func TestReadIsBounded(t *testing.T) {
	t.Parallel()
	const good = "DTSTART:20000101T090000\r\nDURATION:PT1H\r\n"
	numbers := func(n int) string {
		var list []string
		for i := 1; i <= n; i++ {
			list = append(list, fmt.Sprint(i), fmt.Sprint(-i))
		}
		return strings.Join(list, ",")
	}
	for name, tc := range map[string]struct{ feed, want string }{
		"size":      {feed(strings.Repeat("X:1\r\n", 3_000_000)), "read feed: more than 10485760 bytes: limit exceeded"},
		"absences":  {event(good, "RDATE:20260301T090000"+strings.Repeat(",20260302T090000", 20_000)), "read feed: more than 10000 absences from 2026-03-01 to 2026-04-01: limit exceeded"},
		"busy time": {feed("BEGIN:VFREEBUSY", "FREEBUSY:20260301T090000Z/PT1H"+strings.Repeat(",20260302T090000Z/PT1H", 20_000), "END:VFREEBUSY"), "read feed: more than 10000 absences from 2026-03-01 to 2026-04-01: limit exceeded"},
		"rules that never hold": {
			event(good, strings.Repeat("RRULE:FREQ=YEARLY;COUNT=1;BYMONTH=2;BYMONTHDAY=30\r\n", 10_000)),
			"read feed: its rules take too long to expand: limit exceeded",
		},
		"rules with long lists": {
			event(good, strings.Repeat("RRULE:FREQ=YEARLY;COUNT=1000000;BYYEARDAY="+numbers(366)+";BYSETPOS="+numbers(366)+"\r\n", 1000)),
			"read feed: its rules take too long to expand: limit exceeded",
		},
		"zones": {
			feed("BEGIN:VTIMEZONE", "TZID:Office", "BEGIN:STANDARD", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "DTSTART:19700101T000000",
				strings.Repeat("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\n", 1000), "END:STANDARD", "END:VTIMEZONE",
				zoned("Office"), "BEGIN:VEVENT", good, "RRULE:FREQ=DAILY", "END:VEVENT"),
			"read feed: its rules take too long to expand: limit exceeded",
		},
		"depth": {feed(strings.Repeat("BEGIN:X\r\n", 1_000_000)), "read feed: line 9: components are nested more than 8 deep"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ics.Read(strings.NewReader(tc.feed), march(t))
			require.EqualError(t, err, tc.want)
			if name != "depth" {
				require.ErrorIs(t, err, ics.ErrLimit)
			}
		})
	}
}

// What is merely odd is read, in reasonable time and with few words.
func TestReadCopes(t *testing.T) {
	t.Parallel()
	const good = "DTSTART:20260302T090000\r\nDURATION:PT1H\r\n"
	var zones strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&zones, "BEGIN:VEVENT\r\nDTSTART;TZID=Zone%d:20260302T090000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n", i)
	}
	for name, text := range map[string]string{
		"a thousand zones":       feed(zones.String()),
		"one long line":          event(good, "SUMMARY:"+strings.Repeat("x", 5_000_000)),
		"many folds":             event(good, "SUMMARY:"+strings.Repeat("\r\n x", 1_000_000)),
		"no end":                 event(good, strings.Repeat("Lunch\r\n", 100_000)),
		"END without BEGIN":      feed("END:VEVENT", "END:X", "BEGIN:VEVENT", good, "END:VEVENT"),
		"yearly birthdays":       event(strings.Repeat("END:VEVENT\r\nBEGIN:VEVENT\r\n"+good+"RRULE:FREQ=YEARLY\r\n", 5000)),
		"the year one":           event(good, "END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:00010101T000000\r\nDURATION:PT1S\r\nRRULE:FREQ=DAILY;BYMONTH=1;COUNT=5"),
		"the year 9999":          event(good, "END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:99991231T000000\r\nDURATION:P9999D\r\nRRULE:FREQ=YEARLY"),
		"a very long event":      event(good, "END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:00010101\r\nDTEND:00020101\r\nRRULE:FREQ=YEARLY;COUNT=5"),
		"binary in a value":      event(good, "SUMMARY:\x00\xff\xfe"),
		"a lone carriage return": event(good, "SUMMARY:a\rb"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := march(t)
			got, err := ics.Read(strings.NewReader(text), cfg)
			require.NoError(t, err)
			require.Equal(t, []string{"02 09:00-10:00"}, show(got.Absences, cfg.Zone))
			require.LessOrEqual(t, len(got.Warnings), 50)
		})
	}
}
