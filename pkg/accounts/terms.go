package accounts

import (
	"hash/maphash"
	"slices"

	"leadrouter/pkg/match"
)

// Bounds of what is looked at for one lead, so that a name of common words costs no more
// than another.
const (
	maxCandidates = 16  // that are compared
	maxPostings   = 200 // accounts of one word that are looked through
	maxVariants   = 12  // words that a misspelt one is taken for
	minTermWeight = 60  // words that say less find nobody, if there is another
	minNameWeight = 50  // a name of words that all say less is nobody's
	prefixLetters = 7   // of a word, in which a letter may be missing
	minTypoTerm   = 4   // letters of a word that may be misspelt
)

// term is a word of names, and who has it.
type term struct {
	text    string
	entries []*entry
}

// terms finds accounts by the words of their names: as they are, with a letter wrong, or by
// how they sound.
type terms struct {
	seed    maphash.Seed
	byText  map[string]*term
	bySound map[string][]*term
	// byLess has words by what is left of their beginning without one of its letters: two
	// words with a typing error between them have one of these in common (Garbe 2012,
	// "Symmetric Delete").
	byLess map[uint64][]*term
}

func newTerms() terms {
	return terms{seed: maphash.MakeSeed(), byText: map[string]*term{}, bySound: map[string][]*term{}, byLess: map[uint64][]*term{}}
}

// telling tells whether accounts are looked for by a word of a name.
func telling(n match.Name, i int) bool {
	return n.Weight(i) >= min(minTermWeight, max(n.Most(), minNameWeight))
}

// add lists an account under the words of its name.
func (t *terms) add(e *entry) {
	for i := range e.name.Len() {
		if !telling(e.name, i) {
			continue
		}
		text := e.name.Word(i)
		w := t.byText[text]
		if w == nil {
			w = &term{text: text}
			t.insert(w)
		}
		if !slices.Contains(e.terms, w) {
			w.entries = append(w.entries, e)
			e.terms = append(e.terms, w)
		}
	}
}

func (t *terms) insert(w *term) {
	t.byText[w.text] = w
	if sound := match.Sound(w.text); len(sound) > 1 {
		t.bySound[sound] = append(t.bySound[sound], w)
	}
	for key := range t.less(w.text) {
		t.byLess[key] = append(t.byLess[key], w)
	}
}

// remove takes an account off its words, and words that nobody has any more.
func (t *terms) remove(e *entry) {
	for _, w := range e.terms {
		if i := slices.Index(w.entries, e); i >= 0 {
			w.entries = slices.Delete(w.entries, i, i+1)
		}
		if len(w.entries) > 0 {
			continue
		}
		delete(t.byText, w.text)
		without(t.bySound, match.Sound(w.text), w)
		for key := range t.less(w.text) {
			without(t.byLess, key, w)
		}
	}
}

func without[K comparable](lists map[K][]*term, key K, w *term) {
	list := slices.DeleteFunc(lists[key], func(o *term) bool { return o == w })
	if len(list) == 0 {
		delete(lists, key)
		return
	}
	lists[key] = list
}

// less yields the keys of [terms.byLess] of a word: its beginning, and that without each of
// its letters.
func (t *terms) less(text string) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		if len(text) < minTypoTerm {
			return
		}
		text = text[:min(len(text), prefixLetters)]
		if !yield(maphash.String(t.seed, text)) {
			return
		}
		var buf [prefixLetters]byte
		for i := range len(text) {
			if i > 0 && text[i] == text[i-1] {
				continue // the same is left as without the one before
			}
			left := append(append(buf[:0], text[:i]...), text[i+1:]...)
			if !yield(maphash.Bytes(t.seed, left)) {
				return
			}
		}
	}
}

// find lists the words that a word of a lead's company may be meant for, itself first.
func (t *terms) find(buf []*term, text string, sounds bool) []*term {
	if w := t.byText[text]; w != nil {
		buf = append(buf, w)
	}
	add := func(list []*term) {
		for _, w := range list {
			if len(buf) < maxVariants && !slices.Contains(buf, w) {
				buf = append(buf, w)
			}
		}
	}
	for key := range t.less(text) {
		add(t.byLess[key])
	}
	if sounds {
		add(t.bySound[match.Sound(text)])
	}
	return buf
}
