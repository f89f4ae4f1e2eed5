package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"leadrouter/pkg/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestSystemShowsUTC(t *testing.T) {
	t.Parallel()
	before := time.Now()
	now := clock.System().Now()
	require.Equal(t, time.UTC, now.Location())
	require.GreaterOrEqual(t, now.Sub(before), time.Duration(0))
}

// Every clock waits alike; inside a bubble even the system clock waits in no time.
func TestWaiting(t *testing.T) {
	t.Parallel()
	scaled := func(factor float64) func(*testing.T) clock.Clock {
		return func(t *testing.T) clock.Clock {
			c, err := clock.Scaled(clock.System(), start, factor)
			require.NoError(t, err)
			return c
		}
	}
	clocks := map[string]func(*testing.T) clock.Clock{
		"system":   func(*testing.T) clock.Clock { return clock.System() },
		"scaled":   scaled(60),
		"slowed":   scaled(0.25),
		"periodic": scaled(7),
	}
	for name, open := range clocks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := open(t)
				before := c.Now()
				require.NoError(t, c.Sleep(t.Context(), time.Minute))
				slept := c.Now().Sub(before)
				require.GreaterOrEqual(t, slept, time.Minute)
				require.Less(t, slept, time.Minute+time.Microsecond)

				timer := c.NewTimer(time.Hour)
				require.True(t, timer.Stop())
				require.False(t, timer.Reset(time.Second))
				<-timer.C()
				require.False(t, timer.Stop())
				require.Less(t, c.Now().Sub(before), 2*time.Minute)

				cause := errors.New("stopping")
				ctx, cancel := context.WithCancelCause(t.Context())
				cancel(cause)
				require.ErrorIs(t, c.Sleep(ctx, time.Hour), cause)
				require.ErrorIs(t, c.Sleep(ctx, 0), cause)
			})
		})
	}
}

func TestSystemElapses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := clock.System()
		require.Zero(t, c.Elapsed())
		require.NoError(t, c.Sleep(t.Context(), time.Minute))
		require.Equal(t, time.Minute, c.Elapsed())
	})
}
