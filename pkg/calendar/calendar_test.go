package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/calendar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// berlin and madrid are the calendars of the reference policy.
var (
	berlin = calendar.Config{
		Zone: "Europe/Berlin", Hours: "Mon-Fri 09:00-18:00",
		Holidays: "DE-BE", Closed: []calendar.Date{calendar.NewDate(2026, 12, 24)},
	}
	madrid = calendar.Config{
		Zone: "Europe/Madrid", Hours: "Mon-Thu 09:00-14:00 15:00-18:30; Fri 08:30-15:00",
		Holidays: "ES-MD",
	}
)

func open(t testing.TB, cfg calendar.Config) *calendar.Calendar {
	t.Helper()
	c, err := calendar.New(cfg)
	require.NoError(t, err)
	return c
}

func hours(t testing.TB, zone, text string) *calendar.Calendar {
	t.Helper()
	return open(t, calendar.Config{Zone: zone, Hours: text})
}

// in reads "2026-03-02 09:00" on the wall clock of a calendar, or an instant with its offset.
func in(t testing.TB, c *calendar.Calendar, text string) time.Time {
	t.Helper()
	if at, err := time.Parse("2006-01-02 15:04 -0700", text); err == nil {
		return at.UTC()
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, c.Location())
	require.NoError(t, err)
	return at.UTC()
}

func TestNewReportsAllProblems(t *testing.T) {
	t.Parallel()
	_, err := calendar.New(calendar.Config{Zone: "Berlin", Hours: "Mon-Fri", Holidays: "UK"})
	require.EqualError(t, err, `unknown time zone "Berlin": did you mean Europe/Berlin?
hours "Mon-Fri": column 8: nothing, where a time is expected: write it as 09:00
unknown holidays "UK": did you mean GB?`)

	_, err = calendar.New(calendar.Config{
		Zone: "UTC", Hours: "Mon-Fri 09:00-18:00",
		Open: []calendar.Date{calendar.NewDate(2026, 12, 26)},
	})
	require.EqualError(t, err, "open 2026-12-26: the hours name no shift on a Saturday")
}

func TestOpen(t *testing.T) {
	t.Parallel()
	workedHoliday := berlin
	workedHoliday.Open = []calendar.Date{calendar.NewDate(2026, 5, 1), calendar.NewDate(2026, 12, 24)}
	night := calendar.Config{Zone: "Europe/Berlin", Hours: "Mon-Fri 22:00-06:00", Holidays: "DE-BE"}
	cases := []struct {
		name string
		cfg  calendar.Config
		at   string
		want bool
	}{
		{"opening included", berlin, "2026-03-02 09:00", true},
		{"a minute before opening", berlin, "2026-03-02 08:59", false},
		{"closing excluded", berlin, "2026-03-02 18:00", false},
		{"weekend", berlin, "2026-03-01 12:00", false},
		{"national holiday", berlin, "2026-05-01 12:00", false},
		{"holiday of another region", berlin, "2026-01-06 12:00", true},
		{"regional holiday before it existed", berlin, "2018-03-08 12:00", true},
		{"regional holiday", berlin, "2021-03-08 12:00", false},
		{"closed", berlin, "2026-12-24 12:00", false},
		{"holiday worked", workedHoliday, "2026-05-01 12:00", true},
		{"closed day worked", workedHoliday, "2026-12-24 12:00", true},
		{"lunch break", madrid, "2026-03-03 14:30", false},
		{"after lunch", madrid, "2026-03-03 15:00", true},
		{"short Friday", madrid, "2026-03-06 15:00", false},
		{"Madrid's own holiday", madrid, "2024-05-02 12:00", false},
		{"night shift, evening", night, "2026-03-02 23:00", true},
		{"night shift, next morning", night, "2026-03-03 05:59", true},
		{"night shift, weekend morning", night, "2026-03-07 05:59", true},
		{"no shift started on Sunday", night, "2026-03-02 05:59", false},
		{"a holiday removes the morning after", night, "2026-05-02 03:00", false},
		{"the shift before a holiday ends on it", night, "2026-05-01 03:00", true},
		{"before the first year", berlin, "1969-12-30 12:00", false},
		{"first year", berlin, "1970-01-02 12:00", true},
		{"last year", berlin, "2199-12-30 12:00", true},
		{"after the last year", berlin, "2200-01-02 12:00", false},
		{"long after the last year", berlin, "9000-01-02 12:00", false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, tc.cfg)
			require.Equal(t, tc.want, c.Open(in(t, c, tc.at)))
		})
	}
}
