package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

func TestCompanyKey(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for _, c := range []struct {
		name string
		lead lead.Lead
		want string
	}{
		{"nothing is known", lead.Lead{ID: "1"}, ""},
		{"group of the account", lead.Lead{Account: &lead.Account{ID: "A-3", Parent: "A-2", Group: "A-1"}}, "account:A-1"},
		{"parent that a sender names", lead.Lead{Account: &lead.Account{ID: "A-3", Parent: "A-2"}}, "account:A-2"},
		{"account alone", lead.Lead{Account: &lead.Account{ID: "A-3"}, EmailDomain: "acme.com"}, "account:A-3"},
		{"account without an id", lead.Lead{Account: &lead.Account{Owner: "eva"}, EmailDomain: "acme.com"}, "domain:acme.com"},
		{"site", lead.Lead{Company: lead.Company{Domain: "shop.Acme.co.uk"}, EmailDomain: "other.com"}, "domain:acme.co.uk"},
		{"mail", lead.Lead{EmailDomain: "mail.acme.de"}, "domain:acme.de"},
		{"free mail that nobody has marked", lead.Lead{EmailDomain: "gmail.com", Company: lead.Company{Name: "ACME GmbH"}, Country: "DE"}, "name:acme|DE"},
		{"free mail that is marked", lead.Lead{EmailDomain: "rare.example", EmailFree: &yes, Company: lead.Company{Name: "Acme"}}, "name:acme|"},
		{"disposable", lead.Lead{EmailDomain: "rare.example", EmailDisposable: &yes}, ""},
		{"not free", lead.Lead{EmailDomain: "rare.example", EmailFree: &no}, "domain:rare.example"},
		{"a public suffix is nobody's", lead.Lead{EmailDomain: "co.uk"}, ""},
		{"a name that is a legal form", lead.Lead{Company: lead.Company{Name: "GmbH"}, Country: "AT"}, "name:gmbh|AT"},
		{"a name without letters", lead.Lead{Company: lead.Company{Name: "– ."}, Country: "AT"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, match.CompanyKey(&c.lead))
		})
	}
}

func TestRegistrable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"acme.com": "acme.com", " WWW.Acme.COM. ": "acme.com", "https://shop.acme.co.uk/a?b": "acme.co.uk", "acme.com:8080": "acme.com",
		"com": "", "co.uk": "", "": "", "10.0.0.1": "", "acme": "", ".acme": "", "a..b": "", "münchen.de": "münchen.de",
	} {
		require.Equal(t, want, match.Registrable(in), in)
	}
}
