package enrich

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:embed data/titles.txt
var titleWords string

// Title is what a job title tells; empty: it does not.
type Title struct {
	Seniority string // c_level, vp, director, manager, senior, staff or junior
	Function  string // sales, marketing, finance, hr, legal, it, engineering, product, …
}

// ranks in the order in which they count: the first that a title names is its seniority.
// It is a function so that nobody can change the list.
func ranks() []string {
	return []string{"c_level", "vp", "director", "manager", "senior", "junior", "staff"}
}

// sense is what a word or phrase says.
type sense struct {
	rank     int8 // 1 + index into ranks; 0: says nothing of it
	function string
}

// glossary knows the words of job titles. It never changes.
type glossary struct {
	phrases map[string]sense // words and phrases, folded, with single spaces
	tails   map[string]sense // ends of words
	heads   map[string]sense // beginnings of words
	signs   map[string]sense // of scripts without spaces between words
	ranks   []string
}

// Bounds of a title that is looked at, and of what a phrase can be.
const (
	maxTitle   = 160 // bytes
	maxWords   = 24
	maxPhrase  = 6  // words
	minPart    = 2  // bytes of a beginning or end of a word
	maxPart    = 16 // bytes
	longestCJK = 8  // signs
)

// newGlossary reads the words. They are our own; a test reads all of them.
func newGlossary() *glossary {
	g := &glossary{
		phrases: make(map[string]sense, 4096), tails: map[string]sense{}, heads: map[string]sense{},
		signs: map[string]sense{}, ranks: ranks(),
	}
	for line := range strings.Lines(titleWords) {
		meaning, words, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		s := g.sense(meaning)
		for word := range strings.SplitSeq(words, ",") {
			g.add(strings.TrimSpace(word), s)
		}
	}
	return g
}

// sense reads "c_level finance", or one of the two.
func (g *glossary) sense(meaning string) (s sense) {
	for name := range strings.FieldsSeq(meaning) {
		s.function = name
		for i, rank := range g.ranks {
			if rank == name {
				s.rank, s.function = int8(i+1), ""
			}
		}
	}
	return s
}

// add enters a word for what it says beside what it is known for already.
func (g *glossary) add(word string, s sense) {
	table := g.phrases
	switch tail, isTail := strings.CutPrefix(word, "-"); {
	case isTail:
		table, word = g.tails, tail
	case strings.HasSuffix(word, "-"):
		table, word = g.heads, strings.TrimSuffix(word, "-")
	case strings.ContainsFunc(word, unspaced):
		table = g.signs
	}
	word = strings.Join(words(nil, word), " ")
	known := table[word]
	if known.rank == 0 {
		known.rank = s.rank
	}
	if known.function == "" {
		known.function = s.function
	}
	table[word] = known
}

// read tells what a title says.
func (g *glossary) read(title string) Title {
	if len(title) > maxTitle {
		title = strings.ToValidUTF8(title[:maxTitle], "")
	}
	var buf [maxWords]string
	list := words(buf[:0], title)
	helped := false
	if i := helping(list); i >= 0 {
		list, helped = list[:i], true // whoever is named behind is somebody else
	}
	var found sense
	for i := 0; i < len(list); {
		s, n := g.at(list[i:])
		if n == 0 {
			s, n = g.word(list[i]), 1
		}
		found = found.and(s)
		i += n
	}
	if chiefOfficer(list) {
		found.rank = 1
	}
	t := Title{Function: found.function}
	if found.rank > 0 {
		t.Seniority = g.ranks[found.rank-1]
	}
	if helped || t.Seniority == "" && t.Function != "" {
		t.Seniority = "staff"
	}
	return t
}

// and adds what comes next in the title: the higher rank, the first function.
func (s sense) and(next sense) sense {
	if s.rank == 0 || next.rank > 0 && next.rank < s.rank {
		s.rank = next.rank
	}
	if s.function == "" {
		s.function = next.function
	}
	return s
}

// at finds the longest phrase that the words begin with, and how many words it has.
func (g *glossary) at(list []string) (sense, int) {
	var buf [maxTitle]byte
	phrase := buf[:0]
	var found sense
	n := 0
	for i, word := range list[:min(len(list), maxPhrase)] {
		if i > 0 {
			phrase = append(phrase, ' ')
		}
		phrase = append(phrase, word...)
		if s, ok := g.phrases[string(phrase)]; ok {
			found, n = s, i+1
		}
	}
	return found, n
}

// word reads one that is not in the list: by its end and its beginning, or sign by sign.
func (g *glossary) word(word string) (s sense) {
	if strings.ContainsFunc(word, unspaced) {
		return g.signsOf(word)
	}
	for n := min(maxPart, len(word)-2); n >= minPart && s.rank == 0; n-- {
		if tail, ok := g.tails[word[len(word)-n:]]; ok {
			s = s.and(tail)
			// What is before the end is a word of its own: Vertriebs-leiter.
			s = s.and(g.part(word[:len(word)-n]))
		}
	}
	return s.and(g.part(word))
}

// part is what the beginning of a word says of the function.
func (g *glossary) part(word string) sense {
	if s, ok := g.phrases[word]; ok {
		return sense{function: s.function}
	}
	for n := min(maxPart, len(word)); n >= minPart; n-- {
		if s, ok := g.heads[word[:n]]; ok {
			return s
		}
	}
	return sense{}
}

// signsOf goes through a text without spaces, and takes the longest word at each place: it
// says more than the one that it begins with.
func (g *glossary) signsOf(text string) (s sense) {
	for text != "" {
		var longest sense
		_, step := utf8.DecodeRuneInString(text)
		for n, end := 0, 0; n < longestCJK && end < len(text); n++ {
			_, size := utf8.DecodeRuneInString(text[end:])
			end += size
			if found, ok := g.signs[text[:end]]; ok {
				longest, step = found, end
			}
		}
		s = s.and(longest)
		text = text[step:]
	}
	return s
}

// helping finds the word for who helps whoever is named behind it, as in assistant to the
// director; -1: there is none.
func helping(list []string) int {
	for i := range max(0, len(list)-1) {
		if aide(list[i]) && helps(list[i+1]) {
			return i
		}
	}
	return -1
}

// aide tells whether a word is one for who helps whoever is named after it.
func aide(word string) bool {
	switch word {
	case "assistant", "aide", "assistante", "assistent", "assistentin", "assistenz", "asistente", "assistente", "secretary",
		"secretaria", "secretaire", "sekretarin", "referent", "referentin", "asystent", "asystentka", "помощник", "ассистент",
		"секретарь", "מזכירה", "עוזר", "עוזרת", "مساعد":
		return true
	}
	return false
}

// helps tells whether the word after an aide is one that leads to whom it helps.
func helps(word string) bool {
	switch word {
	case "to", "of", "der", "des", "de", "du", "del", "della", "di", "do", "da", "la", "geschaftsfuhrung", "geschaftsleitung",
		"direction", "direccion", "direzione", "direcao", "генерального", "директора", "руководителя", "מנכל", "المدير", "prezesa",
		"zarzadu":
		return true
	}
	return false
}

// chiefOfficer is what any "chief … officer" is.
func chiefOfficer(list []string) bool {
	chief := false
	for _, word := range list {
		chief = chief || word == "chief"
		if chief && word == "officer" {
			return true
		}
	}
	return false
}

// words folds a text and takes it apart: small letters without accents, no quotes within a
// word. The first maxWords are appended to buf.
func words(buf []string, text string) []string {
	text = fold(text)
	for text != "" {
		begin := strings.IndexFunc(text, unicode.IsLetter)
		if begin < 0 {
			break
		}
		text = text[begin:]
		end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
		if end < 0 {
			end = len(text)
		}
		if len(buf) == maxWords {
			break
		}
		buf = append(buf, text[:end])
		text = text[end:]
	}
	return buf
}

// fold makes small letters without accents of a text. Scripts in which a mark makes another
// letter (が, 가) are left as they are.
func fold(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	for _, r := range norm.NFKC.String(text) {
		switch r = unicode.ToLower(r); {
		case r < utf8.RuneSelf:
			b.WriteByte(byte(r))
		case r == '’':
			b.WriteByte(' ')
		case r == '״' || r == '׳' || r == '\u0307' || r == '\u0640' || r >= '\u064b' && r <= '\u0652':
			// Hebrew abbreviations, Arabic vowels: not written by everybody.
		default:
			b.WriteString(plainLetter(r))
		}
	}
	return strings.ReplaceAll(b.String(), `"`, "")
}

// plainLetter is a letter without its accent.
func plainLetter(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'ı':
		return "i"
	case 'þ':
		return "th"
	case 'ς':
		return "σ"
	case 'أ', 'إ', 'آ':
		return "ا"
	}
	if unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) {
		if plain := norm.NFD.PropertiesString(string(r)).Decomposition(); len(plain) > 0 {
			base, _ := utf8.DecodeRune(plain)
			return plainLetter(base)
		}
	}
	return string(r)
}

// unspaced tells whether a letter is of a script that puts no spaces between words.
func unspaced(r rune) bool {
	return r > 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}
