package providers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"leadrouter/pkg/policy"
)

// reader turns YAML into a [File] and collects what is wrong with it. Its messages quote no
// headers: these may hold a secret that somebody wrote where its name belongs.
type reader struct {
	name   string // of the file
	lookup func(string) (string, bool)
	issues policy.Issues
}

// Load reads a file of providers. lookup is os.LookupEnv: secrets are read here, once. The
// error is [policy.Issues] when the file was read and is wrong.
func Load(name string, lookup func(string) (string, bool)) (File, error) {
	raw, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return File{}, fmt.Errorf("read providers: %w", err)
	}
	return Parse(name, raw, lookup)
}

// Parse is [Load] with the file's content. Files of secrets are found beside it.
func Parse(name string, raw []byte, lookup func(string) (string, bool)) (File, error) {
	r := &reader{name: name, lookup: lookup}
	f := File{Budget: defaultBudget, Waiting: defaultWaiting}
	if root := r.document(raw); root != nil {
		r.file(root, &f)
	}
	slices.SortStableFunc(r.issues, func(a, b policy.Issue) int { return a.Pos.Line - b.Pos.Line })
	return f, r.issues.Err()
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// document reads the one document of the file; nil when there is nothing to read on with.
func (r *reader) document(raw []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		line, message := 1, "the file is empty; see docs/enrichment.md for what it says"
		if !errors.Is(err, io.EOF) {
			message = "not valid YAML: " + yamlLine.ReplaceAllString(err.Error(), "")
		}
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
		}
		r.issues = append(r.issues, policy.Issue{Pos: policy.Pos{File: r.name, Line: line}, Message: message})
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		r.fail(&second, "a second document begins here; put it into a file of its own")
	}
	return doc.Content[0]
}

func (r *reader) fail(n *yaml.Node, format string, args ...any) {
	r.issues = append(r.issues, policy.Issue{
		Pos: policy.Pos{File: r.name, Line: max(n.Line, 1), Col: n.Column}, Message: fmt.Sprintf(format, args...),
	})
}

// keys says what to do with the value of each key.
type keys map[string]func(*yaml.Node)

// object reads a mapping with known keys.
func (r *reader) object(n *yaml.Node, what string, known keys) {
	r.each(n, what, func(key, value *yaml.Node) {
		read, ok := known[key.Value]
		if !ok {
			r.fail(key, "`%s` is not a key of %s%s", key.Value, what, policy.Suggest(key.Value, slices.Collect(maps.Keys(known))))
			return
		}
		read(value)
	})
}

// each reads a mapping with the author's own keys. Anchors are refused with all else that is
// neither text, list nor mapping: a secret that is in two places is read in one.
func (r *reader) each(n *yaml.Node, what string, read func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s must be a mapping: {key: value}", what)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge":
			r.fail(key, "a key of %s must be plain text", what)
		case seen[key.Value]:
			r.fail(key, "`%s` is here twice", key.Value)
		case value.Kind == yaml.AliasNode || value.Style&yaml.TaggedStyle != 0:
			r.fail(value, "`%s`: want a plain value, neither an alias nor a tag", key.Value)
		case value.Kind == yaml.ScalarNode && strings.TrimSpace(value.Value) == "":
			r.fail(key, "`%s` is empty", key.Value)
		default:
			read(key, value)
		}
		seen[key.Value] = true
	}
}

// text reads a scalar.
func (r *reader) text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "one value is expected here")
		return ""
	}
	return n.Value
}

// span reads a length of time: 250ms, 30s, 1h30m, 30d.
func (r *reader) span(n *yaml.Node, low, high time.Duration) time.Duration {
	s := r.text(n)
	d, err := time.ParseDuration(s)
	if days, found := strings.CutSuffix(s, "d"); found {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	switch {
	case err != nil:
		r.fail(n, "`%s` is not a length of time such as 250ms, 30s, 12h or 30d", s)
	case d < low || d > high:
		r.fail(n, "`%s` is not between %s and %s", s, low, high)
	}
	return d
}

// whole reads a whole number within bounds.
func (r *reader) whole(n *yaml.Node, low, high int64) int64 {
	s := r.text(n)
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < low || v > high {
		r.fail(n, "`%s` is not a whole number from %d to %d", s, low, high)
		return low
	}
	return v
}

// secrets are the words env:NAME and file:NAME.
var secrets = regexp.MustCompile(`(^| )(env|file):([^ ]+)`)

// reveal replaces the names of secrets in a text by what they hold.
func (r *reader) reveal(n *yaml.Node) string {
	out := secrets.ReplaceAllStringFunc(r.text(n), func(word string) string {
		m := secrets.FindStringSubmatch(word)
		value, err := r.secret(m[2], m[3])
		if err != nil {
			r.fail(n, "%v", err)
		}
		return m[1] + value
	})
	if strings.ContainsFunc(out, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		r.fail(n, "the value, or a secret in it, holds a line break or another control character")
	}
	return out
}

func (r *reader) secret(kind, name string) (string, error) {
	if kind == "env" {
		value, ok := r.lookup(name)
		if !ok || value == "" {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		return value, nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(r.name), name)
	}
	raw, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	value := strings.TrimSpace(string(raw))
	if err == nil && value == "" {
		err = errors.New("the file is empty")
	}
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	return value, nil
}
