package match

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// letters that a filter tells apart: blank, a to z, 0 to 9, dot, at, and all others as one.
const letters = 40

// letter as its number.
func letter(c byte) byte {
	switch {
	case 'a' <= c && c <= 'z':
		return c - 'a' + 1
	case '0' <= c && c <= '9':
		return c - '0' + 27
	case c == ' ':
		return 0
	case c == '.':
		return 37
	case c == '@':
		return 38
	}
	return letters - 1
}

// gramKind is what two letters are to each other.
type gramKind byte

const (
	pair   gramKind = iota // one follows the other
	placed                 // the first is a place, the second the letter there
	gramKinds
)

// gramTable holds where a filter's bits are for each two letters, of each family of fields: a
// keyed function worked out once, so that a sketch costs no cipher. 70 kB.
type gramTable [int(numFields) * int(gramKinds) * letters * letters]uint16

// newGramTable works out the function: AES of what is asked for.
func newGramTable(block cipher.Block) *gramTable {
	t := &gramTable{}
	in, out := make([]byte, aes.BlockSize), make([]byte, aes.BlockSize)
	for i := range t {
		binary.BigEndian.PutUint32(in, uint32(i))
		block.Encrypt(out, in)
		t[i] = binary.BigEndian.Uint16(out)
	}
	return t
}

// places of two bits, one in each byte.
func (t *gramTable) places(family byte, kind gramKind, first, second byte) uint16 {
	return t[((int(family)*int(gramKinds)+int(kind))*letters+int(first))*letters+int(second)]
}
