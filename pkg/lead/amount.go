package lead

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Amount is what somebody typed where a number was asked for.
type Amount struct {
	Value float64 // of a range, its lower end: as much as is certain
	// Currencies are those that its sign can stand for (ISO 4217), the likeliest first; nil:
	// none is named. Of a sign that is at home in many places (kr, ¥) the first is empty.
	Currencies []string
}

// maxAmountText bounds what is looked at, in bytes.
const maxAmountText = 64

// ParseAmount reads an amount as people type it: 1.234,50 €, $12k, 1,2 Mio., ₹ 5 lakh, 10-20k,
// 3億円. Dots and commas are understood by how they stand: the last of both is the decimal
// mark, one that repeats groups, and so does one with three digits behind it (1.234), unless
// a word such as million follows. ok is false when there is anything in it that is not known
// to belong to an amount.
func ParseAmount(text string) (a Amount, ok bool) {
	if len(text) > maxAmountText {
		return Amount{}, false
	}
	text = norm.NFKC.String(strings.ToLower(text))
	text = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(text), ",-"), ".-")
	r := amountReader{rest: text}
	low, exponent, ok := r.sum()
	if !ok {
		return Amount{}, false
	}
	a.Value = low.times(exponent)
	if r.dash() {
		high, times, ok := r.sum()
		if !ok {
			return Amount{}, false
		}
		if exponent == 0 && times > 0 && low.times(0) < high.times(0) {
			a.Value = low.times(times) // 10-20k
		}
		if a.Value > high.times(times) {
			return Amount{}, false
		}
	}
	a.Currencies = r.currencies
	return a, strings.TrimSpace(r.rest) == "" && !r.clash
}

// amountReader goes through an amount from left to right.
type amountReader struct {
	rest       string
	currencies []string
	clash      bool // two currencies are named
}

// decimal is a number as written, before its words.
type decimal struct {
	digits string // for strconv
	extra  float64
}

func (d decimal) times(exponent int) float64 {
	v, _ := strconv.ParseFloat(d.digits+"e"+strconv.Itoa(exponent), 64) // digits are digits
	return v + d.extra
}

// sum reads a number with the words around it; further ones of smaller words add to it
// (1億2000万, 2 crore 50 lakh). exponent is the word's power of ten.
func (r *amountReader) sum() (first decimal, exponent int, ok bool) {
	ahead := r.words() // TEUR 50
	for last := math.MaxInt; ; {
		digits, grouped, found := r.number()
		if !found {
			return first, exponent, ok
		}
		by := r.words()
		if by < 0 || ahead < 0 || by > 0 && ahead > 0 {
			return first, exponent, false
		}
		by, ahead = by+ahead, 0
		d, good := plainDigits(digits, grouped, by > 0)
		if !good || by >= last {
			return first, exponent, false
		}
		if !ok {
			first, exponent, ok = decimal{digits: d}, by, true
		} else {
			first.extra += decimal{digits: d}.times(by)
		}
		last = by
	}
}

// number takes digits and what stands between them. grouped tells whether spaces did.
func (r *amountReader) number() (digits string, grouped, found bool) {
	text := strings.TrimLeft(r.rest, " ")
	var b strings.Builder
	end := 0
	for i, c := range text {
		if i < end {
			continue
		}
		if d, isDigit := digitOf(c); isDigit {
			b.WriteByte(d)
			end = i + utf8.RuneLen(c)
			continue
		}
		next := text[i+utf8.RuneLen(c):]
		mark := markOf(c)
		if mark == 0 || b.Len() == 0 || !startsDigit(next) || mark == ' ' && !threeDigits(next) {
			break
		}
		grouped = grouped || mark == ' '
		if mark != ' ' {
			b.WriteByte(mark)
		}
		end = i + utf8.RuneLen(c)
	}
	r.rest = text[end:]
	return b.String(), grouped, b.Len() > 0
}

// markOf is what may stand between digits: a dot, a comma, or (as a space) what only groups.
func markOf(c rune) byte {
	switch c {
	case '.', '·':
		return '.'
	case ',', '٫':
		return ','
	case ' ', '\'', '’', '_', '٬', '\u202f', '\u00a0':
		return ' '
	}
	return 0
}

// digitOf reads the decimal digits of any script: each has them in a row.
func digitOf(c rune) (byte, bool) {
	if c < utf8.RuneSelf {
		return byte(c), c >= '0' && c <= '9'
	}
	if !unicode.Is(unicode.Nd, c) {
		return 0, false
	}
	zero := c
	for unicode.Is(unicode.Nd, zero-1) && c-zero < 9 {
		zero--
	}
	return byte('0' + c - zero), true
}

func startsDigit(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	_, ok := digitOf(c)
	return ok
}

// threeDigits tells whether a group comes next, and no longer number.
func threeDigits(s string) bool {
	n := 0
	for _, c := range s {
		if _, ok := digitOf(c); !ok {
			break
		}
		n++
	}
	return n == 3
}

// plainDigits writes a number for strconv. scaled tells whether a word such as million
// follows, of which people write fractions with three digits.
func plainDigits(s string, grouped, scaled bool) (string, bool) {
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	point := max(strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ','))
	strip := func(s string) string { return strings.NewReplacer(".", "", ",", "").Replace(s) }
	switch {
	case point < 0:
		return s, true
	case dots > 0 && commas > 0:
		if dots > 1 && commas > 1 || strings.Count(s, s[point:point+1]) > 1 {
			return "", false // 1.2,3.4
		}
	case dots+commas > 1:
		return strip(s), len(s)-point-1 == 3
	case len(s)-point-1 == 3 && !scaled && !grouped && s[0] != '0':
		return strip(s), true
	}
	return strip(s[:point]) + "." + s[point+1:], true
}

// dash takes what stands between the ends of a range.
func (r *amountReader) dash() bool {
	text := strings.TrimLeft(r.rest, " ")
	for _, mark := range []string{"-", "–", "—", "~", "to ", "bis ", "à ", "do ", "до ", "until "} {
		if rest, ok := strings.CutPrefix(text, mark); ok {
			r.rest = rest
			return true
		}
	}
	return false
}

// words takes the words and signs up to the next number or dash. It returns the power of ten
// that they stand for, or -1 when two of them do.
func (r *amountReader) words() int {
	exponent := 0
	for {
		r.rest = strings.TrimLeft(r.rest, " .+~≈>≥*:\u00a0\u200e\u200f")
		word := leadingWord(r.rest)
		w, known := wordOf(word)
		for !known && len(word) > 0 && unspacedWord(word) {
			_, size := utf8.DecodeLastRuneInString(word)
			word = word[:len(word)-size]
			w, known = wordOf(word)
		}
		if !known || word == "" {
			return exponent
		}
		r.rest = r.rest[len(word):]
		if w.exponent > 0 {
			if exponent > 0 {
				return -1
			}
			exponent = w.exponent
		}
		if w.currencies != nil {
			r.clash = r.clash || r.currencies != nil && !slices.Equal(r.currencies, w.currencies)
			r.currencies = w.currencies
		}
	}
}

// leadingWord is the letters, or the currency sign, that a text begins with; letters before a
// sign belong to it (US$).
func leadingWord(s string) string {
	for i, c := range s {
		switch {
		case unicode.Is(unicode.Sc, c):
			if i == 0 || c == '$' {
				return s[:i+utf8.RuneLen(c)]
			}
			return s[:i]
		case !unicode.IsLetter(c) && !unicode.IsMark(c):
			return s[:i]
		}
	}
	return s
}

// unspacedWord: words of these scripts stand in a row.
func unspacedWord(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return unicode.In(c, unicode.Han, unicode.Hangul)
}

// understood is the currency of an amount for a lead with a currency or a country of its own;
// ok is false when the two contradict each other, or nobody knows which it is.
func (a Amount) understood(currency, country string) (string, bool) {
	switch {
	case a.Currencies == nil:
		return currency, true
	case currency != "":
		return currency, slices.Contains(a.Currencies, currency)
	}
	if home := currencyOf(country); home != "" && slices.Contains(a.Currencies, home) {
		return home, true
	}
	return a.Currencies[0], a.Currencies[0] != ""
}
