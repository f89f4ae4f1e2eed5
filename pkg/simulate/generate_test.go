package simulate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/simulate"
)

const season = `
from: 2026-01-05
until: 2026-03-02
per_week: 2000
zone: Europe/Berlin
hours: {9-16: 10, 22-1: 1}
weekdays: {mon-fri: 4, sun: 1}
mix:
  country: {DE: 3, US: 1, unknown: 1}
  company.employees: {20: 1, 800: 1}
  deal_value: {1000: 1}
answers: {accepted: 12m, contacted: 40m, never: 10}
closes: {after: 2d, share: 80}
`

func spec(t *testing.T, text string) *simulate.Spec {
	t.Helper()
	s, err := simulate.ParseSpec([]byte(text))
	require.NoError(t, err)
	return s
}

// TestGenerate: leads come when and as the spec says, within what chance allows.
func TestGenerate(t *testing.T) {
	t.Parallel()
	h := spec(t, season).Generate(7)
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	require.InDelta(t, 8*2000, h.Leads, 500)
	days, countries, closed, night := map[time.Weekday]int{}, map[any]int{}, 0, 0
	for _, r := range h.Records {
		if r.Kind == simulate.Activity {
			require.Equal(t, ledger.Closed, r.Verb)
			closed++
			continue
		}
		local := time.UnixMilli(r.At).In(zone)
		days[local.Weekday()]++
		countries[r.Facts["country"]]++
		hour := local.Hour()
		require.True(t, hour >= 9 && hour <= 16 || hour >= 22 || hour <= 1, local)
		if hour >= 22 || hour <= 1 {
			night++
		}
		require.Contains(t, []any{int64(20), int64(800)}, r.Facts["company.employees"])
		require.InDelta(t, 1000, r.Facts["deal_value"], 0)
	}
	share := func(n int) float64 { return float64(n) / float64(h.Leads) }
	require.Zero(t, days[time.Saturday])
	require.InDelta(t, 4.0/21, share(days[time.Tuesday]), 0.02)
	require.InDelta(t, 1.0/21, share(days[time.Sunday]), 0.01)
	require.InDelta(t, 0.6, share(countries["DE"]), 0.02)
	require.InDelta(t, 0.2, share(countries[nil]), 0.02)
	require.InDelta(t, 0.8, share(closed), 0.02)
	require.InDelta(t, 4.0/84, share(night), 0.01)
}

// TestSeeds: the same seed gives the same leads, another one others.
func TestSeeds(t *testing.T) {
	t.Parallel()
	s := spec(t, season)
	first := s.Generate(7).Records
	require.Equal(t, first, s.Generate(7).Records)
	require.NotEqual(t, first, s.Generate(8).Records)
}

func TestSpecErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, fresh, want string }{
		{"no day", "2026-01-05", "monday", `from: want a day such as 2026-01-05, not "monday"`},
		{"no time", "2026-03-02", "2026-01-05", "until: 2026-01-05 is not after 2026-01-05"},
		{"zone", "Europe/Berlin", "Europe/Nowhere", "zone: unknown time zone"},
		{"rate", "2000", "0", "per_week: want a number of leads up to 10,000,000, not 0"},
		{"hour", "9-16", "9-24", "hours: 9-24: 10 is not understood"},
		{"day of the week", "mon-fri", "mon-fry", "weekdays: mon-fry: 4 is not understood"},
		{"never", "{mon-fri: 4, sun: 1}", "{mon: 0}", "weekdays: no lead ever comes"},
		{"fact", "country:", "contry:", "contry"},
		{"weight", "DE: 3", "DE: many", `country: want a weight, not "many"`},
		{"values", "{1000: 1}", "1000", "deal_value wants values and weights"},
		{"value", "{1000: 1}", "{cheap: 1}", "deal_value"},
		{"span", "12m", "soon", `answers.accepted: want a time such as 12m or 14d, not "soon"`},
		{"percent", "share: 80", "share: 180", "closes.share: want percent, not 180"},
		{"key", "per_week", "per_year", "per_year"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, season, tt.old)
			_, err := simulate.ParseSpec([]byte(strings.Replace(season, tt.old, tt.fresh, 1)))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// TestTimes: twice as many leads are twice as much to do; what is their own comes along.
func TestTimes(t *testing.T) {
	t.Parallel()
	h := spec(t, season).Generate(7)
	double, half := h.Times(2, 1), h.Times(0.5, 1)
	require.Equal(t, 2*h.Leads, double.Leads)
	require.Len(t, double.Records, 2*len(h.Records))
	require.InDelta(t, h.Leads/2, half.Leads, 300)
	arrived := map[string]int64{}
	for _, r := range double.Records {
		if r.Kind == simulate.Arrival {
			arrived[r.Lead] = r.At
			continue
		}
		require.NotZero(t, arrived[r.Lead], "a lead is closed after it came")
	}
	p := parse(t, "caps: {all: {open: 500}}\nreps: {ana: {}, ben: {}}\nrules: [{name: all, to: all}]\n")
	one, two := run(t, h, p, simulate.Config{}), run(t, double, p, simulate.Config{})
	require.Greater(t, two.Waits.Still, 2*one.Waits.Still, "two reps have no more places than before")
}

// TestWithout: who has left gets nothing, whatever the history says of them later.
func TestWithout(t *testing.T) {
	t.Parallel()
	h := simulate.NewHistory()
	for i := range 9 {
		h.Arrive(newLead(t, `{"id":"L-%d"}`, i), at(i))
	}
	h.Sort()
	p := parse(t, "reps: {ana: {}, ben: {}, carl: {}}\nrules: [{name: all, to: all}]\n")
	log, _ := logged(t, h, p, simulate.Config{})
	past := read(t, log)
	require.Same(t, past, past.Without())
	r := run(t, past.Without("ana", "ben"), p, simulate.Config{})
	require.Equal(t, []int{0, 0, 9}, []int{r.Reps[0].Leads, r.Reps[1].Leads, r.Reps[2].Leads})
	require.Equal(t, 6, r.Past.Differences)
}

// TestEmpty: a history without leads is an error, not a result of nothing.
func TestEmpty(t *testing.T) {
	t.Parallel()
	_, err := simulate.Run(background(), simulate.NewHistory(), nil, simulate.Config{})
	require.ErrorIs(t, err, simulate.ErrEmpty)
}
