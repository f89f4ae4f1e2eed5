package calendar_test

import (
	"slices"
	"sync"
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

// Clocks in Berlin go forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	const night = "Sat 22:00-06:00"
	cases := []struct {
		name, zone, hours, from, to string
		want                        time.Duration
	}{
		{"a shift over the gap is shorter", "Europe/Berlin", night, "2026-03-28 12:00", "2026-03-29 12:00", 7 * time.Hour},
		{"a repeated hour counts twice", "Europe/Berlin", night, "2026-10-24 12:00", "2026-10-25 12:00", 9 * time.Hour},
		{"an ordinary night", "Europe/Berlin", night, "2026-10-17 12:00", "2026-10-18 12:00", 8 * time.Hour},
		{"half the repeated hour, twice", "Europe/Berlin", "Sun 01:00-02:30", "2026-10-25 00:00", "2026-10-26 00:00", 2 * time.Hour},
		{"a shift that ends in the gap", "Europe/Berlin", "Sun 01:00-02:30", "2026-03-29 00:00", "2026-03-30 00:00", time.Hour},
		{"a shift within the gap", "Europe/Berlin", "Sun 02:10-02:50", "2026-03-29 00:00", "2026-03-30 00:00", 0},
		{"a day of 23 hours", "Europe/Berlin", "24x7", "2026-03-29 00:00", "2026-03-30 00:00", 23 * time.Hour},
		{"a gap at midnight", "Africa/Cairo", "Fri 00:00-03:00", "2026-04-23 12:00", "2026-04-24 12:00", 2 * time.Hour},
		{"half an hour", "Australia/Lord_Howe", "Sun 01:00-03:00", "2026-04-05 00:00", "2026-04-06 00:00", 150 * time.Minute},
		{"a day that never was", "Pacific/Apia", "Fri 09:00-17:00", "2011-12-29 00:00", "2011-12-31 12:00", 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := hours(t, tc.zone, tc.hours)
			require.Equal(t, tc.want, c.Between(in(t, c, tc.from), in(t, c, tc.to)))
		})
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		cfg  calendar.Config
		from string
		add  time.Duration
		want string
	}{
		{"within a shift", berlin, "2026-03-02 09:30", 30 * time.Minute, "2026-03-02 10:00"},
		{"ends at the closing, not at the next opening", berlin, "2026-03-02 17:00", time.Hour, "2026-03-02 18:00"},
		{"over the night", berlin, "2026-03-02 17:00", 2 * time.Hour, "2026-03-03 10:00"},
		{"over the weekend", berlin, "2026-03-06 17:30", time.Hour, "2026-03-09 09:30"},
		{"from outside", berlin, "2026-03-07 12:00", 15 * time.Minute, "2026-03-09 09:15"},
		{"over lunch", madrid, "2026-03-03 13:00", 2 * time.Hour, "2026-03-03 16:00"},
		{"over Easter", berlin, "2026-04-02 17:00", 2 * time.Hour, "2026-04-07 10:00"},
		{"over the closed days at the end of a year", berlin, "2026-12-23 17:59", 2 * time.Minute, "2026-12-28 09:01"},
		{"over the new year", berlin, "2026-12-31 17:00", 2 * time.Hour, "2027-01-04 10:00"},
		{"nothing, outside", berlin, "2026-03-07 12:00", 0, "2026-03-07 12:00"},
		{"less than nothing", berlin, "2026-03-02 12:00", -time.Hour, "2026-03-02 12:00"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, tc.cfg)
			due, ok := c.Add(in(t, c, tc.from), tc.add)
			require.True(t, ok)
			require.Equal(t, in(t, c, tc.want), due)
		})
	}
}

func TestAddDays(t *testing.T) {
	t.Parallel()
	night := calendar.Config{Zone: "Europe/Berlin", Hours: "Mon-Fri 22:00-06:00"}
	cases := []struct {
		name string
		cfg  calendar.Config
		from string
		days int
		want string
	}{
		{"same time tomorrow", berlin, "2026-03-02 10:15", 1, "2026-03-03 10:15"},
		{"over the weekend", berlin, "2026-03-06 10:15", 1, "2026-03-09 10:15"},
		{"over Easter", berlin, "2026-04-02 17:00", 1, "2026-04-07 17:00"},
		{"a working week", berlin, "2026-03-02 10:15", 5, "2026-03-09 10:15"},
		{"from outside counts from the opening", berlin, "2026-03-07 23:00", 1, "2026-03-10 09:00"},
		{"from the closing counts from the next opening", berlin, "2026-03-02 18:00", 1, "2026-03-04 09:00"},
		{"no day moves into hours", berlin, "2026-03-07 23:00", 0, "2026-03-09 09:00"},
		{"no day stays within hours", berlin, "2026-03-02 10:15", 0, "2026-03-02 10:15"},
		{"closed earlier on the last day", madrid, "2026-03-05 17:00", 1, "2026-03-06 15:00"},
		{"lunch on the last day", madrid, "2026-03-06 14:30", 1, "2026-03-09 14:00"},
		{"opens later on the last day", madrid, "2026-03-06 08:40", 1, "2026-03-09 09:00"},
		{"after midnight is still the day before", night, "2026-03-03 02:00", 1, "2026-03-04 02:00"},
		{"after midnight on Saturday", night, "2026-03-07 02:00", 1, "2026-03-10 02:00"},
		{"same time in spite of the clocks", berlin, "2026-03-27 10:15", 1, "2026-03-30 10:15"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, tc.cfg)
			due, ok := c.AddDays(in(t, c, tc.from), tc.days)
			require.True(t, ok)
			require.Equal(t, in(t, c, tc.want), due)
		})
	}
}

// What never happens is an answer, and a quick one.
func TestNever(t *testing.T) {
	t.Parallel()
	c := hours(t, "Europe/Berlin", "Mon-Fri 09:00-18:00")
	at := in(t, c, "2026-03-02 12:00")
	left := c.WithAbsences([]calendar.Absence{{From: at, To: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}})
	_, ok := left.NextOpen(at)
	require.False(t, ok)
	_, ok = left.NextChange(at)
	require.False(t, ok)
	_, ok = left.Add(at, time.Minute)
	require.False(t, ok)
	_, ok = left.AddDays(at.Add(-time.Hour), 1)
	require.False(t, ok)
	require.Zero(t, left.Between(at, at.AddDate(20, 0, 0)))

	_, ok = c.Add(at, 10*366*24*time.Hour)
	require.False(t, ok, "more than ten years hold")
	_, ok = c.Add(at, 1<<63-1)
	require.False(t, ok)
	_, ok = hours(t, "UTC", "24x7").NextChange(at)
	require.False(t, ok, "always open")
	_, ok = c.NextOpen(time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC))
	require.False(t, ok)
	_, ok = c.NextOpen(time.Time{})
	require.False(t, ok)
}

func TestBetweenBeyondTheCoveredYears(t *testing.T) {
	t.Parallel()
	c := hours(t, "UTC", "24x7")
	first, last := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, last.Sub(first), c.Between(time.Time{}, last.AddDate(5000, 0, 0)))
}

func TestWithAbsences(t *testing.T) {
	t.Parallel()
	c := open(t, berlin)
	leave := func(from, to string) calendar.Absence {
		return calendar.Absence{From: in(t, c, from), To: in(t, c, to)}
	}
	rep := c.WithAbsences([]calendar.Absence{
		leave("2026-03-04 00:00", "2026-03-06 00:00"),
		leave("2026-03-03 12:00", "2026-03-03 13:00"),
		leave("2026-03-05 00:00", "2026-03-05 12:00"),
		leave("2026-03-02 12:00", "2026-03-02 11:00"),
		{From: time.Time{}, To: in(t, c, "1971-01-01 00:00")},
	})
	require.False(t, rep.Open(in(t, c, "1970-06-01 12:00")), "an absence without a beginning")
	require.True(t, rep.Open(in(t, c, "2026-03-02 11:30")), "an absence that ends before it starts")
	require.False(t, rep.Open(in(t, c, "2026-03-03 12:30")))
	require.True(t, c.Open(in(t, c, "2026-03-03 12:30")), "the team's calendar stays as it is")
	require.Equal(t, 8*time.Hour, rep.Between(in(t, c, "2026-03-03 00:00"), in(t, c, "2026-03-06 00:00")))

	due, ok := rep.AddDays(in(t, c, "2026-03-03 10:00"), 1)
	require.True(t, ok)
	require.Equal(t, in(t, c, "2026-03-06 10:00"), due, "days of leave are no working days")

	also := rep.WithAbsences([]calendar.Absence{leave("2026-03-06 00:00", "2026-03-07 00:00")})
	next, ok := also.NextOpen(in(t, c, "2026-03-04 00:00"))
	require.True(t, ok)
	require.Equal(t, in(t, c, "2026-03-09 09:00"), next)
}

// Tables are built on first use: whoever comes first, all see the same.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	c := open(t, berlin).WithAbsences(nil)
	from, to := in(t, c, "2015-01-01 00:00"), in(t, c, "2030-01-01 00:00")
	var group sync.WaitGroup
	sums := make([]time.Duration, 8)
	for i := range sums {
		group.Go(func() { sums[i] = c.Between(from, to) })
	}
	group.Wait()
	require.Len(t, slices.Compact(sums), 1)
	require.Positive(t, sums[0])
}

func TestWithout(t *testing.T) {
	t.Parallel()
	team, err := calendar.New(calendar.Config{
		Zone: "Europe/Berlin", Hours: "Mon-Fri 09:00-18:00", Open: []calendar.Date{calendar.NewDate(2026, 3, 4)},
	})
	require.NoError(t, err)
	noon := func(day int) time.Time { return time.Date(2026, 3, day, 11, 0, 0, 0, time.UTC) }
	lunch := calendar.Absence{From: noon(3), To: noon(3).Add(time.Hour)}
	days := []calendar.Date{calendar.NewDate(2026, 3, 2), calendar.NewDate(2026, 3, 4)}
	for name, rep := range map[string]*calendar.Calendar{
		"alone":           team.Without(days),
		"in steps":        team.Without(days[:1]).Without(days[1:]),
		"behind absences": team.WithAbsences([]calendar.Absence{lunch}).Without(days),
	} {
		require.False(t, rep.Open(noon(2)), name)
		require.Equal(t, name != "behind absences", rep.Open(noon(3)), name)
		require.False(t, rep.Open(noon(4)), "%s: a day that is worked in spite of a holiday", name)
		require.True(t, rep.Open(noon(5)), name)
	}
	require.True(t, team.Open(noon(2)), "the team's own stays as it is")
	require.True(t, team.Open(noon(4)))
}
