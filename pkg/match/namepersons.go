package match

import (
	"strings"

	"leadrouter/pkg/lead"
)

// SamePerson is the score from which two names may be one person's.
const SamePerson = 7_800

// titles stand before or after names and are none.
const titles = " mr mrs ms miss mx dr prof professor sir dame lord lady rev hon president prasident presidente monsieur madame mme mlle herr frau hr fr " +
	"senor senora sr sra srta don dona signor signora sig dott dott ssa ing dipl mag dhr mevr pan pani jr phd md mba msc bsc ma esq " +
	"ltd llc sa gmbh ag inc plc shaikh sheikh shri smt haji hajji "

// weightInitial is that of a single letter of a person's name.
const weightInitial = 30

// PersonName takes a person's name apart. Titles are taken off; the order of the words does
// not matter to [SimilarPersons].
func PersonName(s string) Name {
	var n Name
	for _, p := range split(prepare(s)) {
		if p.folded == "" || len(n.words) == maxWords || strings.Contains(titles, " "+p.folded+" ") {
			continue
		}
		text := unleet(p.folded)
		w := word{text: text, spelt: text, weight: weightName, foreign: p.foreign, initial: text[0]}
		switch len(w.text) {
		case 1:
			w.weight = weightInitial
		case 2, 3:
			w.weight = 70
		}
		n.words = append(n.words, w)
	}
	n.Key = join(n.words)
	return n
}

// unleet takes a digit among letters for the letter that it looks like.
func unleet(text string) string {
	if isNumber(text) || !strings.ContainsAny(text, "0139") {
		return text
	}
	return strings.NewReplacer("0", "o", "1", "i", "3", "e", "9", "g").Replace(text)
}

// SimilarPersons is how sure it is that two names are those of one person: 0 to
// lead.Certain. It is symmetric. Names alone never prove it: many people have the same.
func SimilarPersons(a, b Name) int {
	if a.Empty() || b.Empty() {
		return 0
	}
	if b.Key < a.Key {
		a, b = b, a
	}
	if a.Key == b.Key {
		return lead.Certain
	}
	p := pairs{a: once(merge(a.words, b.words)), b: once(merge(b.words, a.words))}
	for i, x := range p.a {
		for j, y := range p.b {
			p.alike[i][j] = uint8(similarGiven(x, y))
		}
	}
	for p.next() {
	}
	return max(p.personScore(), personJoined(a, b))
}

// once leaves out words that come twice.
func once(in []word) []word {
	for i := range in {
		for j := range i {
			if in[j].text == in[i].text {
				return append(append(make([]word, 0, len(in)), in[:i]...), in[i+1:]...)
			}
		}
	}
	return in
}

// personScore: the shorter name should be in the longer one as a whole; what the longer one
// has besides are middle names.
func (p *pairs) personScore() int {
	if p.sum == 0 {
		return 0
	}
	a, b := restOf(p.a, p.ofA[:]), restOf(p.b, p.ofB[:])
	alike := lead.Certain * p.matched / p.sum
	less, more := min(a.weight, b.weight), max(a.weight, b.weight)
	return alike * p.sum * 20 / (p.sum*20 + less*40 + (more-less)*3)
}

// personJoined compares names that are written without spaces, or with spaces too many.
func personJoined(a, b Name) int {
	if len(a.words) == len(b.words) || min(len(a.Key), len(b.Key)) < 6 {
		return 0
	}
	if editDistance(a.Key, b.Key, 2) <= 2 {
		return 9_000
	}
	return 0
}

// similarGiven is [similarWords] for names of persons, in percent: an initial stands for any
// name that begins with it.
func similarGiven(a, b word) int {
	if len(a.text) == 1 || len(b.text) == 1 {
		if a.text[0] == b.text[0] {
			return 90
		}
		return 0
	}
	if s := similarWords(a, b); s > 0 {
		return s
	}
	if min(len(a.text), len(b.text)) >= 4 {
		return max(0, similarSounds(a.text, b.text)-10)
	}
	return 0
}
