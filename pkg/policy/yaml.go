package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document reads the one YAML document of a file and checks what is wrong with it
// whatever it says. It is false when there is nothing to read on with.
func (r *reader) document(src *source, data []byte) (node, bool) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return node{}, false
	case err != nil:
		r.syntax(src, err)
		return node{}, false
	}
	if err := decoder.Decode(&second); err == nil {
		r.failAt(Pos{File: src.name, Line: second.Line, Col: 1}, 0, "a second document begins here; put it into a file of its own")
	} else if !errors.Is(err, io.EOF) {
		r.syntax(src, err)
	}
	root := node{Node: doc.Content[0], src: src}
	if large := unfolds(root.Node); large != nil {
		r.fail(root.in(large), "with what its aliases stand for this is more than %d values", maxUnfolded)
		return node{}, false
	}
	r.vet(root)
	return root, true
}

// vet refuses tags, empty values, merge keys and repeated keys all over a document.
// Aliases are not followed: what they stand for is in the document too. Whatever
// else is found out about a refused value later would only confuse.
func (r *reader) vet(n node) {
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		r.fail(n, "`%s` at the start makes this a YAML tag; quote it: '%s'", n.Tag, strings.TrimSpace(n.Tag+" "+n.Value))
		r.refused[n.pos()] = true
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		r.fail(n, "the value is empty")
		r.refused[n.pos()] = true
	case n.Kind == yaml.MappingNode:
		r.vetMapping(n)
	case n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			r.vet(n.in(c))
		}
	}
}

func (r *reader) vetMapping(n node) {
	seen := map[string]node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.in(n.Content[i]), n.in(n.Content[i+1])
		if key.Kind != yaml.ScalarNode || key.Style&yaml.TaggedStyle != 0 || key.Tag == "!!merge" {
			r.fail(key, "a key must be plain text")
			continue
		}
		if first, ok := seen[key.Value]; ok {
			r.fail(key, "`%s` is here twice, first in line %d", key.Value, first.Line)
		}
		seen[key.Value] = key
		switch {
		case i > 0 && value.Tag == "!!null" && r.cutOff(n.in(n.Content[i-1]), n.in(n.Content[i-2]), key):
			r.refused[key.pos()] = true
			r.refused[n.in(n.Content[i-1]).pos()] = true
		case value.Style&yaml.TaggedStyle != 0:
			r.fail(value, "`%s` at the start makes this a YAML tag; quote it: %s: '%s'", value.Tag, key.Value, strings.TrimSpace(value.Tag+" "+value.Value))
			r.refused[value.pos()] = true
		case value.Tag == "!!null" && value.Kind == yaml.ScalarNode:
			r.fail(key, "`%s` is empty", key.Value)
			r.refused[value.pos()] = true
		default:
			r.vet(value)
		}
	}
}

// cutOff reports a plain value inside { } that YAML ended at a comma, so that its
// rest became a key without a colon.
func (r *reader) cutOff(value, key, rest node) bool {
	line := []rune(rest.src.line(rest.Line))
	end := rest.Column - 1 + len([]rune(rest.Value))
	if before, ok := strings.CutSuffix(rest.Value, ":"); ok { // {when:, to: x}: a colon needs a blank behind it
		r.fail(rest, "`%s` is empty", before)
		return true
	}
	if value.Kind != yaml.ScalarNode || value.Line != rest.Line || rest.Style != 0 || end > len(line) ||
		strings.HasPrefix(strings.TrimSpace(string(line[end:])), ":") {
		return false
	}
	whole := string(line[value.Column-1 : end])
	at := Pos{File: rest.src.name, Line: value.Line, Col: value.Column + len([]rune(value.Value))}
	r.failAt(at, 0, "%s is cut off at `,`; quote it: %s: %s", expression(key.Value), key.Value, quoted(whole))
	return true
}

// parserErrors are the problems that yaml.v3 counts lines of from 0, not from 1.
var parserErrors = regexp.MustCompile(`^did not find expected ('|<|node|key)`)

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// syntax reports that a file is not YAML. Where the reason is a condition that
// needs quotes, it says how.
func (r *reader) syntax(src *source, err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 0
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	if parserErrors.MatchString(message) {
		line++
	}
	line = max(line, 1)
	if pos, advice, ok := quoteAdvice(src, line); ok {
		r.failAt(pos, 0, "%s", advice)
		return
	}
	if strings.Contains(message, "cannot start any token") && strings.Contains(src.line(line), "\t") {
		message = "a tab cannot indent; write blanks"
	} else if strings.Contains(message, "did not find expected") {
		message += "; is a bracket open, or a line indented otherwise than those beside it?"
	}
	r.failAt(Pos{File: src.name, Line: line}, 0, "not valid YAML: %s", message)
}

// adviceLines bounds how far behind the reported line, which may be the beginning
// of a mapping, is searched.
const adviceLines = 20

// quoteAdvice looks for a value that YAML ends before its author does.
func quoteAdvice(src *source, line int) (Pos, string, bool) {
	s := plainScanner{}
	for n := line; n < line+adviceLines && n <= len(src.lines); n++ {
		s.text, s.at = []rune(src.line(n)), 0
		if s.depth == 0 && indent(s.text) < indent([]rune(src.line(line))) {
			break
		}
		if advice, ok := s.scan(); ok {
			return Pos{File: src.name, Line: n, Col: s.at + 1}, advice, true
		}
	}
	return Pos{}, "", false
}

// indent is how far a line is indented; one without text goes on with the last.
func indent(line []rune) int {
	i := slices.IndexFunc(line, func(c rune) bool { return c != ' ' })
	if i < 0 {
		return math.MaxInt
	}
	return i
}

// plainScanner walks a line of YAML just closely enough to find values.
type plainScanner struct {
	text  []rune
	at    int
	depth int    // of { and [
	key   string // before the value, when there is one
	// The value before on this line, ended by a comma: its author may have meant it to
	// go on.
	lastKey         string
	lastAt, lastEnd int
}

// scan stops at the first value that is cut off, with advice.
func (s *plainScanner) scan() (string, bool) {
	s.key, s.lastKey = "", ""
	for s.at < len(s.text) {
		if advice, ok := s.goesOn(); ok {
			return advice, true
		}
		switch c := s.text[s.at]; {
		case c == '#' && (s.at == 0 || s.text[s.at-1] == ' '):
			return "", false
		case c == '{' || c == '[':
			s.depth++
			s.key = ""
			s.at++
		case c == '}' || c == ']':
			s.depth = max(0, s.depth-1)
			s.at++
		case c == '"' || c == '\'':
			s.quoted(c)
		case c == ',':
			s.key = ""
			s.at++
		case c == ' ' || c == ':' || c == '\t' || c == '-' && s.next() == ' ':
			s.at++
		default:
			if advice, ok := s.plain(); ok {
				return advice, true
			}
		}
	}
	return "", false
}

// goesOn recognises a value that begins with a quoted text, a list or a mapping,
// which is all that YAML takes of it, and goes on behind: "vip" in tags.
func (s *plainScanner) goesOn() (string, bool) {
	start := s.at
	if s.key == "" || !strings.ContainsRune("\"'[{", s.text[start]) {
		return "", false
	}
	first := plainScanner{text: s.text, at: start}
	first.whole()
	rest := strings.TrimLeft(string(s.text[first.at:]), " ")
	if rest == "" || strings.ContainsRune(",]}#:", rune(rest[0])) {
		return "", false
	}
	s.at = first.at
	return s.advice(start, "behind `"+string(s.text[start:first.at])+"`")
}

// whole walks over a quoted text, a list or a mapping.
func (s *plainScanner) whole() {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '"', '\'':
			s.quoted(c)
		case '[', '{':
			s.depth++
			s.at++
		case ']', '}':
			s.depth--
			s.at++
		default:
			s.at++
		}
		if s.depth <= 0 {
			break
		}
	}
	s.at = min(s.at, len(s.text))
}

func (s *plainScanner) next() rune {
	if s.at+1 < len(s.text) {
		return s.text[s.at+1]
	}
	return ' '
}

func (s *plainScanner) quoted(quote rune) {
	for s.at++; s.at < len(s.text) && s.text[s.at] != quote; s.at++ {
		if s.text[s.at] == '\\' && quote == '"' {
			s.at++
		}
	}
	s.at++
}

// plain walks over a plain scalar. A key is remembered; a value that YAML would
// not take whole is advised about.
func (s *plainScanner) plain() (string, bool) {
	start := s.at
	for ; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		switch {
		case c == ':' && s.next() == ' ':
			if s.key == "" {
				s.key = strings.TrimSpace(string(s.text[start:s.at]))
				return "", false
			}
			return s.advice(start, "at `:`")
		case c == '#' && s.at > start && s.text[s.at-1] == ' ':
			return "", false
		case s.at == start && strings.ContainsRune("!&@`%|>", c) && s.key != "":
			return s.advice(start, "at `"+string(c)+"`")
		case s.depth > 0 && (c == '[' || c == '{'):
			return s.advice(start, "at `"+string(c)+"`")
		case s.depth > 0 && (c == ',' || c == ']' || c == '}'):
			s.lastKey, s.lastAt, s.lastEnd = s.key, start, s.at
			return "", false
		}
	}
	return "", false
}

// advice is for a value that starts at a place; where says what cuts it off.
func (s *plainScanner) advice(start int, where string) (string, bool) {
	if s.key == "" && s.lastKey != "" {
		s.key, start, s.at, where = s.lastKey, s.lastAt, s.lastEnd, "at `,`"
	}
	if s.key == "" {
		return "", false
	}
	whole := strings.TrimSpace(string(s.text[start:s.end(start)]))
	return fmt.Sprintf("%s is cut off %s; quote it: %s: %s", expression(s.key), where, s.key, quoted(whole)), true
}

// end is where the author would end a value: a comma or bracket outside of its own
// brackets and quotes.
func (s *plainScanner) end(start int) int {
	inner := plainScanner{text: s.text, at: start}
	for inner.at < len(inner.text) {
		switch c := inner.text[inner.at]; {
		case c == '"' || c == '\'':
			inner.quoted(c)
			continue
		case c == '[' || c == '{' || c == '(':
			inner.depth++
		case (c == ',' || c == ']' || c == '}') && inner.depth == 0 && s.depth > 0:
			return inner.at
		case c == ']' || c == '}' || c == ')':
			inner.depth--
		case c == '#' && inner.at > start && inner.text[inner.at-1] == ' ':
			return inner.at
		}
		inner.at++
	}
	return len(inner.text)
}

// expression names a value by its key for an author.
func expression(key string) string {
	switch key {
	case "when", "for", "then":
		return "the condition"
	default:
		return "`" + key + "`"
	}
}

// quoted is a text as a YAML single-quoted scalar.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
