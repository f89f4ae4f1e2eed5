package policy

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// fields of a decision that a test can expect.
var fields = []string{
	"rule", "row", "rep", "team", "pool", "pick", "outcome", "candidates", "relaxed", "sla", "attempt", "reason_code",
	"score", "fit", "intent", "over", "tags", "owns_account", "watch", "on_qualified", "share",
}

// verbs are the activities that a test's story can tell.
var verbs = []string{"accepted", "rejected", "contacted", "qualified", "converted", "lost", "closed", "reopened"}

// maxCount bounds how often a test's lead comes.
const maxCount = 10_000

func (r *reader) tests() {
	for _, item := range r.listOf("tests") {
		before := r.flaws
		t := Test{Count: 1, Given: Given{LastOwner: nobody, CompanyOwner: nobody}, Pos: item.pos()}
		r.object(item, "a test", object{
			"name":   func(n node) { t.Name = r.text(n) },
			"lead":   func(n node) { t.Lead = r.testLead(n) },
			"given":  func(n node) { r.testGiven(n, &t.Given) },
			"at":     func(n node) { t.At = r.instant(n) },
			"count":  func(n node) { t.Count = int(r.whole(n, 1, maxCount)) },
			"expect": func(n node) { t.Expect = r.expect(n) },
			"then":   func(n node) { t.Then = r.events(n) },
		})
		if r.flaws == before && (t.Name == "" || t.Lead == nil) {
			r.fail(item, "a test needs `name` and `lead`")
		}
		if len(t.Expect) == 0 && !slices.ContainsFunc(t.Then, func(e Event) bool { return len(e.Expect) > 0 }) {
			r.fail(item, "the test expects nothing")
		}
		r.policy.Tests = append(r.policy.Tests, t)
	}
}

// testGiven reads how the world of a test differs.
func (r *reader) testGiven(n node, g *Given) {
	list := func(to *[]int32) func(node) {
		return func(n node) {
			for _, item := range r.items(n) {
				if i := r.rep(item); i != nobody {
					*to = append(*to, i)
				}
			}
		}
	}
	r.object(n, "`given`", object{
		"full": list(&g.Full), "away": list(&g.Away), "off_shift": list(&g.OffShift), "left": list(&g.Left),
		"last_owner":    func(n node) { g.LastOwner = r.rep(n) },
		"company_owner": func(n node) { g.CompanyOwner = r.rep(n) },
	})
}

// instant reads 2026-11-24T10:00:00+01:00.
func (r *reader) instant(n node) time.Time {
	s := r.text(n)
	t, err := time.Parse(time.RFC3339, s)
	if s != "" && err != nil {
		r.fail(n, "`%s` is not an instant such as 2026-11-24T10:00:00+01:00", s)
	}
	return t.UTC()
}

func (r *reader) events(n node) []Event {
	var out []Event
	for _, item := range r.items(n) {
		e := Event{Pos: item.pos()}
		r.object(item, "a step of a story", object{
			"after":  func(n node) { e.After = r.span(n) },
			"do":     func(n node) { e.Do = r.choice(n, verbs...) },
			"reason": func(n node) { e.Reason = r.identifier(n) },
			"expect": func(n node) { e.Expect = r.expect(n) },
		})
		if e.After.IsZero() && e.Do == "" {
			r.fail(item, "a step of a story needs `after` or `do`")
		}
		out = append(out, e)
	}
	return out
}

func (r *reader) expect(n node) []Expect {
	var out []Expect
	r.each(n, "`expect`", func(key, value node) {
		if !slices.Contains(fields, key.Value) {
			r.fail(key, "`%s` is not a field of a decision%s", key.Value, suggest(key.Value, fields))
			return
		}
		e := Expect{Field: key.Value, IsList: value.Kind == yaml.SequenceNode, Pos: key.pos()}
		if key.Value == "share" {
			e.Share = r.shares(value)
		} else {
			e.Want = r.texts(value)
		}
		r.expected(key.Value, value)
		out = append(out, e)
	})
	return out
}

// expected refuses to expect what the policy does not have.
func (r *reader) expected(field string, n node) {
	switch field {
	case "rep":
		r.rep(n)
	case "candidates":
		for _, item := range r.items(n) {
			r.rep(item)
		}
	case "outcome":
		r.choice(n, "assigned", "waiting", "review", "nurture", "duplicate", "disqualified")
	case "rule":
		r.oneOf(n, "rule", r.rulePaths())
	case "sla":
		r.oneOf(n, "SLA", titles(r.policy.SLAs, func(s *SLA) string { return s.Name }))
	case "pool":
		if r.poolOf(r.text(n)) == nil {
			r.oneOf(n, "pool", r.destinationNames())
		}
	}
}

func (r *reader) oneOf(n node, what string, names []string) {
	if s := r.text(n); s != "" && !slices.Contains(names, s) {
		r.fail(n, "no %s is called `%s`%s", what, s, suggest(s, names))
	}
}

// rulePaths are the names that decisions call rules by.
func (r *reader) rulePaths() []string {
	path := func(rule *Rule) string { return rule.Path }
	out := append(titles(r.policy.Rules, path), "no_rule")
	for _, set := range r.policy.Rulesets {
		out = append(out, titles(set.Rules, path)...)
	}
	return out
}

func (r *reader) shares(n node) []Share {
	var out []Share
	r.each(n, "`share`", func(key, value node) {
		out = append(out, Share{Rep: r.rep(key), Want: int(r.whole(value, 0, maxCount))})
	})
	return out
}

// maxLeadNodes bounds what aliases may unfold to in one lead.
const maxLeadNodes = 1_000

// testLead turns a lead written in YAML into the JSON that would arrive.
func (r *reader) testLead(n node) json.RawMessage {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "a lead is a mapping: {source: event, country: DE}")
		return nil
	}
	r.leadNames(n, "")
	w := jsonWriter{left: maxLeadNodes}
	w.write(n.Node)
	if w.left < 0 {
		r.fail(n, "the lead is too large")
		return nil
	}
	return w.out.Bytes()
}

// leadNames refuses fields that a lead does not have.
func (r *reader) leadNames(n node, prefix string) {
	r.each(n, "a lead", func(key, value node) {
		name := prefix + key.Value
		_, known := r.names.lead[name]
		group := false
		for other := range r.names.lead {
			group = group || strings.HasPrefix(other, name+".")
		}
		switch {
		case known, name == "attributes":
		case group:
			r.leadNames(value, name+".")
		default:
			all := make([]string, 0, len(r.names.lead))
			for other := range r.names.lead {
				all = append(all, other)
			}
			r.fail(key, "`%s` is not a field of a lead%s", name, suggest(name, all))
		}
	})
}

// jsonWriter writes a YAML node as JSON, keeping the order of keys.
type jsonWriter struct {
	out  bytes.Buffer
	left int // nodes it may still write
}

func (w *jsonWriter) write(n *yaml.Node) {
	if w.left--; w.left < 0 {
		return
	}
	switch n.Kind {
	case yaml.AliasNode:
		w.write(n.Alias)
	case yaml.MappingNode:
		w.out.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				w.out.WriteByte(',')
			}
			w.text(n.Content[i].Value)
			w.out.WriteByte(':')
			w.write(n.Content[i+1])
		}
		w.out.WriteByte('}')
	case yaml.SequenceNode:
		w.out.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				w.out.WriteByte(',')
			}
			w.write(c)
		}
		w.out.WriteByte(']')
	default:
		w.scalar(n)
	}
}

// scalar writes numbers and booleans bare where JSON has them so, else a text.
func (w *jsonWriter) scalar(n *yaml.Node) {
	switch n.ShortTag() {
	case "!!bool", "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			w.out.WriteString(n.Value)
			return
		}
	}
	w.text(n.Value)
}

func (w *jsonWriter) text(s string) {
	quoted, err := json.Marshal(s)
	if err == nil { // a string always is JSON
		w.out.Write(quoted)
	}
}
