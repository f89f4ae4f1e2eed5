package policy

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// object says what to do with each key of a mapping; other keys are refused.
type object map[string]func(node)

// object reads a mapping with known keys. what names it for the author.
func (r *reader) object(n node, what string, keys object) {
	r.each(n, what, func(key, value node) {
		read, ok := keys[key.Value]
		if !ok {
			r.fail(key, "`%s` is not a key of %s%s", key.Value, what, suggest(key.Value, slices.Collect(maps.Keys(keys))))
			return
		}
		read(value)
	})
}

// each reads a mapping with the author's own keys.
func (r *reader) each(n node, what string, read func(key, value node)) {
	n = n.deref()
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a mapping: {key: value}", what)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		read(n.in(n.Content[i]), n.in(n.Content[i+1]).deref())
	}
}

// items gives the entries of a list; a single value is a list of one.
func (r *reader) items(n node) []node {
	n = n.deref()
	if n.Kind != yaml.SequenceNode {
		return []node{n}
	}
	out := make([]node, len(n.Content))
	for i, c := range n.Content {
		out[i] = n.in(c).deref()
	}
	return out
}

// text reads a scalar as it is written; "" and an issue when it is none.
func (r *reader) text(n node) string {
	n = n.deref()
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "one value is expected here")
		return ""
	}
	if n.Value == "" {
		r.fail(n, "the value is empty")
	}
	return n.Value
}

// texts reads a scalar or a list of them.
func (r *reader) texts(n node) []string {
	var out []string
	for _, item := range r.items(n) {
		out = append(out, r.text(item))
	}
	return out
}

// choice reads one of a few words.
func (r *reader) choice(n node, words ...string) string {
	s := r.text(n)
	if s != "" && !slices.Contains(words, s) {
		r.fail(n, "`%s` is not one of %s%s", s, strings.Join(words, ", "), suggest(s, words))
		return ""
	}
	return s
}

func (r *reader) flag(n node) bool { return r.choice(n, "true", "false") == "true" }

// whole reads a whole number within bounds.
func (r *reader) whole(n node, low, high int64) int64 {
	s := r.text(n)
	v, err := strconv.ParseInt(s, 10, 64)
	if s != "" && (err != nil || v < low || v > high) {
		r.fail(n, "`%s` is not a whole number from %d to %d", s, low, high)
		return low
	}
	return v
}

// number reads a decimal number.
func (r *reader) number(n node) float64 {
	s := r.text(n)
	v, err := strconv.ParseFloat(s, 64)
	if s != "" && (err != nil || math.IsNaN(v) || math.IsInf(v, 0)) {
		r.fail(n, "`%s` is not a number", s)
		return 0
	}
	return v
}

// span reads a length of time: 15m, 1h30m, 14d.
func (r *reader) span(n node) Span {
	s := r.text(n)
	span, ok := parseSpan(s)
	if s != "" && !ok {
		r.fail(n, "`%s` is not a length of time such as 20m, 4h or 2d", s)
	}
	return span
}

// maxSpan keeps sums of spans far from the end of what a Duration holds.
const maxSpan = 3650 * 24 * time.Hour

// parseSpan reads numbers with the units d, h, m and s, each at most once and in
// this order.
func parseSpan(s string) (Span, bool) {
	days, rest := 0, s
	if before, after, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(before, 10, 16)
		if err != nil {
			return Span{}, false
		}
		days, rest = int(n), after
	}
	span := Span{Days: days}
	units := []struct {
		name  byte
		value time.Duration
	}{{'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}
	for _, u := range units {
		i := strings.IndexByte(rest, u.name)
		if i < 0 {
			continue
		}
		n, err := strconv.ParseUint(rest[:i], 10, 32)
		if err != nil {
			return Span{}, false
		}
		if n > uint64(maxSpan/u.value) {
			return Span{}, false
		}
		span.Rest += time.Duration(n) * u.value
		rest = rest[i+1:]
	}
	return span, s != "" && rest == "" && span.Calendar() <= maxSpan
}

// date reads 2026-11-24 as the midnight with which it begins in a zone.
func (r *reader) date(n node, zone *time.Location) time.Time {
	s := r.text(n)
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	if s != "" && err != nil {
		r.fail(n, "`%s` is not a date such as 2026-11-24", s)
	}
	return t
}

// fail reports an error at a node.
func (r *reader) fail(n node, format string, args ...any) {
	r.failAt(n.pos(), n.width(), format, args...)
}

// warn reports what does not keep the policy from being used.
func (r *reader) warn(pos Pos, width int, format string, args ...any) {
	before := len(r.issues)
	if before >= maxIssues {
		return
	}
	r.failAt(pos, width, format, args...)
	for i := range r.issues[before:] {
		r.issues[before+i].Severity = Warning
	}
}

// Bounds of what is told: a file of a million flaws, or a line of a megabyte, is no reason to
// write a gigabyte about it.
const (
	maxIssues  = 1_000
	maxQuote   = 1_000  // bytes of one text in a message
	maxExcerpt = 10_000 // bytes of a line of which an excerpt is shown
)

// failAt reports an error at a place, with width characters underlined.
func (r *reader) failAt(pos Pos, width int, format string, args ...any) {
	r.flaws++
	if r.refused[pos] || len(r.issues) > maxIssues {
		return
	}
	issue := Issue{Pos: pos, Message: masked(fmt.Sprintf(format, quotable(args)...)), Width: width}
	if len(r.issues) == maxIssues {
		issue = Issue{Pos: pos, Message: "there is more wrong than is told here; mend the rest first"}
	}
	if src := r.sources[pos.File]; src != nil && len(src.line(pos.Line)) <= maxExcerpt {
		issue.Line = masked(src.line(pos.Line))
	}
	r.issues = append(r.issues, issue)
}

// quotable cuts texts that are too long for a message.
func quotable(args []any) []any {
	for i, arg := range args {
		if text, ok := arg.(string); ok && len(text) > maxQuote {
			args[i] = strings.ToValidUTF8(text[:maxQuote], "") + "…"
		}
	}
	return args
}
