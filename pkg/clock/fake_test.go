package clock_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/clock"
)

func fired(t clock.Timer) bool {
	select {
	case <-t.C():
		return true
	default:
		return false
	}
}

func TestFakeMovesOnlyWhenTold(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start.In(time.FixedZone("somewhere", 3600)))
	require.Equal(t, start, c.Now())
	c.Advance(90 * time.Minute)
	require.Equal(t, start.Add(90*time.Minute), c.Now())
	c.Set(start.Add(-time.Hour))
	require.Equal(t, start.Add(-time.Hour), c.Now())
}

func TestFakeFiresWhatIsDue(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	now, soon, later := c.NewTimer(0), c.NewTimer(time.Minute), c.NewTimer(time.Hour)
	require.True(t, fired(now))
	c.Advance(time.Minute - 1)
	require.False(t, fired(soon))
	c.Advance(1)
	require.True(t, fired(soon))
	require.False(t, fired(soon), "a timer fires once")
	c.Set(start.Add(-time.Hour))
	require.False(t, fired(later))
	c.Set(start.Add(time.Hour))
	require.True(t, fired(later))
}

func TestFakeTimerTakesBackWhatNobodyReceived(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	timer := c.NewTimer(time.Minute)
	c.Advance(time.Minute)
	require.True(t, timer.Reset(time.Minute))
	require.False(t, fired(timer), "the value of the former setting is gone")
	c.Advance(time.Minute)
	require.True(t, timer.Stop())
	require.False(t, fired(timer))
	require.False(t, timer.Stop())
}

func TestFakeBlockUntilSleepersWait(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	var group sync.WaitGroup
	slept := make([]error, 3)
	for i := range slept {
		group.Go(func() { slept[i] = c.Sleep(t.Context(), time.Duration(i+1)*time.Second) })
	}
	require.NoError(t, c.BlockUntil(t.Context(), len(slept)))
	c.Advance(3 * time.Second)
	group.Wait()
	for _, err := range slept {
		require.NoError(t, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.BlockUntil(ctx, 1), context.Canceled)
}

// Whatever is set, stopped and advanced: a timer has fired exactly when the clock has
// reached its deadline and nobody stopped it.
func TestFakeAgreesWithDeadlines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := clock.NewFake(start)
		seconds := rapid.Map(rapid.IntRange(-2, 20), func(n int) time.Duration { return time.Duration(n) * time.Second })
		var timers []clock.Timer
		due := map[clock.Timer]time.Time{}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				d := seconds.Draw(t, "d")
				timer := c.NewTimer(d)
				timers = append(timers, timer)
				due[timer] = c.Now().Add(d)
			},
			"stop": func(t *rapid.T) {
				if len(timers) == 0 {
					t.Skip("no timer")
				}
				timer := rapid.SampledFrom(timers).Draw(t, "timer")
				_, live := due[timer]
				require.Equal(t, live, timer.Stop())
				delete(due, timer)
			},
			"advance": func(t *rapid.T) { c.Advance(max(0, seconds.Draw(t, "d"))) },
			"": func(t *rapid.T) {
				for _, timer := range timers {
					when, live := due[timer]
					reached := live && !when.After(c.Now())
					require.Equal(t, reached, fired(timer))
					if reached {
						delete(due, timer)
					}
				}
			},
		})
	})
}

// A step of the wall clock is seen in Now alone: no time passes.
func TestFakeStepsWithoutPassing(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	timer := c.NewTimer(time.Minute)
	c.Step(time.Hour)
	require.Equal(t, start.Add(time.Hour), c.Now())
	require.Zero(t, c.Elapsed())
	require.False(t, fired(timer))
	c.Step(-2 * time.Hour)
	c.Advance(59 * time.Second)
	require.False(t, fired(timer))
	c.Advance(time.Second)
	require.True(t, fired(timer))
	require.Equal(t, start.Add(time.Minute-time.Hour), c.Now())
	require.Equal(t, time.Minute, c.Elapsed())
}
