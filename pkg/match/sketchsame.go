package match

import (
	"math/bits"

	"leadrouter/pkg/lead"
)

// Duplicate is the score from which two leads are of the same person: as likely as not.
const Duplicate = lead.Certain / 2

// bit is the unit of evidence: what makes a thing twice as likely. Weights are in hundredths.
const bit = 100

// prior is what is known before anything is compared: one lead in eight is of somebody who
// has been here before, one of 16,000 whose leads are open or recent.
const prior = -17 * bit

// Same tells how likely it is that two sketches, made under this encoder's key, are of the
// same person: 0 … [lead.Certain], in basis points. It does not matter which comes first. A
// sketch that cannot be read, being damaged or made under another key, is nobody's: 0.
func (e *Encoder) Same(a, b []byte) int {
	var x, y opened
	if !e.open(&x, a) || !e.open(&y, b) {
		return 0
	}
	return probability(weigh(&x, &y))
}

// probability for odds of 2 to the power of a weight, in basis points. It is made of whole
// numbers, so that every machine gets the same: between two powers it is a straight line.
func probability(weight int) int {
	if weight < 0 {
		return lead.Certain - probability(-weight)
	}
	whole, rest := min(weight/bit, 20), weight%bit
	odds := (bit + rest) << whole
	return lead.Certain * odds / (odds + bit)
}

// aroundOthers is the most that circumstances say for two whose names differ: colleagues and
// families share them all, and there are about as many of these as persons who come again.
const aroundOthers = -prior

// weigh the evidence for two sketches to be of one person.
func weigh(x, y *opened) int {
	first, last := nameEvidence(x, y)
	personal, around := mailEvidence(x, y)
	around += circumstances(x, y)
	if first < 0 {
		// Families share the last name too.
		around, last = around+max(last, 0), min(last, 0)
	}
	if first < 0 || last < 0 {
		around = min(around, aroundOthers)
	}
	return prior + first + last + personal + around + compare(x, y, birth)
}

// circumstances are where somebody works and lives: what others share too. A place of a
// smaller kind that agrees says all that a larger one around it would.
func circumstances(x, y *opened) int {
	w := compare(x, y, company) + compare(x, y, phone) + compare(x, y, street) + compare(x, y, place)
	agree := 0
	for _, f := range []field{country, region, city, postalCode} {
		v := compare(x, y, f)
		agree = max(agree, v)
		w += min(v, 0)
	}
	return w + agree
}

// mailEvidence is what two addresses tell: of the person where they are equal and nobody else
// reads them. An address that is only like another may be a namesake's or a colleague's.
func mailEvidence(x, y *opened) (personal, around int) {
	w := compare(x, y, email)
	switch {
	case x.kind == shared || y.kind == shared:
		return 0, min(max(w, 0), 7*bit)
	case w < scale(email).equal && x.kind == own && y.kind == own:
		return 0, min(w, 240) // it is like the other because the names are
	case w < scale(email).equal:
		return 0, w
	case x.kind == own || y.kind == own:
		return w + 2*bit, 0
	}
	return w, 0
}

// nameEvidence is what first and last names tell, straight or swapped, whichever is better.
// Swapped names count as first names both: a last name says no more where it does not belong.
func nameEvidence(x, y *opened) (first, last int) {
	first, last = compare(x, y, firstName), compare(x, y, lastName)
	f, l := compareNames(x, y, firstName, lastName), compareNames(x, y, lastName, firstName)
	if f+l > first+last {
		first, last = min(f, l), max(f, l)
	}
	if x.foreign != y.foreign {
		// Written in two scripts: what looks different may read the same.
		return max(first, 0), max(last, 0)
	}
	return first, last
}

// compare a field; what one of them does not know says nothing.
func compare(x, y *opened, f field) int {
	if !f.in(x.known & y.known) {
		return 0
	}
	return scale(f).of(alike(&x.filters[f], &y.filters[f], 64*f.words()))
}

// compareNames sets a name of one beside the other name of the other.
func compareNames(x, y *opened, f, g field) int {
	if !f.in(x.known) || !g.in(y.known) {
		return 0
	}
	return scale(firstName).of(alike(&x.filters[f], &y.filters[g], 64*f.words()))
}

// levels of likeness of a field and their weights.
type levels struct {
	equal     int // the same text
	near      int // a letter or two are wrong, or one is part of the other
	nearFrom  int // percent of pairs in common
	loose     int // a word is the same
	looseFrom int
	other     int
}

// scale of a field. The weight of a level is log2(m/u): m is how often two records of one
// person are on it, u how often two of different persons are. They are estimates for leads
// at large: u from how many names, towns and days there are, with frequent ones counted as
// often as they occur; m from how people mistype, move, change jobs and call themselves.
func scale(f field) levels {
	switch f {
	case firstName:
		return levels{equal: 6 * bit, near: 450, nearFrom: 60, loose: 150, looseFrom: 45, other: -5 * bit}
	case lastName:
		return levels{equal: 850, near: 6 * bit, nearFrom: 60, loose: 2 * bit, looseFrom: 45, other: -7 * bit}
	case email:
		return levels{equal: 23 * bit, near: 5 * bit, nearFrom: 70, loose: 1 * bit, looseFrom: 55, other: -150}
	case phone:
		return levels{equal: 21 * bit, near: 6 * bit, nearFrom: 85, looseFrom: 85, other: -150}
	case company:
		return levels{equal: 9 * bit, near: 7 * bit, nearFrom: 65, loose: 250, looseFrom: 45, other: -250}
	case street:
		return levels{equal: 13 * bit, near: 11 * bit, nearFrom: 65, loose: 3 * bit, looseFrom: 45, other: -2 * bit}
	case place:
		return levels{equal: 10 * bit, near: 8 * bit, nearFrom: 65, loose: 2 * bit, looseFrom: 45, other: -1 * bit}
	case postalCode:
		return levels{equal: 8 * bit, near: 3 * bit, nearFrom: 60, looseFrom: 60, other: -2 * bit}
	case city:
		return levels{equal: 240, near: 200, nearFrom: 60, loose: 100, looseFrom: 40, other: -2 * bit}
	case region:
		return levels{equal: 150, near: 100, nearFrom: 65, looseFrom: 65, other: -150}
	case country:
		return levels{equal: 1 * bit, near: 1 * bit, nearFrom: 65, looseFrom: 65, other: -3 * bit}
	case birth:
		return levels{equal: 14 * bit, near: 5 * bit, nearFrom: 80, loose: 3 * bit, looseFrom: 65, other: -4 * bit}
	default:
		return levels{}
	}
}

// of so many percent of likeness, the weight.
func (l levels) of(percent int) int {
	switch {
	case percent >= 100:
		return l.equal
	case percent >= l.nearFrom:
		return l.near
	case percent >= l.looseFrom:
		return l.loose
	}
	return l.other
}

// A text that is wholly part of another is so much like it at least: one of two first names is
// near it; an initial or a syllable, with fewer bits than partBits, is loosely like it.
const (
	partNear  = 65
	partLoose = 45
	partBits  = 5
)

// alike estimates from the bits of two filters how alike the texts are, in percent (Dice's
// coefficient of their pairs): twice what they have in common over what they have in all, both
// less what is there by chance. Only equal texts give 100.
func alike(a, b *filter, size int) int {
	if *a == *b {
		return 100
	}
	both := bits.OnesCount64(a.bits[0]&b.bits[0]) + bits.OnesCount64(a.bits[1]&b.bits[1])
	na := bits.OnesCount64(a.bits[0]) + bits.OnesCount64(a.bits[1])
	nb := bits.OnesCount64(b.bits[0]) + bits.OnesCount64(b.bits[1])
	common, all := 2*(both*size-na*nb), (na+nb)*size-2*na*nb
	if all <= 0 || common <= 0 {
		return 0
	}
	percent := min(100*common/all, 99)
	switch few := min(na, nb); {
	case both < few:
		return percent
	case few < partBits:
		return max(percent, partLoose)
	}
	return max(percent, partNear)
}
