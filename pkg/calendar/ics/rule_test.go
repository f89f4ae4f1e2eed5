package ics_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"leadrouter/pkg/calendar/ics"
)

// drawRule draws a rule whose meaning does not depend on reading the standard one way or
// another: the library takes "MO,2TU" for Mondays that are second Tuesdays, and BYSETPOS
// counts in its first week from DTSTART.
func drawRule(t *rapid.T) string {
	freq := rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq")
	parts := []string{"FREQ=" + freq, fmt.Sprintf("INTERVAL=%d", rapid.IntRange(1, 4).Draw(t, "interval"))}
	part := func(name string, values ...string) {
		if rapid.Bool().Draw(t, "has "+name) {
			list := rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 3, rapid.ID).Draw(t, name)
			parts = append(parts, name+"="+strings.Join(list, ","))
		}
	}
	days := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
	someDays := func(numbered ...string) {
		if rapid.Bool().Draw(t, "numbered") {
			part("BYDAY", numbered...)
		} else {
			part("BYDAY", days...)
		}
	}
	months := func() { part("BYMONTH", "1", "2", "3", "6", "11", "12") }
	switch freq {
	case "DAILY", "WEEKLY":
		months()
		part("BYDAY", days...)
	case "MONTHLY":
		months()
		part("BYMONTHDAY", "1", "5", "28", "29", "31", "-1", "-7", "-31")
		someDays("1MO", "2TU", "-1FR", "-2SU", "5WE")
	case "YEARLY":
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			months()
			part("BYMONTHDAY", "1", "15", "-1")
			someDays("1MO", "-1FR", "3WE")
		case 1:
			part("BYYEARDAY", "1", "60", "200", "366", "-1", "-100", "-366")
		case 2:
			parts = append(parts, "BYWEEKNO=1,20,53,-1", "BYDAY="+rapid.SampledFrom(days).Draw(t, "weekday"))
		}
	}
	joined := strings.Join(parts, ";")
	if (freq == "MONTHLY" || freq == "YEARLY") && strings.Contains(joined, "BY") {
		part("BYSETPOS", "1", "2", "-1", "-2")
	}
	part("WKST", "SU")
	if rapid.Bool().Draw(t, "counted") {
		parts = append(parts, fmt.Sprintf("COUNT=%d", rapid.IntRange(1, 60).Draw(t, "count")))
	} else if rapid.Bool().Draw(t, "ends") {
		parts = append(parts, fmt.Sprintf("UNTIL=20%02d0615T090000Z", rapid.IntRange(20, 30).Draw(t, "until")))
	}
	return strings.Join(parts, ";")
}

// A library written by other people expands rules to the same days.
func TestRulesAgreeWithASecondLibrary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := drawRule(t)
		start := time.Date(2020, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(t, "start"))
		from := start.AddDate(0, 0, rapid.IntRange(-100, 1500).Draw(t, "from"))
		to := from.AddDate(0, 0, 800)

		option, err := rrule.StrToROption(rule)
		require.NoError(t, err)
		option.Dtstart = start
		theirs, err := rrule.NewRRule(*option)
		require.NoError(t, err)
		var want []string
		for _, at := range theirs.Between(from, to, false) {
			want = append(want, at.Format("2006-01-02 15:04"))
		}

		text := event("DTSTART:"+start.Format("20060102T150405Z"), "DURATION:PT1S", "RRULE:"+rule)
		feed, err := ics.Read(strings.NewReader(text), ics.Config{Zone: time.UTC, From: from.Add(time.Second), To: to})
		require.NoError(t, err)
		require.Empty(t, feed.Warnings)
		var got []string
		for _, a := range feed.Absences {
			got = append(got, a.From.Format("2006-01-02 15:04"))
		}
		require.True(t, slices.IsSorted(got))
		require.Equal(t, want, got, rule)
	})
}
