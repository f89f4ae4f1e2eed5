package policy

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
)

// habits are what other languages write, and what CEL writes instead.
var habits = map[string]string{
	"and": "&&", "or": "||", "not": "!", "=": "==", "is": "==", "like": ".contains(\"…\")",
}

// habitChars make up a word of [habits].
const habitChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ="

var (
	noOverload = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '([^']*)'`)
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	operator   = regexp.MustCompile(`^_?@?([^_]+)_?$`)
	argument   = regexp.MustCompile(`^invalid (matches|duration|timestamp) argument`)
)

// arguments are what a constant argument should have been, by the function's name.
var arguments = map[string]string{
	"matches":   "this is not a regular expression (RE2)",
	"duration":  "this is not a duration such as \"36h\" or \"90m\"",
	"timestamp": "this is not an instant such as \"2026-11-24T10:00:00Z\"",
}

// typeWords are the types of CEL in the words of an author.
var typeWords = strings.NewReplacer("string", "text", "int", "whole number", "double", "decimal number", "bool", "true or false")

// celIssues reports what CEL says, at its place in the file and in our words.
func (r *reader) celIssues(n node, issues *cel.Issues) {
	for i, e := range issues.Errors() {
		at := runeOffset(n.Value, e.Location.Line(), e.Location.Column())
		r.failAt(n.posAt(at), 1, "%s", complaint(e.Message, string([]rune(n.Value)[min(at, len([]rune(n.Value))):])))
		if i == 0 && strings.HasPrefix(e.Message, "Syntax error") {
			return // what follows is the parser finding its feet again
		}
	}
}

// complaint is a message of CEL in our words; rest is the text from its place on.
func complaint(message, rest string) string {
	syntax, isSyntax := strings.CutPrefix(message, "Syntax error: ")
	if isSyntax {
		syntax, _, _ = strings.Cut(syntax, " expecting ")
		if advice := habit(syntax, rest); advice != "" {
			return advice
		}
		return "not a condition: " + syntax
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		text := "`" + operator.ReplaceAllString(m[1], "$1") + "` cannot be used on " + typeWords.Replace(m[2])
		if m[2] == "(int, double)" || m[2] == "(double, int)" {
			text += "; write whole numbers as 5.0"
		}
		return text
	}
	if m := undeclared.FindStringSubmatch(message); m != nil {
		return "there is no function `" + m[1] + "`"
	}
	if m := argument.FindStringSubmatch(message); m != nil {
		return arguments[m[1]]
	}
	switch {
	case strings.HasPrefix(message, "expression code point size exceeds"):
		return fmt.Sprintf("this is longer than %d characters; put parts of it under `define`", maxSource)
	case strings.HasPrefix(message, "expression recursion limit exceeded"):
		return fmt.Sprintf("this is nested more than %d levels deep; put parts of it under `define`", maxDepth)
	}
	return message
}

// habit says how to write what the parser stumbled over; "" when no other language
// has it.
func habit(message, rest string) string {
	rest = strings.TrimLeft(rest, " ")
	word := rest[:len(rest)-len(strings.TrimLeft(rest, habitChars))]
	if instead := habits[strings.ToLower(word)]; instead != "" {
		return "`" + word + "` is written `" + instead + "` here"
	}
	if strings.HasPrefix(rest, ",") && strings.HasPrefix(message, "mismatched") {
		return "a list is written in brackets: country in [\"DE\", \"AT\"]"
	}
	return ""
}

// runeOffset turns a line, from 1, and a column, from 0, into an offset.
func runeOffset(s string, line, col int) int {
	offset := 0
	for _, text := range strings.SplitAfter(s, "\n") {
		if line--; line <= 0 {
			break
		}
		offset += len([]rune(text))
	}
	return max(0, offset+col)
}
