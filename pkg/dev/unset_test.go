package dev_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/dev"
)

// stalling is a clock on a machine that stalls before Elapsed, each time for longer.
type stalling struct {
	*clock.Fake
	stall time.Duration
}

func (s *stalling) Elapsed() time.Duration {
	s.stall += time.Second
	s.Advance(s.stall)
	return s.Fake.Elapsed()
}

// However fast time goes and however long the process stalls between the two readings,
// Now and Elapsed of one reader agree to the nanosecond.
func TestAStallIsNoStepOfTheClock(t *testing.T) {
	t.Parallel()
	fast, err := clock.Scaled(&stalling{Fake: clock.NewFake(noon)}, noon, 60)
	require.NoError(t, err)
	start, before := fast.Now(), fast.Elapsed()
	require.NotEqual(t, fast.Now().Sub(start), fast.Elapsed()-before, "what would be taken for a step")

	c := dev.NewUnset(fast)
	start, before = c.Now(), c.Elapsed()
	for range 5 {
		_ = fast.Elapsed() // time passes
		now := c.Now()
		require.Equal(t, now.Sub(start), c.Elapsed()-before)
		require.Equal(t, now.Sub(start), c.Elapsed()-before, "until it is read again")
	}
	require.Greater(t, c.Elapsed(), 5*time.Minute)
}
