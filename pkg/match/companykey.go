package match

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"leadrouter/pkg/lead"
)

// CompanyKey is the text that names a lead's company: two leads with one key are of one
// company. The group of its account, else its own domain, else its name in its country;
// empty when nothing is known.
//
//	account:A-1   domain:acme.com   name:acme|DE
func CompanyKey(l *lead.Lead) string {
	if a := l.Account; a != nil {
		switch {
		case a.Group != "":
			return "account:" + a.Group
		case a.Parent != "":
			return "account:" + a.Parent
		case a.ID != "":
			return "account:" + a.ID
		}
	}
	if d := CompanyDomain(l); d != "" {
		return "domain:" + d
	}
	if n := CompanyName(l.Company.Name); !n.Empty() {
		return "name:" + n.Key + "|" + l.Country
	}
	return ""
}

// CompanyDomain is the registrable domain of a lead's company: of its site, else of the
// e-mail address, unless that is at a mail provider; empty when there is none.
func CompanyDomain(l *lead.Lead) string {
	if d := Registrable(l.Company.Domain); d != "" && !IsFreeMail(d) {
		return d
	}
	if l.EmailFree != nil && *l.EmailFree || l.EmailDisposable != nil && *l.EmailDisposable {
		return ""
	}
	if d := Registrable(l.EmailDomain); d != "" && !IsFreeMail(d) {
		return d
	}
	return ""
}

// Registrable is the part of a domain that somebody has registered: acme.co.uk for
// shop.acme.co.uk. It is empty for what is no domain: a public suffix, an address.
func Registrable(domain string) string {
	domain = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(domain)), ".")
	if _, rest, ok := strings.Cut(domain, "://"); ok {
		domain = rest
	}
	if i := strings.IndexAny(domain, "/?#:"); i >= 0 {
		domain = domain[:i]
	}
	if len(domain) < 4 || len(domain) > 253 || !strings.Contains(domain, ".") || isAddress(domain) {
		return ""
	}
	own, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return ""
	}
	return own
}

// isAddress tells whether all are digits and dots.
func isAddress(domain string) bool {
	return strings.Trim(domain, "0123456789.") == ""
}

// IsFreeMail tells whether everybody can have an address at a registrable domain. It knows
// the large providers, by name: they come with many endings.
func IsFreeMail(domain string) bool {
	name, _, _ := strings.Cut(domain, ".")
	switch name {
	case "gmail", "googlemail", "yahoo", "ymail", "rocketmail", "hotmail", "outlook", "live", "msn", "icloud", "aol", "aim", "gmx", "mail",
		"yandex", "inbox", "bk", "list", "rambler", "ukr", "protonmail", "proton", "tutanota", "tuta", "zoho", "zohomail", "fastmail", "hey",
		"qq", "163", "126", "yeah", "sina", "sohu", "foxmail", "aliyun", "139", "naver", "daum", "hanmail", "nate", "kakao",
		"orange", "wanadoo", "laposte", "free", "sfr", "neuf", "libero", "virgilio", "tiscali", "alice", "tin", "t-online", "freenet", "arcor",
		"bluewin", "hispeed", "telenet", "skynet", "ziggo", "kpnmail", "xs4all", "planet", "btinternet", "btopenworld", "ntlworld", "talktalk", "virginmedia",
		"comcast", "verizon", "sbcglobal", "bellsouth", "att", "cox", "charter", "earthlink", "juno", "rogers", "shaw", "sympatico", "telus",
		"bigpond", "optusnet", "xtra", "uol", "bol", "terra", "ig", "globo", "seznam", "centrum", "volny", "wp", "o2", "onet", "interia", "op", "gazeta",
		"freemail", "citromail", "abv", "dir", "otenet", "rediffmail", "sapo", "telia", "online", "walla", "bezeqint", "mynet", "me", "mac":
		return isProvider(name, domain)
	}
	return false
}

// isProvider tells a provider's domain from that of a company with the name of one.
func isProvider(name, domain string) bool {
	ending := domain[len(name)+1:]
	switch name {
	case "me", "mac", "aol", "aim", "msn", "hey", "mail", "list", "inbox", "bk", "fastmail", "icloud", "att", "cox", "verizon", "charter", "rogers", "shaw", "telus", "me2":
		return strings.Contains(" com net ca ru ua fm de co.uk org ", " "+ending+" ")
	case "orange", "free", "sfr", "alice", "tin", "terra", "live", "planet", "online", "o2", "op", "wp", "dir", "ig", "bol", "uol", "ukr", "139", "126", "163":
		return strings.Contains(" fr it es net com br com.br nl no pl bg co.uk net.pl eu ", " "+ending+" ")
	}
	return true
}
