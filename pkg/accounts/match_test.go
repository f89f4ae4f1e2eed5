package accounts_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"leadrouter/pkg/accounts"
	"leadrouter/pkg/lead"
	"leadrouter/pkg/match"
)

// limits are those of a policy that says nothing.
var limits = accounts.Limits{Same: match.SameCompany, Review: match.MaybeCompany}

// index of accounts, each from the record at its place in the list.
func index(list ...lead.Account) *accounts.Index {
	x := accounts.New()
	for i, a := range list {
		x.Put(a, accounts.Version{Partition: 0, Offset: int64(i)})
	}
	return x
}

// crm is a small one with a group, a franchise and namesakes.
func crm() *accounts.Index {
	return index(
		lead.Account{ID: "A-0", Name: "Northwind Holding AG", Domains: []string{"northwind.com"}, Owner: "ines", Country: "CH"},
		lead.Account{ID: "A-1", Name: "Northwind Deutschland GmbH", Domains: []string{"northwind.de"}, Parent: "A-0", Owner: "jonas", Country: "DE", Status: "customer"},
		lead.Account{ID: "A-2", Name: "Northwind France SARL", Domains: []string{"www.northwind.fr"}, Parent: "A-1", Country: "FR"},
		lead.Account{ID: "A-3", Name: "International Business Machines", Owner: "tom", Country: "US"},
		lead.Account{ID: "A-4", Name: "Müller Maschinenbau GmbH & Co. KG", Owner: "eva", Country: "DE"},
		lead.Account{ID: "A-5", Name: "Mueller Möbel", Owner: "max", Country: "DE"},
		lead.Account{ID: "A-6", Name: "Burger Palace Berlin", Domains: []string{"burgerpalace.com"}, Country: "DE"},
		lead.Account{ID: "A-7", Name: "Burger Palace Wien", Domains: []string{"burgerpalace.com"}, Country: "AT"},
		lead.Account{ID: "A-8", Name: "Globex Inc.", Country: "US"},
		lead.Account{ID: "A-9", Name: "Globex Ltd", Country: "GB"},
		lead.Account{ID: "A-10", Name: "ООО Ромашка", Country: "RU", Owner: "olga"},
		lead.Account{ID: "A-11", Name: "トヨタ自動車株式会社", Country: "JP", Owner: "ken"},
		lead.Account{ID: "A-12", Name: "Baltic Pharma", Country: "LT", Owner: "asta"},
	)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	company := func(name, country string) lead.Lead {
		return lead.Lead{Company: lead.Company{Name: name}, Country: country}
	}
	for _, c := range []struct {
		name     string
		lead     lead.Lead
		id, by   string
		doubtful bool
	}{
		{"site", lead.Lead{Company: lead.Company{Domain: "shop.northwind.de"}}, "A-1", "domain", false},
		{"mail", lead.Lead{EmailDomain: "northwind.fr", Company: lead.Company{Name: "Something else"}}, "A-2", "domain", false},
		{"free mail is nobody's", lead.Lead{EmailDomain: "gmail.com"}, "", "", false},
		{"legal form and case", company("NORTHWIND (Deutschland)", "DE"), "A-1", "name", false},
		{"initials", company("IBM Corp.", "US"), "A-3", "similar_name", false},
		{"umlaut and a typing error", company("Muller Machinenbau", "DE"), "A-4", "similar_name", false},
		{"another country", company("Müller Maschinenbau", "FR"), "", "", false},
		{"no country, one of that name", company("Müller Maschinenbau", ""), "A-4", "name", false},
		{"no country, two of that name", company("Globex", ""), "A-8", "name", true},
		{"country tells them apart", company("Globex", "GB"), "A-9", "name", false},
		{"franchise by country", lead.Lead{EmailDomain: "burgerpalace.com", Country: "AT"}, "A-7", "domain", false},
		{"franchise by name", lead.Lead{EmailDomain: "burgerpalace.com", Company: lead.Company{Name: "Burger Palace Berlin"}}, "A-6", "domain", false},
		{"franchise, which one", lead.Lead{EmailDomain: "burgerpalace.com", Country: "FR"}, "A-6", "domain", true},
		{"Cyrillic by Latin", company("Romashka LLC", "RU"), "A-10", "name", false},
		{"Japanese by Latin", company("Toyota Motor Corp", "JP"), "A-11", "name", false},
		{"a word of it alone", company("Palace", "DE"), "A-6", "similar_name", false},
		{"two letters are everybody's", company("BP", "LT"), "", "", false},
		{"nobody", company("Contoso", "DE"), "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			crm().Match(&c.lead, limits)
			require.NotNil(t, c.lead.Evidence)
			got := c.lead.Evidence.Account
			if c.name == "a word of it alone" {
				require.Less(t, got.Score, limits.Review)
				require.Nil(t, c.lead.Account)
				return
			}
			require.Equal(t, []any{c.id, c.by, c.doubtful}, []any{got.ID, got.By, got.Doubtful}, "%+v", got)
			require.Equal(t, c.id != "" && !c.doubtful, c.lead.Account != nil)
			if c.lead.Account != nil {
				require.Equal(t, c.id, c.lead.Account.ID)
			}
		})
	}
}

func TestMatchFillsTheAccount(t *testing.T) {
	t.Parallel()
	l := lead.Lead{EmailDomain: "northwind.fr"}
	crm().Match(&l, limits)
	want := &lead.Account{
		ID: "A-2", Name: "Northwind France SARL", Domains: []string{"www.northwind.fr"},
		Parent: "A-1", ParentOwner: "jonas", Group: "A-0", Country: "FR",
	}
	require.Empty(t, cmp.Diff(want, l.Account))
	require.Equal(t, &lead.AccountMatch{ID: "A-2", By: "domain", Score: lead.Certain, Version: "0/2"}, l.Evidence.Account)
}

func TestMatchSenderWins(t *testing.T) {
	t.Parallel()
	x := crm()

	named := lead.Lead{AccountID: "A-3", EmailDomain: "northwind.de"}
	x.Match(&named, limits)
	require.Equal(t, "tom", named.Account.Owner)
	require.Equal(t, &lead.AccountMatch{ID: "A-3", By: "id", Score: lead.Certain, Version: "0/3"}, named.Evidence.Account)

	unknown := lead.Lead{AccountID: "A-99", EmailDomain: "northwind.de"}
	x.Match(&unknown, limits)
	require.Nil(t, unknown.Account)
	require.Equal(t, &lead.AccountMatch{ID: "A-99", By: "id"}, unknown.Evidence.Account)

	said := lead.Lead{Account: &lead.Account{ID: "A-1", Owner: "petra"}}
	x.Match(&said, limits)
	require.Equal(t, "petra", said.Account.Owner)
	require.Equal(t, "customer", said.Account.Status)
	require.Equal(t, "A-0", said.Account.Group)

	whole := lead.Lead{Account: &lead.Account{Owner: "petra"}, EmailDomain: "northwind.de"}
	x.Match(&whole, limits)
	require.Equal(t, &lead.Account{Owner: "petra"}, whole.Account)
	require.Nil(t, whole.Evidence)
}

func TestMatchLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limits   accounts.Limits
		matched  bool
		doubtful bool
	}{
		{accounts.Limits{Same: 9_000, Review: 8_000}, true, false},
		{accounts.Limits{Same: 9_900, Review: 8_000}, false, true},
		{accounts.Limits{Same: 9_900, Review: 9_900}, false, false}, // review: off
		{accounts.Limits{Same: 9_900, Review: 9_800}, false, false},
	} {
		l := lead.Lead{Company: lead.Company{Name: "Muller Machinenbau"}, Country: "DE"}
		crm().Match(&l, c.limits)
		require.Equal(t, c.matched, l.Account != nil, "%+v %+v", c.limits, l.Evidence.Account)
		require.Equal(t, c.doubtful, l.Evidence.Account.Doubtful)
		require.Equal(t, c.doubtful, l.Evidence.Account.Name != "", "the name is for the person who decides")
	}
}

func TestMatchEmptyIndex(t *testing.T) {
	t.Parallel()
	l := lead.Lead{AccountID: "A-1", EmailDomain: "northwind.de"}
	accounts.New().Match(&l, limits)
	require.Nil(t, l.Evidence)
	require.Nil(t, l.Account)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	group := func(x *accounts.Index, id string) [2]string {
		l := lead.Lead{AccountID: id}
		x.Match(&l, limits)
		return [2]string{l.Account.Group, l.Account.ParentOwner}
	}
	x := index(
		lead.Account{ID: "c", Parent: "b"}, lead.Account{ID: "b", Parent: "a"}, lead.Account{ID: "a", Owner: "eva"},
		lead.Account{ID: "x", Parent: "y", Owner: "tom"}, lead.Account{ID: "y", Parent: "z"}, lead.Account{ID: "z", Parent: "y"},
		lead.Account{ID: "self", Parent: "self"}, lead.Account{ID: "orphan", Parent: "gone"},
		lead.Account{ID: "told", Parent: "a", ParentOwner: "max"},
	)
	require.Equal(t, [2]string{"a", "eva"}, group(x, "c"))
	require.Equal(t, [2]string{"a", ""}, group(x, "a"))
	require.Equal(t, [2]string{"y", ""}, group(x, "x"), "a circle has one top")
	require.Equal(t, [2]string{"y", ""}, group(x, "z"))
	require.Equal(t, [2]string{"y", ""}, group(x, "y"))
	require.Equal(t, [2]string{"self", ""}, group(x, "self"))
	require.Equal(t, [2]string{"gone", ""}, group(x, "orphan"))
	require.Equal(t, [2]string{"a", "max"}, group(x, "told"))

	long := accounts.New()
	for i := range 100 {
		long.Put(lead.Account{ID: strings.Repeat("i", i+1), Parent: strings.Repeat("i", i+2)}, accounts.Version{})
	}
	require.NotEmpty(t, group(long, "i")[0], "a long way up ends")
}

// TestGroupWins: of several accounts of one domain in one group the topmost is taken.
func TestGroupWins(t *testing.T) {
	t.Parallel()
	x := index(
		lead.Account{ID: "2", Name: "Acme Nord", Parent: "9", Domains: []string{"acme.com"}},
		lead.Account{ID: "9", Name: "Acme", Domains: []string{"acme.com"}, Owner: "eva"},
	)
	l := lead.Lead{EmailDomain: "acme.com"}
	x.Match(&l, limits)
	require.Equal(t, "9", l.Account.ID)
}

// TestPutRemove: whatever was put in and taken out, an index finds what one that never had
// it finds.
func TestPutRemove(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"Acme", "Acme Steel GmbH", "Akme", "Northwind", "North Wind Traders", "Ромашка", "NWT", "Globex", ""})
		accs := rapid.Custom(func(t *rapid.T) lead.Account {
			return lead.Account{
				ID: rapid.SampledFrom([]string{"1", "2", "3", "4", "5"}).Draw(t, "id"), Name: names.Draw(t, "name"),
				Domains: rapid.SliceOfN(rapid.SampledFrom([]string{"acme.com", "www.acme.com", "n.de", "gmail.com", "x"}), 0, 3).Draw(t, "domains"),
				Parent:  rapid.SampledFrom([]string{"", "1", "2", "7"}).Draw(t, "parent"), Country: rapid.SampledFrom([]string{"", "DE", "FR"}).Draw(t, "country"),
			}
		})
		changed, last := accounts.New(), map[string]lead.Account{}
		for _, a := range rapid.SliceOfN(accs, 0, 20).Draw(t, "changes") {
			if rapid.Bool().Draw(t, "remove") {
				changed.Remove(a.ID)
				delete(last, a.ID)
				continue
			}
			changed.Put(a, accounts.Version{})
			last[a.ID] = a
		}
		fresh := accounts.New()
		for _, a := range last {
			fresh.Put(a, accounts.Version{})
		}
		require.Equal(t, len(last), changed.Len())
		l := lead.Lead{
			Company: lead.Company{Name: names.Draw(t, "company")}, Country: rapid.SampledFrom([]string{"", "DE"}).Draw(t, "where"),
			EmailDomain: rapid.SampledFrom([]string{"", "acme.com", "n.de"}).Draw(t, "mail"),
		}
		other := l
		changed.Match(&l, limits)
		fresh.Match(&other, limits)
		require.Empty(t, cmp.Diff(other, l))
	})
}
