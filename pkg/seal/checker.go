package seal

import (
	"fmt"
	"maps"
	"slices"

	"leadrouter/pkg/event"
)

// Mismatch is a block that does not hold what was sealed.
type Mismatch struct {
	Seal      int64 // number
	Partition int32
	From, To  int64 // offsets of the block, To is the first behind it
	Sealed    int   // records then
	Found     int   // records now
}

// String says what was done to the log, as far as that can be told.
func (m Mismatch) String() string {
	what := "one or more records are not what was sealed"
	switch {
	case m.Found < m.Sealed:
		what = fmt.Sprintf("%d records, %d were sealed: some are gone", m.Found, m.Sealed)
	case m.Found > m.Sealed:
		what = fmt.Sprintf("%d records, %d were sealed: some were added", m.Found, m.Sealed)
	}
	return fmt.Sprintf("seal %d, partition %d, offsets %d to %d: %s", m.Seal, m.Partition, m.From, m.To-1, what)
}

// Checker holds records that are read again against seals. It keeps 72 bytes for each
// block of 256 records that it has not come to.
type Checker struct{ partitions map[int32]*cursor }

// cursor is where a partition has got to.
type cursor struct {
	expected []expected
	leaves   []hash // of records in the first of these
}

type expected struct {
	seal, from, to int64
	count          int
	root           hash
}

// NewChecker expects nothing yet.
func NewChecker() *Checker { return &Checker{partitions: map[int32]*cursor{}} }

// Expect takes a seal, in the order of the chain, before the records that it covers.
func (c *Checker) Expect(seal event.Seal) {
	for _, s := range seal.Stretches {
		at := c.partitions[s.Partition]
		if at == nil {
			at = &cursor{}
			c.partitions[s.Partition] = at
		}
		for i, b := range s.Blocks {
			to := s.To
			if i+1 < len(s.Blocks) {
				to = s.Blocks[i+1].From
			}
			at.expected = append(at.expected, expected{seal: seal.Number, from: b.From, to: to, count: b.Count, root: parse(b.Root)})
		}
	}
}

// Add takes a record; those of a partition come in the order of their offsets. It
// returns the blocks before it that are not what was sealed.
func (c *Checker) Add(r Record) []Mismatch {
	at := c.partitions[r.Partition]
	if at == nil {
		return nil
	}
	var found []Mismatch
	for len(at.expected) > 0 && r.Offset >= at.expected[0].to {
		found = append(found, at.close(r.Partition)...)
	}
	if len(at.expected) > 0 && r.Offset >= at.expected[0].from {
		at.leaves = append(at.leaves, r.leaf())
	}
	return found
}

// Close says that no records follow: what is sealed beyond is gone.
func (c *Checker) Close() []Mismatch {
	var found []Mismatch
	for _, partition := range slices.Sorted(maps.Keys(c.partitions)) {
		for at := c.partitions[partition]; len(at.expected) > 0; {
			found = append(found, at.close(partition)...)
		}
	}
	return found
}

// close compares the first block.
func (c *cursor) close(partition int32) []Mismatch {
	e, leaves := c.expected[0], c.leaves
	c.expected, c.leaves = c.expected[1:], c.leaves[:0]
	if len(leaves) == e.count && root(leaves) == e.root {
		return nil
	}
	return []Mismatch{{Seal: e.seal, Partition: partition, From: e.from, To: e.to, Sealed: e.count, Found: len(leaves)}}
}
