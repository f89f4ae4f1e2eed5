package providers

import (
	"fmt"
	"net/url"
	"strings"

	"leadrouter/pkg/lead"
)

// template is a URL with names of facts in it.
type template struct {
	parts    []part
	personal bool // a fact in it can be personal
}

// part is some text of a template, and the fact behind it.
type part struct {
	text  string
	fact  string // empty: the end
	query bool   // the fact is behind the ?
}

// parseTemplate reads a URL with {name} for facts in its path and query.
func parseTemplate(s string) (template, error) {
	var t template
	query := false
	plain := s // with something harmless for each fact
	for rest := s; rest != ""; {
		text, after, found := strings.Cut(rest, "{")
		if strings.Contains(text, "}") {
			return t, fmt.Errorf("a } without a {")
		}
		query = query || strings.Contains(text, "?")
		if !found {
			t.parts = append(t.parts, part{text: text})
			break
		}
		name, behind, closed := strings.Cut(after, "}")
		if !closed {
			return t, fmt.Errorf("a { without a }")
		}
		if err := askable(name); err != nil {
			return t, err
		}
		known, _ := lead.Lookup(name)
		t.personal = t.personal || known.Personal || strings.HasPrefix(name, lead.AttributePrefix) || name == "id"
		t.parts = append(t.parts, part{text: text, fact: name, query: query})
		plain = strings.Replace(plain, "{"+name+"}", "x", 1)
		rest = behind
	}
	return t, checkURL(plain, t.parts)
}

// askable tells why a fact cannot stand in a URL.
func askable(name string) error {
	known, ok := lead.Lookup(name)
	switch {
	case !ok:
		return fmt.Errorf("`%s` is not known of a lead%s", name, suggestFact(name))
	case known.Type == lead.Strings || name != "id" && !lead.Fillable(name):
		return fmt.Errorf("`%s` cannot stand in a URL; want one value that the sender gives", name)
	}
	return nil
}

// checkURL looks at the URL with its facts filled in, all but where the first of them stands.
func checkURL(plain string, parts []part) error {
	u, err := url.Parse(plain)
	switch {
	case err != nil:
		return fmt.Errorf("not a URL") // its error quotes it
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return fmt.Errorf("want https://host/path")
	case u.User != nil:
		return fmt.Errorf("put the password into a header: headers: {Authorization: \"Basic env:NAME\"}")
	case u.Fragment != "":
		return fmt.Errorf("a # ends a URL; write %%23")
	}
	host, err := url.Parse(parts[0].text)
	if parts[0].fact != "" && (err != nil || host.Host == "" || !strings.ContainsAny(strings.TrimPrefix(parts[0].text, host.Scheme+"://"), "/?")) {
		return fmt.Errorf("a fact of a lead cannot say which host is asked; put it behind the first /")
	}
	return nil
}

// fill gives the URL for a lead. It is false for one that lacks a fact, or whose fact would
// lead somewhere else on the host.
func (t *template) fill(l *lead.Lead) (string, bool) {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.text)
		if p.fact == "" {
			break
		}
		value := l.Text(p.fact)
		switch {
		case value == "" || len(value) > maxFact:
			return "", false
		case p.query:
			b.WriteString(url.QueryEscape(value))
		case strings.Trim(value, ".") == "": // . and .. are ways through a path
			return "", false
		default:
			b.WriteString(url.PathEscape(value))
		}
	}
	return b.String(), true
}

// maxFact bounds a fact in a URL, in bytes.
const maxFact = 512
