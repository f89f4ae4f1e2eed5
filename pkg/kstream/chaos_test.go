package kstream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/testkit/services"
)

const (
	childEnv     = "KSTREAM_TEST_CHILD" // JSON of childConfig
	chaosEnv     = "LEADROUTER_CHAOS"   // duration of the chaos, "10m"; default below
	defaultChaos = 15 * time.Second
	chaosKeys    = 97
	chaosRate    = 700 // records per second
)

// childConfig is what a process of the copy topology has to know.
type childConfig struct {
	Brokers  []string
	Instance string
	Slot     int
	In, Out  string
}

// runChild is the whole life of one process of the copy topology.
func runChild() error {
	var c childConfig
	if err := json.Unmarshal([]byte(os.Getenv(childEnv)), &c); err != nil {
		return err
	}
	log, err := zap.NewDevelopment(zap.AddStacktrace(zap.ErrorLevel))
	if err != nil {
		return err
	}
	stream, err := kstream.New(kstream.Config{
		Client: kstream.Client{Brokers: c.Brokers}, Instance: c.Instance, Role: "copy", Slot: strconv.Itoa(c.Slot),
		Topics: []string{c.In}, Logger: log,
	}, &moody{to: c.Out})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return stream.Run(ctx)
}

// moody copies, but is down or busy now and then.
type moody struct {
	to    string
	calls int
}

func (m *moody) Handle(_ context.Context, batch kstream.Batch) (kstream.Output, error) {
	m.calls++
	if m.calls%50 == 0 {
		return kstream.Output{}, kstream.Retry(fmt.Errorf("call %d: down", m.calls))
	}
	out := kstream.Output{Until: map[kstream.TopicPartition]int64{}}
	for i, r := range batch.Records {
		if m.calls%7 == 0 && i == len(batch.Records)/2 {
			out.Until[kstream.PartitionOf(r)] = r.Offset
		}
		if until, busy := out.Until[kstream.PartitionOf(r)]; busy && r.Offset >= until {
			continue
		}
		out.Records = append(out.Records, &kstream.Record{Topic: m.to, Key: r.Key, Value: r.Value})
	}
	return out, nil
}

func (m *moody) Assigned(context.Context, map[kstream.TopicPartition]int64) error { return nil }
func (m *moody) Committed(context.Context, map[kstream.TopicPartition]int64)      {}
func (m *moody) Revoked(context.Context, []kstream.TopicPartition)                {}

// fleet is the processes of the topology and what is done to them.
type fleet struct {
	t      *testing.T
	config childConfig
	dir    string
	slots  []*exec.Cmd
	stats  map[string]int
}

func (f *fleet) start(slot int) {
	c := f.config
	c.Slot = slot
	env, err := json.Marshal(c)
	require.NoError(f.t, err)
	log, err := os.OpenFile(filepath.Join(f.dir, fmt.Sprintf("child-%d.log", slot)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(f.t, err)
	defer func() { _ = log.Close() }() // the child has its own descriptor
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(env))
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(f.t, cmd.Start())
	f.slots[slot] = cmd
}

// end signals a process and waits for it.
func (f *fleet) end(slot int, sig syscall.Signal) error {
	require.NoError(f.t, f.slots[slot].Process.Signal(sig))
	return f.slots[slot].Wait()
}

// terminate ends a process in order. One that has hardly begun dies of the signal instead.
func (f *fleet) terminate(slot int) {
	_ = f.end(slot, syscall.SIGTERM)
	require.NotEqual(f.t, 1, f.slots[slot].ProcessState.ExitCode(), "Run has returned an error")
}

// misfortune befalls one process and leaves it running.
func (f *fleet) misfortune(rnd *rand.Rand, clk clock.Clock) {
	slot := rnd.IntN(len(f.slots))
	switch n := rnd.IntN(10); {
	case n < 6:
		f.stats["kill -9"]++
		_ = f.end(slot, syscall.SIGKILL)
		f.start(slot)
	case n < 8:
		f.stats["SIGSTOP"]++
		require.NoError(f.t, f.slots[slot].Process.Signal(syscall.SIGSTOP))
		require.NoError(f.t, clk.Sleep(f.t.Context(), 9*time.Second+upTo(rnd, 3*time.Second)))
		require.NoError(f.t, f.slots[slot].Process.Signal(syscall.SIGCONT))
	default:
		f.stats["SIGTERM"]++
		f.terminate(slot)
		f.start(slot)
	}
}

// TestExactlyOnceUnderChaos is the promise of the package: three processes copy a topic while
// they are killed, stopped and restarted, and a subscriber sees every record once and the
// records of a key in order.
func TestExactlyOnceUnderChaos(t *testing.T) {
	t.Parallel()
	length := defaultChaos
	if s := os.Getenv(chaosEnv); s != "" {
		var err error
		length, err = time.ParseDuration(s)
		require.NoError(t, err)
	}
	clk := clock.System()
	client := kstream.Client{Brokers: services.Kafka(t)}
	instance := services.Instance(t)
	f := &fleet{
		t: t, dir: t.TempDir(), slots: make([]*exec.Cmd, 3), stats: map[string]int{},
		config: childConfig{Brokers: client.Brokers, Instance: instance, In: instance + ".in", Out: instance + ".out"},
	}
	require.NoError(t, client.CreateTopics(t.Context(),
		kstream.Topic{Name: f.config.In, Partitions: 6}, kstream.Topic{Name: f.config.Out, Partitions: 6}))
	for slot := range f.slots {
		f.start(slot)
	}
	published := make(chan int, 1)
	deadline := clk.Now().Add(length)
	go func() { published <- publishUntil(t, client, f.config.In, deadline) }()
	t.Cleanup(func() {
		for _, cmd := range f.slots {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		if t.Failed() {
			f.showLogs()
		}
	})

	rnd := rand.New(rand.NewPCG(uint64(deadline.UnixNano()), 1))
	for clk.Now().Before(deadline) {
		f.misfortune(rnd, clk)
		require.NoError(t, clk.Sleep(t.Context(), upTo(rnd, 1500*time.Millisecond)))
	}
	n := <-published
	seen := readAll(t, client, f.config.Out, n)
	t.Logf("%d records, %v", n, f.stats)
	for key, values := range seen {
		for i, v := range values {
			require.Equal(t, i, v, "%s: record %d of its key", key, i)
		}
	}
	for slot := range f.slots {
		f.terminate(slot)
	}
}

// publishUntil writes records at the rate of the test and returns their number. The value of
// a record is its number among those of its key.
func publishUntil(t *testing.T, client kstream.Client, topic string, deadline time.Time) int {
	clk := clock.System()
	p, err := kstream.NewPublisher(client)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer p.Close()
	n := 0
	for start := clk.Now(); clk.Now().Before(deadline); n++ {
		p.Send(t.Context(), &kstream.Record{
			Topic: topic, Key: fmt.Appendf(nil, "key-%d", n%chaosKeys), Value: strconv.AppendInt(nil, int64(n/chaosKeys), 10),
		}, func(_ *kstream.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
		_ = clk.Sleep(t.Context(), start.Add(time.Duration(n)*time.Second/chaosRate).Sub(clk.Now()))
	}
	if err := p.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	return n
}

// readAll reads the output until there are n records and the topic stands still, and returns
// the values of every key in order.
func readAll(t *testing.T, client kstream.Client, topic string, n int) map[string][]int {
	t.Helper()
	seen, count := make(map[string][]int), 0
	next, err := client.Starts(t.Context(), topic)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		next, err = client.ReadToEnd(t.Context(), next, func(r *kstream.Record) error {
			v, err := strconv.Atoi(string(r.Value))
			seen[string(r.Key)] = append(seen[string(r.Key)], v)
			count++
			return err
		})
		require.NoError(t, err)
		return count >= n
	}, time.Minute, 100*time.Millisecond, "not everything came out")
	require.Equal(t, n, count)
	return seen
}

func (f *fleet) showLogs() {
	for slot := range f.slots {
		text, err := os.ReadFile(filepath.Join(f.dir, fmt.Sprintf("child-%d.log", slot)))
		lines := strings.Split(string(text), "\n")
		f.t.Logf("child %d (%v):\n%s", slot, err, strings.Join(lines[max(0, len(lines)-40):], "\n"))
	}
}

func upTo(rnd *rand.Rand, d time.Duration) time.Duration { return time.Duration(rnd.Int64N(int64(d))) }
