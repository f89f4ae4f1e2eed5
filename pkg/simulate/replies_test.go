package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/ledger"
	"leadrouter/pkg/policy"
)

func at(day, hour, minute int) int64 {
	return time.Date(2026, 5, day, hour, minute, 0, 0, time.UTC).UnixMilli()
}

func officePolicy(t *testing.T) *policy.Policy {
	t.Helper()
	p, issues := policy.Parse(map[string][]byte{"policy.yaml": []byte(`
policy: test
calendars: {office: {zone: UTC, hours: Mon-Fri 09:00-18:00}}
reps: {ana: {calendar: office}, ben: {}, carl: {}}
rules: [{name: all, to: all}]
`)})
	require.NotNil(t, p, "%v", issues)
	return p
}

// TestCurve: the shares are those that Kaplan and Meier give, worked out by hand: of four,
// one is seen after 1, one was looked at until 2, one is seen after 3, one until 4.
func TestCurve(t *testing.T) {
	t.Parallel()
	c := newCurve([]sample{
		{after: 4}, {after: 3, seen: true, verb: "late"}, {after: 2}, {after: 1, seen: true, verb: "soon"},
	})
	require.InDeltaSlice(t, []float64{0.25, 0.625}, c.share, 1e-9)
	for _, tt := range []struct {
		chance float64
		verb   string
		ok     bool
	}{{0, "soon", true}, {0.249, "soon", true}, {0.25, "late", true}, {0.6, "late", true}, {0.625, "", false}, {0.99, "", false}} {
		s, ok := c.at(tt.chance)
		require.Equal(t, tt.ok, ok, tt.chance)
		require.Equal(t, tt.verb, s.verb, tt.chance)
	}
	_, ok := newCurve(nil).at(0)
	require.False(t, ok, "of nothing nothing is known")
}

// TestWorkingTime: who answers at nine what came at six the evening before was quick, and
// will be so with a lead that comes on Friday evening.
func TestWorkingTime(t *testing.T) {
	t.Parallel()
	var past []Answer
	for range fewest {
		past = append(past, Answer{Rep: "ana", Since: at(4, 18, 0), First: at(5, 9, 10), Verb: ledger.Accepted, Contact: at(5, 9, 40), Until: at(6, 9, 0)})
	}
	r := newReplies(officePolicy(t), past, 1)
	when, d, ok := r.first("L", "ana", 1, at(8, 17, 55))
	require.True(t, ok)
	require.Equal(t, ledger.Accepted, d.verb)
	require.Equal(t, at(11, 9, 5), when, "ten minutes of work: five on Friday, five on Monday")
	when, _, ok = r.contact("L", "ana", 1, at(11, 9, 5))
	require.True(t, ok)
	require.Equal(t, at(11, 9, 35), when)
}

// TestFewAnswers: a rep with few answers is thought to answer as all do.
func TestFewAnswers(t *testing.T) {
	t.Parallel()
	p := officePolicy(t)
	var past []Answer
	for i := range fewest {
		past = append(past, Answer{Rep: "ben", Since: at(4, 9, i), First: at(4, 9, i) + 1000, Verb: ledger.Contacted, Contact: at(4, 9, i) + 1000, Until: at(5, 9, 0)})
	}
	slow := Answer{Rep: "carl", Since: at(4, 9, 0), First: at(4, 19, 0), Verb: ledger.Rejected, Reason: "spam", Until: at(4, 19, 0)}
	r := newReplies(p, append(past, slow), 1)
	require.Contains(t, r.reps, "ben")
	require.NotContains(t, r.reps, "carl")
	verbs := map[string]int{}
	for attempt := range 2000 {
		_, d, ok := r.first("L", "carl", attempt, at(5, 9, 0))
		require.True(t, ok)
		verbs[d.verb+d.reason]++
	}
	require.InDelta(t, 2000/11, verbs["rejectedspam"], 60)
	require.Nil(t, newReplies(p, nil, 1).of("ben"), "with no past nobody answers")
	_, _, ok := newReplies(p, nil, 1).first("L", "ben", 1, at(5, 9, 0))
	require.False(t, ok)
}

// TestChance: draws follow from the seed and what they are about, evenly.
func TestChance(t *testing.T) {
	t.Parallel()
	first := chanceOf(1, "a", "b")
	require.InDelta(t, first, chanceOf(1, "a", "b"), 0)
	require.NotEqual(t, first, chanceOf(2, "a", "b"))
	require.NotEqual(t, chanceOf(1, "ab", "c"), chanceOf(1, "a", "bc"), "names do not run together")
	var tenths [10]int
	for i := range 20_000 {
		tenths[int(10*chanceOf(uint64(i), "L"))]++
	}
	for _, n := range tenths {
		require.InDelta(t, 2000, n, 250)
	}
}

// TestQuantile takes the nearest rank, and never runs off the end.
func TestQuantile(t *testing.T) {
	t.Parallel()
	list := []int{1, 2, 3, 4}
	require.Equal(t, []int{1, 3, 4, 4}, []int{Quantile(list, 0), Quantile(list, 0.5), Quantile(list, 0.95), Quantile(list, 1)})
	require.Zero(t, Quantile([]int{}, 0.5))
}

// TestGoals: which activity stops which clock.
func TestGoals(t *testing.T) {
	t.Parallel()
	for verb, want := range map[string]string{
		ledger.Accepted: "accepted", ledger.Contacted: "accepted contacted overall",
		ledger.Qualified: "accepted contacted overall qualified", ledger.Rejected: "",
	} {
		got := ""
		for _, clock := range []string{"accepted", "contacted", "overall", "qualified", "waiting"} {
			if stops(verb, clock) {
				got += " " + clock
			}
		}
		require.Equal(t, want, trim(got), verb)
	}
}

func trim(s string) string {
	if s == "" {
		return s
	}
	return s[1:]
}
