package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/calendar"
	"leadrouter/pkg/policy"
)

const leave = `
policy: leave
calendars:
  berlin: {zone: Europe/Berlin, hours: Mon-Sat 09:00-18:00, closed: [2026-12-26], open: [2026-12-26]}
  night: {zone: Europe/Berlin, hours: Mon-Fri 22:00-06:00}
reps:
  ana: {calendar: berlin, off: [2026-12-24, 2026-12-26..2027-01-05, 2027-01-02..2027-01-06]}
  ben: {calendar: night, off: 2026-12-24}
  carl: {off: [2026-12-24]}
  dora: {calendar: berlin}
rules:
  - {name: rest, to: all}
`

func parsed(t require.TestingT, text string) *policy.Policy {
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
	require.NoError(t, issues.Err())
	return p
}

func rep(t require.TestingT, p *policy.Policy, id string) int32 {
	i, ok := p.Rep(id)
	require.True(t, ok)
	return i
}

func TestDaysOff(t *testing.T) {
	t.Parallel()
	p := parsed(t, leave)
	ana := p.Reps[rep(t, p, "ana")]
	require.Equal(t, "2026-12-24", ana.Off[0].String())
	require.Equal(t, "2026-12-26..2027-01-06", ana.Off[1].String(), "joined")
	for _, tc := range []struct {
		rep, at      string
		on, off      bool
		next, remark string
	}{
		{"ana", "2026-12-23T10:00:00+01:00", true, false, "2026-12-23T10:00:00+01:00", "the day before"},
		{"ana", "2026-12-24T10:00:00+01:00", false, true, "2026-12-25T09:00:00+01:00", "a day off"},
		{"ana", "2026-12-23T23:30:00Z", false, true, "2026-12-25T09:00:00+01:00", "the 24th has begun in Berlin"},
		{"ana", "2026-12-26T10:00:00+01:00", false, true, "2027-01-07T09:00:00+01:00", "an open day of the calendar is off all the same"},
		{"dora", "2026-12-26T10:00:00+01:00", true, false, "2026-12-26T10:00:00+01:00", "whoever shares the calendar works"},
		{"ben", "2026-12-24T03:00:00+01:00", true, true, "2026-12-24T03:00:00+01:00", "the shift of the evening before goes on"},
		{"ben", "2026-12-24T23:00:00+01:00", false, true, "2026-12-25T22:00:00+01:00", "that of the day off does not begin"},
		{"carl", "2026-12-24T12:00:00Z", false, true, "2026-12-25T00:00:00Z", "without a calendar days are those of UTC"},
	} {
		i, now := rep(t, p, tc.rep), at(t, tc.at)
		require.Equal(t, tc.on, p.OnShift(i, now), tc.remark)
		require.Equal(t, tc.off, p.Reps[i].DayOff(now), tc.remark)
		next, ok := p.NextShift(i, now)
		require.True(t, ok)
		require.Equal(t, at(t, tc.next).UTC(), next, tc.remark)
	}
}

// Days off are a part of the policy, in whichever way they are written.
func TestDaysOffInCSV(t *testing.T) {
	t.Parallel()
	source := map[string][]byte{
		"policy.yaml": []byte("policy: p\nreps: reps.csv\nrules: [{name: rest, to: all}]\n"),
		"reps.csv":    []byte("id,off,feed\nana,2026-12-24 2026-12-27..2027-01-05,feeds/ana.ics\nben,,env:BEN_FEED\n"),
	}
	p, issues := policy.Parse(source)
	require.NoError(t, issues.Err())
	require.Equal(t, []policy.Days{
		{First: calendar.NewDate(2026, 12, 24), Last: calendar.NewDate(2026, 12, 24)},
		{First: calendar.NewDate(2026, 12, 27), Last: calendar.NewDate(2027, 1, 5)},
	}, p.Reps[0].Off)
	require.Equal(t, policy.Feed{File: "feeds/ana.ics"}, p.Reps[0].Feed)
	require.Equal(t, policy.Feed{Env: "BEN_FEED"}, p.Reps[1].Feed)
	require.Empty(t, p.Reps[0].Columns, "neither is a column of the author's")

	source["reps.csv"] = []byte(strings.Replace(string(source["reps.csv"]), "2026-12-24 ", "", 1))
	other, issues := policy.Parse(source)
	require.NoError(t, issues.Err())
	require.NotEqual(t, p.Hash, other.Hash)
}

// What the cached windows say is what each day says by itself.
func TestShiftsAndDaysOff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := parsed(t, leave)
		start := at2026(t)
		for range 20 {
			now := start.Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(t, "minute")) * time.Minute)
			for i := range p.Reps {
				r := &p.Reps[i]
				plain := r.Calendar == nil || r.Calendar.Hours.Open(now)
				on := p.OnShift(int32(i), now)
				if r.ID != "ben" { // a night's shift belongs to the day that it begins on
					require.Equal(t, plain && !r.DayOff(now), on, "%s at %s", r.ID, now)
				}
				next, ok := p.NextShift(int32(i), now)
				require.True(t, ok)
				require.Equal(t, on, next.Equal(now))
				require.True(t, p.OnShift(int32(i), next))
			}
		}
	})
}

func at2026(t require.TestingT) time.Time {
	start, err := time.Parse(time.RFC3339, "2026-12-10T00:00:00Z")
	require.NoError(t, err)
	return start
}

func TestWhatIsShownOfAFeed(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]struct {
		feed  policy.Feed
		shown string
	}{
		"feeds/ana.ics": {policy.Feed{File: "feeds/ana.ics"}, "feeds/ana.ics"},
		"env:ANA_FEED":  {policy.Feed{Env: "ANA_FEED"}, "env:ANA_FEED"},
		"https://calendar.example/private-4711/basic.ics?key=1": {
			policy.Feed{URL: "https://calendar.example/private-4711/basic.ics?key=1"}, "https://calendar.example/...",
		},
		"webcal://calendar.example:8443/private-4711": {
			policy.Feed{URL: "https://calendar.example:8443/private-4711"}, "https://calendar.example:8443/...",
		},
	} {
		p := parsed(t, "policy: p\nreps: {ana: {feed: '"+written+"'}, ben: {}}\nrules: [{name: rest, to: all}]\n")
		got := p.Reps[rep(t, p, "ana")].Feed
		require.Equal(t, want.feed, got)
		require.Equal(t, want.shown, got.String())
		require.True(t, p.Reps[rep(t, p, "ben")].Feed.IsZero())
	}
}

// No message about a policy shows the address of a calendar, wherever it was put.
func TestAddressesAreNotShown(t *testing.T) {
	t.Parallel()
	const address = "https://calendar.example/private-4711,b.ics"
	for _, text := range []string{
		"policy: p\nreps: {ana: {feed: " + address + ", weight: 0}}\nrules: [{name: rest, to: all}]\n",
		"policy: p\nreps: {ana: {calendar: '" + address + "'}}\nrules: [{name: rest, to: all}]\n",
		"policy: p\nreps: {ana: {feed: " + address + "\nrules: [{name: rest, to: all}]\n",
		"policy: p\nreps: {ana: {'" + address + "': 1}}\nrules: [{name: rest, to: '" + address + "'}]\n",
	} {
		_, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(text)})
		require.Error(t, issues.Err())
		require.NotContains(t, issues.Error(), "4711")
	}
}
