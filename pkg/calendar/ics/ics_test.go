package ics_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/calendar/ics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// march is a horizon of one month for a rep in Berlin, where the clocks go forward on 29 March.
func march(t testing.TB) ics.Config {
	t.Helper()
	zone, err := calendar.LoadZone("Europe/Berlin")
	require.NoError(t, err)
	return ics.Config{
		Zone: zone,
		From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		To:   time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
	}
}

// event wraps lines into a feed with one event.
func event(lines ...string) string {
	return feed("BEGIN:VEVENT", "UID:1", strings.Join(lines, "\r\n"), "END:VEVENT")
}

func feed(lines ...string) string {
	return "BEGIN:VCALENDAR\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

// show writes absences as the rep's clock shows them: "02 09:00-10:00", "02 00:00-03 00:00".
func show(absences []calendar.Absence, zone *time.Location) []string {
	var shown []string
	for _, a := range absences {
		from, to := a.From.In(zone), a.To.In(zone)
		text := from.Format("02 15:04") + "-"
		if from.Format("02") != to.Format("02") {
			text += to.Format("02 ")
		}
		shown = append(shown, text+to.Format("15:04"))
	}
	return shown
}

type readCase struct {
	name, feed string
	want       []string
	warnings   []string
}

func testRead(t *testing.T, cases []readCase) {
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cfg := march(t)
			got, err := ics.Read(strings.NewReader(tc.feed), cfg)
			require.NoError(t, err)
			require.Equal(t, tc.want, show(got.Absences, cfg.Zone))
			var warnings []string
			for _, w := range got.Warnings {
				warnings = append(warnings, w.Error())
			}
			require.Equal(t, tc.warnings, warnings)
		})
	}
}

func TestReadSingleEvents(t *testing.T) {
	t.Parallel()
	testRead(t, []readCase{
		{name: "in UTC", feed: event("DTSTART:20260302T090000Z", "DTEND:20260302T100000Z"), want: []string{"02 10:00-11:00"}},
		{name: "in the zone it names", feed: event("DTSTART;TZID=America/New_York:20260302T090000", "DTEND;TZID=America/New_York:20260302T100000"), want: []string{"02 15:00-16:00"}},
		{name: "in the rep's zone", feed: event("DTSTART:20260302T090000", "DTEND:20260302T100000"), want: []string{"02 09:00-10:00"}},
		{name: "all day", feed: event("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260304"), want: []string{"02 00:00-04 00:00"}},
		{name: "all day, no end", feed: event("DTSTART;VALUE=DATE:20260302"), want: []string{"02 00:00-03 00:00"}},
		{name: "all day, end on the same day", feed: event("DTSTART:20260302", "DTEND:20260302"), want: []string{"02 00:00-03 00:00"}},
		{name: "all day when the clocks change", feed: event("DTSTART:20260329"), want: []string{"29 00:00-30 00:00"}},
		{name: "duration", feed: event("DTSTART:20260302T090000", "DURATION:PT1H30M"), want: []string{"02 09:00-10:30"}},
		{name: "duration of a day when the clocks change", feed: event("DTSTART:20260328T120000", "DURATION:P1D"), want: []string{"28 12:00-29 12:00"}},
		{name: "duration of 24 hours when the clocks change", feed: event("DTSTART:20260328T120000", "DURATION:PT24H"), want: []string{"28 12:00-29 13:00"}},
		{name: "duration in weeks", feed: event("DTSTART:20260302", "DURATION:P1W"), want: []string{"02 00:00-09 00:00"}},
		{name: "an instant is no absence", feed: event("DTSTART:20260302T090000")},
		{name: "a skipped time is as much later", feed: event("DTSTART:20260329T023000", "DURATION:PT1H"), want: []string{"29 03:30-04:30"}},
		{name: "a skipped time west of UTC", feed: event("DTSTART;TZID=America/New_York:20260308T023000", "DURATION:PT1H"), want: []string{"08 08:30-09:30"}},
		{name: "transparent", feed: event("DTSTART:20260302T090000", "DURATION:PT1H", "TRANSP:TRANSPARENT")},
		{name: "opaque", feed: event("DTSTART:20260302T090000", "DURATION:PT1H", "TRANSP:OPAQUE"), want: []string{"02 09:00-10:00"}},
		{name: "cancelled", feed: event("DTSTART:20260302T090000", "DURATION:PT1H", "STATUS:cancelled")},
		{name: "tentative", feed: event("DTSTART:20260302T090000", "DURATION:PT1H", "STATUS:TENTATIVE"), want: []string{"02 09:00-10:00"}},
		{name: "shown as free in Outlook", feed: event("DTSTART:20260302T090000", "DURATION:PT1H", "X-MICROSOFT-CDO-BUSYSTATUS:FREE")},
		{name: "before the horizon", feed: event("DTSTART:20260201T090000", "DURATION:PT1H")},
		{name: "after the horizon", feed: event("DTSTART:20260501T090000", "DURATION:PT1H")},
		{name: "reaches into the horizon", feed: event("DTSTART:20260220", "DTEND:20260303"), want: []string{"20 00:00-03 00:00"}},
		{
			name: "folded, quoted, with a byte order mark, lower case",
			feed: "\ufeffbegin:vcalendar\nbegin:vevent\ndtst\n art;x=\"a;b:c\";tzid=Eur\n\tope/Berlin:202603\n 02T090000\nduration:PT1H\nend:vevent\nend:vcalendar",
			want: []string{"02 09:00-10:00"},
		},
		{
			name: "overlapping ones are joined, whatever their order",
			feed: feed("BEGIN:VEVENT", "DTSTART:20260302T110000", "DURATION:PT1H", "END:VEVENT",
				"BEGIN:VEVENT", "DTSTART:20260302T090000", "DURATION:PT2H", "END:VEVENT",
				"BEGIN:VEVENT", "DTSTART:20260302T093000", "DURATION:PT15M", "END:VEVENT"),
			want: []string{"02 09:00-12:00"},
		},
		{
			name: "an alarm's duration is not the event's",
			feed: event("DTSTART:20260302T090000", "BEGIN:VALARM", "DURATION:PT5H", "END:VALARM", "DURATION:PT1H"),
			want: []string{"02 09:00-10:00"},
		},
		{
			name: "free-busy periods",
			feed: feed("BEGIN:VFREEBUSY", "FREEBUSY:20260302T080000Z/PT1H,20260302T100000Z/20260302T110000Z",
				"FREEBUSY;FBTYPE=FREE:20260303T080000Z/PT1H", "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260304T080000Z/PT1H",
				"FREEBUSY:20260305T080000Z", "FREEBUSY:20260305T080000Z/x", "END:VFREEBUSY"),
			want: []string{"02 09:00-10:00", "02 11:00-12:00", "04 09:00-10:00"},
			warnings: []string{
				`line 6: FREEBUSY: "20260305T080000Z" is no period`,
				`line 7: FREEBUSY: "X" is no date or time`,
			},
		},
	})
}

func TestReadRecurringEvents(t *testing.T) {
	t.Parallel()
	meeting := []string{"DTSTART:20260105T090000", "DURATION:PT1H"}
	with := func(lines ...string) string { return event(append(meeting, lines...)...) }
	mondays := []string{"02 09:00-10:00", "09 09:00-10:00", "16 09:00-10:00", "23 09:00-10:00", "30 09:00-10:00"}
	testRead(t, []readCase{
		{name: "weekly, at the same time on the wall", feed: with("RRULE:FREQ=WEEKLY"), want: mondays},
		{name: "every other week", feed: with("RRULE:FREQ=WEEKLY;INTERVAL=2"), want: []string{"02 09:00-10:00", "16 09:00-10:00", "30 09:00-10:00"}},
		{name: "a count is counted from the start", feed: with("RRULE:FREQ=WEEKLY;COUNT=10"), want: mondays[:2]},
		{name: "until includes the last", feed: with("RRULE:FREQ=WEEKLY;UNTIL=20260316T080000Z"), want: mondays[:3]},
		{name: "until excludes what is later", feed: with("RRULE:FREQ=WEEKLY;UNTIL=20260316T075959Z"), want: mondays[:2]},
		{name: "until a day", feed: with("RRULE:FREQ=WEEKLY;UNTIL=20260316"), want: mondays[:3]},
		{name: "until on the wall", feed: with("RRULE:FREQ=WEEKLY;UNTIL=20260316T085959"), want: mondays[:2]},
		{name: "last Friday of a month", feed: with("RRULE:FREQ=MONTHLY;BYDAY=-1FR"), want: []string{"27 09:00-10:00"}},
		{name: "second-last working day", feed: with("RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2"), want: []string{"30 09:00-10:00"}},
		{name: "exceptions", feed: with("RRULE:FREQ=WEEKLY", "EXDATE:20260302T090000,20260309T090000", "EXDATE;VALUE=DATE:20260316", "EXDATE;TZID=America/New_York:20260323T040000"), want: mondays[4:]},
		{name: "extra dates", feed: with("RDATE:20260303T090000,20260304T120000", "RDATE;VALUE=PERIOD:20260305T090000/PT30M"), want: []string{"03 09:00-10:00", "04 12:00-13:00", "05 09:00-09:30"}},
		{name: "all day until an instant", feed: event("DTSTART:20260301", "RRULE:FREQ=DAILY;UNTIL=20260303T000000Z"), want: []string{"01 00:00-04 00:00"}},
		{name: "an occurrence that began before the horizon", feed: event("DTSTART:20250226", "DURATION:P5D", "RRULE:FREQ=YEARLY"), want: []string{"26 00:00-03 00:00"}},
		{name: "what programs repeat of the start", feed: with("RRULE:RSCALE=GREGORIAN;FREQ=WEEKLY;BYDAY=MO, TU;BYHOUR=9;BYMINUTE=0;BYSECOND=0;COUNT=17"), want: []string{"02 09:00-10:00"}},
		{name: "no occurrence, ever", feed: with("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")},
		{
			name: "a changed occurrence replaces its own, a cancelled one leaves",
			feed: feed("BEGIN:VEVENT", "UID:1", "DTSTART:20260302T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY", "END:VEVENT",
				"BEGIN:VEVENT", "UID:1", "RECURRENCE-ID:20260309T080000Z", "DTSTART:20260310T150000", "DURATION:PT2H", "END:VEVENT",
				"BEGIN:VEVENT", "UID:1", "RECURRENCE-ID;VALUE=DATE:20260316", "DTSTART:20260316T090000", "DURATION:PT1H", "STATUS:CANCELLED", "END:VEVENT",
				"BEGIN:VEVENT", "UID:2", "RECURRENCE-ID:20260323T090000", "DTSTART:20260324T090000", "DURATION:PT1H", "END:VEVENT"),
			want: []string{"02 09:00-10:00", "10 15:00-17:00", "23 09:00-10:00", "24 09:00-10:00", "30 09:00-10:00"},
		},
		{
			name: "the rest of a series is not followed",
			feed: event("DTSTART:20260302T090000", "DURATION:PT1H", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T080000"),
			want: []string{"02 09:00-10:00"}, warnings: []string{"line 6: RANGE=THISANDFUTURE is not supported: only this occurrence is changed"},
		},
	})
}

func TestReadWarns(t *testing.T) {
	t.Parallel()
	good := []string{"DTSTART:20260302T090000", "DURATION:PT1H"}
	first := []string{"02 09:00-10:00"}
	var cases []readCase
	for rule, problem := range map[string]string{
		"FREQ=HOURLY":               `rule part "FREQ=HOURLY": rules that fire more than once a day are not supported`,
		"FREQ=DAILY;BYHOUR=9,10":    `rule part "BYHOUR=9,10": rules that fire more than once a day are not supported`,
		"FREQ=OFTEN":                `rule part "FREQ=OFTEN": not a frequency`,
		"INTERVAL=2":                `rule "INTERVAL=2": FREQ is missing`,
		"FREQ=DAILY;INTERVAL=0":     `rule part "INTERVAL=0": not a number from 1 to 1000`,
		"FREQ=DAILY;UNTIL=soon":     `rule part "UNTIL=SOON": "SOON" is no date or time`,
		"FREQ=DAILY;WKST=X":         `rule part "WKST=X": "X" is no weekday`,
		"FREQ=DAILY;BYDAY=2XX":      `rule part "BYDAY=2XX": "XX" is no weekday`,
		"FREQ=MONTHLY;BYDAY=0MO":    `rule part "BYDAY=0MO": "0MO" is no weekday of a month or year`,
		"FREQ=WEEKLY;BYDAY=2MO":     `rule "FREQ=WEEKLY;BYDAY=2MO": a numbered BYDAY needs FREQ=MONTHLY or YEARLY, without BYWEEKNO`,
		"FREQ=MONTHLY;BYWEEKNO=2":   `rule "FREQ=MONTHLY;BYWEEKNO=2": BYWEEKNO needs FREQ=YEARLY`,
		"FREQ=YEARLY;BYMONTHDAY=0":  `rule part "BYMONTHDAY=0": there is no 0th`,
		"FREQ=YEARLY;BYMONTHDAY=32": `rule part "BYMONTHDAY=32": not a number from -31 to 31`,
		"FREQ=DAILY;RSCALE=HEBREW":  `rule part "RSCALE=HEBREW": other calendars than the Gregorian one are not supported`,
		"FREQ=DAILY;X=1":            `rule part "X=1": unknown`,
	} {
		cases = append(cases, readCase{
			name: rule, feed: event(append(good, "RRULE:"+rule)...), want: first,
			warnings: []string{"line 6: RRULE: " + problem + ": only its first occurrence is taken"},
		})
	}
	rest := "END:VEVENT\r\nBEGIN:VEVENT\r\n" + strings.Join(good, "\r\n")
	cases = append(cases,
		readCase{name: "no start", feed: event("DTEND:20260302T090000", rest), want: first, warnings: []string{"line 2: the event has no DTSTART"}},
		readCase{name: "bad start", feed: event("DTSTART:20261302", rest), want: first, warnings: []string{`line 2: DTSTART: "20261302" is no date or time`}},
		readCase{name: "bad end", feed: event("DTSTART:20260302", "DTEND:x", rest), want: first, warnings: []string{`line 2: DTEND: "X" is no date or time`}},
		readCase{name: "bad duration", feed: event("DTSTART:20260302", "DURATION:-P1D", rest), want: first, warnings: []string{`line 2: DURATION: "-P1D" is no duration`}},
		readCase{name: "long duration", feed: event("DTSTART:20260302", "DURATION:P99999W", rest), want: first, warnings: []string{`line 2: DURATION: "P99999W" is longer than a lifetime`}},
		readCase{name: "ends before it starts", feed: event("DTSTART:20260302T090000", "DTEND:20260302T080000", rest), want: first, warnings: []string{"line 2: the event ends before it starts"}},
		readCase{name: "bad occurrence", feed: event("DTSTART:20260302", "RECURRENCE-ID:x", rest), want: first, warnings: []string{`line 2: RECURRENCE-ID: "X" is no date or time`}},
		readCase{name: "bad exception", feed: event(append(good, "EXDATE:20260399,", "RDATE:x")...), want: first, warnings: []string{`line 6: EXDATE: "20260399" is no date or time`, `line 7: RDATE: "X" is no date or time`}},
		readCase{name: "a line without a value", feed: event(append(good, "SUMMARY;X=1", "Lunch with Ada")...), want: first, warnings: []string{"line 6: SUMMARY has no value", "line 7: not a content line, which is NAME:value"}},
	)
	testRead(t, cases)
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	cfg := march(t)
	_, err := ics.Read(strings.NewReader("<html>Sign in</html>"), cfg)
	require.EqualError(t, err, "read feed: it has no VCALENDAR: is the address that of an iCalendar feed?")

	_, err = ics.Read(strings.NewReader(""), ics.Config{From: cfg.From, To: cfg.To})
	require.EqualError(t, err, "read feed: the rep's zone is missing")
	_, err = ics.Read(strings.NewReader(""), ics.Config{Zone: cfg.Zone, From: cfg.To, To: cfg.From})
	require.EqualError(t, err, "read feed: the horizon is empty")
}
