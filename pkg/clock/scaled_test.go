package clock_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/clock"
)

func TestScaledRefusesAnImpossibleFactor(t *testing.T) {
	t.Parallel()
	for _, factor := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		_, err := clock.Scaled(clock.System(), start, factor)
		require.ErrorContains(t, err, "must be a positive number")
	}
}

func TestScaledRunsFaster(t *testing.T) {
	t.Parallel()
	base := clock.NewFake(start)
	c, err := clock.Scaled(base, base.Now(), 60)
	require.NoError(t, err)
	require.Equal(t, start, c.Now())
	base.Advance(time.Second)
	require.Equal(t, start.Add(time.Minute), c.Now())
}

// It may begin anywhere, ahead of its base or behind; how long it has run is its own.
func TestScaledStartsWhereItIsTold(t *testing.T) {
	t.Parallel()
	base := clock.NewFake(start)
	for _, ahead := range []time.Duration{26 * time.Hour, -time.Hour} {
		c, err := clock.Scaled(base, base.Now().Add(ahead), 60)
		require.NoError(t, err)
		began := base.Now()
		require.Equal(t, began.Add(ahead), c.Now())
		base.Advance(time.Second)
		require.Equal(t, began.Add(ahead+time.Minute), c.Now())
		require.Equal(t, time.Minute, c.Elapsed())
	}
	// Of two readings of the machine's clock the monotonic part would decide.
	c, err := clock.Scaled(clock.System(), time.Now().Add(time.Hour), 60)
	require.NoError(t, err)
	require.Equal(t, c.Now().Round(0).Location(), time.UTC)
	require.NotContains(t, c.Now().String(), " m=")
}

// The longest wait stays a wait: it must not overflow into one that is over at once.
func TestScaledWaitsSaturate(t *testing.T) {
	t.Parallel()
	base := clock.NewFake(start)
	c, err := clock.Scaled(base, base.Now(), 0.001)
	require.NoError(t, err)
	timer := c.NewTimer(math.MaxInt64)
	base.Advance(time.Hour)
	require.False(t, fired(timer))
}

// A timer fires neither before its deadline nor, but for rounding, after it.
func TestScaledTimerFiresAtItsDeadline(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		factor := rapid.Float64Range(0.01, 5000).Draw(t, "factor")
		wait := time.Duration(rapid.Int64Range(1, int64(48*time.Hour)).Draw(t, "wait"))
		base := clock.NewFake(start)
		c, err := clock.Scaled(base, base.Now(), factor)
		require.NoError(t, err)
		base.Advance(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "elapsed")))

		due := c.Now().Add(wait)
		timer := c.NewTimer(wait)
		early := time.Duration(float64(wait)/factor) - 1
		base.Advance(max(early, 0))
		require.False(t, fired(timer) && c.Now().Before(due))
		base.Advance(3)
		require.True(t, fired(timer))
		require.False(t, c.Now().Before(due), "fired %v early", due.Sub(c.Now()))
	})
}

func TestScaledElapsesFromItsStart(t *testing.T) {
	t.Parallel()
	base := clock.NewFake(start)
	base.Advance(time.Hour)
	c, err := clock.Scaled(base, base.Now(), 60)
	require.NoError(t, err)
	require.Zero(t, c.Elapsed())
	base.Advance(time.Second)
	require.Equal(t, time.Minute, c.Elapsed())
}
