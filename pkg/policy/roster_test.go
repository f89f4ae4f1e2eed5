package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

func at(t testing.TB, text string) time.Time {
	instant, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return instant
}

func ramped(t testing.TB) *policy.Policy {
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: ramped
calendars:
  berlin: {zone: Europe/Berlin, hours: Mon-Fri 09:00-18:00, closed: [2026-12-24]}
  newyork: {zone: America/New_York, hours: Mon-Fri 08:30-18:00}
caps: {all: {open: 10, day: 5}, junior: {open: 7}}
ramp: {steps: [25%, 50%, 75%], every: 14d}
reps:
  ana: {level: junior, calendar: berlin, joined: 2026-11-02}
  ben: {calendar: newyork, weight: 3, day: 8}
  carl: {}
rules:
  - {name: rest, to: all}
`)})
	require.NoError(t, issues.Err())
	return p
}

func TestRoster(t *testing.T) {
	t.Parallel()
	p := ramped(t)
	terms := func(at time.Time) []ledger.Terms { return p.Roster(at).Reps }
	first := terms(at(t, "2026-11-02T00:00:00+01:00"))
	require.Equal(t, []ledger.Terms{
		// 25 % of 7 and of 5, rounded up; weights times 4, so that a quarter is whole.
		{ID: "ana", Weight: 1, Offset: 3600, Caps: ledger.Caps{Open: 2, Day: 2}},
		{ID: "ben", Weight: 12, Offset: -5 * 3600, Caps: ledger.Caps{Open: 10, Day: 8}},
		{ID: "carl", Weight: 4, Caps: ledger.Caps{Open: 10, Day: 5}},
	}, first)
	require.EqualValues(t, 1, terms(at(t, "2026-11-15T23:59:59+01:00"))[0].Weight)
	require.EqualValues(t, 2, terms(at(t, "2026-11-16T00:00:00+01:00"))[0].Weight)
	require.EqualValues(t, 3, terms(at(t, "2026-11-30T00:00:00+01:00"))[0].Weight)
	require.EqualValues(t, 4, terms(at(t, "2026-12-14T00:00:00+01:00"))[0].Weight)
	require.EqualValues(t, 1, terms(at(t, "2026-10-20T00:00:00+02:00"))[0].Weight, "before the first day")
	require.EqualValues(t, -4*3600, terms(at(t, "2026-07-01T00:00:00Z"))[1].Offset, "daylight saving time")
}

func TestRosterIsTheSameWhileNothingChanges(t *testing.T) {
	t.Parallel()
	p := ramped(t)
	a := p.Roster(at(t, "2026-11-16T00:00:00+01:00"))
	require.Same(t, a, p.Roster(at(t, "2026-11-29T23:59:59+01:00")))
	b := p.Roster(at(t, "2026-11-30T00:00:00+01:00"))
	require.NotSame(t, a, b)
	require.NotEqual(t, a.Digest, b.Digest)
	require.Equal(t, a.Digest, p.Roster(at(t, "2026-11-16T00:00:00+01:00")).Digest, "named by its content")
}

// A remembered answer is the one that would be computed anew.
func TestRosterAndShiftDoNotDependOnWhatWasAskedBefore(t *testing.T) {
	t.Parallel()
	warm := ramped(t)
	start := at(t, "2026-10-20T00:00:00Z")
	for i := range 100 {
		// Forwards, with a jump back now and then.
		instant := start.Add(time.Duration(i) * 17 * time.Hour)
		if i%7 == 0 {
			instant = instant.AddDate(0, 0, -20)
		}
		cold := ramped(t)
		require.Equal(t, cold.Roster(instant), warm.Roster(instant), instant)
		require.Equal(t, cold.Shift(instant), warm.Shift(instant), instant)
	}
}

func TestShift(t *testing.T) {
	t.Parallel()
	p := ramped(t)
	cases := map[string][]string{
		"2026-11-23T10:00:00Z": {"ana", "carl"},        // 11:00 in Berlin, 5:00 in New York
		"2026-11-23T15:00:00Z": {"ana", "ben", "carl"}, // 16:00 and 10:00
		"2026-11-22T15:00:00Z": {"carl"},               // Sunday
		"2026-12-24T15:00:00Z": {"ben", "carl"},        // closed in Berlin
	}
	for text, want := range cases {
		require.Equal(t, want, idsOf(p, p.Shift(at(t, text))), text)
		require.Equal(t, len(want) > 1, p.OnShift(0, at(t, text)) || p.OnShift(1, at(t, text)), text)
	}
	next, ok := p.NextShift(0, at(t, "2026-11-22T15:00:00Z"))
	require.True(t, ok)
	require.True(t, next.Equal(at(t, "2026-11-23T09:00:00+01:00")))
	now := at(t, "2026-11-22T15:00:00Z")
	next, ok = p.NextShift(2, now)
	require.True(t, ok)
	require.Equal(t, now, next, "without a calendar one is always there")
}
