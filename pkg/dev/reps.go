package dev

import (
	"container/heap"
	"context"
	"fmt"
	"time"

	"leadrouter/pkg/clock"
	"leadrouter/pkg/event"
	"leadrouter/pkg/kstream"
	"leadrouter/pkg/ledger"
)

// keepOpen is how many leads the sample company works on at a time; older ones
// are closed, so that capacity comes back.
const keepOpen = 150

// lookEvery is how often the reps look what they have to do.
const lookEvery = 100 * time.Millisecond

// Reps act on the leads that they own, as people do: most of them in good time, some
// too late, some never, some refuse. They report it through lead.activity like anybody
// else. What a rep does with an attempt of a lead follows from the chance of that
// attempt alone, so that a new start goes on with what they were at.
type Reps struct {
	Publisher *kstream.Publisher
	Board     *Board
	Instance  string
	Chance    Chance
	Clock     clock.Clock // of what they do
	Pace      clock.Clock // between two looks

	deeds deeds
}

// Run acts until ctx ends.
func (r *Reps) Run(ctx context.Context) error {
	for r.Pace.Sleep(ctx, lookEvery) == nil {
		records := r.Act(r.Clock.Now())
		if len(records) == 0 {
			continue
		}
		if err := r.Publisher.Publish(ctx, records...); err != nil && ctx.Err() == nil {
			return fmt.Errorf("publish what reps do: %w", err)
		}
	}
	return nil
}

// Act is what has come due by now, and the ends of leads that are too many: records of
// lead.activity, each said once.
func (r *Reps) Act(now time.Time) []*kstream.Record {
	for _, a := range r.Board.Begun() {
		for _, d := range habits(r.Chance(fmt.Sprintf("%s/%d", a.ID, a.Lead.Attempt))) {
			d.Attempt = a
			d.at = time.UnixMilli(a.Lead.Since).Add(d.after)
			heap.Push(&r.deeds, d)
		}
	}
	var records []*kstream.Record
	for len(r.deeds) > 0 && !r.deeds[0].at.After(now) {
		d := heap.Pop(&r.deeds).(deed)
		if l, ok := r.Board.Lead(d.ID); ok && d.stands(l) {
			records = append(records, r.record(d.ID, l, d.verb, d.reason, now))
		}
	}
	for {
		id, l, ok := r.Board.OldestOpen(keepOpen)
		if !ok {
			return records
		}
		verb := ledger.Closed
		if l.Contacted > 0 {
			verb = pick(r.Chance(id+"/end"), []string{ledger.Converted, ledger.Lost})
		}
		records = append(records, r.record(id, l, verb, "", now))
	}
}

func (r *Reps) record(id string, l ledger.Lead, verb, reason string, now time.Time) *kstream.Record {
	return encode(r.Instance, event.LeadActivity, fmt.Sprintf("reps/%s/%d/%s", id, l.Attempt, verb), id, now, event.Activity{
		LeadID: id, Activity: verb, RepID: l.Rep, By: l.Rep, Attempt: l.Attempt, Reason: reason, At: now,
	})
}

// deed is something that a rep is going to do in an attempt.
type deed struct {
	Attempt
	after  time.Duration // since the attempt began
	at     time.Time
	verb   string
	reason string // of a refusal
}

// stands reports whether the deed is still to be done: the attempt goes on, and it was
// not reported before.
func (d deed) stands(l ledger.Lead) bool {
	switch {
	case l.Closed > 0 || l.Attempt != d.Lead.Attempt:
		return false
	case d.verb == ledger.Accepted:
		return l.Accepted == 0 && l.Contacted == 0
	case d.verb == ledger.Contacted:
		return l.Contacted == 0
	}
	return true
}

// habits are what reps do with twenty leads, one of which chance picks.
func habits(chance func(n int) int) []deed {
	minutes := func(from, to int) time.Duration {
		return time.Duration(60*from+chance(60*(to-from))) * time.Second
	}
	accepted := deed{verb: ledger.Accepted, after: minutes(1, 8)}
	contacted := deed{verb: ledger.Contacted, after: accepted.after + minutes(1, 5)}
	switch chance(20) {
	case 0, 1, 2: // not even looked at
		return nil
	case 3, 4: // taken and left lying
		return []deed{accepted}
	case 5: // after the reminder
		accepted.after = minutes(11, 18)
		contacted.after = accepted.after + minutes(1, 5)
	case 6:
		refusal := pick(chance, []string{"wrong_language", "duplicate", "spam"})
		return []deed{{verb: ledger.Rejected, after: accepted.after, reason: refusal}}
	}
	return []deed{accepted, contacted}
}

// deeds is a heap by when they are done.
type deeds []deed

func (h deeds) Len() int           { return len(h) }
func (h deeds) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h deeds) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *deeds) Push(d any) { *h = append(*h, d.(deed)) }

// Pop implements [heap.Interface].
func (h *deeds) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	*h = (*h)[:last]
	return d
}
