package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Severity says whether an issue keeps a policy from being used.
type Severity int

// The severities.
const (
	Error Severity = iota
	Warning
)

// Issue is one thing wrong with a policy: where, what, and what to do.
type Issue struct {
	Pos      Pos
	Severity Severity
	Message  string
	// Line is the source line and Width the number of characters to underline from
	// Pos.Col on; a Width of 0 shows no excerpt.
	Line  string
	Width int
}

// String is the place and the message, followed by the excerpt.
func (i Issue) String() string {
	var b strings.Builder
	if i.Pos != (Pos{}) {
		fmt.Fprintf(&b, "%s: ", i.Pos)
	}
	if i.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(i.Message)
	if i.Width > 0 && strings.TrimSpace(i.Line) != "" {
		b.WriteByte('\n')
		i.excerpt(&b)
	}
	return b.String()
}

// excerptWidth is how many characters of a source line an excerpt shows.
const excerptWidth = 60

// excerpt writes the line and carets below it. A long line is cut at a blank; what
// is underlined always shows.
func (i Issue) excerpt(b *strings.Builder) {
	line, start := []rune(strings.ReplaceAll(i.Line, "\t", " ")), i.Pos.Col-1
	start = min(start, len(line))
	width := max(1, min(i.Width, len(line)-start))
	if start+width > excerptWidth && start > 20 {
		cut := start - 20
		line, start = append([]rune("..."), line[cut+3:]...), 20
	}
	if end := max(excerptWidth, start+width); len(line) > end {
		if blank := lastBlank(line[:end]); blank > start+width {
			end = blank
		}
		line = append(line[:end:end], []rune(" ...")...)
	}
	number := fmt.Sprintf("%4d", i.Pos.Line)
	fmt.Fprintf(b, "%s | %s\n", number, string(line))
	fmt.Fprintf(b, "%s | %s%s", strings.Repeat(" ", len(number)), strings.Repeat(" ", start), strings.Repeat("^", width))
}

func lastBlank(line []rune) int {
	for i, c := range slices.Backward(line) {
		if c == ' ' {
			return i
		}
	}
	return -1
}

// String is file:line:column, without the parts that are not known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

func (p Pos) compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Issues are all problems of a policy, in the order of the files.
type Issues []Issue

// Err is the issues as an error, or nil when there are only warnings.
func (is Issues) Err() error {
	if slices.ContainsFunc(is, func(i Issue) bool { return i.Severity == Error }) {
		return is
	}
	return nil
}

// Error lists the issues, one after the other.
func (is Issues) Error() string {
	lines := make([]string, len(is))
	for k, i := range is {
		lines[k] = i.String()
	}
	return strings.Join(lines, "\n")
}

// sort puts the issues in the order of the files and drops repetitions.
func (is Issues) sort() Issues {
	slices.SortStableFunc(is, func(a, b Issue) int {
		return cmp.Or(a.Pos.compare(b.Pos), strings.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(is, func(a, b Issue) bool { return a.Pos == b.Pos && a.Message == b.Message })
}

// Suggest is "; did you mean `x`?" with the nearest of the names, or "", for other files
// than policies.
func Suggest(name string, names []string) string { return suggest(name, names) }

// suggest is "; did you mean `x`?" with the nearest of the names, or "".
func suggest(name string, names []string) string {
	if best := nearest(name, names); best != "" {
		return "; did you mean `" + best + "`?"
	}
	return ""
}

// longestName is how many characters a name has that may be a misspelt one.
const longestName = 64

// nearest finds the name with the fewest edits, at most a third of its length;
// of equals the first in alphabetical order.
func nearest(name string, names []string) string {
	if len(name) > 4*longestName || utf8.RuneCountInString(name) > longestName {
		return "" // no typo
	}
	best, least := "", max(1, utf8.RuneCountInString(name)/3)+1
	for _, n := range slices.Sorted(slices.Values(names)) {
		if len(n) > 8*longestName {
			continue // none that a third of the edits could make
		}
		if d := edits([]rune(strings.ToLower(name)), []rune(strings.ToLower(n))); d < least {
			best, least = n, d
		}
	}
	return best
}

// edits counts insertions, deletions, replacements and swaps of neighbours
// (optimal string alignment).
func edits(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		older, last, row := rows[(i+2)%3], rows[i%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
