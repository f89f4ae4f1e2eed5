package match

import "encoding/binary"

// A sketch is what is left of a person to be compared with others:
//
//	known, 2 bytes | kind of address and script, 1 byte | per known field: check, filter
//
// The check is a byte by which equal texts are told from such as have the same pairs of
// letters, as jo11 and jo111 do. A filter is a Bloom filter of the field's pairs of letters. What sets its bits is a keyed
// function of the pair, another one for each field, but the same for first and last name,
// since many persons swap them.
const sketchHead = 3

// foreignBit beside the kind of address: the name is in another script than Latin.
const foreignBit = 0x80

// MaxSketch is the size of a sealed sketch in which every field is known, in bytes; with
// name, company, e-mail, phone, city, postal code and country it has 116.
const MaxSketch = sealHead + sketchHead + int(numFields) + 8*(6*2+6)

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
	case postalCode, region, country, birth:
		return 2
	default:
		return 1
	}
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

// filter is a Bloom filter and the check of a text.
type filter struct {
	bits  [2]uint64 // narrow ones leave the second word empty
	check byte
}

// filler sets the bits of a field's filter.
type filler struct {
	grams  *gramTable
	field  field
	filter filter
}

// add two letters, or a letter at a place.
func (w *filler) add(kind gramKind, first, second byte) {
	places := w.grams.places(w.field.family(), kind, first, second)
	size := 64 * w.field.words()
	for range w.field.bitsPerGram() {
		b := int(places) & (size - 1)
		w.filter.bits[b>>6] |= 1 << (b & 63)
		places >>= 8
	}
}

// pairs adds each pair of letters that are neighbours or have one between them, as one kind of
// thing: two letters that changed places leave most pairs as they were (Keskustalo et al.
// 2003). Words begin and end with a blank, so that their order does not matter. Their first
// letter weighs more, and makes an initial a part of every name that begins with it.
func (w *filler) pairs(text []byte) {
	const blank = 0
	before, last := byte(blank), byte(blank)
	for _, c := range text {
		c = letter(c)
		w.add(pair, last, c)
		switch {
		case last == blank:
			w.add(placed, blank, c)
		case c != blank && before != blank:
			w.add(pair, before, c)
		}
		before, last = last, c
	}
	if len(text) > 1 {
		w.add(pair, last, blank)
	}
}

// digits adds each digit with its place, since pairs tell little about numbers.
func (w *filler) digits(text []byte) {
	for i, c := range text {
		w.add(placed, byte(min(i+1, letters-1)), letter(c))
	}
}

// checkOf a text: FNV-1a, folded to a byte.
func checkOf(text []byte) byte {
	h := uint32(2166136261)
	for _, c := range text {
		h = (h ^ uint32(c)) * 16777619
	}
	return byte(h>>24 ^ h>>16 ^ h>>8 ^ h)
}

// sketch of a person's texts.
func (e *Encoder) sketch(t *texts) []byte {
	w := filler{grams: e.grams}
	out := make([]byte, sketchHead, MaxSketch)
	known := uint16(0)
	for f, text := range t.fields {
		if len(text) == 0 {
			continue
		}
		known |= 1 << f
		w.field, w.filter = field(f), filter{}
		switch field(f) {
		case phone, postalCode, birth:
			w.digits(text)
		default:
			w.pairs(text)
		}
		out = append(out, checkOf(text))
		for _, word := range w.filter.bits[:w.field.words()] {
			out = binary.BigEndian.AppendUint64(out, word)
		}
	}
	binary.BigEndian.PutUint16(out, known)
	out[2] = byte(t.kind)
	if t.foreign {
		out[2] |= foreignBit
	}
	return out
}

// opened is a sketch taken apart.
type opened struct {
	known   uint16
	kind    addressKind
	foreign bool
	filters [numFields]filter
}

// open takes a sealed sketch apart; false: it cannot be read.
func (e *Encoder) open(s *opened, sealed []byte) bool {
	var buf [MaxSketch]byte
	raw, ok := e.unseal(buf[:0], sealed)
	if !ok || len(raw) < sketchHead {
		return false
	}
	s.known, s.kind, s.foreign = binary.BigEndian.Uint16(raw), addressKind(raw[2]&^foreignBit), raw[2]&foreignBit != 0
	raw = raw[sketchHead:]
	for f := range numFields {
		if !f.in(s.known) {
			continue
		}
		fl, size := &s.filters[f], 1+8*f.words()
		if len(raw) < size {
			return false
		}
		fl.check = raw[0]
		for i := range f.words() {
			fl.bits[i] = binary.BigEndian.Uint64(raw[1+8*i:])
		}
		raw = raw[size:]
	}
	return len(raw) == 0
}
