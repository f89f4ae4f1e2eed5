package sla_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
)

// The clocks of a lead to which nothing happens.
func TestStagesFireWhenTheyAreDue(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 1))
	require.Empty(t, w.run())
	require.Equal(t, 2, metric(t, w, "leadrouter_sla_open_clocks"))
	w.clock.Advance(10*time.Second - 1)
	require.Empty(t, w.run())
	w.clock.Advance(1)
	require.Equal(t, []string{"L/1 accepted 0 warned at 10:00:10"}, w.run())
	require.Empty(t, w.run(), "once")
	w.clock.Advance(10 * time.Second)
	require.Equal(t, []string{
		"L/1 contacted 0 breached at 10:00:15",
		"L/1 accepted 1 escalated at 10:00:20", "L/1 accepted 1 reassign to backup at 10:00:20",
	}, w.run())
	require.Equal(t, 1, metric(t, w, "leadrouter_sla_open_clocks"))
	w.clock.Advance(time.Hour)
	require.Equal(t, []string{
		"L/1 contacted 1 escalated at 10:00:30", "L/1 contacted 1 reassign to  at 10:00:30",
	}, w.run())
	require.Zero(t, metric(t, w, "leadrouter_sla_open_clocks"))
}

// The events of a stage, whole.
func TestEventsOfAStage(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 3))
	require.Empty(t, w.run())
	w.clock.Advance(30 * time.Second)
	out := w.handle(all).Records
	escalated, reassign, fired := out[len(out)-3], out[len(out)-2], out[len(out)-1]

	var m event.Milestone
	require.NoError(t, json.Unmarshal(escalated.Value, &m))
	require.Empty(t, cmp.Diff(event.Milestone{
		LeadID: "L", Attempt: 3, Event: event.Escalated, SLA: "demo", Clock: "contacted", Stage: 1, RepID: "jonas",
		Due: after(30), At: after(30), Do: []string{"reassign", "tell_manager"}, Tell: []string{"ana"},
	}, m))
	e, err := kstream.Decode(reassign)
	require.NoError(t, err)
	require.Equal(t, event.ID("L/3/contacted/1", event.LeadReassign, 0), e.ID)
	require.Equal(t, after(30), e.Time)
	r, err := e.Reassign()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(event.Reassign{
		LeadID: "L", Attempt: 3, RepID: "jonas", Cause: "sla", Clock: "contacted", Stage: 1, At: after(30),
	}, r))
	e, err = kstream.Decode(fired)
	require.NoError(t, err)
	f, err := e.Fired()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(event.Fired{LeadID: "L", Attempt: 3, Fired: []event.FiredStage{
		{Clock: "accepted", At: after(10)},
		{Clock: "contacted", At: after(15), Breach: true},
		{Clock: "accepted", Stage: 1, At: after(20)},
		{Clock: "contacted", Stage: 1, At: after(30)},
	}}, f))
	require.Equal(t, "L", string(fired.Key))
}

// What a stage does decides what is said of it.
func TestActions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do   []string
		want []string
	}{
		"target":  {nil, []string{"breached"}},
		"remind":  {[]string{"remind"}, []string{"warned"}},
		"tell":    {[]string{"tell_manager"}, []string{"escalated"}},
		"both":    {[]string{"remind", "tell_manager"}, []string{"warned", "escalated"}},
		"backup":  {[]string{"to_backup"}, []string{"escalated", "reassign to backup"}},
		"manager": {[]string{"remind", "to_manager"}, []string{"warned", "escalated", "reassign to manager"}},
		"review":  {[]string{"to_review"}, []string{"escalated", "reassign to review"}},
		"rewalk":  {[]string{"reassign"}, []string{"escalated", "reassign to "}},
		"first":   {[]string{"to_manager", "reassign"}, []string{"escalated", "reassign to manager"}},
		"unknown": {[]string{"ring_a_bell"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, w := setup(t)
			b.write(t, 0, event.Timer{LeadID: "L", Attempt: 1, Start: start, Due: []event.Due{{Clock: "review", At: after(1), Do: tt.do}}})
			w.clock.Advance(time.Second)
			var want []string
			for _, what := range tt.want {
				want = append(want, line("L", 1, "review", 0, what, after(1)))
			}
			require.Equal(t, want, w.run())
			require.Empty(t, w.run(), "whatever was said, it has fired")
			require.Len(t, w.b.logs[w.fired()], 2, "a barrier, and that it has fired")
		})
	}
}

// A lead that waits for a shift, or for the end of a meeting, is planned again then: its
// stages are numbered by minutes, so that one attempt can wait for many.
func TestTheWakeOfAWaitingLead(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	wake := func(at time.Time) event.Due {
		return event.Due{Clock: "shift", Stage: int(at.UnixMilli() / time.Minute.Milliseconds()), At: at, Do: []string{"reassign"}}
	}
	for n, at := range []time.Time{after(60), after(120)} {
		b.write(t, 0, event.Timer{LeadID: "L", Attempt: 1, Start: start, Due: []event.Due{wake(at)}})
		require.Empty(t, w.run())
		w.clock.Advance(time.Minute)
		out := w.handle(all)
		require.Len(t, out.Records, 2, "reassign and fired; nothing is said to people")
		e, err := kstream.Decode(out.Records[0])
		require.NoError(t, err)
		r, err := e.Reassign()
		require.NoError(t, err)
		require.Equal(t, event.Reassign{LeadID: "L", Attempt: 1, Cause: event.CauseCapacity, Clock: "shift", At: at}, r)
		e, err = kstream.Decode(out.Records[1])
		require.NoError(t, err)
		f, err := e.Fired()
		require.NoError(t, err)
		require.Len(t, f.Fired, n+1)
		w.land(true)
	}
	require.Zero(t, metric(t, w, "leadrouter_sla_skipped_records_total"))
}

// An activity stops a clock, and whether that was in time is said once.
func TestStops(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		clock    string
		seen, at int // seconds: when the watcher gets to know, and when it was
		want     []string
	}{
		"in time":              {"contacted", 14, 12, []string{"L/1 contacted 0 met at 10:00:12"}},
		"on the target":        {"contacted", 15, 15, []string{"L/1 contacted 0 met at 10:00:15"}},
		"heard of too late":    {"contacted", 17, 12, []string{"L/1 contacted 0 met at 10:00:12"}},
		"late":                 {"contacted", 17, 16, []string{"L/1 contacted 0 breached at 10:00:15"}},
		"no target":            {"accepted", 25, 24, []string{"L/1 accepted 0 met at 10:00:24"}},
		"of a clock elsewhere": {"overall", 5, 5, []string{"L/1 overall 0 met at 10:00:05"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, w := setup(t)
			b.write(t, 0, timer("L", 1))
			require.Empty(t, w.run())
			b.write(t, 0, stopped(timer("L", 1), tt.clock, after(tt.at)))
			w.clock.Advance(time.Duration(tt.seen) * time.Second)
			var got []string
			for _, text := range w.run() {
				if cut := len("L/1 "); text[cut:cut+len(tt.clock)] == tt.clock {
					got = append(got, text)
				}
			}
			require.Equal(t, tt.want, got)
			b.write(t, 0, stopped(stopped(timer("L", 1), tt.clock, after(tt.at)), "qualified", after(tt.at)))
			require.Equal(t, []string{line("L", 1, "qualified", 0, "met", after(tt.at))}, w.run(), "and not again")
			again := w.b.watch(t, w.clock, 0)
			require.Empty(t, again.run(), "nor by another watcher")
		})
	}
}

// A breach that was said already is all there is to say of a clock that stops late. If
// it then turns out that the activity had come in time, that is said, too.
func TestStopsAfterTheBreach(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	for _, id := range []string{"in-time", "late"} {
		target := timer(id, 1)
		target.Due = target.Due[1:2]
		b.write(t, 0, target)
	}
	w.clock.Advance(16 * time.Second)
	require.Equal(t, []string{
		"in-time/1 contacted 0 breached at 10:00:15", "late/1 contacted 0 breached at 10:00:15",
	}, w.run())
	b.write(t, 0, stopped(timer("late", 1), "contacted", after(16)))
	b.write(t, 0, stopped(timer("in-time", 1), "contacted", after(14)))
	require.Equal(t, []string{
		"in-time/1 contacted 0 met at 10:00:14", "in-time/1 accepted 0 warned at 10:00:10", "late/1 accepted 0 warned at 10:00:10",
	}, w.run())

	// Where compaction has taken the record with the target, the breach tells.
	b.compact()
	again := b.watch(t, w.clock, 0)
	require.Empty(t, again.run())
}

// A new attempt replaces everything, and nothing of the old one fires any more.
func TestANewAttemptReplacesEverything(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 1))
	w.clock.Advance(12 * time.Second)
	require.Equal(t, []string{"L/1 accepted 0 warned at 10:00:10"}, w.run())
	next := timer("L", 2)
	for i := range next.Due {
		next.Due[i].At = next.Due[i].At.Add(20 * time.Second)
	}
	b.write(t, 0, next)
	w.clock.Advance(13 * time.Second)
	require.Empty(t, w.run())
	w.clock.Advance(6 * time.Second)
	require.Equal(t, []string{"L/2 accepted 0 warned at 10:00:30"}, w.run())
}

// A tombstone forgets the lead, here and in lead.fired.
func TestATombstoneForgetsTheLead(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 1))
	b.write(t, 0, timer("quiet", 1))
	w.clock.Advance(12 * time.Second)
	require.Len(t, w.run(), 2)
	b.erase(0, "L")
	b.erase(0, "nobody")
	require.Equal(t, []string{"L forgotten"}, w.run())
	w.clock.Advance(time.Hour)
	require.NotContains(t, w.run(), "L/1 contacted 0 breached at 10:00:15")

	// The same id later is another lead.
	b.write(t, 0, timer("L", 1))
	require.Len(t, w.run(), 6)
	b.compact()
	again := b.watch(t, w.clock, 0)
	require.Empty(t, again.run())
}

// What was forgotten while nobody watched leaves nothing in lead.fired.
func TestLeftoversAreForgotten(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 1))
	w.clock.Advance(12 * time.Second)
	require.Len(t, w.run(), 1)
	delete(b.logs, timers(0)) // tombstone and all
	again := b.watch(t, w.clock, 0)
	require.Equal(t, []string{"L forgotten"}, again.run())
	require.Empty(t, again.run())
}

// What fell due while nobody watched fires at the start, in order.
func TestAnOutageIsMadeUpFor(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(after(3600))
	b := newTopics(c.Now)
	for i, id := range []string{"c", "a", "b"} {
		one := timer(id, 1)
		one.Due = []event.Due{{Clock: "accepted", At: after(10 * (i + 1)), Do: []string{"remind"}}}
		b.write(t, 0, one)
	}
	w := b.watch(t, c, 0)
	require.Equal(t, []string{
		"c/1 accepted 0 warned at 10:00:10", "a/1 accepted 0 warned at 10:00:20", "b/1 accepted 0 warned at 10:00:30",
	}, w.run())
}

// Much that is due at once goes into more than one transaction.
func TestTransactionsAreBounded(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	const leads, most = 2_500, 2_000
	for i := range leads {
		one := timer(fmt.Sprintf("L-%d", i), 1)
		one.Due = one.Due[:1]
		b.write(t, 0, one)
	}
	w.clock.Advance(time.Minute)
	require.Len(t, w.run(), most)
	require.Len(t, w.run(), leads-most)
}

// Nothing fires before both topics were read up to the barrier.
func TestNothingFiresBeforeTheBarrier(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(after(12))
	b := newTopics(c.Now)
	b.write(t, 0, timer("L", 1))
	b.write(t, 0, stopped(timer("L", 1), "accepted", after(5)))
	w := b.watch(t, c, 0)
	require.Empty(t, said(t, w.handle(1)), "the first record alone would fire")
	require.ErrorContains(t, w.handler.Ready(), "reading the clocks of 1 partitions")
	require.Empty(t, said(t, w.handle(1)))
	require.Equal(t, []string{"L/1 accepted 0 met at 10:00:05"}, w.run())
	require.NoError(t, w.handler.Ready())
}

// A journal that fails is asked again, and until then nothing fires.
func TestAssignmentIsRepeated(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.fail = errors.New("away")
	require.ErrorContains(t, w.abort(), "set barriers: away")
	require.ErrorContains(t, w.handler.Ready(), "away")
	b.fail = nil
	b.append(&kstream.Record{Topic: event.LeadFired.Topic(""), Key: []byte("L"), Value: []byte("?")})
	require.ErrorContains(t, w.abort(), "record lead.fired/0 at offset", "what cannot be read must not fire again")
}

// What an abort takes back is said again; what was committed all the same is not.
func TestAborts(t *testing.T) {
	t.Parallel()
	want := []string{"L/1 accepted 0 warned at 10:00:10", "L/1 contacted 0 breached at 10:00:15"}
	for name, committed := range map[string]bool{"aborted": false, "committed, but nobody knew": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, w := setup(t)
			b.write(t, 0, timer("L", 1))
			w.clock.Advance(10 * time.Second)
			first := w.handle(all)
			require.Equal(t, want[:1], said(t, first))
			w.clock.Advance(5 * time.Second)
			second := w.handle(all)
			require.Equal(t, want[1:], said(t, second))
			if committed {
				w.land(false)
			}
			require.NoError(t, w.abort())
			if committed {
				require.Equal(t, want[1:], w.run())
			} else {
				require.Equal(t, want, w.run())
			}
			require.Empty(t, w.run())
		})
	}
}

// An abort takes a tombstone of lead.fired back, too.
func TestAnAbortedTombstone(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 1))
	w.clock.Advance(10 * time.Second)
	require.Len(t, w.run(), 1)
	b.erase(0, "L")
	require.Equal(t, []string{"L forgotten"}, said(t, w.handle(all)))
	require.NoError(t, w.abort())
	require.Equal(t, []string{"L forgotten"}, w.run())
}

// A partition that goes to another watcher takes its clocks along.
func TestPartitionsMove(t *testing.T) {
	t.Parallel()
	c := clock.NewFake(start)
	b := newTopics(c.Now)
	b.write(t, 0, timer("L", 1))
	b.write(t, 1, timer("1/L", 1))
	first := b.watch(t, c, 0, 1)
	c.Advance(10 * time.Second)
	require.Equal(t, []string{"1/L/1 accepted 0 warned at 10:00:10", "L/1 accepted 0 warned at 10:00:10"}, sorted(first.run()))
	first.revoke(1)
	second := b.watch(t, c, 1)
	require.Empty(t, second.run())
	c.Advance(5 * time.Second)
	require.Equal(t, []string{"L/1 contacted 0 breached at 10:00:15"}, first.run())
	require.Equal(t, []string{"1/L/1 contacted 0 breached at 10:00:15"}, second.run())
	second.revoke(1)
	require.NoError(t, first.assign(1))
	require.Empty(t, first.run())
}

// Whatever else is in lead.timers is passed over, and counted.
func TestForeignRecordsAreSkipped(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	for key, value := range map[string]string{
		"line/emea": `{"pool":"emea","at":"2026-05-04T10:00:00Z"}`,
		"L":         `{"lead_id":"M","attempt":1,"start":"2026-05-04T10:00:00Z","due":[]}`,
		"N":         `not JSON`,
	} {
		b.append(&kstream.Record{Topic: event.LeadTimers.Topic(""), Key: []byte(key), Value: []byte(value)})
	}
	w.clock.Advance(time.Hour)
	require.Empty(t, w.run())
	require.Equal(t, 3, metric(t, w, "leadrouter_sla_skipped_records_total"))
}

// A step of the wall clock stops everything until the brokers agree.
func TestAStepOfTheClock(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.write(t, 0, timer("L", 1))
	require.Empty(t, w.run())
	brokers := clock.NewFake(start)
	b.time = brokers.Now

	w.clock.Step(maxDrift)
	require.Empty(t, w.run())
	require.NoError(t, w.handler.Ready(), "time servers do that")
	w.clock.Step(time.Hour)
	require.Empty(t, w.run())
	require.ErrorContains(t, w.handler.Ready(), "the clock was set, and is 1h0m2s ahead of the brokers'")
	require.Zero(t, metric(t, w, "leadrouter_sla_ready"))
	asked := len(b.logs[w.fired()])
	require.Empty(t, w.run())
	require.Len(t, b.logs[w.fired()], asked, "it is asked once a second")
	w.clock.Advance(time.Second)
	require.Empty(t, w.run())
	require.Greater(t, len(b.logs[w.fired()]), asked)
	require.Len(t, w.warnings.All(), 1, "it is told once, for as long as it lasts")

	w.clock.Advance(time.Second)
	brokers.Set(w.clock.Now().Add(-time.Second)) // it was the brokers who were late
	require.Len(t, w.run(), 6)
	require.NoError(t, w.handler.Ready())
	require.Equal(t, 1, metric(t, w, "leadrouter_sla_ready"))
	w.clock.Step(time.Hour)
	require.Empty(t, w.run())
	require.Len(t, w.warnings.All(), 2, "and so is the next time")
}

// maxDrift is what the wall clock may drift without a doubt.
const maxDrift = 2 * time.Second

// Brokers that do not tell the time cannot say that the clock is wrong.
func TestBrokersWithoutATime(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	b.time = nil
	b.write(t, 0, timer("L", 1))
	w.clock.Step(time.Hour)
	require.Len(t, w.run(), 6)
	require.NoError(t, w.handler.Ready())
}

// A clock in doubt, and no answer.
func TestADoubtWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	b, w := setup(t)
	w.clock.Step(-time.Hour)
	b.fail = errors.New("away")
	require.Empty(t, w.run())
	require.ErrorContains(t, w.handler.Ready(), "ask the brokers for the time: away")
	w.revoke(0)
	require.ErrorContains(t, w.handler.Ready(), "the clock was set by -1h0m0s")
}
