package sla

import (
	"math"
	"slices"

	"leadrouter/pkg/event"
)

// lead is what is known of one lead: the clocks of its current attempt, and what was
// said of them. There is one for each lead with a clock, perhaps a million of them:
// it is kept small. Instants are Unix nanoseconds.
type lead struct {
	id      string
	attempt int32  // 0: no clocks run
	index   int32  // in the queue; -1: there is nothing to say
	next    int64  // when there is something to say: the key of the queue
	owner   *owner // shared
	due     []due  // without those of stopped clocks, but see dues
	stopped []stop
	said    *said // nil: lead.fired holds nothing of this lead
	open    int   // clocks with something left to fire
}

// due is one stage of a clock.
type due struct {
	at    int64
	stage *stage // shared; nil: unknown
}

// stop is a clock that an activity has stopped.
type stop struct {
	clock  string
	at     int64
	target due // of the clock, where it was seen before it was stopped
}

// late reports whether the clock was stopped behind its target.
func (s stop) late() bool { return s.target.stage != nil && s.at > s.target.at }

// said is what lead.fired holds of a lead. It is never changed, so that it can be
// put back after an abort.
type said struct {
	attempt int32 // what was said of another one says nothing of the current one
	fired   []mark
	met     []string // clocks
}

// mark is a stage that has fired.
type mark struct {
	at     int64
	clock  string
	stage  int32
	breach bool
}

// notice is one thing to say of a lead: a stage fires, a clock was met, or the lead
// is forgotten.
type notice struct {
	lead    string
	attempt int
	owner   *owner
	at      int64  // when it was due; of met, the activity's
	stage   *stage // nil: no stage fires
	met     string // clock that was stopped in time; empty with no stage: forget
	was     *said  // before
	now     *said  // with this
}

// atOnce is the key of what does not wait for an instant.
const atOnce = math.MinInt64

// key is the instant at which it is to be said.
func (n notice) key() int64 {
	if n.stage == nil {
		return atOnce
	}
	return n.at
}

// pending is the next thing to say of the lead. Its now is not filled in.
func (l *lead) pending() (n notice, any bool) {
	n = notice{lead: l.id, attempt: int(l.attempt), owner: l.owner, was: l.said}
	if l.attempt == 0 {
		return n, l.said != nil
	}
	for _, s := range l.stopped {
		if l.unsaid(s) {
			n.met, n.at = s.clock, s.at
			return n, true
		}
	}
	for _, d := range l.due {
		if !l.fired(d.stage) && (n.stage == nil || before(d, due{n.at, n.stage})) {
			n.stage, n.at = d.stage, d.at
		}
	}
	return n, n.stage != nil
}

// before orders stages of one lead.
func before(a, b due) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return a.stage.clock == b.stage.clock && a.stage.number < b.stage.number
}

// current is what was said of this attempt.
func (l *lead) current() said {
	if l.said == nil || l.said.attempt != l.attempt {
		return said{attempt: l.attempt}
	}
	return *l.said
}

// fired reports whether a stage has fired.
func (l *lead) fired(s *stage) bool {
	return slices.ContainsFunc(l.current().fired, func(m mark) bool {
		return m.clock == s.clock && int(m.stage) == s.number
	})
}

// unsaid reports whether it is still to be said that a clock was met. Where its
// target is not known, it has been met unless a breach was said.
func (l *lead) unsaid(s stop) bool {
	past := l.current()
	if s.late() || slices.Contains(past.met, s.clock) {
		return false
	}
	return s.target.stage != nil || !slices.ContainsFunc(past.fired, func(m mark) bool {
		return m.breach && m.clock == s.clock
	})
}

// says is what will have been said with a notice.
func (l *lead) says(n notice) *said {
	past := l.current()
	switch {
	case n.stage != nil:
		past.fired = append(slices.Clip(past.fired), mark{
			at: n.at, clock: n.stage.clock, stage: int32(n.stage.number), breach: n.stage.target(),
		})
	case n.met != "":
		past.met = append(slices.Clip(past.met), n.met)
	default:
		return nil
	}
	return &past
}

// running counts the clocks that have something left to fire.
func (l *lead) running() int {
	count := 0
	for i, d := range l.due {
		seen := slices.ContainsFunc(l.due[:i], func(e due) bool {
			return e.stage.clock == d.stage.clock && !l.fired(e.stage)
		})
		if !seen && !l.fired(d.stage) {
			count++
		}
	}
	return count
}

// target is the target of a clock, as far as it is known.
func (l *lead) target(clock string) due {
	for _, s := range l.stopped {
		if s.clock == clock {
			return s.target
		}
	}
	for _, d := range l.due {
		if d.stage.clock == clock && d.stage.target() {
			return d
		}
	}
	return due{}
}

// set replaces the clocks by those of a record. A record of the same attempt leaves
// out what belongs to a clock that was stopped since, but its target must be known to
// tell whether that was in time: it is kept.
func (l *lead) set(t event.Timer, p *pool) {
	old := *l
	if l.attempt != int32(t.Attempt) {
		old.due, old.stopped = nil, nil
	}
	l.attempt, l.owner = int32(t.Attempt), p.owner(t)
	l.due, l.stopped = make([]due, len(t.Due), len(t.Due)+len(t.Stopped)), nil
	for i, d := range t.Due {
		l.due[i] = due{d.At.UnixNano(), p.stage(d)}
	}
	for _, s := range t.Stopped {
		target := l.target(s.Clock)
		if target.stage == nil {
			target = old.target(s.Clock)
		}
		l.stopped = append(l.stopped, stop{p.text(s.Clock), s.At.UnixNano(), target})
	}
	l.dues()
}

// dues leaves the stages out that no longer count: once a clock is stopped it fires
// nothing, except that its target has passed, if it had. That is a fact, said or not.
func (l *lead) dues() {
	for _, s := range l.stopped {
		l.due = slices.DeleteFunc(l.due, func(d due) bool { return d.stage.clock == s.clock })
		if s.late() {
			l.due = append(l.due, s.target)
		}
	}
}

// clear forgets the clocks.
func (l *lead) clear() {
	l.attempt, l.owner, l.due, l.stopped = 0, nil, nil, nil
}
