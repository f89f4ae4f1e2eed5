package systemtest_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// size is how much the crash test does, from the environment.
func size(t *testing.T) (leads, kills int, seed uint64) {
	t.Helper()
	leads, kills, seed = 4_000, 4, rand.Uint64()
	for name, set := range map[string]func(uint64){
		"LEADROUTER_CRASH_TIMERS": func(n uint64) { leads = int(n) },
		"LEADROUTER_CRASH_KILLS":  func(n uint64) { kills = int(n) },
		"LEADROUTER_CRASH_SEED":   func(n uint64) { seed = n },
	} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.ParseUint(text, 10, 64)
			require.NoError(t, err)
			set(n)
		}
	}
	return leads, kills, seed
}

// pace is how long the watchers have between two kills, and how much of that they need
// at most to go on: the group waits for the session of the one that was killed.
const pace = 14 * time.Second

// Two watchers are killed at random moments while clocks run out, are stopped, replaced
// and forgotten. In the end each stage has fired exactly once.
func TestCrash(t *testing.T) {
	t.Parallel()
	n, kills, seed := size(t)
	t.Logf("%d leads, %d kills, LEADROUTER_CRASH_SEED=%d", n, kills, seed)
	f, clk, chance := newFleet(t), clock.System(), rand.New(rand.NewPCG(seed, 1))
	w := f.work(n, time.Duration(kills)*pace, chance)
	for range kills {
		require.NoError(t, clk.Sleep(t.Context(), time.Duration(chance.Int64N(int64(pace)))))
		slot := []string{"a", "b"}[chance.IntN(2)]
		f.slots[slot].kill()
		f.start(slot)
	}
	f.finish(w)
}

// A watcher that stands still for so long that the group goes on without it finds its
// clocks fired when it wakes, and fires none of them again.
func TestPause(t *testing.T) {
	t.Parallel()
	f, clk := newFleet(t), clock.System()
	w := f.work(2_000, 2*pace, rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, clk.Sleep(t.Context(), pace/2))
	const longerThanASession = 12 * time.Second
	f.slots["a"].signal(syscall.SIGSTOP)
	require.NoError(t, clk.Sleep(t.Context(), longerThanASession))
	f.slots["a"].signal(syscall.SIGCONT)
	f.finish(w)
}

// headStart is time to write all clocks before the first of them is due: one that was
// replaced must not have fired.
const headStart = 8 * time.Second

// work writes the clocks of n leads, which fall due within a time from its return on.
func (f *fleet) work(n int, length time.Duration, chance *rand.Rand) *workload {
	f.t.Helper()
	clk := clock.System()
	begin := clk.Now().UTC().Add(headStart)
	w := newWorkload(f.t, f.kafka, f.instance, begin, length, chance)
	for i := range n {
		w.lead(i)
	}
	w.publish()
	require.NoError(f.t, clk.Sleep(f.t.Context(), begin.Sub(clk.Now())))
	return w
}

// finish waits until everything has fired, and checks that nothing did twice.
func (f *fleet) finish(w *workload) {
	f.t.Helper()
	got := w.await(clock.System(), 2*time.Minute)
	f.slots["a"].terminate()
	f.slots["b"].terminate()
	require.Equal(f.t, w.want, got)
	f.t.Logf("%d events; %s", len(got), w.lateness())
	w.requireFired()
}

// workload is what the router writes, and what has to come of it.
type workload struct {
	t        *testing.T
	kafka    kstream.Client
	instance string
	begin    time.Time
	length   time.Duration // within which everything falls due
	chance   *rand.Rand

	first, then []*kstream.Record // then comes after first of the same lead
	want        map[string]int    // events in short, each once
	live        map[string]event.Fired
	late        []time.Duration
}

func newWorkload(t *testing.T, kafka kstream.Client, instance string, begin time.Time, length time.Duration, chance *rand.Rand) *workload {
	return &workload{
		t: t, kafka: kafka, instance: instance, begin: begin, length: length, chance: chance,
		want: map[string]int{}, live: map[string]event.Fired{},
	}
}

// lead makes up one lead: most are left alone, some act, move on or go before anything
// of theirs is due.
func (w *workload) lead(i int) {
	timer := w.timer(fmt.Sprintf("L-%d", i), 1)
	w.first = append(w.first, w.record(timer))
	switch i % 8 {
	case 0: // stops a clock long before its target
		at := timer.Due[0].At.Add(-time.Hour)
		timer.Due = slices.DeleteFunc(timer.Due, func(d event.Due) bool { return d.Clock == "contacted" })
		timer.Stopped = []event.Stop{{Clock: "contacted", At: at}}
		w.then = append(w.then, w.record(timer))
		w.expect(event.Milestone{LeadID: timer.LeadID, Attempt: 1, Clock: "contacted", Event: event.Met, At: at})
		w.expectStages(timer, []string{"contacted"})
	case 1: // moves on
		timer = w.timer(timer.LeadID, 2)
		w.then = append(w.then, w.record(timer))
		w.expectStages(timer, nil)
	case 2: // goes
		w.then = append(w.then, &kstream.Record{Topic: event.LeadTimers.Topic(w.instance), Key: []byte(timer.LeadID)})
	default:
		w.expectStages(timer, nil)
	}
}

// timer has two clocks. Its last stage falls due within the length of the test; there is
// time enough before the first to write all that is to be written.
func (w *workload) timer(id string, attempt int) event.Timer {
	const lead = 4 * time.Second
	at := w.begin.Add(lead + time.Duration(w.chance.Int64N(int64(w.length-lead)))).Truncate(time.Millisecond)
	return event.Timer{
		LeadID: id, Attempt: attempt, RepID: "jonas", SLA: "demo", Start: w.begin, Tell: []string{"ana"},
		Due: []event.Due{
			{Clock: "accepted", At: at, Do: []string{"remind"}},
			{Clock: "contacted", At: at.Add(100 * time.Millisecond), Do: []string{}},
			{Clock: "accepted", Stage: 1, At: at.Add(500 * time.Millisecond), Do: []string{"to_backup", "tell_manager"}},
		},
	}
}

func (w *workload) record(timer event.Timer) *kstream.Record {
	e, err := event.New(event.LeadTimers, timer.LeadID, timer.Attempt, timer.LeadID, w.begin, timer)
	require.NoError(w.t, err)
	return kstream.Encode(event.LeadTimers.Topic(w.instance), timer.LeadID, e)
}

func (w *workload) expect(m event.Milestone) { w.want[short(m)]++ }

// expectStages expects all that is due of a timer.
func (w *workload) expectStages(timer event.Timer, met []string) {
	fired := event.Fired{LeadID: timer.LeadID, Attempt: timer.Attempt, Met: met}
	for _, d := range timer.Due {
		name := event.Breached
		switch {
		case slices.Contains(d.Do, "remind"):
			name = event.Warned
		case len(d.Do) > 0:
			name = event.Escalated
			w.want[shortReassign(event.Reassign{LeadID: timer.LeadID, Attempt: timer.Attempt, Clock: d.Clock, Stage: d.Stage, To: "backup", At: d.At})]++
		}
		w.expect(event.Milestone{LeadID: timer.LeadID, Attempt: timer.Attempt, Clock: d.Clock, Stage: d.Stage, Event: name, At: d.At})
		fired.Fired = append(fired.Fired, event.FiredStage{Clock: d.Clock, Stage: d.Stage, At: d.At, Breach: len(d.Do) == 0})
	}
	w.live[timer.LeadID] = fired
}

func short(m event.Milestone) string {
	return fmt.Sprint(m.LeadID, " ", m.Attempt, " ", m.Clock, " ", m.Stage, " ", m.Event, " ", m.At)
}

func shortReassign(r event.Reassign) string {
	return fmt.Sprint(r.LeadID, " ", r.Attempt, " ", r.Clock, " ", r.Stage, " to ", r.To, " ", r.At)
}

// publish writes all records.
func (w *workload) publish() {
	w.t.Helper()
	to, err := kstream.NewPublisher(w.kafka)
	require.NoError(w.t, err)
	defer to.Close()
	require.NoError(w.t, to.Publish(w.t.Context(), slices.Concat(w.first, w.then)...))
}

// await reads lead.sla and lead.reassign until all is there that is expected, and once
// more after a moment, for what should not be there.
func (w *workload) await(clk clock.Clock, limit time.Duration) map[string]int {
	w.t.Helper()
	got := map[string]int{}
	next, err := w.kafka.Starts(w.t.Context(), event.LeadSLA.Topic(w.instance), event.LeadReassign.Topic(w.instance))
	require.NoError(w.t, err)
	read := func() {
		next, err = w.kafka.ReadToEnd(w.t.Context(), next, func(r *kstream.Record) error { return w.note(r, got) })
		require.NoError(w.t, err)
	}
	deadline := clk.Now().Add(limit)
	for len(got) < len(w.want) && clk.Now().Before(deadline) {
		read()
		require.NoError(w.t, clk.Sleep(w.t.Context(), 200*time.Millisecond))
	}
	require.NoError(w.t, clk.Sleep(w.t.Context(), 2*time.Second))
	read()
	return got
}

// note enters an event.
func (w *workload) note(r *kstream.Record, got map[string]int) error {
	e, err := kstream.Decode(r)
	if err != nil {
		return err
	}
	if e.Type == event.LeadReassign {
		m, err := e.Reassign()
		got[shortReassign(m)]++
		return err
	}
	m, err := parse[event.Milestone](e)
	if got[short(m)]++; m.Event != event.Met {
		w.late = append(w.late, r.Timestamp.Sub(m.Due))
	}
	return err
}

// lateness says how late events were, kills included.
func (w *workload) lateness() string {
	slices.Sort(w.late)
	at := func(q float64) time.Duration { return w.late[int(q*float64(len(w.late)-1))].Round(time.Millisecond) }
	return fmt.Sprintf("late by %s (p50), %s (p99), %s (max)", at(.5), at(.99), at(1))
}

// requireFired checks what lead.fired holds in the end: all of a lead that lives, and
// nothing of another.
func (w *workload) requireFired() {
	w.t.Helper()
	starts, err := w.kafka.Starts(w.t.Context(), event.LeadFired.Topic(w.instance))
	require.NoError(w.t, err)
	last := map[string]event.Fired{}
	_, err = w.kafka.ReadToEnd(w.t.Context(), starts, func(r *kstream.Record) error {
		delete(last, string(r.Key))
		if r.Value == nil {
			return nil
		}
		e, err := kstream.Decode(r)
		if err != nil {
			return err
		}
		last[string(r.Key)], err = e.Fired()
		return err
	})
	require.NoError(w.t, err)
	require.Equal(w.t, slices.Sorted(maps.Keys(w.live)), slices.Sorted(maps.Keys(last)))
	require.Equal(w.t, w.live, last)
}
