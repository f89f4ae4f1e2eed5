package policy

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// source is one file, kept for excerpts.
type source struct {
	name  string
	lines []string
}

func newSource(name string, data []byte) *source {
	return &source{name: name, lines: strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")}
}

// line is the text of a line, counted from 1; "" behind the end.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// node is a YAML node that knows its file.
type node struct {
	*yaml.Node
	src *source
}

func (n node) in(child *yaml.Node) node { return node{Node: child, src: n.src} }

func (n node) pos() Pos { return Pos{File: n.src.name, Line: n.Line, Col: n.Column} }

// width is how many characters of its line the node takes, at least 1.
func (n node) width() int {
	if n.Kind != yaml.ScalarNode {
		return 1
	}
	w := utf8.RuneCountInString(n.Value)
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		w += 2
	}
	return max(w, 1)
}

// deref follows an alias; an anchor cannot be an alias itself.
func (n node) deref() node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.in(n.Alias)
	}
	return n
}

// posAt is the place of a character of a scalar's value. It walks the source
// along with the value, so that quotes, escapes and folded lines are stepped over.
func (n node) posAt(offset int) Pos {
	line, col := n.Line, n.Column-1
	raw := []rune(n.src.line(line))
	block := n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if block {
		line, col = line+1, 0
		raw = []rune(n.src.line(line))
	} else if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		col++
	}
	skipBlank := func() {
		for line <= len(n.src.lines) {
			for col < len(raw) && (raw[col] == ' ' || raw[col] == '\t') {
				col++
			}
			if col < len(raw) {
				return
			}
			line, col = line+1, 0
			raw = []rune(n.src.line(line))
		}
	}
	if block {
		skipBlank()
	}
	value := []rune(n.Value)
	for i := 0; i < offset && i < len(value); i++ {
		switch {
		case value[i] == ' ' || value[i] == '\n':
			// A blank of the value may be a line's end and the next one's indent.
			if col < len(raw) && i+1 < len(value) && value[i+1] == ' ' {
				col++
				continue
			}
			skipBlank()
		case col < len(raw) && raw[col] == '\\' && n.Style&yaml.DoubleQuotedStyle != 0:
			col += 2
		case col < len(raw) && raw[col] == '\'' && n.Style&yaml.SingleQuotedStyle != 0:
			col += 2
		default:
			col++
		}
	}
	return Pos{File: n.src.name, Line: line, Col: col + 1}
}
