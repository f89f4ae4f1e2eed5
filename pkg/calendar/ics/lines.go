package ics

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

// maxDepth bounds nested components; a valid feed needs three.
const maxDepth = 8

// component is what stands between BEGIN and END.
type component struct {
	name     string // upper case
	line     int    // of BEGIN
	props    []property
	children []*component
}

// property is one content line, unfolded: NAME;PARAM=value:value.
type property struct {
	name   string            // upper case
	params map[string]string // by upper-case name, unquoted; of several values, all
	value  string
	line   int // 1-based, of its first physical line
}

// get returns the first property of the name.
func (c *component) get(name string) (property, bool) {
	for _, p := range c.props {
		if p.name == name {
			return p, true
		}
	}
	return property{}, false
}

// text returns the trimmed upper-case value of a property, for those with few values.
func (c *component) text(name string) string {
	p, _ := c.get(name)
	return strings.ToUpper(strings.TrimSpace(p.value))
}

// values yields what stands between the commas of a property, nothing if it is empty.
func values(p property) iter.Seq[string] {
	return func(yield func(string) bool) {
		for value := range strings.SplitSeq(p.value, ",") {
			if strings.TrimSpace(value) != "" && !yield(value) {
				return
			}
		}
	}
}

// parseComponents returns the tree of a feed under a nameless root. Lines that make no
// sense are reported and passed over; END closes the nearest component of its name.
func parseComponents(text string, warn func(line int, err error)) (*component, error) {
	root := &component{}
	stack := []*component{root}
	for number, line := range unfold(text) {
		p, err := parseProperty(line)
		if err != nil {
			warn(number, err)
			continue
		}
		p.line = number
		top := stack[len(stack)-1]
		switch p.name {
		case "BEGIN":
			if len(stack) > maxDepth {
				return nil, fmt.Errorf("line %d: components are nested more than %d deep", number, maxDepth)
			}
			child := &component{name: strings.ToUpper(strings.TrimSpace(p.value)), line: number}
			top.children = append(top.children, child)
			stack = append(stack, child)
		case "END":
			for i := len(stack) - 1; i > 0; i-- {
				if strings.EqualFold(stack[i].name, strings.TrimSpace(p.value)) {
					stack = stack[:i]
					break
				}
			}
		default:
			top.props = append(top.props, p)
		}
	}
	return root, nil
}

// unfold yields logical lines with the number of their first physical line: a line that
// begins with a blank continues the one before. Empty lines do not count.
func unfold(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		var folded strings.Builder
		first, number := 0, 0
		for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
			number++
			line = strings.TrimRight(line, "\r\n")
			if line == "" {
				continue
			}
			if first > 0 && (line[0] == ' ' || line[0] == '\t') {
				folded.WriteString(line[1:])
				continue
			}
			if folded.Len() > 0 && !yield(first, folded.String()) {
				return
			}
			folded.Reset()
			folded.WriteString(line)
			first = number
		}
		if folded.Len() > 0 {
			yield(first, folded.String())
		}
	}
}

// parseProperty splits a content line. A quoted parameter value may hold any of ; : and ,.
func parseProperty(line string) (property, error) {
	end := strings.IndexAny(line, ";:")
	if end <= 0 {
		return property{}, errors.New("not a content line, which is NAME:value")
	}
	p := property{name: strings.ToUpper(strings.TrimSpace(line[:end])), params: map[string]string{}}
	rest := line[end:]
	for rest[0] == ';' {
		size := paramSize(rest[1:])
		if size < 0 {
			return property{}, fmt.Errorf("%.20s has no value", p.name)
		}
		name, value, _ := strings.Cut(rest[1:1+size], "=")
		p.params[strings.ToUpper(strings.TrimSpace(name))] = strings.Trim(strings.TrimSpace(value), `"`)
		rest = rest[1+size:]
	}
	p.value = rest[1:]
	return p, nil
}

// paramSize returns the length of the parameter that s begins with, -1 if it never ends.
func paramSize(s string) int {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case !quoted && (s[i] == ';' || s[i] == ':'):
			return i
		}
	}
	return -1
}
