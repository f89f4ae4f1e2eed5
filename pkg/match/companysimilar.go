package match

import (
	"strings"

	"leadrouter/pkg/lead"
)

// SameCompany is the score from which two names are one company's, and MaybeCompany that
// from which a person should look: what bench/eval found on pairs with known truth.
const (
	SameCompany  = 8_500
	MaybeCompany = 7_500
)

// Scores of what is not a matter of degree.
const (
	scoreJoined   = 9_600 // the same but for spaces and a letter
	scoreInitials = 9_200 // IBM
	scoreTwo      = 8_600 // BP: others have the same initials
	scoreTicker   = 8_500 // MSFT
	scoreAdded    = 8_700 // no more than "group" or a country is added
)

// percent is the unit of similarities of words and of weights.
const percent = 100

// SimilarCompanies is how sure it is that two names are those of one company: 0 to
// lead.Certain. It is symmetric.
func SimilarCompanies(a, b Name) int {
	if a.Empty() || b.Empty() {
		return 0
	}
	if b.Key < a.Key {
		a, b = b, a // so that the order of the two does not matter
	}
	score := lead.Certain
	if a.Key != b.Key {
		score = max(align(merge(a.words, b.words), merge(b.words, a.words)), joinedScore(a, b), shortScore(a, b), shortScore(b, a))
	}
	if a.Form != "" && b.Form != "" && (a.Form == FormAssociation) != (b.Form == FormAssociation) {
		score = score * 3 / 4 // a company and a foundation of its name are two
	}
	return score
}

// pairs are two names' words while they are paired.
type pairs struct {
	a, b         []word
	ofA, ofB     [maxWords]bool // has a partner
	alike        [maxWords][maxWords]uint8
	sum, matched int // of weights, and of weights by how alike they are
}

// align pairs the words of two names, the most telling first, and weighs what is left over.
func align(a, b []word) int {
	p := pairs{a: a, b: b}
	for i := range a {
		for j := range b {
			p.alike[i][j] = uint8(similarWords(a[i], b[j]))
		}
	}
	for p.next() {
	}
	return p.score()
}

// next takes the best pair that is left.
func (p *pairs) next() bool {
	bi, bj, most := 0, 0, 0
	for i := range p.a {
		for j := range p.b {
			if p.ofA[i] || p.ofB[j] {
				continue
			}
			if worth := int(p.alike[i][j]) * (int(p.a[i].weight) + int(p.b[j].weight)); worth > most {
				bi, bj, most = i, j, worth
			}
		}
	}
	if most == 0 {
		return false
	}
	p.ofA[bi], p.ofB[bj] = true, true
	weight := (int(p.a[bi].weight) + int(p.b[bj].weight)) / 2
	p.sum += weight
	p.matched += weight * int(p.alike[bi][bj]) / percent
	return true
}

// rest is what has no partner on one side.
type rest struct {
	weight, most, count int
	places              int
}

func restOf(words []word, paired []bool) rest {
	var r rest
	for i, w := range words {
		if paired[i] {
			continue
		}
		r.weight += int(w.weight)
		r.most = max(r.most, int(w.weight))
		r.count++
		if w.weight == weightPlace {
			r.places++
		}
	}
	return r
}

// score: what one name has and the other has not costs less than what each has alone, since
// people leave words out, and do not make them up.
func (p *pairs) score() int {
	if p.sum == 0 {
		return 0
	}
	a, b := restOf(p.a, p.ofA[:]), restOf(p.b, p.ofB[:])
	alike := lead.Certain * p.matched / p.sum
	switch {
	case a.count == 0 && b.count == 0:
		return alike
	case a.count == 0 || b.count == 0:
		more := a
		if a.count == 0 {
			more = b
		}
		score := alike - alike*more.weight*3/(5*(p.sum+more.weight))
		if more.most <= weightGeneral && p.sum >= weightTiny {
			score = max(score, alike*scoreAdded/lead.Certain)
		}
		return score
	}
	apart := a.weight + b.weight
	if a.places > 0 && b.places > 0 {
		apart += (a.places + b.places) * (weightIndustry - weightPlace) // two countries: two companies
	}
	return alike * p.sum / (p.sum + apart*3/4)
}

// merge makes one word of two in a row that b writes as one: "JP Morgan" for "JPMorgan".
func merge(a, b []word) []word {
	for i := 0; i+1 < len(a); i++ {
		for _, w := range b {
			n := len(a[i].text)
			if len(w.text) == n+len(a[i+1].text) && strings.HasPrefix(w.text, a[i].text) && w.text[n:] == a[i+1].text {
				merged := append(append(make([]word, 0, len(a)), a[:i]...), w)
				return append(merged, a[i+2:]...)
			}
		}
	}
	return a
}

// joinedScore compares two names without their spaces, where these differ.
func joinedScore(a, b Name) int {
	if len(a.words) == len(b.words) && !hasForeign(a) && !hasForeign(b) {
		return 0
	}
	if len(a.words) != len(b.words) && min(len(a.Key), len(b.Key)) >= 7 && editDistance(a.Key, b.Key, 2) <= 2 {
		return scoreJoined
	}
	if !hasForeign(a) && !hasForeign(b) {
		return 0
	}
	return similarSounds(a.Key, b.Key) * lead.Certain / percent
}

func hasForeign(n Name) bool {
	for _, w := range n.words {
		if w.foreign {
			return true
		}
	}
	return false
}

// shortScore tells whether a is b's initials, or what is left of b without vowels, as stock
// exchanges name companies.
func shortScore(a, b Name) int {
	if len(a.words) != 1 || len(a.Key) < 2 || len(a.Key) > 6 {
		return 0
	}
	if w := a.words[0]; len(b.words) >= 2 && (w.short || len(w.text) > 2) && isInitials(w.text, b.words) {
		if len(w.text) == 2 {
			return scoreTwo
		}
		return scoreInitials
	}
	if a.words[0].short && len(a.Key) >= 3 && len(b.words) == 1 && len(b.Key) >= 2*len(a.Key) && isSkeletonOf(a.Key, b.Key) {
		return scoreTicker
	}
	return 0
}

func isInitials(text string, words []word) bool {
	if len(text) != len(words) {
		return false
	}
	for i, w := range words {
		if text[i] != w.initial {
			return false
		}
	}
	return true
}

// isSkeletonOf tells whether the consonants of short come in long in that order, from the
// first letter on.
func isSkeletonOf(short, long string) bool {
	if short[0] != long[0] || strings.ContainsAny(short, "aeiou") {
		return false
	}
	for i := range len(short) {
		at := strings.IndexByte(long, short[i])
		if at < 0 {
			return false
		}
		long = long[at+1:]
	}
	return true
}

// similarWords is how alike two words are, in percent; 0: two different ones.
func similarWords(a, b word) int {
	if a.text == b.text {
		return percent
	}
	if a.foreign || b.foreign {
		return max(similarSpelling(a.spelt, b.spelt), similarSounds(a.spelt, b.spelt))
	}
	return similarSpelling(a.spelt, b.spelt)
}

// similarSpelling allows one wrong letter in five or so, and fewer in short words: of two
// that differ in a letter most are two words.
func similarSpelling(a, b string) int {
	long, short := max(len(a), len(b)), min(len(a), len(b))
	if short < 4 || isNumber(a) || isNumber(b) || long-short > 3 {
		return 0
	}
	allowed := 2 // in half edits
	switch {
	case short >= 10:
		allowed = 5
	case short >= 7:
		allowed = 4
	}
	d := editDistance(a, b, allowed)
	if d > allowed {
		return 0
	}
	if a[0] != b[0] {
		d++
	}
	return percent - percent*d/(2*long)
}
