package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 1))
	b.write(t, 0, stopped(timer("M", 1), "contacted", after(1)))
	w.clock.Advance(20 * time.Second)
	require.Len(t, w.run(), 8)
	for name, want := range map[string]int{"warned": 2, "breached": 1, "escalated": 2, "met": 1, "reassigned": 2} {
		require.Equal(t, want, fired(t, w, name), name)
	}
	require.Equal(t, 1, metric(t, w, "leadrouter_sla_open_clocks"))
}

// A watcher that gets nowhere must show, although it has nothing to tell.
func TestWhatIsOverdueShows(t *testing.T) {
	t.Parallel()
	const overdue = "leadrouter_sla_overdue_seconds"
	b, w := setup(t)
	require.Zero(t, metric(t, w, overdue), "there are no clocks")
	b.write(t, 0, timer("L", 1))
	require.Empty(t, w.run())
	require.Zero(t, metric(t, w, overdue), "none is due")
	w.clock.Advance(12 * time.Second)
	require.Equal(t, 2, metric(t, w, overdue), "nobody has looked since it was due")
	w.handle(all)
	w.clock.Advance(time.Second)
	require.Equal(t, 3, metric(t, w, overdue), "it is not committed")
	w.land(true)
	w.handle(all)
	require.Zero(t, metric(t, w, overdue))

	w.clock.Advance(5 * time.Second) // contacted was due at 15 s
	w.handle(all)
	require.NoError(t, w.abort())
	w.handle(all)
	require.Equal(t, 3, metric(t, w, overdue), "it goes out again")
	w.revoke(0)
	require.Zero(t, metric(t, w, overdue), "it is somebody else's")
}

func TestStepsOfTheClockAreCounted(t *testing.T) {
	t.Parallel()
	const steps = "leadrouter_sla_clock_steps_total"
	b, w := setup(t)
	brokers := clock.NewFake(start)
	b.time = brokers.Now
	require.Zero(t, metric(t, w, steps))
	w.clock.Step(time.Hour)
	require.Empty(t, w.run())
	w.clock.Advance(time.Second)
	require.Empty(t, w.run())
	require.Equal(t, 1, metric(t, w, steps), "one step, however long it is in doubt")
	brokers.Set(w.clock.Now())
	w.clock.Advance(time.Second)
	require.Empty(t, w.run())
	require.NoError(t, w.handler.Ready())
	w.clock.Step(-time.Hour)
	w.revoke(0)
	require.Equal(t, 2, metric(t, w, steps))
}
