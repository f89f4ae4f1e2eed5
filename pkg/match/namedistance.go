package match

// maxDistanceLetters bounds the words whose distance is taken.
const maxDistanceLetters = 64

// editDistance is how many half edits lead from one ASCII text to another: a letter put in,
// left out, changed, or changed places with the next counts two, letters that sound alike
// one. Above limit the answer is some number above it.
func editDistance(a, b string, limit int) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if 2*(len(b)-len(a)) > limit || len(b) > maxDistanceLetters {
		return limit + 1
	}
	for len(a) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	if len(a) == 0 {
		return 2 * len(b)
	}
	var rows [3][maxDistanceLetters + 1]int
	before, above, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		above[j] = 2 * j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = 2 * i
		least := row[0]
		for j := 1; j <= len(b); j++ {
			d := min(above[j]+2, row[j-1]+2, above[j-1]+change(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+2)
			}
			row[j] = d
			least = min(least, d)
		}
		if least > limit {
			return least
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

// change is what it costs to take one letter for another.
func change(a, b byte) int {
	if a == b {
		return 0
	}
	if a > b {
		a, b = b, a
	}
	switch string([]byte{a, b}) {
	case "iy", "ck", "sz", "cs", "vw", "fv", "dt", "bp", "ij", "kq", "0o", "1l", "1i", "gk", "ou", "ei":
		return 1
	}
	return 2
}

// similarSounds compares two words of which one came from another script by their
// consonants: vowels are where transliterations differ. In percent; 0: two different ones.
func similarSounds(a, b string) int {
	var bufA, bufB [maxDistanceLetters]byte
	x, y := string(skeleton(bufA[:0], a)), string(skeleton(bufB[:0], b))
	long, short := max(len(x), len(y)), min(len(x), len(y))
	if short < 2 {
		return 0
	}
	if x == y {
		if short == 2 {
			return 80
		}
		return 95
	}
	if short < 4 || max(len(a), len(b)) > 2*min(len(a), len(b)) {
		return 0
	}
	allowed := 2
	if short >= 7 {
		allowed = 4
	}
	d := editDistance(x, y, allowed)
	if d > allowed {
		return 0
	}
	return 95 - percent*d/(2*long)
}

// Sound is what a word sounds like: its consonants, one letter for all that are taken for
// each other. Words of one sound are often two spellings of one.
func Sound(text string) string {
	var buf [maxDistanceLetters]byte
	return string(skeleton(buf[:0], text))
}

// skeleton appends the consonants of a word, one letter for all that sound alike, and 'a'
// for a vowel at the beginning.
func skeleton(buf []byte, text string) []byte {
	for i := 0; i < len(text) && len(buf) < maxDistanceLetters; i++ {
		c := sound(text, i)
		if c == 0 || len(buf) > 0 && buf[len(buf)-1] == c {
			continue
		}
		buf = append(buf, c)
	}
	return buf
}

// sound is what the i-th letter of a word sounds like; 0: nothing of its own.
func sound(text string, i int) byte {
	next := byte(0)
	if i+1 < len(text) {
		next = text[i+1]
	}
	switch c := text[i]; c {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		if i == 0 {
			return 'a'
		}
		return 0
	case 'h':
		if i > 0 {
			return 0
		}
		return 'h'
	case 'c':
		if next == 'h' || next == 'e' || next == 'i' || next == 'y' {
			return 's'
		}
		return 'k'
	case 'q':
		return 'k'
	case 'x', 'z', 'j':
		return 's'
	case 'p':
		if next == 'h' {
			return 'f'
		}
		return 'p'
	case 'v', 'w':
		return 'v'
	case 'l':
		return 'r'
	case 't':
		if next == 's' {
			return 0 // ts is one letter elsewhere
		}
		return 't'
	default:
		return c
	}
}
