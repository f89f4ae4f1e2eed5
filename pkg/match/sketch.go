package match

import (
	"encoding/binary"
)

// A sketch is what is left of a person to be compared with others:
//
//	version | known, 2 bytes | kind of address | a filter per known field
//
// A filter is a Bloom filter of the field's pairs of letters. What sets its bits is a keyed
// function of the pair (AES under a key derived from the encoder's), another one for each
// field, but the same one for first and last name, since many persons swap them.
const (
	sketchVersion = 1
	sketchHead    = 4
)

// MaxSketch is the size of a sketch in which every field is known, in bytes.
const MaxSketch = sketchHead + 8*(2+2+2+2+1+1+1+2+2+1+1+1)

// field of a person in a sketch. The order is that of the filters.
type field int

const (
	firstName field = iota
	lastName
	email
	company
	phone
	city
	postalCode
	street
	place
	region
	country
	birth
	numFields
)

// words of 64 bits in the field's filter: wide where texts are long or a slip of one letter
// must be told from another name.
func (f field) words() int {
	switch f {
	case firstName, lastName, email, company, street, place:
		return 2
	}
	return 1
}

// family of the keyed function that sets a field's bits.
func (f field) family() byte {
	if f == lastName {
		return byte(firstName)
	}
	return byte(f)
}

// filter is a Bloom filter; narrow ones leave the second word empty.
type filter [2]uint64

// filler sets bits. It lives on the heap, once a sketch, since the cipher is an interface.
type filler struct {
	e       *Encoder
	in, out [16]byte
}

// add the gram (up to 8 bytes, at a position of the text where that matters) to a filter.
func (w *filler) add(fl *filter, f field, at byte, gram uint16) {
	w.in[0], w.in[1] = f.family(), at
	binary.BigEndian.PutUint16(w.in[2:], gram)
	w.e.grams.Encrypt(w.out[:], w.in[:])
	n := f.words() * 64
	for i := range bitsPerGram {
		b := int(binary.BigEndian.Uint16(w.out[2*i:])) & (n - 1)
		fl[b>>6] |= 1 << (b & 63)
	}
}

// bitsPerGram: each pair of letters sets so many bits.
const bitsPerGram = 2

// pairs adds each pair of neighbouring letters of each word; a word begins and ends with a
// blank, so that its ends weigh more, and the order of words does not matter.
func (w *filler) pairs(fl *filter, f field, text []byte) {
	last := byte(' ')
	for _, c := range text {
		w.add(fl, f, 0, uint16(last)<<8|uint16(c))
		last = c
	}
	w.add(fl, f, 0, uint16(last)<<8|' ')
}

// places adds each digit with its place: for numbers, in which pairs tell little.
func (w *filler) places(fl *filter, f field, text []byte) {
	for i, c := range text {
		w.add(fl, f, byte(i)+1, uint16(c))
	}
}

// sketch of a person's texts.
func (e *Encoder) sketch(t *texts) []byte {
	w := &filler{e: e}
	out := make([]byte, sketchHead, MaxSketch)
	out[0], out[3] = sketchVersion, byte(t.address)
	known := uint16(0)
	for f := range numFields {
		text := t.field[f]
		if len(text) == 0 {
			continue
		}
		known |= 1 << f
		var fl filter
		switch f {
		case phone, postalCode, birth:
			w.places(&fl, f, text)
		default:
			w.pairs(&fl, f, text)
		}
		for _, word := range fl[:f.words()] {
			out = binary.BigEndian.AppendUint64(out, word)
		}
	}
	binary.BigEndian.PutUint16(out[1:], known)
	return out
}

// sketched is a sketch taken apart.
type sketched struct {
	known   uint16
	address addressKind
	filters [numFields]filter
}

// open takes a sketch apart; false: it is none of this version.
func (s *sketched) open(raw []byte) bool {
	if len(raw) < sketchHead || raw[0] != sketchVersion {
		return false
	}
	s.known, s.address = binary.BigEndian.Uint16(raw[1:]), addressKind(raw[3])
	raw = raw[sketchHead:]
	for f := range numFields {
		if s.known&(1<<f) == 0 {
			continue
		}
		for i := range f.words() {
			if len(raw) < 8 {
				return false
			}
			s.filters[f][i] = binary.BigEndian.Uint64(raw)
			raw = raw[8:]
		}
	}
	return len(raw) == 0 && s.known>>numFields == 0
}
