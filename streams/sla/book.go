package sla

import (
	"cmp"
	"container/heap"
	"strings"

	"leadrouter/pkg/event"
)

// book holds the clocks of one partition and what was said of them. It is pure: what
// is to be said follows from the records that it was given and from nothing else, in
// whatever batches they came, and however often.
//
//	lead.timers ──► set, clear ──┐
//	                             ├──► next, take ──► notices
//	lead.fired ──► recall ───────┘         └── undo, after an abort
type book struct {
	pool  *pool
	leads map[string]*lead
	queue queue // leads of which there is something to say
	open  int   // clocks with something left to fire
}

func newBook(p *pool) *book { return &book{pool: p, leads: map[string]*lead{}} }

// set takes the clocks of a lead from its record in lead.timers.
func (b *book) set(t event.Timer) {
	l := b.lead(t.LeadID)
	l.set(t, b.pool)
	b.place(l)
}

// clear stops the clocks of a lead for good: a tombstone in lead.timers.
func (b *book) clear(id string) {
	if l := b.leads[id]; l != nil {
		l.clear()
		b.place(l)
	}
}

// recall takes what was said of a lead from its record in lead.fired; nil: nothing,
// a tombstone.
func (b *book) recall(id string, f *event.Fired) {
	l := b.lead(id)
	l.said = nil
	if f != nil {
		l.said = &said{attempt: int32(f.Attempt)}
		for _, s := range f.Fired {
			l.said.fired = append(l.said.fired, mark{s.At.UnixNano(), b.pool.text(s.Clock), int32(s.Stage), s.Breach})
		}
		for _, clock := range f.Met {
			l.said.met = append(l.said.met, b.pool.text(clock))
		}
	}
	b.place(l)
}

// next is the key of the next notice: the book's are in the order of their keys.
func (b *book) next() (key int64, any bool) {
	if len(b.queue) == 0 {
		return 0, false
	}
	return b.queue[0].next, true
}

// take says what is to be said next.
func (b *book) take() notice {
	l := b.queue[0]
	n, _ := l.pending()
	n.now = l.says(n)
	l.said = n.now
	b.place(l)
	return n
}

// undo takes a notice back that was not committed. The last one is undone first.
func (b *book) undo(n notice) {
	l := b.lead(n.lead)
	l.said = n.was
	b.place(l)
}

// lead finds a lead, or makes one of which nothing is known.
func (b *book) lead(id string) *lead {
	l := b.leads[id]
	if l == nil {
		l = &lead{id: strings.Clone(id), index: -1} // id may be part of a record
		b.leads[l.id] = l
	}
	return l
}

// place puts a lead that has changed where it belongs.
func (b *book) place(l *lead) {
	n, waits := l.pending()
	l.next = n.key()
	switch {
	case waits && l.index < 0:
		heap.Push(&b.queue, l)
	case waits:
		heap.Fix(&b.queue, int(l.index))
	case l.index >= 0:
		heap.Remove(&b.queue, int(l.index))
	}
	b.open -= l.open
	l.open = l.running()
	b.open += l.open
	if l.attempt == 0 && l.said == nil {
		delete(b.leads, l.id)
	}
}

// queue is a heap of leads by when there is something to say of them.
type queue []*lead

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].next, q[j].next), cmp.Compare(q[i].id, q[j].id)) < 0
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = int32(i), int32(j)
}

// Push implements [heap.Interface].
func (q *queue) Push(l any) {
	added := l.(*lead)
	added.index = int32(len(*q))
	*q = append(*q, added)
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := len(*q) - 1
	removed := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	removed.index = -1
	return removed
}
