package kstream

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func tp(partition int32) TopicPartition { return TopicPartition{Topic: "in", Partition: partition} }

// log returns the records of a partition from first to the one before end.
func log(partition int32, first, end int64) []*Record {
	var records []*Record
	for offset := first; offset < end; offset++ {
		records = append(records, &Record{Topic: "in", Partition: partition, Offset: offset})
	}
	return records
}

func offsets(records []*Record) []int64 {
	var offsets []int64
	for _, r := range records {
		offsets = append(offsets, r.Offset)
	}
	return offsets
}

func TestPushDropsWhatIsStale(t *testing.T) {
	t.Parallel()
	q := newQueue(1 << 20)
	q.assign(map[TopicPartition]int64{tp(0): 5})
	q.push(log(1, 0, 3)) // not ours
	q.push(log(0, 3, 7)) // polled before the rewind to 5
	q.push(log(0, 5, 9)) // polled again
	require.Equal(t, []int64{5, 6, 7, 8}, offsets(q.take(100)))
}

func TestDropForgetsRecords(t *testing.T) {
	t.Parallel()
	q := newQueue(1 << 20)
	q.assign(map[TopicPartition]int64{tp(0): 0, tp(1): 0})
	q.push(log(0, 0, 2))
	q.push(log(1, 0, 2))
	require.Equal(t, []TopicPartition{tp(0)}, q.drop([]TopicPartition{tp(0), tp(7)}))
	for _, r := range q.take(100) {
		require.Equal(t, int32(1), r.Partition)
	}
	require.Equal(t, map[TopicPartition]int64{tp(1): 0}, q.positions())
}

func TestSplitHoldsTheRestOfAPartition(t *testing.T) {
	t.Parallel()
	batch := append(log(0, 0, 4), log(1, 0, 2)...)
	handled, rest := split(batch, map[TopicPartition]int64{tp(0): 2})
	require.Equal(t, []int64{0, 1, 0, 1}, offsets(handled))
	require.Equal(t, []int64{2, 3}, offsets(rest))
}

func TestSuspectsGoAlone(t *testing.T) {
	t.Parallel()
	q := newQueue(1 << 20)
	dead := func(r *Record) Dead { return Dead{Record: r, Code: CodePoison, Err: errors.New("bad")} }
	q.assign(map[TopicPartition]int64{tp(0): 0})
	q.push(log(0, 0, 5))
	for range poisonAfter {
		batch := q.take(3)
		require.Len(t, batch, 3)
		q.fail(batch, dead)
		q.putBack(batch)
	}
	for offset := range int64(3) {
		alone := q.take(3)
		require.Equal(t, []int64{offset}, offsets(alone))
		require.Nil(t, q.culprit(alone[0]))
		if offset == 1 {
			q.fail(alone, dead)
			q.putBack(alone)
			alone = q.take(3)
			require.NotNil(t, q.culprit(alone[0]))
		}
		q.commit(q.advance(alone))
	}
	require.Equal(t, []int64{3, 4}, offsets(q.take(3)), "back to whole batches")
	require.Nil(t, q.owned[tp(0)].culprit)
}

func TestFailuresAreForgottenWithProgress(t *testing.T) {
	t.Parallel()
	q := newQueue(1 << 20)
	q.assign(map[TopicPartition]int64{tp(0): 0})
	q.push(log(0, 0, 100))
	for range 10 {
		q.fail(q.pending[:2], func(r *Record) Dead { return Dead{Record: r} })
		q.commit(q.advance(q.take(2)))
	}
	require.Len(t, q.take(50), 50)
}

// What a held partition has in hand fills no batch: only its first record is tried, and what
// that waits for comes through.
func TestHeldPartitionsMakeRoom(t *testing.T) {
	t.Parallel()
	q := newQueue(1 << 20)
	q.assign(map[TopicPartition]int64{tp(0): 0, tp(1): 0})
	q.push(log(0, 0, 50))
	batch := q.take(20)
	require.Len(t, batch, 20)
	handled, rest := split(batch, map[TopicPartition]int64{tp(0): 3})
	q.putBack(rest)
	q.hold(handled, rest)
	require.Equal(t, []TopicPartition{tp(0)}, q.held())
	require.Equal(t, 47, q.waiting())

	q.push(log(1, 0, 5))
	batch = q.take(20)
	require.Equal(t, []int64{3, 0, 1, 2, 3, 4}, offsets(batch))
	handled, rest = split(batch, map[TopicPartition]int64{tp(0): 3})
	q.putBack(rest)
	q.hold(handled, rest)
	require.Equal(t, []int64{3}, offsets(q.take(20)), "alone when there is nothing else")
	q.hold(log(0, 3, 4), nil)
	require.Empty(t, q.held())
	require.Zero(t, q.waiting())
	require.Len(t, q.take(100), 46, "the rest follows at once")
}

// A suspect record that waits does not keep others from going.
func TestHeldSuspectGoesLast(t *testing.T) {
	t.Parallel()
	q := newQueue(1 << 20)
	q.assign(map[TopicPartition]int64{tp(0): 0, tp(1): 0})
	q.push(log(0, 0, 2))
	q.owned[tp(0)].suspect = 2
	batch := q.take(10)
	require.Equal(t, []int64{0}, offsets(batch), "alone")
	q.putBack(batch)
	q.hold(nil, batch)
	q.push(log(1, 0, 2))
	require.Equal(t, []int64{0, 1}, offsets(q.take(10)), "of the other partition")
	require.Equal(t, []int64{0}, offsets(q.take(10)))
	require.Equal(t, []int64{1}, offsets(q.pending))
}

// queueMachine drives a queue like the loop does, against logs that never end, and notes what
// is committed.
type queueMachine struct {
	q       *queue
	fetch   map[TopicPartition]int64 // the client's position
	group   map[TopicPartition]int64 // the coordinator's offsets
	written map[TopicPartition][]int64
}

func (m *queueMachine) poll(t *rapid.T) {
	for p := range m.q.owned {
		n := rapid.Int64Range(0, 5).Draw(t, "n")
		m.q.push(log(p.Partition, m.fetch[p], m.fetch[p]+n))
		m.fetch[p] += n
	}
}

// batch takes, handles up to a point, and then commits or aborts.
func (m *queueMachine) batch(t *rapid.T) {
	batch := m.q.take(rapid.IntRange(1, 10).Draw(t, "limit"))
	until := map[TopicPartition]int64{}
	for _, r := range batch {
		if _, ok := until[PartitionOf(r)]; !ok && rapid.IntRange(0, 9).Draw(t, "busy") == 0 {
			until[PartitionOf(r)] = r.Offset
		}
	}
	handled, rest := split(batch, until)
	m.q.putBack(rest)
	m.q.hold(handled, rest)
	ends := m.q.advance(handled)
	if rapid.IntRange(0, 4).Draw(t, "abort") == 0 {
		m.q.fail(handled, func(r *Record) Dead { return Dead{Record: r} })
		m.rewind(slices.Collect(maps.Keys(m.q.owned)))
		return
	}
	for _, r := range handled {
		m.written[PartitionOf(r)] = append(m.written[PartitionOf(r)], r.Offset)
	}
	maps.Copy(m.group, ends)
	m.q.commit(ends)
}

func (m *queueMachine) rewind(tps []TopicPartition) {
	back := map[TopicPartition]int64{}
	for _, p := range tps {
		back[p], m.fetch[p] = m.group[p], m.group[p]
	}
	m.q.assign(back)
}

func (m *queueMachine) rebalance(t *rapid.T) {
	p := tp(rapid.Int32Range(0, 2).Draw(t, "partition"))
	if m.q.owned[p] != nil {
		m.q.drop([]TopicPartition{p})
		return
	}
	m.rewind([]TopicPartition{p})
}

// Whatever happens in whatever order, every offset is written once and in order.
func TestQueueNeitherLosesNorDoubles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &queueMachine{
			q: newQueue(1 << 20), fetch: map[TopicPartition]int64{},
			group: map[TopicPartition]int64{}, written: map[TopicPartition][]int64{},
		}
		t.Repeat(map[string]func(*rapid.T){
			"poll": m.poll, "batch": m.batch, "rebalance": m.rebalance,
			"": func(t *rapid.T) {
				for p, written := range m.written {
					for i, offset := range written {
						require.Equal(t, int64(i), offset, "%s", p)
					}
				}
				for p, state := range m.q.owned {
					require.LessOrEqual(t, state.committed, state.next)
					require.LessOrEqual(t, state.next, state.polled, "%s", p)
				}
			},
		})
	})
}
