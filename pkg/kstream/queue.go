package kstream

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"
)

// poisonAfter is how often a batch may fail before its records go one by one.
const poisonAfter = 3

// partition is what the loop knows of a partition it owns. Always
// committed <= next <= polled.
type partition struct {
	committed int64            // committed for certain; reading starts again here
	next      int64            // not yet in any transaction
	polled    int64            // not yet read
	end       int64            // high watermark at the last poll
	announced bool             // the handler knows where reading starts
	held      bool             // the record at next waits for somebody else's: only that one is tried
	failures  int              // failed batches since the last progress
	suspect   int64            // records below go alone
	culprit   *Dead            // failed alone: goes to the DLQ when it comes again
	unread    map[int64]Dead   // stand for batches that cannot be unpacked, by offset: they go alone
	skip      *kgo.EpochOffset // behind such a batch: the client has to be told to go on there
}

// queue holds the owned partitions and the records that were read and not yet handed out. It
// is pure bookkeeping: no I/O, one goroutine.
type queue struct {
	owned   map[TopicPartition]*partition
	pending []*Record // of one partition in offset order, all at or above its next
	bytes   int       // of a batch, unless it is one record
}

// newQueue returns an empty queue that gives batches of up to so many bytes.
func newQueue(bytes int) *queue {
	return &queue{owned: make(map[TopicPartition]*partition), bytes: bytes}
}

// assign takes partitions over at the given offsets, or moves owned ones back to them. What
// was read of them before is dropped; their failures are remembered.
func (q *queue) assign(offsets map[TopicPartition]int64) {
	for tp, offset := range offsets {
		p := q.owned[tp]
		if p == nil {
			p = &partition{}
			q.owned[tp] = p
		}
		p.committed, p.next, p.polled, p.announced, p.held = offset, offset, offset, false, false
		p.unread, p.skip = nil, nil
		p.end = max(p.end, offset)
	}
	q.forget(func(tp TopicPartition) bool { _, ok := offsets[tp]; return ok })
}

// drop gives partitions away and returns those that were owned.
func (q *queue) drop(tps []TopicPartition) []TopicPartition {
	var dropped []TopicPartition
	for _, tp := range tps {
		if q.owned[tp] != nil {
			dropped = append(dropped, tp)
			delete(q.owned, tp)
		}
	}
	q.forget(func(tp TopicPartition) bool { return q.owned[tp] == nil })
	return dropped
}

func (q *queue) forget(of func(TopicPartition) bool) {
	q.pending = slices.DeleteFunc(q.pending, func(r *Record) bool { return of(PartitionOf(r)) })
}

// push appends records that were read. A poll that was under way during a rebalance or a
// rewind may still bring records from before it: they are dropped.
func (q *queue) push(records []*Record) {
	for _, r := range records {
		if p := q.owned[PartitionOf(r)]; p != nil && r.Offset >= p.polled {
			q.pending = append(q.pending, r)
			p.polled = r.Offset + 1
			p.end = max(p.end, p.polled)
		}
	}
}

// pushUnread appends what stands for records that cannot be read: the last of them, which goes
// to the DLQ for all. It reports whether that is news. Reading goes on behind it.
func (q *queue) pushUnread(d Dead, epoch int32) bool {
	p := q.owned[PartitionOf(d.Record)]
	if p == nil || d.Record.Offset < p.polled {
		return false
	}
	if p.unread == nil {
		p.unread = make(map[int64]Dead)
	}
	p.unread[d.Record.Offset] = d
	p.skip = &kgo.EpochOffset{Epoch: epoch, Offset: d.Record.Offset + 1}
	q.push([]*Record{d.Record})
	return true
}

// skips returns, once, where the client has to be told to go on.
func (q *queue) skips() map[string]map[int32]kgo.EpochOffset {
	skips := make(map[string]map[int32]kgo.EpochOffset)
	for tp, p := range q.owned {
		if p.skip == nil {
			continue
		}
		if skips[tp.Topic] == nil {
			skips[tp.Topic] = make(map[int32]kgo.EpochOffset)
		}
		skips[tp.Topic][tp.Partition], p.skip = *p.skip, nil
	}
	return skips
}

// take removes the next batch, of up to limit records and as many bytes as a batch may have: one
// if the first is suspect, else all up to the first suspect one. Of a held partition it takes the first record alone: the rest
// would be prepared in vain, and could fill the batch while what it waits for stands behind.
func (q *queue) take(limit int) []*Record {
	batch, rest := make([]*Record, 0, min(limit, len(q.pending))), q.pending[:0]
	behind := make(map[*partition]bool) // records of these stay
	bytes := 0
	for i, r := range q.pending {
		p, suspect := q.owned[PartitionOf(r)], q.suspects(r)
		full := len(batch) == limit || len(batch) > 0 && bytes+Size(r) > q.bytes
		if full || suspect && len(batch) > 0 && !p.held {
			rest = append(rest, q.pending[i:]...)
			break
		}
		if behind[p] || suspect && p.held { // what it waits for goes first
			rest, behind[p] = append(rest, r), true
			continue
		}
		batch, behind[p] = append(batch, r), p.held
		bytes += Size(r)
		if suspect {
			rest = append(rest, q.pending[i+1:]...)
			break
		}
	}
	if len(batch) == 0 && len(rest) > 0 {
		batch, rest = append(batch, rest[0]), slices.Delete(rest, 0, 1)
	}
	clear(q.pending[len(rest):])
	q.pending = rest
	return batch
}

// hold notes what became of a batch: a partition is held as long as its first record is.
func (q *queue) hold(handled, rest []*Record) {
	for _, r := range handled {
		q.owned[PartitionOf(r)].held = false
	}
	for _, r := range rest {
		q.owned[PartitionOf(r)].held = true
	}
}

// held returns the partitions that wait.
func (q *queue) held() []TopicPartition {
	var held []TopicPartition
	for tp, p := range q.owned {
		if p.held {
			held = append(held, tp)
		}
	}
	return held
}

// full reports whether the records in hand that a batch can take have the bytes of one: more
// are not read before.
func (q *queue) full() bool {
	bytes, waiting := 0, len(q.held()) > 0
	for _, r := range q.pending {
		if !waiting || !q.owned[PartitionOf(r)].held {
			bytes += Size(r)
		}
	}
	return bytes >= q.bytes
}

// waiting counts the records in hand that no batch can take yet, and that may therefore not
// keep others from being read.
func (q *queue) waiting() (n int) {
	if len(q.held()) == 0 {
		return 0
	}
	for _, r := range q.pending {
		if q.owned[PartitionOf(r)].held {
			n++
		}
	}
	return n
}

// putBack returns the records of a batch that stay unhandled to the head, in order.
func (q *queue) putBack(records []*Record) { q.pending = slices.Insert(q.pending, 0, records...) }

// split divides a batch at the handler's Until into what was handled and what comes again.
func split(batch []*Record, until map[TopicPartition]int64) (handled, rest []*Record) {
	if len(until) == 0 {
		return batch, nil
	}
	for _, r := range batch {
		if first, ok := until[PartitionOf(r)]; ok && r.Offset >= first {
			rest = append(rest, r)
		} else {
			handled = append(handled, r)
		}
	}
	return handled, rest
}

// advance moves the positions behind handled records and returns them, to be committed.
func (q *queue) advance(handled []*Record) map[TopicPartition]int64 {
	offsets := make(map[TopicPartition]int64)
	for _, r := range handled {
		tp := PartitionOf(r)
		q.owned[tp].next = r.Offset + 1
		offsets[tp] = r.Offset + 1
	}
	return offsets
}

// positions returns the position of every owned partition.
func (q *queue) positions() map[TopicPartition]int64 {
	offsets := make(map[TopicPartition]int64, len(q.owned))
	for tp, p := range q.owned {
		offsets[tp] = p.next
	}
	return offsets
}

// committed returns below which offset of every owned partition all is committed.
func (q *queue) committed() map[TopicPartition]int64 {
	offsets := make(map[TopicPartition]int64, len(q.owned))
	for tp, p := range q.owned {
		offsets[tp] = p.committed
	}
	return offsets
}

// commit notes that everything below the offsets is committed.
func (q *queue) commit(offsets map[TopicPartition]int64) {
	for tp, offset := range offsets {
		p := q.owned[tp]
		if p == nil {
			continue
		}
		if offset > p.committed {
			p.failures = 0
		}
		p.committed = offset
		if p.culprit != nil && p.culprit.Record.Offset < offset {
			p.culprit = nil
		}
		maps.DeleteFunc(p.unread, func(at int64, _ Dead) bool { return at < offset })
	}
}

// fail counts a failure against the partitions of a batch. From the third on the batch's
// records are suspect, and a record that fails alone is the culprit.
func (q *queue) fail(batch []*Record, dead func(*Record) Dead) {
	last := make(map[TopicPartition]int64)
	for _, r := range batch {
		last[PartitionOf(r)] = r.Offset
	}
	poisoned := false
	for tp := range last {
		if p := q.owned[tp]; p != nil {
			p.failures++
			poisoned = poisoned || p.failures >= poisonAfter
		}
	}
	if len(batch) == 1 && q.suspects(batch[0]) {
		d := dead(batch[0])
		q.owned[PartitionOf(batch[0])].culprit = &d
		return
	}
	for tp, offset := range last {
		if p := q.owned[tp]; p != nil && poisoned {
			p.suspect = max(p.suspect, offset+1)
		}
	}
}

func (q *queue) suspects(r *Record) bool {
	p := q.owned[PartitionOf(r)]
	if p == nil {
		return false
	}
	_, unread := p.unread[r.Offset]
	return unread || r.Offset < p.suspect
}

// culprit returns the verdict on a record that has failed alone before or cannot be read, or nil.
func (q *queue) culprit(r *Record) *Dead {
	p := q.owned[PartitionOf(r)]
	if p == nil {
		return nil
	}
	if d, ok := p.unread[r.Offset]; ok {
		return &d
	}
	if p.culprit == nil || p.culprit.Record.Offset != r.Offset {
		return nil
	}
	return p.culprit
}

// unannounced returns the partitions whose start the handler does not know.
func (q *queue) unannounced() map[TopicPartition]int64 {
	offsets := make(map[TopicPartition]int64)
	for tp, p := range q.owned {
		if !p.announced {
			offsets[tp] = p.next
		}
	}
	return offsets
}

func (q *queue) announce(offsets map[TopicPartition]int64) {
	for tp := range offsets {
		q.owned[tp].announced = true
	}
}

// partitions returns the owned partitions.
func (q *queue) partitions() []TopicPartition { return slices.Collect(maps.Keys(q.owned)) }
