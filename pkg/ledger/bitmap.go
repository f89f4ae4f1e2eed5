package ledger

import "strings"

// Bitmap is a set of positions in a roster, hexadecimal, least significant digit
// first: digit k holds the positions 4k … 4k+3. Trailing zeros are cut off, so
// that equal sets are equal strings.
type Bitmap string

const digits = "0123456789abcdef"

// NewBitmap is the set of the given positions, which are not negative.
func NewBitmap(positions []int32) Bitmap {
	var nibbles []byte
	for _, p := range positions {
		for int(p/4) >= len(nibbles) {
			nibbles = append(nibbles, 0)
		}
		nibbles[p/4] |= 1 << (p % 4)
	}
	for i, n := range nibbles {
		nibbles[i] = digits[n]
	}
	return Bitmap(nibbles)
}

// Positions lists the set in ascending order. Characters that are no digits hold
// nothing.
func (b Bitmap) Positions() []int32 {
	var positions []int32
	for k := range len(b) {
		nibble := strings.IndexByte(digits, b[k])
		if nibble < 0 {
			continue
		}
		for bit := range 4 {
			if nibble&(1<<bit) != 0 {
				positions = append(positions, int32(4*k+bit))
			}
		}
	}
	return positions
}
