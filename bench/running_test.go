package bench_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/bench"
	"leadrouter/pkg/clock"
)

// program is a contender that is a shell script.
func program(script string) bench.Contender {
	return bench.Contender{Name: "script"}.Apart([]string{"sh", "-c", script})
}

func TestAProcessRunsFromItsWordToTheEndOfItsInput(t *testing.T) {
	t.Parallel()
	r, err := program("echo loading; echo running; cat").Start(t.Context())
	require.NoError(t, err)
	require.Len(t, r.Processes, 1)
	ctx, cancel := r.Watch(t.Context())
	defer cancel()
	require.NoError(t, ctx.Err())

	require.NoError(t, r.Stop())
	<-ctx.Done()
}

func TestAProcessThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := program("echo out of memory >&2; exit 3").Start(t.Context())
	require.ErrorContains(t, err, "exit status 3: out of memory")

	_, err = bench.Contender{}.Apart([]string{"no-such-program"}).Start(t.Context())
	require.ErrorContains(t, err, "no-such-program")
}

func TestOneOfSeveralProcessesThatEndsEndsTheMeasurement(t *testing.T) {
	t.Parallel()
	c := bench.Contender{}.Apart(
		[]string{"sh", "-c", "echo running; cat"},
		[]string{"sh", "-c", "echo running; read line; echo broken >&2; exit 1"})
	r, err := c.Start(t.Context())
	require.NoError(t, err)
	require.Len(t, r.Processes, 2)
	require.ErrorContains(t, r.Stop(), "broken")

	c = bench.Contender{}.Apart(
		[]string{"sh", "-c", "echo running; cat"},
		[]string{"sh", "-c", "echo running; echo gone >&2; exit 1"})
	r, err = c.Start(t.Context())
	require.NoError(t, err)
	ctx, cancel := r.Watch(t.Context())
	defer cancel()
	<-ctx.Done()
	require.ErrorContains(t, context.Cause(ctx), "has ended")
	require.ErrorContains(t, r.Stop(), "gone")
}

func TestABacklogOfAContenderThatDiesIsAnError(t *testing.T) {
	t.Parallel()
	c := program("echo running; echo no state >&2; exit 1")
	c.Path = copyTopics(t, 1)
	_, err := bench.Backlog(t.Context(), clock.System(), c, bench.Load{Leads: 10}, nil)
	require.ErrorContains(t, err, "0 of 10 records came out")
	require.ErrorContains(t, err, "no state")
}

func TestServeEndsWithItsInput(t *testing.T) {
	t.Parallel()
	path, stream := copyStream(t, 2)
	in, keep := io.Pipe()
	var out bytes.Buffer
	served := make(chan error, 1)
	go func() { served <- bench.Serve(t.Context(), bench.InProcess("copy", path, stream.Run), in, &out) }()
	_, err := bench.Throughput(t.Context(), clock.System(), path, 100)
	require.NoError(t, err)

	require.NoError(t, keep.Close())
	require.NoError(t, <-served)
	require.Equal(t, "running\n", out.String())
}

func TestTheMeterReadsWhoUsesTheProcessor(t *testing.T) {
	t.Parallel()
	meter := meterOf(t)
	before, err := meter.Read(t.Context(), os.Getpid())
	require.NoError(t, err)
	require.Contains(t, before, bench.OfKafka, "found by its port")
	require.Contains(t, before, bench.OfRedis)
	memory, err := meter.Memory(t.Context())
	require.NoError(t, err)
	require.Positive(t, memory)

	after := before
	require.Eventually(t, func() bool { // which is what uses it
		after, err = meter.Read(t.Context(), os.Getpid())
		return err == nil && after.Since(before)[bench.OfContender] >= 50*time.Millisecond
	}, time.Minute, time.Microsecond)

	_, err = meter.Read(t.Context(), 1<<30)
	require.ErrorContains(t, err, "processor time")
}
