package match

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// maxWords bounds what of a name is looked at: nobody's name is longer, and comparing costs
// the product of two lengths.
const maxWords = 16

// maxNameBytes bounds the text that is taken apart.
const maxNameBytes = 512

// Name is a name taken apart, ready to be compared. The zero Name is that of nobody.
type Name struct {
	// Key is what is left of a name, without spaces: two names with one key are the same but
	// for spelling and legal form. Lower-case ASCII letters and digits.
	Key string
	// Form is the kind of legal form that was taken off; empty: none, or one that says nothing.
	Form Form

	words []word
}

// word is one word of a name.
type word struct {
	text    string // lower-case ASCII letters and digits, never empty
	spelt   string // as it was, where text is what it means
	weight  uint8  // how much it says, 0 … 100
	foreign bool   // written in another script: its vowels are a guess
	short   bool   // written in capitals, as an abbreviation is
	initial byte   // of what was written: a web service begins with a w
}

// Words are the words of the name in order, in lower case.
func (n Name) Words() []string {
	texts := make([]string, len(n.words))
	for i, w := range n.words {
		texts[i] = w.text
	}
	return texts
}

// Len is the count of words.
func (n Name) Len() int { return len(n.words) }

// Word is the i-th of [Name.Words].
func (n Name) Word(i int) string { return n.words[i].text }

// Foreign tells whether the i-th of [Name.Words] was written in another script than Latin,
// so that its spelling is one of several.
func (n Name) Foreign(i int) bool { return n.words[i].foreign }

// Initials are the first letters of all words, as they were written.
func (n Name) Initials() string {
	var buf [maxWords]byte
	initials := buf[:0]
	for _, w := range n.words {
		initials = append(initials, w.initial)
	}
	return string(initials)
}

// Weight is how much the i-th of [Name.Words] says about who it is: 0 to 100.
func (n Name) Weight(i int) int { return int(n.words[i].weight) }

// Most is the weight of the word that says most: 0 to 100.
func (n Name) Most() int {
	most := 0
	for _, w := range n.words {
		most = max(most, int(w.weight))
	}
	return most
}

// Empty tells whether nothing was left to compare.
func (n Name) Empty() bool { return len(n.words) == 0 }

// part is a piece of the text that a name was made from.
type part struct {
	raw        string
	folded     string // lower-case ASCII
	start, end int    // bytes of the text
	after      rune   // what follows at once
	foreign    bool   // in another script than Latin
	dense      bool   // in a script without spaces
	form       Form   // of a legal form that was recognised in its own script
}

// prepare makes one text of the many that look the same. What marks a trade name says
// nothing.
func prepare(s string) string {
	if len(s) > maxNameBytes {
		s = strings.ToValidUTF8(s[:maxNameBytes], "")
	}
	if isASCII(s) {
		return s
	}
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		switch r {
		case '™', '®', '©', '℠', '\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\ufeff':
			return -1
		}
		return r
	}, s))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// split cuts a prepared text into parts: at everything that is neither letter nor digit
// but an apostrophe, and where a script without spaces begins or ends.
func split(s string) []part {
	parts := make([]part, 0, 8)
	begin, last := -1, scriptNone
	flush := func(end int) {
		if begin >= 0 {
			parts = appendPart(parts, s, begin, end, last)
			begin = -1
		}
	}
	for i, r := range s {
		sc := scriptOf(r)
		switch {
		case sc == scriptNone:
			if begin >= 0 && isApostrophe(r) {
				continue // O'Brien is one word
			}
			flush(i)
			if n := len(parts); n > 0 && parts[n-1].end == i {
				parts[n-1].after = r
			}
		case begin >= 0 && sc != last && sc != scriptMark && (sc.dense() || last.dense()):
			flush(i)
			begin, last = i, sc
		case begin < 0:
			begin, last = i, sc
		}
		if len(parts) >= 2*maxWords {
			return parts
		}
	}
	flush(len(s))
	return parts
}

// appendPart adds the part s[start:end]; one in a script without spaces is taken apart into
// the words that are known.
func appendPart(parts []part, s string, start, end int, sc script) []part {
	if sc.dense() {
		return appendDense(parts, s, start, end)
	}
	raw := s[start:end]
	folded := fold(raw)
	if folded == "" {
		return parts
	}
	return append(parts, part{raw: raw, folded: folded, start: start, end: end, foreign: sc == scriptForeign})
}

// fold writes a word in lower-case ASCII letters and digits.
func fold(raw string) string {
	if !isASCII(raw) {
		raw = unidecode.Unidecode(raw)
	}
	clean := true
	for i := range len(raw) {
		c := raw[i]
		clean = clean && ('a' <= c && c <= 'z' || '0' <= c && c <= '9')
	}
	if clean {
		return raw
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := range len(raw) {
		switch c := raw[i]; {
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c | 0x20)
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isApostrophe(r rune) bool {
	return r == '\'' || r == '’' || r == '‘' || r == 'ʼ' || r == '`' || r == '´'
}

// script is how a letter is written, as far as it matters here.
type script int

const (
	scriptNone    script = iota // no letter
	scriptLatin                 // or a digit
	scriptForeign               // an alphabet of its own, with spaces between words
	scriptHan                   // from here on: without spaces
	scriptKana
	scriptHangul
	scriptMark // goes with the letter before
)

// dense tells whether words are written without spaces between them.
func (s script) dense() bool { return s >= scriptHan && s <= scriptHangul }

func scriptOf(r rune) script {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return scriptLatin
		}
		return scriptNone
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r) || r == 'ー':
		return scriptMark
	case unicode.Is(unicode.Han, r):
		return scriptHan
	case unicode.In(r, unicode.Hiragana, unicode.Katakana):
		return scriptKana
	case unicode.Is(unicode.Hangul, r):
		return scriptHangul
	case unicode.Is(unicode.Latin, r) || unicode.IsDigit(r):
		return scriptLatin
	case unicode.IsLetter(r) && !isApostrophe(r):
		return scriptForeign
	}
	return scriptNone
}

// joinLetters makes one part of letters that belong together: "S.A.", "S A", "A/S", "AT&T".
func joinLetters(parts []part) []part {
	out := parts[:0]
	for i := 0; i < len(parts); i++ {
		p := parts[i]
		for i+1 < len(parts) && together(p, parts[i], parts[i+1]) {
			i++
			next := parts[i]
			p.folded += next.folded
			p.raw, p.end, p.after = p.raw+next.raw, next.end, next.after
		}
		out = append(out, p)
	}
	return out
}

// together tells whether next belongs to what ends with last and was joined to whole so far.
func together(whole, last, next part) bool {
	if last.form != "" || next.form != "" || last.dense || next.dense {
		return false
	}
	a, b := utf8.RuneCountInString(last.raw), utf8.RuneCountInString(next.raw)
	if last.after == '&' && last.end+1 == next.start {
		return max(a, b) <= 2 && len(whole.raw) <= 4
	}
	return a == 1 && b == 1 && unicode.IsLetter(rune1(last.raw)) && unicode.IsLetter(rune1(next.raw))
}

func rune1(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// camelForm cuts a legal form that begins with a capital off the end of a word: SiemensAG,
// AcmeGmbH.
func camelForm(parts []part, forms *formTable) []part {
	for i, p := range parts {
		if p.dense || p.end-p.start != len(p.raw) || !isASCII(p.raw) {
			continue
		}
		for cut := 3; cut < len(p.raw)-1; cut++ {
			if !isLower(p.raw[cut-1]) || !isUpper(p.raw[cut]) {
				continue
			}
			tail := part{raw: p.raw[cut:], folded: fold(p.raw[cut:]), start: p.start + cut, end: p.end, after: p.after}
			if _, n := forms.trailing([]part{tail}); n == 0 {
				continue
			}
			parts[i] = part{raw: p.raw[:cut], folded: fold(p.raw[:cut]), start: p.start, end: p.start + cut}
			return slices.Insert(parts, i+1, tail)
		}
	}
	return parts
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
