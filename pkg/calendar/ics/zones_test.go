package ics_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/calendar/ics"
)

// ruled is a zone as Outlook writes it: the rules of today since 1601.
const ruled = "BEGIN:VTIMEZONE\r\nTZID:%s\r\n" +
	"BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n" +
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n" +
	"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n" +
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE"

func zoned(id string) string {
	return strings.Join([]string{
		"BEGIN:VEVENT", "DTSTART;TZID=" + id + ":20260327T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=FR,MO;COUNT=2", "END:VEVENT",
	}, "\r\n")
}

func TestZoneNames(t *testing.T) {
	t.Parallel()
	newYork, tokyo := []string{"27 14:00-15:00", "30 15:00-16:00"}, []string{"27 01:00-02:00", "30 02:00-03:00"}
	var cases []readCase
	for id, want := range map[string][]string{
		"America/New_York":                        newYork,
		`"America/New_York"`:                      newYork,
		"/mozilla.org/20050126_1/Asia/Tokyo":      tokyo,
		"/freeassociation.sourceforge/Asia/Tokyo": tokyo,
		"Eastern Standard Time":                   newYork,
		"tokyo standard time":                     tokyo,
	} {
		cases = append(cases, readCase{name: id, feed: feed(zoned(id)), want: want})
	}
	own := []string{"27 09:00-10:00", "30 09:00-10:00"}
	cases = append(cases, readCase{
		name: "unknown", feed: feed(zoned("Office"), zoned("Office")), want: own,
		warnings: []string{`line 3: unknown time zone "Office": taken as Europe/Berlin`},
	}, readCase{
		name: "too long", feed: feed(zoned(strings.Repeat("/a", 51))), want: own,
		warnings: []string{`line 3: time zone "` + strings.Repeat("/a", 30) + `": too many zones, or too long a name: taken as Europe/Berlin`},
	})
	testRead(t, cases)
}

func TestZoneDefinitions(t *testing.T) {
	t.Parallel()
	define := func(lines ...string) string {
		return feed(zoned("Office"), "BEGIN:VTIMEZONE", "TZID:Office", strings.Join(lines, "\r\n"), "END:VTIMEZONE")
	}
	part := func(name string, lines ...string) string {
		return "BEGIN:" + name + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:" + name
	}
	own := []string{"27 09:00-10:00", "30 09:00-10:00"}
	taken := func(problem string) []string {
		return []string{`line 3: time zone "Office": ` + problem + ": taken as Europe/Berlin"}
	}
	testRead(t, []readCase{
		{name: "by rules", feed: feed(fmt.Sprintf(ruled, "Office"), zoned("Office")), want: own},
		{name: "behind the event", feed: feed(zoned("Office"), fmt.Sprintf(ruled, "Office")), want: own},
		{
			name: "fixed, with seconds",
			feed: define(part("STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0530", "TZOFFSETTO:+053000")),
			want: []string{"27 04:30-05:30", "30 05:30-06:30"},
		},
		{
			name: "by dates",
			feed: define(part("STANDARD", "DTSTART:20200101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000"),
				part("DAYLIGHT", "DTSTART:20250329T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:-0300", "RDATE:20260329T000000")),
			want: []string{"27 13:00-14:00", "30 14:00-15:00"},
		},
		{
			name: "rules that have ended",
			feed: define(part("STANDARD", "DTSTART:20201025T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"),
				part("DAYLIGHT", "DTSTART:20210328T020000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20250330T010000Z")),
			want: []string{"27 09:00-10:00", "30 10:00-11:00"},
		},
		{name: "named by the program that wrote it", feed: define("X-LIC-LOCATION:Asia/Tokyo"), want: []string{"27 01:00-02:00", "30 02:00-03:00"}},
		{name: "empty", feed: define("X-LIC-LOCATION:Nowhere"), want: own, warnings: taken("it defines no offset")},
		{
			name: "without offset", feed: define(part("STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0530")), want: own,
			warnings: taken(`STANDARD on line 9: "" is no offset from UTC`),
		},
		{
			name: "with a bad rule", feed: define(part("STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "RRULE:X")), want: own,
			warnings: taken(`STANDARD on line 9: rule part "X": unknown`),
		},
		{
			name: "with a bad date", feed: define(part("STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "RDATE:X")), want: own,
			warnings: taken(`STANDARD on line 9: "X" is no date or time`),
		},
		{
			name: "with a transition a day", feed: define(part("STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0000", "TZOFFSETTO:+0000", "RRULE:FREQ=DAILY")), want: own,
			warnings: taken("it has too many transitions"),
		},
	})
}

// A definition by rules is the zone itself, over all the years that its rules hold.
func TestDefinedZoneAgreesWithTheDatabase(t *testing.T) {
	t.Parallel()
	cfg := march(t)
	cfg.From, cfg.To = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	read := func(id string) []calendar.Absence {
		got, err := ics.Read(strings.NewReader(feed(fmt.Sprintf(ruled, "Office"), "BEGIN:VEVENT",
			"DTSTART;TZID="+id+":20000101T013000", "DURATION:PT2H", "RRULE:FREQ=DAILY;INTERVAL=2", "END:VEVENT")), cfg)
		require.NoError(t, err)
		require.Empty(t, got.Warnings)
		return got.Absences
	}
	require.Len(t, read("Office"), 5479)
	require.Equal(t, read("Europe/Berlin"), read("Office"))
}
