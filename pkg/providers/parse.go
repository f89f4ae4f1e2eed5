package providers

import (
	"math"
	"net/http"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/theory/jsonpath"
	"go.yaml.in/yaml/v3"
	"golang.org/x/time/rate"

	"leadrouter/pkg/event"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/policy"
)

// file reads the whole.
func (r *reader) file(n *yaml.Node, f *File) {
	var list *yaml.Node
	r.object(n, "the file", keys{
		"budget":    func(v *yaml.Node) { f.Budget = r.span(v, time.Millisecond, maxBudget) },
		"waiting":   func(v *yaml.Node) { f.Waiting = r.share(v) },
		"secret":    func(v *yaml.Node) { f.secret = []byte(r.named(v)) },
		"providers": func(v *yaml.Node) { list = v },
	})
	if list == nil {
		r.fail(n, "there is no provider; add providers: {name: {url: https://…, fields: {…}}}")
		return
	}
	r.each(list, "providers", func(key, value *yaml.Node) {
		if !event.IsProvider(key.Value) {
			r.fail(key, "`%s` cannot be the name of a provider; want a letter, then letters, digits and _, all lower case, at most 40", key.Value)
			return
		}
		f.Providers = append(f.Providers, r.provider(key, value, f))
	})
	if len(f.Providers) > maxProviders {
		r.fail(list, "%d providers, at most %d are taken", len(f.Providers), maxProviders)
	}
}

// provider reads one of them.
func (r *reader) provider(key, n *yaml.Node, f *File) Provider {
	p := Provider{
		Name: key.Value, Timeout: f.Budget, Retries: defaultRetries, Rate: defaultRate, Concurrency: defaultSlots,
		Found: defaultFound, Missing: defaultMissing, Breaker: Breaker{After: defaultAfter, For: defaultFor},
		headers: http.Header{},
	}
	given := map[string]bool{}
	known := keys{
		"url":         func(v *yaml.Node) { p.url = r.url(v) },
		"headers":     func(v *yaml.Node) { r.headers(v, p.headers) },
		"fields":      func(v *yaml.Node) { p.Fields = r.fields(v); p.shape = shapeOf(p.Fields) },
		"timeout":     func(v *yaml.Node) { p.Timeout = r.span(v, time.Millisecond, maxTimeout) },
		"retries":     func(v *yaml.Node) { p.Retries = uint64(r.whole(v, 0, maxRetries)) },
		"rate":        func(v *yaml.Node) { p.Rate = r.rate(v) },
		"concurrency": func(v *yaml.Node) { p.Concurrency = r.whole(v, 1, maxSlots) },
		"cache":       func(v *yaml.Node) { r.cache(v, &p) },
		"breaker":     func(v *yaml.Node) { r.breaker(v, &p.Breaker) },
	}
	for name, read := range known {
		known[name] = func(v *yaml.Node) { given[name] = true; read(v) }
	}
	r.object(n, "provider "+p.Name, known)
	for _, name := range []string{"url", "fields"} {
		if !given[name] && n.Kind == yaml.MappingNode {
			r.fail(key, "provider %s has no `%s`", p.Name, name)
		}
	}
	// The digest of an address is as good as the address to whoever can try addresses.
	if p.url.personal && p.Found+p.Missing > 0 && len(f.secret) == 0 {
		r.fail(key, "the URL of %s holds what can be personal, and a digest of it would be kept in Redis: "+
			"write `secret: env:NAME` beside `providers`, the same for all routers, or `cache: off` here", p.Name)
	}
	return p
}

func (r *reader) url(n *yaml.Node) template {
	t, err := parseTemplate(r.text(n))
	if err != nil {
		r.fail(n, "`url`: %v", err)
	}
	return t
}

// share reads a percentage above 0 as a part of 1.
func (r *reader) share(n *yaml.Node) float64 {
	number, percent := strings.CutSuffix(r.text(n), "%")
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0 && v <= 100) || !percent {
		r.fail(n, "`%s` is not a share above 0%% and up to 100%%, such as 5%%", n.Value)
	}
	return v / 100
}

// rate reads 50/s, 600/m or 10000/h.
func (r *reader) rate(n *yaml.Node) rate.Limit {
	count, unit, _ := strings.Cut(r.text(n), "/")
	seconds := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	v, err := strconv.ParseFloat(count, 64)
	perSecond := v / seconds
	if err != nil || !(v > 0) || math.IsInf(perSecond, 0) || perSecond > maxRate {
		r.fail(n, "`%s` is not a rate such as 50/s, 600/m or 10000/h, up to %d/s", n.Value, maxRate)
		return defaultRate
	}
	return rate.Limit(perSecond)
}

func (r *reader) cache(n *yaml.Node, p *Provider) {
	if n.Kind == yaml.ScalarNode {
		p.Found, p.Missing = 0, 0
		if n.Value != "off" {
			r.fail(n, "`%s` is no cache; want {found: 30d, missing: 1d}, or off", n.Value)
		}
		return
	}
	r.object(n, "cache", keys{
		"found":   func(v *yaml.Node) { p.Found = r.span(v, time.Second, maxKept) },
		"missing": func(v *yaml.Node) { p.Missing = r.span(v, time.Second, maxKept) },
	})
}

func (r *reader) breaker(n *yaml.Node, b *Breaker) {
	r.object(n, "breaker", keys{
		"after": func(v *yaml.Node) { b.After = uint32(r.whole(v, 1, 10_000)) },
		"for":   func(v *yaml.Node) { b.For = r.span(v, time.Millisecond, time.Hour) },
	})
}

// named reads a secret that must not stand in the file itself.
func (r *reader) named(n *yaml.Node) string {
	s := r.text(n)
	if m := secrets.FindStringSubmatch(s); m == nil || m[0] != s {
		r.fail(n, "a secret does not belong into this file; name it: env:NAME, or file:PATH")
		return ""
	}
	return r.reveal(n)
}

// token is what the name of a header is made of.
var token = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

// headers reads what goes with each request. Neither names nor values are told: either may
// be a secret, in the wrong place.
func (r *reader) headers(n *yaml.Node, out http.Header) {
	r.each(n, "headers", func(key, value *yaml.Node) {
		name := textproto.CanonicalMIMEHeaderKey(key.Value)
		switch {
		case !token.MatchString(key.Value):
			r.fail(key, "this cannot be the name of a header; want letters, digits and -")
		case name == "Host" || name == "Content-Length" || name == "Transfer-Encoding" || name == "Connection" || name == "Accept-Encoding":
			r.fail(key, "`%s` is not yours to say", name)
		default:
			out.Set(name, r.reveal(value))
		}
	})
}

func (r *reader) fields(n *yaml.Node) []Field {
	var out []Field
	r.each(n, "fields", func(key, value *yaml.Node) {
		if !lead.Fillable(key.Value) {
			r.fail(key, "`%s` is no fact that a provider can give%s; for anything else write attributes.NAME", key.Value, suggestFact(key.Value))
			return
		}
		path, err := jsonpath.Parse(r.text(value))
		if err != nil {
			r.fail(value, "`%s`: not a JSON path such as $.metrics.employees (%v)", key.Value, err)
			return
		}
		known, _ := lead.Lookup(key.Value)
		out = append(out, Field{Name: key.Value, Type: known.Type, Path: path})
	})
	if len(out) > maxFields {
		r.fail(n, "%d fields, at most %d are taken", len(out), maxFields)
	}
	return out
}

// suggestFact is the nearest name of a fact that may be filled in.
func suggestFact(name string) string {
	var names []string
	for _, n := range lead.Names() {
		if lead.Fillable(n.Name) {
			names = append(names, n.Name)
		}
	}
	return policy.Suggest(name, names)
}
