package match

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode/table"
	"golang.org/x/text/unicode/norm"
)

// maxText is how much of a field is looked at, in bytes: no name is longer, and hostile
// text must not cost more than a name does.
const maxText = 128

// appendFolded appends s in the one form in which all spellings of a name meet: Latin letters
// without marks, lower case, digits, and one space between words. "Müller", "Mueller" and
// "Muller" fold alike, and so do "Хан" and "Khan".
func appendFolded(dst []byte, s string) []byte {
	s = latin(s)
	start := len(dst)
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
			fallthrough
		case 'a' <= c && c <= 'z':
			if c == 'e' && afterUmlaut(dst[start:]) {
				continue
			}
			dst = append(dst, c)
		case '0' <= c && c <= '9':
			dst = append(dst, c)
		case c == '\'' || c == '`' || c == '.': // O'Brien, J.R.
		case len(dst) > start && dst[len(dst)-1] != ' ':
			dst = append(dst, ' ')
		}
		if len(dst)-start >= maxText {
			break
		}
	}
	if len(dst) > start && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// latin writes text in the letters of ASCII. What was one word stays one: a Chinese name is
// written without the spaces between its syllables.
func latin(s string) string {
	if len(s) > 2*maxText {
		s = strings.ToValidUTF8(s[:2*maxText], "")
	}
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(2 * len(s))
	var section []string // of the letters like the last one
	last := rune(-1)
	for _, r := range norm.NFKC.String(s) {
		switch {
		case r < utf8.RuneSelf:
			b.WriteByte(byte(r))
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsNumber(r):
			if r>>8 != last {
				last = r >> 8
				section = table.Tables[last]
			}
			if at := int(r & 0xff); at < len(section) {
				b.WriteString(strings.TrimSpace(section[at]))
			}
		case unicode.Is(unicode.Cf, r): // marks of direction, joiners
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// isForeign tells whether a name is written in another script than Latin. How it reads in
// Latin letters is then a guess.
func isForeign(s string) bool {
	for _, r := range s[:min(len(s), maxText)] {
		if r >= utf8.RuneSelf && unicode.IsLetter(r) {
			return !unicode.Is(unicode.Latin, r)
		}
	}
	return false
}

// afterUmlaut tells whether an e is the second half of an umlaut that was written out.
func afterUmlaut(before []byte) bool {
	if len(before) == 0 {
		return false
	}
	switch before[len(before)-1] {
	case 'a', 'o', 'u':
		return true
	}
	return false
}

// appendSound appends the consonants of folded text by how they sound, at most four of them:
// spellings of a name that sound alike, most slips in vowels and doubled letters give the
// same. It knows no language, and so it is rougher than Soundex on what an h may mean.
func appendSound(dst, word []byte) []byte {
	var last byte
	n := 0
	for i, c := range word {
		s := soundOf(c)
		if s == 'p' && i+1 < len(word) && word[i+1] == 'h' {
			s = 'f'
		}
		if s == 0 && i == 0 {
			s = 'a' // that it begins with a vowel is heard
		}
		if s != 0 && s != last {
			dst = append(dst, s)
			if n++; n == 4 {
				break
			}
		}
		last = s
	}
	return dst
}

// soundOf a letter; 0: it is not heard, or everybody writes it differently.
func soundOf(c byte) byte {
	switch c {
	case 'b', 'p':
		return 'p'
	case 'f', 'v', 'w':
		return 'f'
	case 'c', 'g', 'k', 'q', 'x':
		return 'k'
	case 'j', 's', 'z':
		return 's'
	case 'd', 't':
		return 't'
	case 'm', 'n':
		return 'n'
	case 'l', 'r':
		return c
	}
	if '0' <= c && c <= '9' {
		return c
	}
	return 0
}

// longest word of folded text: of "de la cruz" the one that tells.
func longest(text []byte) []byte {
	var best []byte
	for word := range bytes.FieldsSeq(text) {
		if len(word) > len(best) {
			best = word
		}
	}
	return best
}

// firstWord of folded text.
func firstWord(text []byte) []byte {
	word, _, _ := bytes.Cut(text, []byte{' '})
	return word
}

// appendDigits appends the digits of text, whatever script they are in.
func appendDigits(dst []byte, s string) []byte {
	start := len(dst)
	s = latin(s)
	for i := range len(s) {
		if c := s[i]; '0' <= c && c <= '9' && len(dst)-start < maxText {
			dst = append(dst, c)
		}
	}
	return dst
}

// minPhone digits make a phone number; and they are not all the same.
const minPhone = 5

// appendPhone appends the digits of a phone number; what was typed to get past a form is none.
func appendPhone(dst []byte, s string) []byte {
	start := len(dst)
	dst = appendDigits(dst, s)
	number := dst[start:]
	if len(number) < minPhone || bytes.Count(number, number[:1]) == len(number) {
		return dst[:start]
	}
	return dst
}

// appendCode folds a postal code, which some write with spaces and some without.
func appendCode(dst []byte, s string) []byte {
	start := len(dst)
	dst = appendFolded(dst, s)
	kept := dst[:start]
	for _, c := range dst[start:] {
		if c != ' ' {
			kept = append(kept, c)
		}
	}
	return kept
}

// employer appends the words by which a company is known: those of its web domain, or of its
// name without the legal form. Telling is the one to look it up by: of "weber-bank.co.uk" and
// of "Weber Bank AG" it is "weber".
func employer(dst []byte, company string) (text, telling []byte) {
	from := len(dst)
	company = company[:min(len(company), 2*maxText)]
	if label, _, _ := strings.Cut(Registrable(company), "."); label != "" {
		dst = appendFolded(dst, label)
		return dst, longest(dst[from:])
	}
	best := 0
	for _, word := range CompanyName(company).words {
		if len(dst) > from {
			dst = append(dst, ' ')
		}
		at := len(dst)
		dst = appendFolded(dst, word.text)
		if score := int(word.weight)<<8 + len(dst) - at; score > best {
			best, telling = score, dst[at:]
		}
	}
	return dst, telling
}

// texts are a person's fields, folded, and what keys are made of.
type texts struct {
	fields [numFields][]byte
	kind   addressKind
	// sounds are those of the word that tells in the first name, the last name, the company.
	sounds  [3][]byte
	foreign bool // a name is in another script than Latin
}

// textsOf folds a person's fields.
func textsOf(p *Person) *texts {
	t := &texts{}
	buf := make([]byte, 0, 384)
	put := func(f field, s string, fill func(dst []byte, s string) []byte) {
		from := len(buf)
		buf = fill(buf, s)
		t.fields[f] = buf[from:len(buf):len(buf)]
	}
	put(firstName, p.FirstName, appendFirstNames)
	put(lastName, p.LastName, appendFolded)
	put(street, p.Street, appendFolded)
	put(place, p.Place, appendFolded)
	put(phone, p.Phone, appendPhone)
	put(city, p.City, appendFolded)
	put(postalCode, p.PostalCode, appendCode)
	put(region, p.Region, appendFolded)
	put(country, p.Country, appendFolded)
	put(birth, p.Birth, appendDigits)
	from := len(buf)
	buf, telling := employer(buf, p.Company)
	t.fields[company] = buf[from:len(buf):len(buf)]
	first, last := firstWord(t.fields[firstName]), longest(t.fields[lastName])
	for i, word := range [][]byte{first, last, telling} {
		from := len(buf)
		buf = appendSound(buf, word)
		t.sounds[i] = buf[from:len(buf):len(buf)]
	}
	t.foreign = isForeign(p.FirstName) || isForeign(p.LastName)
	if a, ok := addressOf(p.Email); ok {
		t.kind = a.kind(first, last)
		whole := append(append([]byte(a.local), '@'), a.domain...)
		t.fields[email] = whole[:min(len(whole), maxText)]
	}
	return t
}
