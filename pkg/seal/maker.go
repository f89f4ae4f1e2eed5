package seal

import (
	"maps"
	"slices"
	"time"

	"leadrouter/pkg/event"
)

// blockSize is how many records a block holds at most: by so many a change is located.
const blockSize = 256

// Maker collects the records behind the last seal. It keeps a hash of each block.
type Maker struct {
	last  Link
	count int64
	open  map[int32]*stretch
}

// stretch is what was read of a partition behind the last seal.
type stretch struct {
	from   int64 // first offset
	to     int64
	blocks []block
	leaves []hash // of the block that is not full
	begins int64  // offset of the first of these
}

type block struct {
	from  int64
	count int
	root  hash
}

// NewMaker goes on behind a chain.
func NewMaker(last Link) *Maker { return &Maker{last: last, open: map[int32]*stretch{}} }

// Add takes a committed record. Those of a partition come in the order of their offsets.
func (m *Maker) Add(r Record) {
	s := m.open[r.Partition]
	if s == nil {
		// Markers of transactions stand between two stretches: they belong to the later one.
		s = &stretch{from: m.last.Offsets[r.Partition]}
		m.open[r.Partition] = s
	}
	if len(s.leaves) == 0 {
		s.begins = r.Offset
		if len(s.blocks) == 0 {
			s.begins = s.from
		}
	}
	s.leaves = append(s.leaves, r.leaf())
	s.to = r.Offset + 1
	m.count++
	if len(s.leaves) == blockSize {
		s.close()
	}
}

func (s *stretch) close() {
	if len(s.leaves) > 0 {
		s.blocks = append(s.blocks, block{from: s.begins, count: len(s.leaves), root: root(s.leaves)})
		s.leaves = s.leaves[:0]
	}
}

// Count is how many records wait for a seal.
func (m *Maker) Count() int64 { return m.count }

// Seal makes the next seal of all that was added. [Maker.Sealed] has to follow once it
// is written.
func (m *Maker) Seal(sequence int64, at time.Time) event.Seal {
	seal := event.Seal{
		Number: m.last.Number + 1, Previous: m.last.digest(), Sequence: sequence, At: at.UTC(), Count: m.count,
		Stretches: make([]event.Stretch, 0, len(m.open)),
	}
	var roots []hash
	for _, partition := range slices.Sorted(maps.Keys(m.open)) {
		s := m.open[partition]
		s.close()
		out := event.Stretch{Partition: partition, From: s.from, To: s.to, Blocks: make([]event.SealBlock, len(s.blocks))}
		hashes := make([]hash, len(s.blocks))
		for i, b := range s.blocks {
			hashes[i] = b.root
			out.Blocks[i] = event.SealBlock{From: b.from, Count: b.count, Root: b.root.String()}
		}
		of := root(hashes)
		out.Root = of.String()
		roots = append(roots, of)
		seal.Stretches = append(seal.Stretches, out)
	}
	seal.Root = root(roots).String()
	return seal
}

// Sealed takes note of the data of the seal as it was written.
func (m *Maker) Sealed(seal event.Seal, data []byte) {
	m.last = m.last.next(seal, data)
	m.count = 0
	clear(m.open)
}

// Last is the newest link of the chain.
func (m *Maker) Last() Link { return m.last }
