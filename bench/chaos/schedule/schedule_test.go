package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/bench/chaos/schedule"
)

// plans draws what a run may be.
func plans(t *rapid.T) schedule.Plan {
	return schedule.Plan{
		Seed:   rapid.Uint64().Draw(t, "seed"),
		Faults: rapid.IntRange(1, 120).Draw(t, "faults"),
		Length: time.Duration(rapid.IntRange(60, 7200).Draw(t, "seconds")) * time.Second,
	}
}

func TestASeedGivesOneSchedule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plan := plans(t)
		first := schedule.New(plan)
		require.Equal(t, first, schedule.New(plan))
		require.Len(t, first, plan.Faults)
		plan.Seed++
		if plan.Faults >= 10 {
			require.NotEqual(t, first, schedule.New(plan))
		}
	})
}

func TestEveryKindHasItsTurn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plan := plans(t)
		plan.Without = []schedule.Kind{schedule.Previous}
		plan.Faults = max(plan.Faults, len(schedule.Kinds())-1)
		count := map[schedule.Kind]int{}
		for _, f := range schedule.New(plan) {
			count[f.Kind]++
		}
		for _, kind := range schedule.Kinds() {
			if kind == schedule.Previous {
				require.Zero(t, count[kind])
				continue
			}
			require.Positive(t, count[kind], kind)
			least := plan.Faults / (len(schedule.Kinds()) - 1)
			require.InDelta(t, least, count[kind], 1, kind)
		}
	})
}

// What a fault strikes heals before it is struck again, and of the brokers one is away
// at a time.
func TestAFaultHeals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		plan := plans(t)
		until := map[string]time.Duration{}
		faults := schedule.New(plan)
		require.True(t, slices.IsSortedFunc(faults, func(a, b schedule.Fault) int { return int(a.At - b.At) }))
		for _, f := range faults {
			require.GreaterOrEqual(t, f.At, time.Duration(0))
			require.Positive(t, f.For)
			for _, what := range struck(f) {
				require.GreaterOrEqual(t, f.At, until[what], "%s is struck again by %s", what, f)
				until[what] = f.At + f.For
			}
		}
		if plan.Length > time.Duration(plan.Faults)*20*time.Second { // nothing had to wait
			last := faults[len(faults)-1]
			require.LessOrEqual(t, last.At+last.For, plan.Length)
		}
	})
}

// struck is what a fault has to itself.
func struck(f schedule.Fault) []string {
	switch f.Kind {
	case schedule.BrokerKill, schedule.BrokerStop, schedule.BrokerRestart, schedule.PeersCut, schedule.LeaderMove:
		return []string{"brokers"}
	case schedule.NewPolicy:
		return []string{"a", "b"}
	case schedule.Cut, schedule.Slow:
		return []string{f.Target + "/" + f.To}
	case schedule.Reset:
		return nil
	default:
		return []string{f.Target}
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for _, f := range schedule.New(schedule.Plan{Seed: 7, Faults: 2_000, Length: 10 * time.Hour}) {
		require.NotEmpty(t, f.Target)
		switch f.Kind {
		case schedule.Cut, schedule.Slow:
			require.NotEmpty(t, f.To)
			require.False(t, f.To == schedule.Redis && (f.Target == "x" || f.Target == "y"), "watchers know no Redis: %s", f)
		default:
			require.Empty(t, f.To)
		}
		require.Equal(t, f.Kind == schedule.ClockStep || f.Kind == schedule.Slow, f.Size != 0)
		if f.Kind == schedule.ClockStep {
			require.Greater(t, f.Size.Abs(), 2*time.Second, "less is what time servers do all day")
		}
	}
}

func TestNoKinds(t *testing.T) {
	t.Parallel()
	require.Empty(t, schedule.New(schedule.Plan{Faults: 5, Length: time.Minute, Without: schedule.Kinds()}))
}

func TestString(t *testing.T) {
	t.Parallel()
	cut := schedule.Fault{Kind: schedule.Cut, Target: "a", To: "2", For: 3 * time.Second}
	require.Equal(t, "cut            a–2 for 3s", cut.String())
	step := schedule.Fault{Kind: schedule.ClockStep, Target: "y", Size: -4 * time.Second, For: 1234 * time.Millisecond}
	require.Equal(t, "clock-step     y by -4s for 1.2s", step.String())
}
