package calendar_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/calendar"
)

// zones change their clocks in every way there is: by an hour, by half an hour, at
// midnight, on the other hemisphere, never, and (until 2011) one minute past midnight.
var zones = []string{
	"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut",
	"Pacific/Auckland", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC",
}

var timetables = []string{
	"Mon-Fri 09:00-18:00",
	"Mon-Thu 09:00-14:00 15:00-18:30; Fri 08:30-15:00",
	"Mon-Fri 22:00-06:00",
	"Sat,Sun 10:00-14:00",
	"Mon-Sun 00:00-02:00 22:00-24:00",
	"Sun 00:00-00:30 01:15-01:45 02:15-02:45; Fri 23:30-23:10",
	"24x7",
}

func drawTime(t *rapid.T, label string) time.Time {
	from, to := time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	return from.Add(time.Duration(rapid.Int64Range(0, int64(to.Sub(from))).Draw(t, label)))
}

// drawNear draws an instant within a week of t, on a whole minute more often than not:
// that is where shifts begin and clocks change.
func drawNear(t *rapid.T, at time.Time, label string) time.Time {
	const week = 7 * 24 * 60
	near := at.Truncate(time.Minute).Add(time.Duration(rapid.IntRange(-week, week).Draw(t, label)) * time.Minute)
	if rapid.Bool().Draw(t, label+" is uneven") {
		near = near.Add(time.Duration(rapid.IntRange(0, int(time.Minute)).Draw(t, label+" plus")))
	}
	return near
}

func drawDuration(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64Range(0, int64(100*time.Hour)).Draw(t, label))
}

// drawCalendar draws a calendar and an instant near which something about it is special.
func drawCalendar(t *rapid.T) (*calendar.Calendar, time.Time) {
	at := drawTime(t, "at")
	cfg := calendar.Config{
		Zone:     rapid.SampledFrom(zones).Draw(t, "zone"),
		Hours:    rapid.SampledFrom(timetables).Draw(t, "hours"),
		Holidays: rapid.SampledFrom([]string{"", "DE-BE", "US", "IL"}).Draw(t, "holidays"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "closed days") {
		cfg.Closed = append(cfg.Closed, calendar.DateOf(drawNear(t, at, "closed")))
	}
	c, err := calendar.New(cfg)
	require.NoError(t, err)
	if _, end := at.In(c.Location()).ZoneBounds(); !end.IsZero() && rapid.Bool().Draw(t, "at a change of clocks") {
		at = drawNear(t, end.UTC(), "near the change")
	}
	var absences []calendar.Absence
	for range rapid.IntRange(0, 3).Draw(t, "absences") {
		absences = append(absences, calendar.Absence{From: drawNear(t, at, "from"), To: drawNear(t, at, "to")})
	}
	if len(absences) > 0 {
		c = c.WithAbsences(absences)
	}
	return c, at
}

func add(t *rapid.T, c *calendar.Calendar, at time.Time, d time.Duration) time.Time {
	due, ok := c.Add(at, d)
	require.True(t, ok)
	return due
}

func TestAddAndBetweenAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, at := drawCalendar(t)
		d := drawDuration(t, "d")
		due := add(t, c, at, d)
		require.Equal(t, d, c.Between(at, due))
		require.Equal(t, -d, c.Between(due, at))
		if d > 0 {
			require.Less(t, c.Between(at, due.Add(-1)), d, "due is the first such instant")
		}
	})
}

func TestAddIsAdditive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, at := drawCalendar(t)
		x, y := drawDuration(t, "x"), drawDuration(t, "y")
		require.Equal(t, add(t, c, at, x+y), add(t, c, add(t, c, at, x), y))
	})
}

func TestBetweenAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, at := drawCalendar(t)
		cuts := []time.Time{at, drawNear(t, at, "b"), drawTime(t, "c")}
		slices.SortFunc(cuts, time.Time.Compare)
		first, second := c.Between(cuts[0], cuts[1]), c.Between(cuts[1], cuts[2])
		require.GreaterOrEqual(t, first, time.Duration(0))
		require.GreaterOrEqual(t, second, time.Duration(0))
		require.Equal(t, c.Between(cuts[0], cuts[2]), first+second)
	})
}

// Open, Window, NextOpen and NextChange tell the same story: nothing happens between t
// and the next change, and there it does.
func TestChangesAgreeWithOpen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, at := drawCalendar(t)
		was := c.Open(at)
		open, until := c.Window(at)
		require.Equal(t, was, open)
		require.True(t, until.After(at))

		next, changes := c.NextChange(at)
		nextOpen, opens := c.NextOpen(at)
		require.True(t, opens)
		if !changes {
			require.True(t, was)
			require.Equal(t, at, nextOpen)
			return
		}
		require.False(t, until.After(next))
		require.Equal(t, !was, c.Open(next))
		require.Equal(t, was, c.Open(next.Add(-1)))
		elapsed := time.Duration(0)
		if was {
			elapsed = next.Sub(at)
			require.Equal(t, at, nextOpen)
		} else {
			require.Equal(t, next, nextOpen)
		}
		require.Equal(t, elapsed, c.Between(at, next))
	})
}

// The definition of business time itself, minute by minute: a minute counts if the wall
// clock shows a working minute of a day that is not off.
func TestBetweenCountsTheMinutesOnTheWall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		location, err := calendar.LoadZone(zone)
		require.NoError(t, err)
		from := drawTime(t, "at").Truncate(time.Minute)
		if _, end := from.In(location).ZoneBounds(); !end.IsZero() {
			from = drawNear(t, end.UTC(), "near the change").Truncate(time.Minute)
		}
		closed := calendar.DateOf(drawNear(t, from, "closed").In(location))
		c, err := calendar.New(calendar.Config{
			Zone: zone, Hours: "Mon-Sat 00:00-00:45 01:15-02:20 23:10-24:00", Closed: []calendar.Date{closed},
		})
		require.NoError(t, err)

		var want time.Duration
		to := from.Add(48 * time.Hour)
		for at := from; at.Before(to); at = at.Add(time.Minute) {
			wall := at.In(location)
			minute := wall.Hour()*60 + wall.Minute()
			atWork := minute < 45 || 75 <= minute && minute < 140 || 23*60+10 <= minute
			if atWork && wall.Weekday() != time.Sunday && calendar.DateOf(wall) != closed {
				want += time.Minute
			}
		}
		require.Equal(t, want, c.Between(from, to))
	})
}

func TestAddDaysIsMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, at := drawCalendar(t)
		n := rapid.IntRange(0, 20).Draw(t, "n")
		due, ok := c.AddDays(at, n)
		require.True(t, ok)
		more, ok := c.AddDays(at, n+1)
		require.True(t, ok)
		require.False(t, due.Before(at))
		require.True(t, more.After(due), "%s is not after %s", more, due)
	})
}
