package sla_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
)

// TestWatchersAgreeWithTheOracle: watchers on two partitions, between which leads come,
// act, move on and go, partitions change hands, transactions abort or come through
// unheard, processes die, and topics are compacted. Whatever a watcher says is what an
// oracle expects that has nothing to keep fast or small.
func TestWatchersAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPlay(t)
		t.Repeat(map[string]func(*rapid.T){
			"lead":     p.lead,
			"activity": p.activity,
			"erase":    p.erase,
			"time":     p.pass,
			"handle":   p.handle,
			"work":     p.work,
			"abort":    p.abort,
			"unheard":  p.unheard,
			"die":      p.die,
			"move":     p.move,
			"compact":  p.compact,
		})
		p.finish()
	})
}

// play is a world of two watchers and two partitions.
type play struct {
	t        *rapid.T
	b        *topics
	clock    *clock.Fake
	current  map[string]event.Timer // the router's view
	attempts map[string]int
	actors   [2]*actor
}

// actor is a watcher and what it must know.
type actor struct {
	*watcher
	views map[int32]*view // by partition
	until map[int32]int64 // barrier in lead.timers: it must not fire before it has read it
}

// view is what follows from a partition of lead.timers, as far as it was read, and from
// what was said.
type view struct {
	seen    int64 // offset of the next record
	timers  map[string]event.Timer
	targets map[string]map[string]event.Due // of the attempt, by lead and clock
	said    map[string]saying               // by lead
}

// saying is what was said of a lead: stages and clocks met, of one attempt.
type saying struct {
	attempt int
	what    map[string]bool
}

func newPlay(t *rapid.T) *play {
	p := &play{t: t, clock: clock.NewFake(start), current: map[string]event.Timer{}, attempts: map[string]int{}}
	p.b = newTopics(p.clock.Now)
	p.actors[0], p.actors[1] = p.actor(0), p.actor(1)
	return p
}

// actor starts a watcher with partitions.
func (p *play) actor(partitions ...int32) *actor {
	a := &actor{watcher: p.b.watch(p.t, p.clock, partitions...), views: map[int32]*view{}, until: map[int32]int64{}}
	for _, part := range partitions {
		a.begin(part)
	}
	return a
}

// begin follows a partition that the watcher was given just now.
func (a *actor) begin(part int32) {
	a.views[part] = &view{timers: map[string]event.Timer{}, targets: map[string]map[string]event.Due{}}
	a.barrier(part)
}

// barrier notes the one that was written just now, and what was said up to it.
func (a *actor) barrier(part int32) {
	a.until[part] = a.b.ends[timers(part)] - 1
	a.views[part].said = a.b.said(a.t, part)
}

// said is what lead.fired holds.
func (b *topics) said(t require.TestingT, part int32) map[string]saying {
	all := map[string]saying{}
	at := timers(part)
	at.Topic = event.LeadFired.Topic("")
	for _, r := range b.logs[at] {
		delete(all, string(r.Key))
		if r.Value == nil {
			continue
		}
		e, err := decode(r)
		require.NoError(t, err)
		f, err := e.Fired()
		require.NoError(t, err)
		s := saying{f.Attempt, map[string]bool{}}
		for _, m := range f.Fired {
			s.what[stageKey(m.Clock, m.Stage, m.Breach)] = true
		}
		for _, c := range f.Met {
			s.what[c+" met"] = true
		}
		all[f.LeadID] = s
	}
	return all
}

func stageKey(clock string, stage int, breach bool) string {
	if breach {
		return clock + " breached"
	}
	return fmt.Sprint(clock, " ", stage)
}

var (
	ids       = rapid.SampledFrom([]string{"a", "b", "c", "1/a", "1/b"})
	clocks    = rapid.SampledFrom([]string{"accepted", "contacted", "overall"})
	shortTime = rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(-20, 40).Draw(t, "s")) * time.Second
	})
	actions = rapid.SampledFrom([][]string{{}, {"remind"}, {"to_backup"}, {"reassign", "tell_manager"}})
)

// lead gives a lead new clocks: its first attempt, or the next one.
func (p *play) lead(t *rapid.T) {
	id := ids.Draw(t, "id")
	p.attempts[id]++
	timer := event.Timer{LeadID: id, Attempt: p.attempts[id], RepID: "jonas", SLA: "demo", Start: p.clock.Now(), Tell: []string{"ana"}}
	for _, c := range rapid.SliceOfNDistinct(clocks, 1, 3, rapid.ID).Draw(t, "clocks") {
		timer.Due = append(timer.Due, p.stages(t, c)...)
	}
	slices.SortStableFunc(timer.Due, func(a, b event.Due) int { return a.At.Compare(b.At) })
	p.publish(timer)
}

// stages are those of one clock: ascending, with one target at most.
func (p *play) stages(t *rapid.T, clock string) []event.Due {
	var stages []event.Due
	target := false
	at := p.clock.Now()
	for i := range rapid.IntRange(1, 3).Draw(t, "stages") {
		do := actions.Draw(t, "do")
		if len(do) == 0 && target {
			do = []string{"remind"}
		}
		target = target || len(do) == 0
		at = at.Add(max(shortTime.Draw(t, "after"), 0))
		stages = append(stages, event.Due{Clock: clock, Stage: i, At: at, Do: do})
	}
	return stages
}

func (p *play) publish(timer event.Timer) {
	p.current[timer.LeadID] = timer
	p.b.write(p.t, partitionOf(timer.LeadID), timer)
}

// activity stops a clock of a lead, a little earlier or later than now.
func (p *play) activity(t *rapid.T) {
	id, c := ids.Draw(t, "id"), clocks.Draw(t, "clock")
	timer, known := p.current[id]
	if !known || slices.ContainsFunc(timer.Stopped, func(s event.Stop) bool { return s.Clock == c }) {
		t.Skip("nothing to stop")
	}
	p.publish(stopped(timer, c, p.clock.Now().Add(shortTime.Draw(t, "at"))))
}

// erase stops all clocks of a lead. Its id may come back, with another attempt.
func (p *play) erase(t *rapid.T) {
	id := ids.Draw(t, "id")
	delete(p.current, id)
	p.b.erase(partitionOf(id), id)
}

func (p *play) pass(t *rapid.T) { p.clock.Advance(max(shortTime.Draw(t, "d"), 0)) }

func (p *play) who(t *rapid.T) *actor { return p.actors[rapid.IntRange(0, 1).Draw(t, "who")] }

// handle lets a watcher work, and compares what it says.
func (p *play) handle(t *rapid.T) { p.who(t).act(p, rapid.IntRange(0, 3).Draw(t, "limit")) }

func (a *actor) act(p *play, limit int) {
	out := a.watcher.handle(limit)
	var want []string
	for part, offset := range a.read {
		v := a.views[part]
		v.follow(a.t, p.b, part, offset)
		if offset > a.until[part] {
			want = append(want, v.expect(a.clock.Now())...)
		}
	}
	got := said(a.t, out)
	requireOrdered(a.t, got)
	require.Equal(a.t, sorted(want), sorted(got))
}

// work lets a watcher catch up, and its oldest transactions come through.
func (p *play) work(t *rapid.T) {
	a := p.who(t)
	a.act(p, all)
	for range rapid.IntRange(0, len(a.flights)).Draw(t, "landed") {
		a.watcher.land(true)
	}
}

// abort takes all transactions of a watcher back.
func (p *play) abort(t *rapid.T) { p.who(t).goBack() }

func (a *actor) goBack() {
	require.NoError(a.t, a.watcher.abort())
	for part := range a.views {
		a.barrier(part)
	}
}

// unheard lets a transaction come through of which the watcher hears no answer.
func (p *play) unheard(t *rapid.T) {
	a := p.who(t)
	a.act(p, all)
	if len(a.flights) == 0 {
		t.Skip("nothing is under way")
	}
	a.watcher.land(false)
	a.goBack()
}

// die replaces a watcher by another process, which knows nothing.
func (p *play) die(t *rapid.T) {
	i := rapid.IntRange(0, 1).Draw(t, "who")
	var parts []int32
	for part := range p.actors[i].views {
		parts = append(parts, part)
	}
	p.actors[i] = p.actor(parts...)
}

// move gives a partition to the other watcher. What is under way is settled first, one
// way or the other.
func (p *play) move(t *rapid.T) {
	from := rapid.IntRange(0, 1).Draw(t, "from")
	part := int32(rapid.IntRange(0, 1).Draw(t, "partition"))
	a, b := p.actors[from], p.actors[1-from]
	if a.views[part] == nil {
		t.Skip("it has no such partition")
	}
	a.settleAll()
	b.settleAll()
	a.revoke(part)
	delete(a.views, part)
	require.NoError(a.t, b.assign(part))
	b.begin(part)
}

func (a *actor) settleAll() {
	for len(a.flights) > 0 {
		a.watcher.land(true)
	}
}

func (p *play) compact(*rapid.T) { p.b.compact() }

// finish lets all time pass: in the end everything is said, and nothing twice.
func (p *play) finish() {
	p.clock.Advance(time.Hour)
	for range 2 {
		for _, a := range p.actors {
			a.act(p, all)
			a.settleAll()
		}
	}
	seen := map[string]bool{}
	for at, log := range p.b.logs {
		for _, r := range log {
			if at.Topic != event.LeadSLA.Topic("") && at.Topic != event.LeadReassign.Topic("") {
				continue
			}
			e, err := decode(r)
			require.NoError(p.t, err)
			require.False(p.t, seen[e.ID], "%s again: %s", e.Type, e.Data)
			seen[e.ID] = true
		}
	}
}
