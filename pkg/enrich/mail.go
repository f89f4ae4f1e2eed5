package enrich

import (
	"cmp"
	_ "embed"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"leadrouter/pkg/match"
)

// Free and throw-away domains, sorted, one on a line; data/generate.py writes them.
//
//go:embed data/free.txt
var freeDomains string

//go:embed data/disposable.txt
var disposableDomains string

// Mail is what an e-mail address tells.
type Mail struct {
	Address    string // the normal form
	Domain     string // of the address, in ASCII: xn--mnchen-3ya.de
	Company    string // registrable domain of a company; empty: the address is anybody's
	Free       bool   // the domain gives addresses to anybody
	Disposable bool   // for a few minutes
	Country    string // whose top-level domain it is, if that is used in the country; else empty
}

// ParseMail reads an e-mail address. ok is false for what is none: a mail could not be sent
// there. The part before the @ keeps its dots and tags (jo.smith+demo), which are part of the
// address for all but a few providers, and loses its capitals, which no provider tells apart.
func ParseMail(text string) (m Mail, ok bool) {
	text = plainAddress(text)
	at := strings.LastIndexByte(text, '@')
	if at < 1 || strings.ContainsAny(text, " \t\r\n,;<>\"()") || strings.IndexByte(text, '@') != at {
		return Mail{}, false
	}
	if m.Domain, ok = asciiDomain(text[at+1:]); !ok {
		return Mail{}, false
	}
	m.Address = text
	if text[at+1:] != m.Domain {
		m.Address = text[:at+1] + m.Domain
	}
	site := cmp.Or(match.Registrable(m.Domain), m.Domain)
	in := func(list string) bool { return listed(list, m.Domain) || site != m.Domain && listed(list, site) }
	m.Disposable = in(disposableDomains)
	m.Free = m.Disposable || in(freeDomains)
	if !m.Free {
		m.Company = site
	}
	if !m.Disposable {
		m.Country = topCountry(m.Domain)
	}
	return m, true
}

// plainAddress takes off what comes along when people copy an address: spaces, mailto:,
// angle brackets with a name before them, full-width letters.
func plainAddress(text string) string {
	if !isASCII(text) {
		text = norm.NFKC.String(text)
	}
	text = strings.TrimSpace(text)
	if open := strings.LastIndexByte(text, '<'); open >= 0 && strings.HasSuffix(text, ">") {
		text = text[open+1 : len(text)-1]
	}
	text = strings.ToLower(strings.TrimSpace(text))
	return strings.TrimPrefix(text, "mailto:")
}

// asciiDomain is a domain that can be looked up, in ASCII.
func asciiDomain(domain string) (string, bool) {
	domain = strings.TrimSuffix(domain, ".")
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", false
		}
		domain = ascii
	}
	if !strings.Contains(domain, ".") || len(domain) > 253 {
		return "", false
	}
	for i, c := range []byte(domain) {
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		inner := i > 0 && i < len(domain)-1
		if !letter && (!inner || c != '-' && (c != '.' || domain[i-1] == '.')) {
			return "", false
		}
	}
	return domain, true
}

// topCountry is the country of a top-level domain. Those that the world uses as words (.io,
// .ai, .tv) tell nothing.
func topCountry(domain string) string {
	top := domain[strings.LastIndexByte(domain, '.')+1:]
	switch top {
	case "uk":
		return "GB"
	case "ac", "ag", "ai", "am", "as", "bz", "cc", "cd", "cf", "co", "cx", "dj", "eu", "fm", "ga", "gg", "gl", "gq", "im",
		"io", "je", "la", "ly", "me", "ml", "ms", "mu", "nu", "pw", "sc", "sh", "so", "st", "su", "tk", "tm", "to", "tv",
		"vc", "vg", "vu", "ws":
		return ""
	}
	if len(top) != 2 {
		return ""
	}
	return strings.ToUpper(top)
}

// listed tells whether a sorted list of lines has a name, by bisection: it needs no table at
// start, and 14 looks for 10,000 names.
func listed(lines, name string) bool {
	for low, high := 0, len(lines); low < high; {
		mid := low + (high-low)/2
		first := low + strings.LastIndexByte(lines[low:mid], '\n') + 1
		end := first + strings.IndexByte(lines[first:high], '\n')
		switch strings.Compare(lines[first:end], name) {
		case 0:
			return true
		case -1:
			low = end + 1
		default:
			high = first
		}
	}
	return false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
