package match

import (
	"math/bits"

	"leadrouter/pkg/lead"
)

// Duplicate is the score from which two leads are of the same person.
const Duplicate = lead.Certain / 2

// weights of evidence are in hundredths of a bit.
const bit = 100

// prior: of so many pairs of candidates one is the same person: 2 to the 12th.
const prior = -12 * bit

// Same tells how sure it is that two sketches, made under one key, are of the same person:
// 0 … [lead.Certain], in basis points. Sketches that cannot be read are nobody's: 0.
func Same(a, b []byte) int {
	var x, y sketched
	if !x.open(a) || !y.open(b) {
		return 0
	}
	return probability(weight(&x, &y))
}

func weight(x, y *sketched) int {
	w := prior + names(x, y) + mail(x, y)
	for _, f := range []field{company, phone, city, postalCode, street, place, region, country, birth} {
		w += judge(x, y, f)
	}
	return w
}

// probability of 2 to the power of a weight as odds, in basis points. Whole numbers only:
// every machine gets the same score. Between two powers of two it is a straight line.
func probability(w int) int {
	if w < 0 {
		return lead.Certain - probability(-w)
	}
	whole, rest := min(w/bit, 20), w%bit
	odds := (bit + rest) << whole
	return lead.Certain * odds / (odds + bit)
}

type level struct {
	dice   int // from so many percent
	weight int
}

type judgement struct {
	levels []level
	other  int
}

func judged(f field) judgement {
	switch f {
	case firstName:
		return judgement{[]level{{100, 650}, {75, 450}, {55, 200}}, -300}
	case lastName:
		return judgement{[]level{{100, 900}, {75, 600}, {55, 250}}, -400}
	case company:
		return judgement{[]level{{100, 900}, {75, 600}, {55, 200}}, -200}
	case phone:
		return judgement{[]level{{100, 1800}, {90, 600}}, -200}
	case city:
		return judgement{[]level{{100, 500}, {70, 350}, {50, 100}}, -200}
	case postalCode:
		return judgement{[]level{{100, 900}, {70, 300}}, -200}
	case street:
		return judgement{[]level{{100, 1300}, {75, 1000}, {50, 400}}, -250}
	case place:
		return judgement{[]level{{100, 900}, {75, 700}, {50, 200}}, -150}
	case region:
		return judgement{[]level{{100, 200}}, -200}
	case country:
		return judgement{[]level{{100, 100}}, -300}
	case birth:
		return judgement{[]level{{100, 1400}, {85, 800}, {72, 300}}, -500}
	case email:
		return judgement{[]level{{100, 2000}, {85, 1300}, {75, 800}}, -200}
	}
	return judgement{}
}

func (j judgement) of(dice int) int {
	for _, l := range j.levels {
		if dice >= l.dice {
			return l.weight
		}
	}
	return j.other
}

func judge(x, y *sketched, f field) int {
	if x.known&y.known&(1<<f) == 0 {
		return 0
	}
	return judged(f).of(dice(&x.filters[f], &y.filters[f]))
}

func dice(a, b *filter) int {
	if *a == *b {
		return 100
	}
	both := bits.OnesCount64(a[0]&b[0]) + bits.OnesCount64(a[1]&b[1])
	all := bits.OnesCount64(a[0]) + bits.OnesCount64(a[1]) + bits.OnesCount64(b[0]) + bits.OnesCount64(b[1])
	return min(200*both/all, 99)
}

func names(x, y *sketched) int {
	straight := judge(x, y, firstName) + judge(x, y, lastName)
	cross := 0
	n := 0
	for _, p := range [2][2]field{{firstName, lastName}, {lastName, firstName}} {
		if x.known&(1<<p[0]) != 0 && y.known&(1<<p[1]) != 0 {
			cross += judged(p[1]).of(dice(&x.filters[p[0]], &y.filters[p[1]]))
			n++
		}
	}
	if n == 2 && cross-200 > straight {
		return cross - 200
	}
	return straight
}

func mail(x, y *sketched) int {
	w := judge(x, y, email)
	if w > 0 && (x.address == shared || y.address == shared) {
		return min(w, 800)
	}
	if w > 0 && (x.address == own || y.address == own) {
		w += 300
	}
	return w
}
