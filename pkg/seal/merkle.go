package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// Record is what a seal covers of a record of the log.
type Record struct {
	Partition  int32
	Offset     int64
	Key, Value []byte
}

// hash is a node of a tree.
type hash [sha256.Size]byte

func (h hash) String() string { return hex.EncodeToString(h[:]) }

// Prefixes that keep leaves and nodes apart, as in RFC 6962.
const (
	leafPrefix = 0
	nodePrefix = 1
)

func (r *Record) leaf() hash {
	const fixed = 1 + 4 + 8 + 4
	text := make([]byte, 0, fixed+len(r.Key)+len(r.Value))
	text = append(text, leafPrefix)
	text = binary.BigEndian.AppendUint32(text, uint32(r.Partition))
	text = binary.BigEndian.AppendUint64(text, uint64(r.Offset))
	text = binary.BigEndian.AppendUint32(text, uint32(len(r.Key)))
	text = append(append(text, r.Key...), r.Value...)
	return sha256.Sum256(text)
}

// root of a Merkle tree as RFC 6962 has it: the left side is the largest full tree.
func root(leaves []hash) hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	left := 1 << (bits.Len(uint(len(leaves)-1)) - 1)
	a, b := root(leaves[:left]), root(leaves[left:])
	return sha256.Sum256(append(append([]byte{nodePrefix}, a[:]...), b[:]...))
}
