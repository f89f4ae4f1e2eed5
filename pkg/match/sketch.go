package match

import (
	"crypto/aes"
	"encoding/binary"
)

// A sketch is what is left of a person to be compared with others:
//
//	known, 2 bytes | kind of address, 1 byte | a filter per known field
//
// A filter is a Bloom filter of the field's pairs of letters. What sets its bits is a keyed
// function of the pair (AES under a key derived from the encoder's), another one for each
// field, but the same for first and last name, since many persons swap them.
const sketchHead = 3

// MaxSketch is the size of a sealed sketch in which every field is known, in bytes; with
// name, company, e-mail, phone, city, postal code and country it has 108.
const MaxSketch = sealHead + sketchHead + 8*(6*2+6)

// field of a person in a sketch. The order is that of the filters.
type field int

const (
	firstName field = iota
	lastName
	email
	company
	street
	place
	phone
	city
	postalCode
	region
	country
	birth
	numFields
)

// words of 64 bits in the field's filter: two where texts are long, or where one wrong letter
// must be told from another name.
func (f field) words() int {
	if f <= place {
		return 2
	}
	return 1
}

// bitsPerGram set in the field's filter: fewer where texts are long, so that it stays sparse.
func (f field) bitsPerGram() int {
	switch f {
	case email, company, street, place, city, phone:
		return 1
	}
	return 2
}

// family of the keyed function that sets the field's bits.
func (f field) family() byte {
	if f == lastName {
		return byte(firstName)
	}
	return byte(f)
}

// in tells whether the field is known of a sketch.
func (f field) in(known uint16) bool { return known&(1<<f) != 0 }

// filter is a Bloom filter; narrow ones leave the second word empty.
type filter [2]uint64

// filler sets the bits of a field's filter. There is one for a whole sketch, since what goes
// through the cipher lives on the heap.
type filler struct {
	e       *Encoder
	field   field
	filter  filter
	in, out [aes.BlockSize]byte
}

// begin an empty filter.
func (w *filler) begin(f field) { w.field, w.filter = f, filter{} }

// add two letters, at a place of the text where that matters.
func (w *filler) add(at, first, second byte) {
	w.in[0], w.in[1], w.in[2], w.in[3] = w.field.family(), at, first, second
	w.e.grams.Encrypt(w.out[:], w.in[:])
	size := 64 * w.field.words()
	for i := range w.field.bitsPerGram() {
		b := int(w.out[i]) & (size - 1)
		w.filter[b>>6] |= 1 << (b & 63)
	}
}

// pairs adds each pair of neighbouring letters. Words begin and end with a blank, so that
// their ends weigh more and their order does not matter. Of an initial the end is left out:
// then it is part of every name that begins with it.
func (w *filler) pairs(text []byte) {
	last := byte(' ')
	for _, c := range text {
		w.add(0, last, c)
		last = c
	}
	if len(text) > 1 {
		w.add(0, last, ' ')
	}
}

// places adds each digit with its place, since pairs tell little about numbers.
func (w *filler) places(text []byte) {
	for i, c := range text {
		w.add(byte(i)+1, c, 0)
	}
}

// sketch of a person's texts.
func (e *Encoder) sketch(t *texts) []byte {
	w := &filler{e: e}
	out := make([]byte, sketchHead, MaxSketch)
	known := uint16(0)
	for f, text := range t.fields {
		if len(text) == 0 {
			continue
		}
		known |= 1 << f
		w.begin(field(f))
		switch field(f) {
		case phone, postalCode, birth:
			w.places(text)
		default:
			w.pairs(text)
		}
		for _, word := range w.filter[:w.field.words()] {
			out = binary.BigEndian.AppendUint64(out, word)
		}
	}
	binary.BigEndian.PutUint16(out, known)
	out[2] = byte(t.kind)
	return out
}

// opened is a sketch taken apart.
type opened struct {
	known   uint16
	kind    addressKind
	filters [numFields]filter
}

// open takes a sealed sketch apart; false: it cannot be read.
func (e *Encoder) open(s *opened, sealed []byte) bool {
	var buf [MaxSketch]byte
	raw, ok := e.unseal(buf[:0], sealed)
	if !ok || len(raw) < sketchHead {
		return false
	}
	s.known, s.kind = binary.BigEndian.Uint16(raw), addressKind(raw[2])
	raw = raw[sketchHead:]
	for f := range numFields {
		if !f.in(s.known) {
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
	return len(raw) == 0
}
