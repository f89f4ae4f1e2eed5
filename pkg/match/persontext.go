package match

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// maxText is how much of a field is looked at, in bytes: no name is longer, and hostile
// text must not cost more than a name does.
const maxText = 128

// fold appends s in the one form in which all spellings of a name meet: Latin letters
// without marks, lower case, digits, and one space between words. "Müller", "Mueller" and
// "Muller" fold alike, and so do "Хан" and "Khan".
func fold(dst []byte, s string) []byte {
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
	return bytes.TrimRight(dst, " ")
}

// latin writes text in the letters of ASCII.
func latin(s string) string {
	if len(s) > 2*maxText {
		s = strings.ToValidUTF8(s[:2*maxText], "")
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return unidecode.Unidecode(norm.NFKC.String(s))
		}
	}
	return s
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

// sound appends the consonants of folded text by how they sound, at most four of them:
// spellings of a name that sound alike, most slips in vowels and doubled letters give the
// same. It knows no language, and so it is rougher than Soundex on what an h may mean.
func sound(dst, word []byte) []byte {
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

// address is an e-mail address in its normal form.
type address struct{ local, domain string }

// addressOf normalises an address: case, what follows a plus, and where Google ignores dots
// these. Text that is no address gives false.
func addressOf(email string) (address, bool) {
	email = strings.ToLower(strings.TrimSpace(email))
	at := strings.LastIndexByte(email, '@')
	if at <= 0 || at == len(email)-1 || len(email) > 2*maxText {
		return address{}, false
	}
	a := address{email[:at], strings.TrimSuffix(email[at+1:], ".")}
	if plus := strings.IndexByte(a.local, '+'); plus > 0 {
		a.local = a.local[:plus]
	}
	if a.domain == "googlemail.com" {
		a.domain = "gmail.com"
	}
	if a.domain == "gmail.com" {
		a.local = strings.ReplaceAll(a.local, ".", "")
	}
	return a, a.local != ""
}

// digits appends the digits of text, whatever script they are in.
func digits(dst []byte, s string) []byte {
	start := len(dst)
	s = latin(s)
	for i := range len(s) {
		if c := s[i]; '0' <= c && c <= '9' && len(dst)-start < maxText {
			dst = append(dst, c)
		}
	}
	return dst
}

// employer is the text by which a company is known, from its name or its web domain:
// "www.weber-bank.co.uk" and "Weber Bank" both give "weber bank".
func employer(company string) string {
	if strings.ContainsAny(company, " @/") || !strings.Contains(company, ".") {
		return company
	}
	labels := strings.Split(strings.TrimSuffix(company, "."), ".")
	labels = labels[:len(labels)-1]
	if n := len(labels); n > 1 && len(labels[n-1]) <= 3 { // co.uk, com.au
		labels = labels[:n-1]
	}
	return labels[len(labels)-1]
}
