package seal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"leadrouter/pkg/event"
)

// ErrChain says that a seal is not the one that was written behind the one before.
var ErrChain = errors.New("the chain of seals is broken")

// Link is where a chain of seals has got to. The zero Link is before the first seal.
type Link struct {
	Number  int64
	Digest  string          // of the seal, hexadecimal; "" before the first
	Offsets map[int32]int64 // of the log by partition: what is below is sealed
}

// genesis stands for the digest before the first seal.
var genesis = strings.Repeat("0", 2*sha256.Size)

func (l Link) digest() string {
	if l.Digest == "" {
		return genesis
	}
	return l.Digest
}

// next is the link that a seal makes.
func (l Link) next(seal event.Seal, data []byte) Link {
	sum := sha256.Sum256(data)
	next := Link{Number: seal.Number, Digest: hex.EncodeToString(sum[:]), Offsets: maps.Clone(l.Offsets)}
	if next.Offsets == nil {
		next.Offsets = map[int32]int64{}
	}
	for _, s := range seal.Stretches {
		next.Offsets[s.Partition] = s.To
	}
	return next
}

// Chain follows the seals from the first one on.
type Chain struct{ last Link }

// Last is the newest link.
func (c *Chain) Last() Link { return c.last }

// Add takes the data of the next seal. An error wraps [ErrChain] and says what is wrong;
// the chain goes on behind it if the seal can be read.
func (c *Chain) Add(data []byte) (event.Seal, error) {
	var seal event.Seal
	if err := json.Unmarshal(data, &seal); err != nil {
		return seal, fmt.Errorf("%w: what stands behind seal %d is none: %w", ErrChain, c.last.Number, err)
	}
	before := c.last
	c.last = before.next(seal, data)
	switch {
	case seal.Number != before.Number+1:
		return seal, fmt.Errorf("%w: seal %d stands behind seal %d", ErrChain, seal.Number, before.Number)
	case seal.Previous != before.digest():
		return seal, fmt.Errorf("%w: seal %d names another one before it than seal %d as it stands", ErrChain, seal.Number, before.Number)
	}
	return seal, check(seal, before)
}

// check holds the parts of a seal against each other.
func check(seal event.Seal, before Link) error {
	var count int64
	roots := make([]hash, len(seal.Stretches))
	for i, s := range seal.Stretches {
		if from := before.Offsets[s.Partition]; s.From != from {
			return fmt.Errorf("%w: seal %d begins at offset %d of partition %d, not at %d", ErrChain, seal.Number, s.From, s.Partition, from)
		}
		blocks := make([]hash, len(s.Blocks))
		at := s.From
		for j, b := range s.Blocks {
			count += int64(b.Count)
			if blocks[j] = parse(b.Root); b.From < at || b.From >= s.To {
				return fmt.Errorf("%w: seal %d has a block out of place at offset %d of partition %d", ErrChain, seal.Number, b.From, s.Partition)
			}
			at = b.From + 1
		}
		if roots[i] = root(blocks); roots[i].String() != s.Root {
			return fmt.Errorf("%w: seal %d: the blocks of partition %d do not have its root", ErrChain, seal.Number, s.Partition)
		}
	}
	if root(roots).String() != seal.Root || count != seal.Count {
		return fmt.Errorf("%w: seal %d: its stretches do not have its root, or its count", ErrChain, seal.Number)
	}
	return nil
}

// parse reads a hash; the zero hash for what is none.
func parse(text string) (h hash) {
	b, err := hex.DecodeString(text)
	if err == nil && len(b) == len(h) {
		copy(h[:], b)
	}
	return h
}
